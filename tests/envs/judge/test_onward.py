"""Going on from a moment: how long there is to go, and how long tries stay up."""

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.judge.onward import Onward, go_on
from sfv.character import load_character
from sfv.judged import Shown
from sfv.motion import Motion

CHARACTER = load_character("humanoid")
STAND = Motion(CHARACTER.skeleton, 30.0, np.repeat(CHARACTER.model.qpos0[None], 31, 0))


def still(obs: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(obs), CHARACTER.model.nu)


def test_there_is_as_much_to_go_as_is_left_of_the_clip() -> None:
    found = go_on(still, STAND, CHARACTER, TrackingConfig(threads=1), 0.5, 3.0, 3, 0)
    assert found.seconds == pytest.approx(0.5)
    assert found.up == pytest.approx((0.5,) * 3)
    assert found.share(1.0) == 1.0
    assert len(found.shown.reference) == len(found.shown.simulated) == 16  # half a second at 30 Hz, and the start
    np.testing.assert_allclose(found.shown.simulated.qpos[0], found.shown.reference.qpos[0], atol=1e-3)


def test_at_the_very_end_one_step_is_left() -> None:
    found = go_on(still, STAND, CHARACTER, TrackingConfig(threads=1), 99.0, 1.0, 2, 0)
    assert found.seconds == pytest.approx(1.0 / 30.0)


def test_the_share_counts_those_who_were_up_long_enough() -> None:
    found = Onward((2.0, 1.0, 0.9, 0.1), 2.0, Shown(STAND, STAND))
    assert found.share(1.0) == 0.5
    assert found.share(5.0) == 0.25  # there are but 2 s to go
