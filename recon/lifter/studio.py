"""A room in which somebody is filmed: floor, walls, things, light and a camera whose window follows them.

Everything of it is drawn by chance and can be drawn anew without a new graphics context. It knows no motions and no
bodies: it is told where bones are, and what hangs on them.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import mujoco
import numpy as np
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from recon.lifter.clothing import muted

SIDE = 384
"""px of a picture, without smoothed edges: it is shrunk afterwards, which takes less time."""
THINGS = 7
"""Boxes in the room."""
SURFACES, CLOTH = 4, 256
"""Textures of the room, and their px."""


@dataclass(frozen=True)
class View:
    """A camera, and the square window of its picture that is looked at.

    Attributes:
        eye: where it stands, m.
        turn: columns: the picture's right, its up, and backwards, in the world.
        middle: of the window, as tangents to the right and down from the camera's axis.
        wide: the window's side, as a tangent.
    """

    eye: Float[np.ndarray, " 3"]
    turn: Float[np.ndarray, "3 3"]
    middle: Float[np.ndarray, " 2"]
    wide: float

    def inside(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Points of the world in the camera's axes: right, down, away."""
        return np.asarray((points - self.eye) @ self.turn * [1.0, -1.0, -1.0])

    def pixels(self, inside: Float[np.ndarray, "*n 3"], side: int = SIDE) -> Float[np.ndarray, "*n 2"]:
        """Where points in the camera's axes are in the window's picture."""
        return np.asarray((inside[..., :2] / inside[..., 2:] - self.middle) / self.wide * side + 0.5 * side)

    def tangents(self, pixels: Float[np.ndarray, "*n 2"], side: int = SIDE) -> Float[np.ndarray, "*n 2"]:
        """The tangents, right and down, of what is seen at pixels of the window's picture."""
        return np.asarray((pixels / side - 0.5) * self.wide + self.middle)


class Studio:
    """Pictures of one person: `with Studio(bones, wear) as studio: studio.refurnish(rng); studio.picture(...)`.

    `bones` are their names; `wear` puts what is seen on the bodies of these names.
    """

    def __init__(self, bones: tuple[str, ...], wear: Callable[[mujoco.MjSpec], None]) -> None:
        spec = _room(bones)
        wear(spec)
        self.model = spec.compile()
        # things are moved about, so none may be taken to stand where its body is
        self.model.geom_sameframe[:] = 0
        self._data = mujoco.MjData(self.model)
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
        self._gl = importlib.import_module("mujoco.egl").GLContext(SIDE, SIDE)
        self._gl.make_current()
        self._scene = mujoco.MjvScene(self.model, maxgeom=200)
        self._context = mujoco.MjrContext(self.model, mujoco.mjtFontScale.mjFONTSCALE_50.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._option, self._view = mujoco.MjvOption(), mujoco.MjvCamera()
        self._option.geomgroup[:] = 1
        self._view.type, self._view.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, 0
        self._pixels = np.empty((SIDE, SIDE, 3), np.uint8)

    def __enter__(self) -> "Studio":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gl.make_current()
        self._context.free()
        self._gl.free()

    def refurnish(
        self, middle: Float[np.ndarray, " 3"], eye: Float[np.ndarray, " 3"], seat: float | None,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Another room around somebody who is about `middle` and seen from `eye`; with a seat of that height."""
        model = self.model
        for k in range(SURFACES):
            texture = model.texture(f"surface{k}").id
            start = model.tex_adr[texture]
            cloth = surface(CLOTH, rng)
            model.tex_data[start : start + cloth.size] = cloth.ravel()
            mujoco.mjr_uploadTexture(model, self._context, texture)
        sky = model.texture("sky").id
        size = model.tex_width[sky] * model.tex_height[sky] * 3
        fade = np.linspace(0, 1, model.tex_height[sky])[:, None, None]
        colours = np.stack([muted(rng, 0.4), np.maximum(muted(rng, 0.4), 90.0)])
        model.tex_data[model.tex_adr[sky] : model.tex_adr[sky] + size] = (
            np.broadcast_to(colours[0] * fade + colours[1] * (1 - fade), (len(fade), model.tex_width[sky], 3))
            .astype(np.uint8)
            .ravel()
        )
        mujoco.mjr_uploadTexture(model, self._context, sky)
        self._place(middle, eye, seat, rng)
        self._light(rng)

    def _place(self, middle: np.ndarray, eye: np.ndarray, seat: float | None, rng: np.random.Generator) -> None:
        """The floor, two walls, things beside and behind, and now and then one before the person."""
        model = self.model
        away = (middle - eye)[:2] / np.linalg.norm((middle - eye)[:2])
        aside = np.array([-away[1], away[0]])
        model.geom("floor").pos[:2] = middle[:2]
        indoors = rng.random() < 0.7
        for k in range(2):
            wall = model.geom(f"wall{k}")
            # a wall aside must not come between
            yaw = np.arctan2(away[1], away[0]) + (rng.uniform(-0.4, 0.4) if k == 0 else np.pi / 2)
            wall.quat[:] = Rotation.from_euler("z", yaw).as_quat(scalar_first=True)
            off = np.array([np.cos(yaw), np.sin(yaw)]) * rng.uniform(1.2, 5.0) * (1 if k == 0 else rng.choice((-1, 1)))
            wall.pos[:] = *(middle[:2] + off), 1.6 if indoors else -9.0
        for k in range(THINGS):
            thing = model.geom(f"thing{k}")
            half = rng.uniform(0.08, 0.55, 3) * [1, 1, rng.uniform(0.5, 2.0)]
            spot = middle[:2] + away * rng.uniform(0.6, 3.5) + aside * rng.uniform(-2.5, 2.5)
            thing.pos[:2], thing.pos[2], thing.size[:] = spot, half[2], half
            if rng.random() < 0.3:
                thing.pos[2] += rng.uniform(0, 2)
            thing.quat[:] = Rotation.from_euler("z", rng.uniform(0, 6.3)).as_quat(scalar_first=True)
            thing.rgba[:3] = 0.3 + 0.7 * muted(rng, 0.4) / 250.0
        first, last = model.geom("thing0"), model.geom(f"thing{THINGS - 1}")
        if rng.random() < 0.12:  # something stands before the person
            far = np.linalg.norm((middle - eye)[:2])
            first.size[:] = rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.2), rng.uniform(0.2, 0.5)
            spot = middle[:2] - away * rng.uniform(0.25, 0.5) * far + aside * rng.uniform(-0.4, 0.4)
            first.pos[:2], first.pos[2] = spot, first.size[2]
        if seat is not None:
            last.pos[:2], last.pos[2] = middle[:2], 0.5 * seat
            last.size[:] = rng.uniform(0.18, 0.3), rng.uniform(0.2, 0.3), 0.5 * seat

    def _light(self, rng: np.random.Generator) -> None:
        model, bright = self.model, rng.uniform(0.85, 1.3)
        ambient = rng.uniform(0.35, 0.65)
        tint = 1.0 + rng.uniform(-0.12, 0.12, 3)
        model.vis.headlight.ambient[:] = ambient * bright * tint
        model.vis.headlight.diffuse[:] = rng.uniform(0.0, 0.4) * bright
        for k in range(2):
            light = model.light(f"light{k}")
            way = np.array([*rng.uniform(-1, 1, 2), -rng.uniform(0.4, 1.5)])
            light.dir[:] = way / np.linalg.norm(way)
            light.diffuse[:] = (1.0 - ambient) * bright * tint * rng.uniform(0.3, 1.0)
        model.light("light0").castshadow[0] = rng.random() < 0.25

    def picture(
        self, heads: Float[np.ndarray, "B 3"], turns: Float[np.ndarray, "B 3 3"], view: View
    ) -> UInt8[np.ndarray, "S S 3"]:
        """The window's picture, RGB, with the bones so."""
        data, model = self._data, self.model
        data.mocap_pos[:] = heads
        data.mocap_quat[:] = Rotation.from_matrix(turns).as_quat(scalar_first=True)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_camlight(model, data)
        data.light_xpos[:] = heads[0] + [0, 0, 4]
        data.cam_xpos[0], data.cam_xmat[0] = view.eye, view.turn.ravel()
        model.cam_sensorsize[0] = view.wide
        model.cam_intrinsic[0] = (1.0, 1.0, view.middle[0], view.middle[1])
        self._gl.make_current()
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(model, data, self._option, None, self._view, everything, self._scene)
        mujoco.mjr_render(mujoco.MjrRect(0, 0, SIDE, SIDE), self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, mujoco.MjrRect(0, 0, SIDE, SIDE), self._context)
        return np.ascontiguousarray(self._pixels[::-1])


def surface(side: int, rng: np.random.Generator) -> UInt8[np.ndarray, "S S 3"]:
    """A texture of a room: clouds of two colours, with tiles, boards or blots on it."""
    import cv2

    rough = np.zeros((side, side), np.float32)
    for cells in (4, 16, 64):
        grain = rng.standard_normal((cells, cells)).astype(np.float32)
        rough += cv2.resize(grain, (side, side), interpolation=cv2.INTER_CUBIC) * rng.uniform(0, 1) * 4 / cells**0.5
    rough = 1 / (1 + np.exp(-rng.uniform(0.3, 2.5) * rough))
    a, b, line = (muted(rng, 0.45) for _ in range(3))
    b = a + (b - a) * rng.uniform(0.1, 1.0)
    out = a * rough[..., None] + b * (1 - rough[..., None])
    y, x = np.mgrid[:side, :side]
    wide, kind = int(rng.integers(12, 100)), rng.random()
    if kind < 0.25:
        out = np.where(((x % wide < 3) | (y % wide < 3))[..., None], line, out)
    elif kind < 0.4:
        out = np.where((x % wide < 3)[..., None], line, out)
    elif kind < 0.55:
        out = np.where((((x // wide) + (y // wide)) % 2 == 0)[..., None], 0.5 * (out + line), out)
    for _ in range(int(rng.integers(0, 5))):
        corner, size = rng.integers(0, side, 2), rng.integers(8, 90, 2)
        out[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]] = muted(rng, 0.6)
    return np.asarray(np.clip(out + rng.normal(0, rng.uniform(0, 8), out.shape), 0, 255).astype(np.uint8))


def _room(bones: tuple[str, ...]) -> mujoco.MjSpec:
    """The room, with bare bodies that are put where bones are."""
    spec = mujoco.MjSpec()
    spec.visual.global_.offwidth = spec.visual.global_.offheight = SIDE
    spec.visual.quality.shadowsize, spec.visual.quality.offsamples = 1024, 0
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 60.0
    spec.visual.headlight.specular = [0.0] * 3
    spec.stat.extent, spec.stat.center = 2.0, [0.0, 0.0, 0.8]
    kinds, rgb = mujoco.mjtTexture, mujoco.mjtTextureRole.mjTEXROLE_RGB
    sky = spec.add_texture(name="sky", type=kinds.mjTEXTURE_SKYBOX, width=64, height=64)
    sky.builtin, sky.rgb1, sky.rgb2 = mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, [0.7] * 3, [0.9] * 3
    for k in range(SURFACES):
        made = spec.add_texture(name=f"surface{k}", type=kinds.mjTEXTURE_2D, width=CLOTH, height=CLOTH, nchannel=3)
        made.data = bytes(CLOTH * CLOTH * 3)
        repeat = [0.5, 0.5] if k < 2 else [1.0, 1.0]
        material = spec.add_material(name=f"surface{k}", texrepeat=repeat, texuniform=True, specular=0.1)
        material.textures[rgb] = f"surface{k}"

    world = spec.worldbody
    plane, box = mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_BOX
    world.add_geom(name="floor", type=plane, size=[12, 12, 1], material="surface0")
    for k in range(2):
        world.add_geom(name=f"wall{k}", type=box, size=[0.05, 8, 1.7], material="surface1")
    for k in range(THINGS):
        world.add_geom(name=f"thing{k}", type=box, size=[0.2] * 3, material=f"surface{2 + k % 2}")
    for k in range(2):
        world.add_light(name=f"light{k}", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=False,
                        specular=[0.1] * 3)  # fmt: skip
    world.add_camera(name="view", sensor_size=[1, 1], resolution=[SIDE, SIDE], focal_length=[1, 1])
    for bone in bones:
        world.add_body(name=bone, mocap=True)
    return spec
