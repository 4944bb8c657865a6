"""What a policy follows is told from what it loses, whatever else is tried beside it."""

from dataclasses import replace

import numpy as np
import torch

from envs.config import TrackingConfig
from envs.judge.following import follow
from sfv.character import load_character
from sfv.motion import Motion

CHARACTER = load_character("humanoid")


def test_what_is_followed_and_what_is_lost() -> None:
    stand = np.repeat(CHARACTER.model.qpos0[None], 16, 0)  # half a second
    here = Motion(CHARACTER.skeleton, 30.0, stand)
    gone = stand.copy()
    gone[:, 0] += np.linspace(0.0, 5.0, len(gone))  # 10 m/s: half a metre behind after 0.05 s and a little
    files = {"gone": replace(here, qpos=np.concatenate([gone, gone[-1:]])), "here": here}

    def still(obs: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(obs), CHARACTER.model.nu)

    found = dict(follow(still, files, CHARACTER, TrackingConfig(threads=1), tries=3))
    assert list(found) == ["here", "gone"]  # shortest first
    assert found["here"].success == 1.0
    assert found["here"].seconds == found["here"].duration == 0.5
    assert found["here"].error < 100.0
    assert found["gone"].success == 0.0
    assert found["gone"].seconds < 0.3
    assert not found["here"].broken
    again = dict(follow(still, files, CHARACTER, TrackingConfig(threads=1), tries=3))
    assert again == found
