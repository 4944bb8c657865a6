"""The library must say what Motion says, at every tick, over every cycle."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.library import AFTER, HALT, TICKS, MotionLibrary
from sfv.character import load_character
from sfv.errors import InputError
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.skeleton import Skeleton


def turning_loop(wave: Motion, turn: float, step: tuple[float, float]) -> Motion:
    """The wave as a loop whose every cycle turns by `turn` and moves by `step`, in the heading of the cycle's start."""
    qpos = wave.qpos.copy()
    for t, row in enumerate(qpos):
        part = t / (len(qpos) - 1)
        row[0:2] = np.array(step) * part
        row[3:7] = [np.cos(turn * part / 2), 0, 0, np.sin(turn * part / 2)]
    return replace(wave, qpos=qpos, loop=True)


def test_rows_are_the_motion(wave):
    library = MotionLibrary([wave], load_character("humanoid"))
    ticks = torch.arange(0, TICKS + 1, 37)
    ref = library.at(torch.zeros_like(ticks), ticks)
    np.testing.assert_allclose(ref.qpos.numpy(), wave.at(ticks.numpy() / TICKS), atol=1e-5)
    state = motion_state(replace(wave, qpos=wave.at(ticks.numpy() / TICKS)))
    np.testing.assert_allclose(ref.xpos.numpy(), state.xpos, atol=1e-5)


def test_a_motion_without_loop_comes_to_a_halt_after_its_end(wave):
    speed = np.array([0.3, -0.2])
    moving = wave.qpos.copy()
    moving[:, :2] += wave.times[:, None] * speed
    library = MotionLibrary([replace(wave, qpos=moving)], load_character("humanoid"))
    assert library.last - library.ticks == round(AFTER * TICKS)
    clip, ticks = torch.zeros(4, dtype=torch.long), torch.tensor([-50, TICKS, TICKS + 24, 5 * TICKS])
    ref = library.at(clip, ticks)
    np.testing.assert_allclose(ref.qpos[:2].numpy(), moving[[0, -1]], atol=1e-5)
    # v HALT (1 - e^(-t / HALT)) farther after t
    farther = (ref.qpos[2:, :2] - ref.qpos[1, :2]).numpy()
    np.testing.assert_allclose(farther[0], speed * HALT * (1 - np.exp(-0.1 / HALT)), atol=1e-3)
    np.testing.assert_allclose(farther[1], speed * HALT, atol=2e-3)
    np.testing.assert_allclose(ref.qvel[3, :2].numpy(), 0.0, atol=0.02)
    moving[:, :2] += wave.times[:, None] * speed
    faster = MotionLibrary([replace(wave, qpos=moving)], load_character("humanoid"))
    assert faster.last == faster.ticks  # at 0.7 m/s it ends in the middle of something


@pytest.mark.parametrize(("turn", "step"), [(0.0, (0.7, 0.1)), (0.8, (0.7, 0.1)), (-2.0, (0.0, 0.3))])
def test_later_cycles_turn_and_move_on_as_in_motion(wave, turn, step):
    motion = turning_loop(wave, turn, step)
    library = MotionLibrary([motion], load_character("humanoid"))
    ticks = torch.tensor([-70, 10, 250, 500, 910])
    ref = library.at(torch.zeros_like(ticks), ticks)
    wanted = motion.at(ticks.numpy() / TICKS)
    np.testing.assert_allclose(ref.qpos[:, :3].numpy(), wanted[:, :3], atol=1e-4)
    dots = np.abs((ref.qpos[:, 3:7].numpy() * wanted[:, 3:7]).sum(1))
    np.testing.assert_allclose(dots, 1.0, atol=1e-5)
    np.testing.assert_allclose(ref.xpos[:, 1].numpy(), wanted[:, :3], atol=1e-4)


def test_velocity_of_a_steady_walk_is_its_displacement(wave):
    # 0.6 m in a cycle of 1 s, no turn
    library = MotionLibrary([turning_loop(wave, 0.0, (0.6, 0.0))], load_character("humanoid"))
    ticks = torch.arange(0, TICKS)
    ref = library.at(torch.zeros_like(ticks), ticks)
    np.testing.assert_allclose(ref.qvel[:, 0].numpy(), 0.6, atol=1e-3)


def test_the_seam_of_a_loop_is_closed(wave):
    qpos = wave.qpos.copy()
    qpos[-8:, 2] += 0.05 * np.linspace(0, 1, 8)  # a loop that ends 5 cm too high
    library = MotionLibrary([replace(wave, qpos=qpos, loop=True)], load_character("humanoid"))
    ticks = torch.tensor([TICKS - 1, TICKS, TICKS + 1])
    height = library.at(torch.zeros(3, dtype=torch.long), ticks).qpos[:, 2]
    assert float((height[1:] - height[:-1]).abs().max()) < 1e-3


def test_two_clips_lie_side_by_side(wave):
    half = replace(wave, qpos=wave.qpos[:16])
    library = MotionLibrary([half, wave], load_character("humanoid"))
    clip = torch.tensor([0, 1])
    ref = library.at(clip, library.ticks)
    np.testing.assert_allclose(ref.qpos.numpy(), np.stack([half.qpos[-1], wave.qpos[-1]]), atol=1e-5)


def test_a_motion_of_another_skeleton_is_refused():
    xml = '<mujoco><worldbody><body name="a"><freejoint name="a"/><geom size=".1"/></body></worldbody></mujoco>'
    other = Motion(Skeleton(xml), 30.0, np.tile([0, 0, 1, 1, 0, 0, 0], (5, 1)).astype(float), source="box")
    with pytest.raises(InputError, match=r"box is not of the character 'humanoid'.*retarget"):
        MotionLibrary([other], load_character("humanoid"))
