"""What a policy follows is told from what it loses, whatever else is tried beside it."""

from dataclasses import replace

import numpy as np
import torch

import envs.judge.following as following
from envs.config import TrackingConfig
from envs.judge.following import follow
from sfv.character import load_character
from sfv.motion import Motion
from sfv.terrain.terrain import NO_BLOCK, Terrain

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


def test_a_motion_on_a_ground_of_its_own_is_tried_there_beside_others() -> None:
    stand = Motion(CHARACTER.skeleton, 30.0, np.repeat(CHARACTER.model.qpos0[None], 16, 0))
    up = stand.qpos.copy()
    up[:, 2] += 0.4
    level, tops = np.zeros((31, 31)), np.full((30, 30), NO_BLOCK)
    tops[5:25, 5:25] = 0.4
    raised = replace(stand, qpos=up, ground=Terrain(level, tops, level, 0.1, (-1.5, -1.5), thick=0.2))

    def still(obs: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(obs), CHARACTER.model.nu)

    found = dict(follow(still, {"raised": raised, "level": stand}, CHARACTER, TrackingConfig(threads=1), tries=2))
    assert list(found) == ["level", "raised"]
    assert found["level"].success == found["raised"].success == 1.0


def test_whose_physics_broke_is_told_of_each(monkeypatch) -> None:
    stand = Motion(CHARACTER.skeleton, 30.0, np.repeat(CHARACTER.model.qpos0[None], 16, 0))
    made = []
    real = following.judging_env
    monkeypatch.setattr(following, "judging_env", lambda *how: made.append(real(*how)) or made[-1])

    def breaking(obs: torch.Tensor) -> torch.Tensor:
        made[0].sim.qvel[3, 7] = 1e20  # of the second motion's tries
        return torch.zeros(len(obs), CHARACTER.model.nu)

    found = dict(follow(breaking, {"one": stand, "two": stand}, CHARACTER, TrackingConfig(threads=1), tries=2))
    assert {name: each.broken for name, each in found.items()} == {"one": False, "two": True}
