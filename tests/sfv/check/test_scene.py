"""The ground that a motion was done on: where there must be something, where there can be nothing, and what it is."""

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from envs.sim.scene import build_scene
from sfv.character import load_character
from sfv.check.boards import THICK
from sfv.check.check import check
from sfv.check.performance import Performance
from sfv.check.scene import find_scene
from sfv.cli.main import main
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.surface import lowest, sitting_points, surface_points
from sfv.terrain.geoms import SEAT
from sfv.terrain.terrain import height_above

HUMANOID = load_character("humanoid")


def moved(motion: Motion, by: np.ndarray) -> Motion:
    """It moved by (m), of each frame or of all."""
    qpos = motion.qpos.copy()
    qpos[:, :3] += by
    return replace(motion, qpos=qpos)


def floored(motion: Motion) -> Motion:
    """It moved so that its lowest point is at z = 0."""
    return moved(motion, np.array([0.0, 0.0, -Performance(motion, HUMANOID).lowest.min()]))


@pytest.fixture(scope="module")
def still() -> Motion:
    """Two seconds of standing on soles at z = 0."""
    return floored(Motion(HUMANOID.skeleton, 30.0, np.tile(HUMANOID.model.qpos0, (60, 1)), source="still"))


@pytest.fixture(scope="module")
def seated(still: Motion) -> Motion:
    """Two seconds of sitting: thighs level, shins upright, soles at z = 0."""
    qpos, model = still.qpos.copy(), still.skeleton.model
    for side in ("left", "right"):
        hip, knee = (int(model.joint(f"{side}_{name}").qposadr[0]) for name in ("hip", "knee"))
        qpos[:, hip : hip + 4] = [np.cos(np.pi / 4), 0.0, -np.sin(np.pi / 4), 0.0]  # a quarter forward about y
        qpos[:, knee] = np.pi / 2
    return floored(replace(still, qpos=qpos, source="seated"))


def test_nothing_is_missing_below_who_stands(still: Motion) -> None:
    scene = find_scene(still, HUMANOID)
    assert scene.ground.flat
    assert scene.words() == []
    assert scene.under(still) is still


def test_who_sat_on_nothing_sits_on_a_board_under_hips_and_thighs(seated: Motion) -> None:
    scene = find_scene(seated, HUMANOID)
    placed = scene.under(seated)
    assert "on nothing" in check(seated, HUMANOID).failed
    assert check(placed, HUMANOID).failed == ()
    assert check(placed, HUMANOID)["on nothing"].value == 0.0
    # the seat is where the lowest point of trunk and thighs is
    performance = Performance(seated, HUMANOID)
    bodies = surface_points(HUMANOID.model)[0]
    thighs = np.isin(bodies, [HUMANOID.model.body(name).id for name in ("right_hip", "left_hip", "root")])
    assert scene.ground.seats is not None
    assert not np.isfinite(scene.ground.tops).any()
    top = scene.ground.seats.max()
    assert top == pytest.approx(performance.points[0, thighs, 2].min(), abs=0.03)
    assert scene.words() == [f"sits {top:.2f} m up from 0.0 to 2.0 s"]
    # the feet are on the floor in front of it, and no point of the body is deeper in anything than 4 cm
    above = height_above(performance.points[0], placed.ground, sitting_points(HUMANOID.model))
    assert -0.04 < above.min() <= 0.0


def test_a_seat_bears_what_sits_and_has_room_below(seated: Motion) -> None:
    ground = find_scene(seated, HUMANOID).ground
    assert ground.seats is not None
    i, j = np.argwhere(np.isfinite(ground.seats))[0]
    x, y = (ground.corner[axis] + (index + 0.5) * ground.cell for axis, index in enumerate((i, j)))
    top = float(ground.seats[i, j])
    points = np.array([[x, y, top + 0.1], [x, y, top - 0.05], [x, y, 0.1]])
    assert top - THICK > 0.1
    np.testing.assert_allclose(height_above(points, ground, np.ones(3, bool)), [0.1, -0.05, 0.1], atol=1e-12)
    # shins, feet and hands pass, and all does where nothing says what a point is on
    np.testing.assert_allclose(height_above(points, ground), points[:, 2], atol=1e-12)
    some = height_above(points, ground, np.array([True, False, True]))
    np.testing.assert_allclose(some, [0.1, top - 0.05, 0.1], atol=1e-12)


def test_who_sits_is_borne_in_physics_and_legs_pass(seated: Motion) -> None:
    placed = find_scene(seated, HUMANOID).under(seated)
    model = build_scene(HUMANOID, 120.0, placed.ground)
    data = mujoco.MjData(model)

    def on_a_seat(forward: float) -> set[str]:
        """Bodies that touch a seat, with the motion's first pose moved forward, m, and down by 3 cm."""
        data.qpos[: model.nq] = placed.qpos[0]
        data.qpos[:3] += forward, 0.0, -0.03
        mujoco.mj_forward(model, data)
        pairs = [tuple(map(int, pair)) for pair in data.contact.geom]
        pairs += [(other, one) for one, other in pairs]
        return {model.body(model.geom_bodyid[other]).name for one, other in pairs if model.geom_contype[one] == SEAT}

    assert on_a_seat(0.0)
    assert on_a_seat(0.0) <= {"root", "chest", "left_hip", "right_hip"}
    assert not on_a_seat(-0.35) & {"left_knee", "right_knee"}  # whose shins are where the seat is


def test_who_walked_where_a_seat_came_to_stand_is_not_in_its_way(still: Motion, seated: Motion) -> None:
    both = replace(seated, qpos=np.concatenate([still.qpos[:30], seated.qpos]), source="both")
    placed = find_scene(both, HUMANOID).under(both)
    assert placed.ground.seats is not None
    assert Performance(replace(placed, qpos=placed.qpos[:30]), HUMANOID).lowest.min() > -0.01


def test_who_steps_onto_a_box_has_it_below_and_walks_on_the_floor_beside_it(still: Motion) -> None:
    # two seconds on the floor, 0.3 m up within 0.2 s and 0.6 m on in the next, a second and a half there
    way = np.zeros((117, 3))
    for axis, first, far in ((2, 60, 0.3), (0, 66, 0.6)):
        way[:, axis] = far * np.clip((np.arange(117) - first) / 6, 0.0, 1.0)
    stepping = moved(replace(still, qpos=np.tile(still.qpos[:1], (117, 1))), way)
    scene = find_scene(stepping, HUMANOID)
    np.testing.assert_allclose(scene.ground.tops[np.isfinite(scene.ground.tops)], 0.3, atol=0.005)
    assert scene.ground.height(np.array([0.0, 0.6]), np.zeros(2)) == pytest.approx([0.0, 0.3], abs=0.005)
    assert check(stepping, HUMANOID)["on nothing"].verdict == "fail"
    assert check(scene.under(stepping), HUMANOID)["on nothing"].value < 0.2
    # the box gives the weight in 45 of 117 frames, which nothing gave; no ground throws anybody up so fast
    before, after = (check(m, HUMANOID)["root force missing, mean"].value for m in (stepping, scene.under(stepping)))
    assert before - after == pytest.approx(45 / 117, abs=0.05)


def test_contacts_with_level_ground_are_none_with_another(seated: Motion) -> None:
    said = replace(seated, contacts=np.ones((60, 1)), contact_names=("left_ankle",))
    assert find_scene(said, HUMANOID).under(said).contacts is None


def test_where_the_body_goes_through_there_is_no_seat(seated: Motion) -> None:
    # sits for two seconds, then sinks by 0.3 m through whatever it sat on
    sinking = np.concatenate([np.zeros(60), np.linspace(0.0, -0.3, 30)])[:, None] * np.array([0.0, 0.0, 1.0])
    through = moved(replace(seated, qpos=np.tile(seated.qpos[:1], (90, 1))), sinking)
    with pytest.raises(InputError, match="goes through the place where it sits from"):
        find_scene(through, HUMANOID)


def test_a_loop_that_goes_on_has_no_seat(seated: Motion) -> None:
    carried = moved(seated, np.linspace(0.0, 1.0, 60)[:, None] * np.array([0.3, 0.0, 0.0]))
    with pytest.raises(InputError, match="a loop that goes on"):
        find_scene(replace(carried, loop=True), HUMANOID)


def test_a_file_keeps_the_ground(seated: Motion, tmp_path) -> None:
    placed = find_scene(seated, HUMANOID).under(seated)
    placed.save(tmp_path / "seated.npz")
    ground = Motion.load(tmp_path / "seated.npz").ground
    np.testing.assert_array_equal(ground.tops, placed.ground.tops)
    np.testing.assert_array_equal(ground.seats, placed.ground.seats)
    assert (ground.corner, ground.cell, ground.thick) == (placed.ground.corner, placed.ground.cell, THICK)
    arrays = dict(np.load(tmp_path / "seated.npz"))
    for name in ("ground_tops", "ground_seats"):
        np.savez(tmp_path / "torn.npz", **arrays | {name: arrays[name][1:]})
        with pytest.raises(InputError, match="the ground in the file is none"):
            Motion.load(tmp_path / "torn.npz")


def test_the_ground_stays_with_a_part_and_at_another_rate(seated: Motion) -> None:
    placed = find_scene(seated, HUMANOID).under(seated)
    assert placed.resampled(60.0).ground is placed.ground
    assert lowest(HUMANOID.model, Performance(placed, HUMANOID).state)[0] == pytest.approx(0.0, abs=1e-9)


def test_a_ground_that_is_replaced_is_said(seated: Motion, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seated.save(tmp_path / "seated.npz")
    words = "its own ground is left out"
    assert main(["scene", str(tmp_path / "seated.npz"), "--out", str(tmp_path / "placed.npz")]) == 0
    assert words not in capsys.readouterr().out
    assert main(["scene", str(tmp_path / "placed.npz"), "--out", str(tmp_path / "again.npz")]) == 0
    assert words in capsys.readouterr().out
