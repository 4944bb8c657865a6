import base64
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sfv.character import load_character
from sfv.motion import Motion
from sfv.terrain.terrain import FLAT, Terrain
from sfv.terrain.world import Tile, make_world
from sfv.view.web.film import film
from sfv.view.web.ground import ground_surface
from sfv.view.web.page_files import SCRIPTS
from sfv.view.web.show import Actor, Pictures, Show
from sfv.view.web.timeline import Timeline, Trace
from sfv.view.web.wardrobe import Wardrobe, packed, record


def test_what_is_packed_is_there_again() -> None:
    values = np.arange(6, dtype=np.float64).reshape(2, 3) / 7
    back = np.frombuffer(base64.b64decode(packed(values, np.float32)), "<f4")
    np.testing.assert_array_equal(back, values.astype(np.float32).ravel())


def test_parts_are_where_mujoco_has_the_bodies(wave: Motion) -> None:
    character = load_character("humanoid")
    cast = Wardrobe()
    key = cast.body(character)
    model = character.model
    data = mujoco.MjData(model)
    data.qpos[:] = wave.qpos[7]
    mujoco.mj_kinematics(model, data)
    pose = cast.pose(key, wave.qpos[7])
    np.testing.assert_allclose(pose, np.concatenate([data.xpos[1:], data.xquat[1:]], 1), atol=1e-12)
    assert cast.bodies[key]["names"] == [model.body(index).name for index in range(1, model.nbody)]
    assert cast.body(character) == key
    assert len(cast.bodies) == 1


def test_one_ground_is_packed_once_and_the_plane_not() -> None:
    cast = Wardrobe()
    hill = Terrain(np.array([[0.0, 0.0], [0.3, 0.3]]), np.full((1, 1), -np.inf), np.zeros((2, 2)))
    assert [cast.ground(FLAT), cast.ground(hill), cast.ground(hill)] == [None, 0, 0]
    assert len(cast.grounds) == 1


def test_a_ground_is_drawn_where_it_is_touched() -> None:
    world = make_world([Tile("stairs_up", 1.0)], length=4.0, width=2.0)
    surface = ground_surface(world.terrain)
    corners = surface.points[surface.faces]  # (f, 3, 3)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    level = np.abs(normal[:, 2]) > 0.99 * np.linalg.norm(normal, axis=1)
    tops = np.unique(corners[level][..., 2].max(1).round(3))
    # 20 cm a stair: the treads are there, and what is looked up over each is it
    assert {0.2, 0.4, 0.6} <= set(tops.tolist())
    middle = corners[level & (corners[..., 2].max(1) > 0.1)].mean(1)
    np.testing.assert_allclose(world.terrain.height(middle[:, 0], middle[:, 1]), middle[:, 2], atol=1e-9)


@pytest.fixture
def show(wave: Motion) -> Show:
    actors = (Actor("reference", wave, ghost=True), Actor("simulated", replace(wave, fps=60.0)))
    curve = Trace("height", "root", "cm", np.array([0.0, 0.5]), np.array([90.0, np.nan]))
    pictures = Pictures(np.array([0.0]), (b"\xff\xd8jpeg",))
    return Show("</script><b>", actors, Timeline(1.0, (curve,)), pictures, news="read")


def test_a_record_holds_what_is_seen(show: Show) -> None:
    said = record(show, pictures=True)
    reference, simulated = said["actors"]
    assert (reference["ghost"], simulated["ghost"]) == (True, False)
    assert (reference["frames"], reference["fps"]) == (31, 30.0)
    assert simulated["fps"] == 30.0  # 60 Hz for half a second
    assert simulated["frames"] == 16
    assert len(said["bodies"]) == 1
    assert said["timeline"]["curves"][0]["values"] == [90.0, None]
    assert base64.b64decode(said["pictures"]["files"][0]) == b"\xff\xd8jpeg"
    assert "files" not in record(show, pictures=False)["pictures"]


def test_a_film_is_one_file_that_asks_for_nothing(show: Show) -> None:
    page = film(show)
    assert "src=" not in page.replace('src", ', "").split("<script>")[0]
    assert '<link rel="stylesheet"' not in page
    assert "<b>" not in page  # no text of a run can end the script or begin an element
    assert page.count("</script>") == page.count("<script>") == len(SCRIPTS)
