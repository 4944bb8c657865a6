import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
import trimesh

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.formats.conventions import AXES
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.quaternions import apply, multiply
from sfv.skeleton import Skeleton
from sfv.view.animated import coats, write_animated

KINDS = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
PARTS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}

ROBOT = """<mujoco><asset><mesh name="wedge" vertex="0 0 0  .2 0 0  0 .2 0  0 0 .2"/>
<material name="red" rgba="1 0 0 1"/></asset>
<worldbody><body name="base" pos="0 0 .5" quat=".8 .6 0 0"><freejoint/><geom type="box" size=".1 .1 .1"/>
<body name="arm" pos=".1 .2 .3" quat=".6 0 .8 0"><joint name="swing" axis="0 1 0" pos=".1 0 .2"/>
<geom type="mesh" mesh="wedge" material="red"/></body></body></worldbody></mujoco>"""
"""A hinge beside the body's origin: its place changes with its angle, and not its turn alone."""


def read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The JSON of a .glb and its accessors, by the specification alone."""
    content = path.read_bytes()
    magic, version, length, size, kind = struct.unpack("<4sIII4s", content[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(content), b"JSON")
    gltf = json.loads(content[20 : 20 + size])
    binary, arrays = content[28 + size :], []
    for accessor in gltf["accessors"]:
        view = gltf["bufferViews"][accessor["bufferView"]]
        numbers = np.frombuffer(binary, KINDS[accessor["componentType"]], accessor["count"] * PARTS[accessor["type"]],
                                view["byteOffset"])  # fmt: skip
        arrays.append(numbers.reshape(accessor["count"], -1))
    return gltf, arrays


def played(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Places (T, B, 3) and turns (T, B, 4; wxyz) of the bones at each key, in glTF's world."""
    gltf, arrays = read(path)
    (animation,), (skin,) = gltf["animations"], gltf["skins"]
    count = len(arrays[animation["samplers"][0]["input"]])
    nodes = gltf["nodes"]
    place = {i: np.tile(n.get("translation", (0.0, 0.0, 0.0)), (count, 1)) for i, n in enumerate(nodes)}
    turn = {i: np.tile(n.get("rotation", (0.0, 0.0, 0.0, 1.0)), (count, 1)) for i, n in enumerate(nodes)}
    for channel in animation["channels"]:
        target, values = channel["target"], arrays[animation["samplers"][channel["sampler"]]["output"]]
        (place if target["path"] == "translation" else turn)[target["node"]] = values.astype(np.float64)
    turn = {i: np.roll(q, 1, -1) for i, q in turn.items()}
    waiting = [(child, node) for node, n in enumerate(nodes) for child in n.get("children", ())]
    for child, parent in sorted(waiting, key=lambda pair: pair[0] if pair[1] < len(skin["joints"]) else -1):
        place[child] = place[parent] + apply(turn[parent], place[child])
        turn[child] = multiply(turn[parent], turn[child])
    return np.stack([place[i] for i in skin["joints"]], 1), np.stack([turn[i] for i in skin["joints"]], 1)


def test_bones_are_where_kinematics_has_them(wave: Motion, tmp_path: Path) -> None:
    write_animated(wave, tmp_path / "wave.glb")
    place, _ = played(tmp_path / "wave.glb")
    np.testing.assert_allclose(place @ AXES.T, motion_state(wave).xpos[:, 1:], atol=1e-6)


def test_a_hinge_beside_its_body_and_a_mesh(tmp_path: Path) -> None:
    robot = Character("robot", ROBOT)
    qpos = np.repeat(robot.skeleton.qpos0[None], 5, 0)
    qpos[:, 7] = np.linspace(-2.0, 2.0, 5)
    motion = Motion(robot.skeleton, 10.0, qpos, loop=True, source="ours")
    write_animated(motion, tmp_path / "robot.glb", robot)
    place, turn = played(tmp_path / "robot.glb")
    state = motion_state(motion)
    np.testing.assert_allclose(place @ AXES.T, state.xpos[:, 1:], atol=1e-6)
    # what points along each axis of a body in ours points along the same, turned, in glTF's
    for axis in np.eye(3):
        np.testing.assert_allclose(apply(turn, axis) @ AXES.T, apply(state.xquat[:, 1:], axis), atol=1e-6)
    gltf, _ = read(tmp_path / "robot.glb")
    assert gltf["asset"]["extras"] == {"fps": 10.0, "loop": True, "source": "ours"}
    colours = [material["pbrMetallicRoughness"]["baseColorFactor"] for material in gltf["materials"]]
    assert colours[1] == [1.0, 0.0, 0.0, 1.0]
    assert 0.4 < colours[0][0] < 0.55  # 0.72 on a screen is 0.72^2.2 = 0.48 of the light


def test_the_surface_at_rest_is_the_body_in_its_zero_pose(wave: Motion, tmp_path: Path) -> None:
    """As trimesh reads it, which knows no skins: 1.6 m from sole to crown, arms out to both sides."""
    write_animated(wave, tmp_path / "wave.glb")
    low, high = trimesh.load_scene(tmp_path / "wave.glb").bounds
    data = mujoco.MjData(wave.skeleton.model)
    mujoco.mj_kinematics(wave.skeleton.model, data)
    points = np.concatenate([
        data.xpos[coat.bodies + 1] + apply(data.xquat[coat.bodies + 1], coat.points)
        for coat in coats(load_character("humanoid"))
    ])  # fmt: skip
    np.testing.assert_allclose(low, (points @ AXES).min(0), atol=1e-4)
    np.testing.assert_allclose(high, (points @ AXES).max(0), atol=1e-4)
    assert (high - low)[:2] == pytest.approx((1.76, 1.6), abs=0.1)


def test_faces_look_outwards(tmp_path: Path) -> None:
    robot = Character("robot", ROBOT)
    box, wedge = coats(robot)
    for coat in (box, wedge):
        a, b, c = (coat.points[coat.faces[:, i]] for i in range(3))
        across = np.cross(b - a, c - a)
        assert (np.einsum("fk,fk->f", across, coat.normals[coat.faces[:, 0]]) > 0).all()
        assert (np.einsum("fk,fk->f", across, (a + b + c) / 3 - coat.points.mean(0)) > 0).all()
    # a box keeps its edges: six sides of four points, each with the side's own normal
    assert len(box.points) == 24
    np.testing.assert_allclose(np.abs(box.normals).max(1), 1.0)


def test_a_turn_goes_the_short_way(tmp_path: Path) -> None:
    robot = Character("robot", ROBOT)
    qpos = np.repeat(robot.skeleton.qpos0[None], 40, 0)
    half = np.linspace(0, 3 * np.pi, 40)
    qpos[:, 3:7] = np.stack((np.cos(half), 0 * half, 0 * half, np.sin(half)), -1)
    qpos[1::2, 3:7] *= -1  # the same turns, written the other way
    write_animated(Motion(robot.skeleton, 30.0, qpos), tmp_path / "turn.glb", robot)
    _, turn = played(tmp_path / "turn.glb")
    assert (np.einsum("tk,tk->t", turn[1:, 0], turn[:-1, 0]) > 0.9).all()


def test_of_another_body_is_refused(wave: Motion, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not fit robot"):
        write_animated(wave, tmp_path / "wave.glb", Character("robot", ROBOT))
    assert not list(tmp_path.iterdir())


def test_any_skeleton_has_sticks(tmp_path: Path) -> None:
    skeleton = Skeleton.of(mujoco.MjModel.from_xml_string(ROBOT))
    motion = Motion(skeleton, 10.0, np.repeat(skeleton.qpos0[None], 2, 0))
    write_animated(replace(motion, source="é"), tmp_path / "sticks.glb")
    place, _ = played(tmp_path / "sticks.glb")
    np.testing.assert_allclose(place @ AXES.T, motion_state(motion).xpos[:, 1:], atol=1e-6)
