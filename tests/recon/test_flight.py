"""Flights on parabolas."""

import numpy as np
import pytest

from recon.flight import G, falling_freely
from sfv import metrics
from sfv.kinematics import motion_state
from sfv.motion import Motion

FPS, TAKE_OFF, LANDING, FRAMES = 30.0, 10, 26, 40


@pytest.fixture(scope="module")
def jumping(humanoid):
    """A function: somebody who stands, flies with waving arms and a wandering root, and stands again."""

    def made(wander: float, gravity: float = G) -> Motion:
        generator, time = np.random.default_rng(0), np.arange(FRAMES) / FPS
        qpos = np.tile(humanoid.model.qpos0, (FRAMES, 1))
        fly = np.clip((np.arange(FRAMES) - TAKE_OFF) / (LANDING - TAKE_OFF), 0, 1)
        seconds = (LANDING - TAKE_OFF) / FPS
        qpos[:, 2] += 0.5 * gravity * seconds**2 * fly * (1 - fly)
        qpos[:, 0] += 0.8 * fly * seconds
        inside = slice(TAKE_OFF + 1, LANDING)
        qpos[inside, :3] += wander * generator.standard_normal((LANDING - TAKE_OFF - 1, 3))
        for side in ("left", "right"):
            at = humanoid.model.joint(f"{side}_shoulder").qposadr[0]
            swing = 0.8 * np.sin(5 * time)
            qpos[:, at], qpos[:, at + 2] = np.cos(swing), np.sin(swing)
        return Motion(humanoid.skeleton, FPS, qpos)

    return made


def air_of(frames: slice) -> np.ndarray:
    air = np.zeros(FRAMES)
    air[frames] = 1.0
    return air


def test_a_flight_falls_with_gravity_whatever_the_arms_do(humanoid, jumping):
    motion = jumping(0.02)
    qpos, changed = falling_freely(motion, humanoid, air_of(slice(TAKE_OFF + 1, LANDING)))
    assert changed == 1
    com = motion_state(Motion(humanoid.skeleton, FPS, qpos), humanoid.model).com
    fall = np.diff(com, n=2, axis=0)[TAKE_OFF + 1 : LANDING - 2] * FPS**2
    np.testing.assert_allclose(fall, np.tile([0, 0, -G], (len(fall), 1)), atol=1e-6)
    np.testing.assert_array_equal(qpos[:, 3:], motion.qpos[:, 3:])
    np.testing.assert_array_equal(qpos[:TAKE_OFF], motion.qpos[:TAKE_OFF])
    np.testing.assert_array_equal(qpos[LANDING + 1 :], motion.qpos[LANDING + 1 :])
    assert (
        metrics.lowest(humanoid.model, motion_state(Motion(humanoid.skeleton, FPS, qpos), humanoid.model)).min() > -0.06
    )


def test_who_hangs_in_the_air_is_left_there(humanoid, jumping):
    motion = jumping(0.0, gravity=0.0)
    lifted = motion.qpos.copy()
    lifted[TAKE_OFF : LANDING + 10, 2] += 1.0
    motion = Motion(humanoid.skeleton, FPS, lifted)
    qpos, changed = falling_freely(motion, humanoid, air_of(slice(TAKE_OFF, LANDING + 10)))
    assert changed == 0
    np.testing.assert_array_equal(qpos, lifted)


def test_flights_that_the_clip_cuts_are_left(humanoid, jumping):
    motion = jumping(0.02)
    for frames in (slice(0, LANDING), slice(TAKE_OFF, FRAMES)):
        qpos, changed = falling_freely(motion, humanoid, air_of(frames))
        assert changed == 0
        np.testing.assert_array_equal(qpos, motion.qpos)
