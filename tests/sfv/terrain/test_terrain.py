"""The ground as data: what heights, normals and worlds must be, whatever the kind."""

import mujoco
import numpy as np
import pytest
import torch

from sfv.errors import InputError
from sfv.terrain.geoms import add_ground, boxes
from sfv.terrain.kinds import KINDS, parse_terrain
from sfv.terrain.terrain import FLAT, NO_BLOCK, Terrain, height_above
from sfv.terrain.world import Tile, World, make_world

PLACES = np.random.default_rng(0).uniform([0.5, -1.4], [7.5, 1.4], (60, 2))


def tile(kind: str, difficulty: float = 1.0, seed: int = 0) -> World:
    return make_world([Tile(kind, difficulty, seed)], 8.0, 3.0)


def model(terrain: Terrain) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    add_ground(spec, terrain)
    return spec.compile()


def test_triangles_of_a_cell() -> None:
    # one cell of 1 m, heights 0 at (0, 0), 1 at (1, 0), 2 at (0, 1), 5 at (1, 1), cut from (0, 0) to (1, 1);
    # at (.75, .25): 0 + .75 * (1 - 0) + .25 * (5 - 1) = 1.75; at (.25, .75): .75 * 2 + .25 * (5 - 2) = 2.25;
    # slopes of the first are 1 and 4, so its normal is (-1, -4, 1) / sqrt(18)
    ground = Terrain(np.array([[0.0, 2.0], [1.0, 5.0]]), np.full((1, 1), NO_BLOCK), np.zeros((2, 2)), 1.0)
    x, y = np.array([0.75, 0.25, 1.0]), np.array([0.25, 0.75, 1.0])
    np.testing.assert_allclose(ground.height(x, y), [1.75, 2.25, 5.0])
    np.testing.assert_allclose(ground.normal(x, y)[0], np.array([-1, -4, 1]) / np.sqrt(18))
    # a block of 3 m hides what is lower, with a level top
    block = Terrain(ground.heights, np.full((1, 1), 3.0), ground.footing, 1.0)
    np.testing.assert_allclose(block.height(x, y), [3.0, 3.0, 5.0])
    np.testing.assert_allclose(block.normal(x, y)[0], [0, 0, 1])


def test_flat_leaves_heights_as_they_are() -> None:
    points = np.random.default_rng(1).normal(size=(5, 4, 3))
    assert height_above(points) is not points
    np.testing.assert_array_equal(height_above(points), points[..., 2])
    assert FLAT.flat
    assert tile("flat").terrain.flat
    assert not tile("rough").terrain.flat


@pytest.mark.parametrize("kind", KINDS)
def test_lookup_is_what_a_ray_hits(kind: str) -> None:
    world = tile(kind)
    compiled = model(world.terrain)
    data = mujoco.MjData(compiled)
    mujoco.mj_forward(compiled, data)
    places = PLACES + world.starts[0]
    if np.isfinite(world.terrain.tops).any():  # not on an edge, which belongs to either side
        places = np.round(places / 0.1) * 0.1 + 0.05
    hits = [
        10.0 - mujoco.mj_ray(compiled, data, [x, y, 10.0], [0, 0, -1.0], None, 1, -1, np.zeros(1, np.int32))
        for x, y in places
    ]
    np.testing.assert_allclose(world.terrain.height(*places.T), hits, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_normal_is_the_gradient(kind: str) -> None:
    world = tile(kind, 0.5)
    places = np.round((PLACES + world.starts[0]) / 0.1) * 0.1 + [0.06, 0.03]  # inside a triangle
    x, y = places.T
    height = world.terrain.height
    slope = np.stack([(height(x + 1e-4, y) - height(x - 1e-4, y)), (height(x, y + 1e-4) - height(x, y - 1e-4))]) / 2e-4
    normal = world.terrain.normal(x, y)
    np.testing.assert_allclose(normal[:, :2] / normal[:, 2:], -slope.T, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_footing_is_smooth_and_near_the_ground_that_bears(kind: str) -> None:
    world = tile(kind)
    ground = world.terrain
    size = KINDS[kind].hard / 100 if KINDS[kind].unit == "cm" else 0.0
    # no step higher than a slope of 45 degrees over a cell, whatever the ground has
    assert np.abs(np.diff(ground.footing, axis=0)).max() < 0.1
    if kind in ("stones", "gaps", "beam"):
        assert not ground.footing.any()  # holes are bridged
    else:
        inside = ground.footing[15:-5]
        assert np.abs(inside - ground.height(*_grid(ground))[15:-5]).max() <= size + 1e-9


def _grid(ground: Terrain) -> tuple[np.ndarray, np.ndarray]:
    nx, ny = ground.heights.shape
    x, y = ground.corner[0] + ground.cell * np.arange(nx), ground.corner[1] + ground.cell * np.arange(ny)
    return tuple(np.meshgrid(x, y, indexing="ij"))  # type: ignore[return-value]


def test_sizes_are_those_of_the_table() -> None:
    x, zero = np.array([1.25, 1.65, 2.05, 2.45, 3.9]), np.full(5, 1.55)
    # risers at 1.2, 1.6, 2.0, 2.4 m, a landing to 4.0 m
    np.testing.assert_allclose(tile("stairs_up").terrain.height(x, zero), [0.2, 0.4, 0.6, 0.8, 0.8])
    np.testing.assert_allclose(tile("stairs_down", 0.0).terrain.height(x, zero), [-0.05, -0.1, -0.15, -0.2, -0.2])
    slope = tile("slope_up", KINDS["slope_up"].difficulty(10.0)).terrain
    np.testing.assert_allclose(np.diff(slope.height(np.array([1.0, 2.0]), zero[:2])), np.tan(np.radians(10.0)))
    rough = tile("rough").terrain.heights
    assert 0.14 < np.ptp(rough) <= 0.15
    # gaps of 0.6 m from 1.2 m on, then 1.5 m of ground
    gaps = tile("gaps").terrain.height(np.array([1.1, 1.25, 1.75, 1.85, 3.25, 3.35]), np.full(6, 1.5))
    np.testing.assert_allclose(gaps, [0, -1, -1, 0, 0, -1])


def test_seeds_and_tiles() -> None:
    again, other = tile("rough", 0.5).terrain.heights, tile("rough", 0.5, 1).terrain.heights
    np.testing.assert_array_equal(tile("rough", 0.5).terrain.heights, again)
    assert np.abs(again - other).max() > 0.01
    # of a world of two, each tile is what it is alone
    world = make_world([Tile("rough", 0.5), Tile("stairs_up", 0.5)], 8.0, 3.0)
    for index, kind in enumerate(("rough", "stairs_up")):
        alone = tile(kind, 0.5)
        np.testing.assert_allclose(
            world.terrain.height(*(PLACES + world.starts[index]).T),
            alone.terrain.height(*(PLACES + alone.starts[0]).T),
        )


def test_boxes_cover_the_blocks_once() -> None:
    ground = tile("stones").terrain
    covered = np.zeros(ground.tops.shape, int)
    for x0, x1, y0, y1, top in boxes(ground, ground.tops):
        i0, i1 = (round((x - ground.corner[0]) / ground.cell) for x in (x0, x1))
        j0, j1 = (round((y - ground.corner[1]) / ground.cell) for y in (y0, y1))
        assert (ground.tops[i0:i1, j0:j1] == top).all()
        covered[i0:i1, j0:j1] += 1
    np.testing.assert_array_equal(covered, np.isfinite(ground.tops))


def test_relief_in_single_precision() -> None:
    world = tile("bumps")
    from sfv.terrain.relief import Relief

    relief, places = Relief(world.terrain, "cpu"), PLACES + world.starts[0]
    found = relief.height(torch.from_numpy(places).float())
    np.testing.assert_allclose(found.numpy(), world.terrain.height(*places.T), atol=1e-5)
    lost = torch.full((2, 3), float("nan"))
    assert relief.height_above(lost).isnan().all()  # a diverged body is nowhere, and nothing is raised


@pytest.mark.parametrize(("text", "found"), [
    ("rough", ("rough", None)), ("rough:0.3", ("rough", 0.3)), ("rough:8.5cm", ("rough", 0.5)),
    ("slope_up:10deg", ("slope_up", 1 / 3)), ("beam:70cm", ("beam", 0.0)),
])  # fmt: skip
def test_terrain_by_name(text: str, found: tuple[str, float | None]) -> None:
    kind, difficulty = parse_terrain(text)
    assert kind == found[0]
    assert difficulty == pytest.approx(found[1])


@pytest.mark.parametrize(("text", "said"), [
    ("ruff", "there are: beam, bumps"), ("rough:2", "rough:0 to rough:1"),
    ("slope_up:60deg", "slope_up:5deg to slope_up:20deg"), ("rough:deep", "rough:2cm to rough:15cm"),
])  # fmt: skip
def test_impossible_terrain(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_terrain(text)


def test_too_much_ground() -> None:
    with pytest.raises(InputError, match="more ground"):
        make_world([Tile("rough", 0.5)] * 100, 500.0, 50.0)
