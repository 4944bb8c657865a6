"""Which way up a file is: standing and lying people, bones at rest of either kind, wherever they stand and look."""

from dataclasses import replace

import numpy as np
import pytest

from sfv.formats.bvh import read_bvh, write_bvh
from sfv.formats.bvh_text import format_bvh, parse_bvh
from sfv.formats.conventions import stature
from sfv.formats.euler import from_euler, to_euler
from sfv.kinematics import motion_state
from sfv.quaternions import Y_UP_TO_Z_UP, about, apply, multiply, turned

TO_Z = about(np.array([1.0, 0.0, 0.0]), np.array(np.pi / 2))
"""Turns a world with y up into one with z up."""


def written(path, motion, rest, up, facing, lying, place):
    """A BVH file of the motion with bones at rest along `rest`, in a world with `up` up."""
    write_bvh(motion, path)
    text = parse_bvh(path.read_text(), str(path))
    values, column = text.values.copy(), 0
    nodes = []
    for i, node in enumerate(text.nodes):
        width = len(node.channels)
        if i == 0:
            root, turn = values[:, :3] * [0, 1, 0], from_euler(np.radians(values[:, 3:6]), "ZXY")
            world = about(np.array([0.0, 1.0, 0.0]), np.array(facing))[None]
            if lying:  # on the back, a hand's breadth over the floor
                world = multiply(world, about(np.array([1.0, 0.0, 0.0]), np.array(-np.pi / 2))[None])
                root = root * 0 + [0.0, 10.0, 0.0]
            root = root + 100 * place * np.array([1.0, 0.0, 1.0])
            turn = multiply(world, turn)
            if up == "z":
                root, turn = apply(TO_Z[None], root), multiply(TO_Z[None], turn)
            if rest == "z":  # the same pose of bones that are turned at rest
                turn = multiply(turn, TO_Z[None] * [1, -1, -1, -1])
            values[:, :3], values[:, 3:6] = root, np.degrees(to_euler(turn, "ZXY"))
        elif width:
            turn = from_euler(np.radians(values[:, column : column + 3]), "ZXY")
            turn = turned(turn, Y_UP_TO_Z_UP) if rest == "z" else turn
            values[:, column : column + 3] = np.degrees(to_euler(turn, "ZXY"))
        column += width
        nodes.append(replace(node, offset=Y_UP_TO_Z_UP @ node.offset if rest == "z" else node.offset))
    path.write_text(format_bvh(replace(text, nodes=tuple(nodes), values=values)))
    return path


@pytest.mark.parametrize("facing", [0.0, 2.0])
@pytest.mark.parametrize("place", [0.0, 3.0])
@pytest.mark.parametrize("lying", [False, True])
@pytest.mark.parametrize(("rest", "up"), [("y", "y"), ("z", "z"), ("y", "z"), ("z", "y")])
def test_which_way_up(tmp_path, wave, rest, up, lying, place, facing):
    if lying and rest != up:
        pytest.skip("somebody lying, in bones of another world than the file's, is also somebody standing")
    short = replace(wave, qpos=wave.qpos[:10])
    path = written(tmp_path / "m.bvh", short, rest, up, facing, lying, place)
    motion = read_bvh(path)
    assert ("taken for z up" in motion.source) == (up == "z")
    height = np.ptp(motion_state(motion).xpos[0, 1:, 2])
    assert height < 0.5 if lying else height > 1.3  # m


def test_the_option_decides(tmp_path, wave):
    path = written(tmp_path / "m.bvh", replace(wave, qpos=wave.qpos[:10]), "z", "z", 0.0, False, 0.0)
    assert "y up" in read_bvh(path, up="y").source
    np.testing.assert_allclose(read_bvh(path, up="z").qpos, read_bvh(path).qpos, atol=1e-9)


def test_how_tall_somebody_is(tmp_path, wave):
    write_bvh(wave, tmp_path / "m.bvh")
    # from the toes through the hips to the crown
    assert 1.4 < stature(read_bvh(tmp_path / "m.bvh").skeleton) < 2.0
