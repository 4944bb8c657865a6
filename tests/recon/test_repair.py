"""Repair: loops close, the floor and what stands on it are kept, and a good motion stays what it was."""

from dataclasses import replace

import numpy as np
import pytest

from recon.repair import grounded, held, looped, repair
from sfv.check.check import check
from sfv.check.performance import Performance
from sfv.check.support import support_slide
from sfv.errors import InputError
from sfv.kinematics import motion_state
from sfv.motion import Motion


def moved(motion: Motion, shift: np.ndarray) -> Motion:
    qpos = motion.qpos.copy()
    qpos[:, :3] += shift
    return replace(motion, qpos=qpos)


def drifting(motion: Motion) -> Motion:
    return moved(motion, motion.times[:, None] * np.array([0.2, 0.1, 0.0]))


def test_a_loop_is_cut_out_of_a_longer_clip(humanoid, wave: Motion) -> None:
    longer = replace(wave, qpos=np.concatenate((wave.qpos, wave.qpos[1:13])))
    loop = looped(longer, humanoid)
    assert len(loop) == 31
    np.testing.assert_allclose(loop.seam(), 0.0, atol=1e-6)


def test_what_has_no_cycle_makes_no_loop(humanoid, wave: Motion) -> None:
    with pytest.raises(InputError, match="--loop"):
        looped(replace(wave, qpos=wave.qpos[:16]), humanoid)


def test_drift_and_height_are_taken_out_at_once(humanoid, wave: Motion) -> None:
    broken = moved(drifting(wave), np.array([0.0, 0.0, 0.05]))
    # 0.2 and 0.1 m/s together
    assert support_slide(Performance(broken, humanoid)).value == pytest.approx(22.4, abs=0.5)
    assert support_slide(Performance(held(broken, humanoid), humanoid)).value < 0.5
    assert Performance(grounded(broken, humanoid), humanoid).floor == pytest.approx(0.0, abs=1e-9)


def test_a_broken_motion_passes_after_repair(humanoid, wave: Motion) -> None:
    broken = moved(drifting(wave), np.array([0.0, 0.0, 0.05]))
    assert {"floating", "drift of standing feet"} <= set(check(broken, humanoid).failed)
    repaired = repair(broken, humanoid, iterations=15)
    assert check(repaired, humanoid).failed == ()
    assert repaired.contact_names == humanoid.feet
    assert repaired.contacts is not None
    assert repaired.contacts.min() == 1.0  # both feet stand all the time
    # and it is the wave that it was
    true, found = (motion_state(motion, humanoid.model).xpos[:, 1:] for motion in (wave, repaired))
    offset = (found - true).mean((0, 1))
    assert np.abs(found - true - offset).max() < 0.03


def test_a_loop_stays_one(humanoid, wave: Motion) -> None:
    repaired = repair(replace(wave, loop=True), humanoid, iterations=5)
    assert repaired.loop
    assert len(repaired) == len(wave)
    np.testing.assert_allclose(repaired.seam(), 0.0, atol=1e-6)
