"""Pictures of MuJoCo models: a scene with one or more figures in it, and the renderer that photographs it.

Through EGL where the machine has GL (a software driver will do), else with mujoco_warp's ray tracer, which needs none.
It knows poses and cameras, but no motions and no files; who draws is `sfv.view.backends`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

import mujoco
import numpy as np
from jaxtyping import Float, UInt8

from sfv.character import Character
from sfv.terrain.geoms import add_ground
from sfv.terrain.terrain import FLAT, Terrain
from sfv.view import backends
from sfv.view.person import Look, dress
from sfv.view.viewpoint import Viewpoint

Rgb = tuple[float, float, float]
LARGEST = 2160
"""Most pixels on a side."""


@dataclass(frozen=True)
class Floor:
    """A floor of squares under a sky. Colours in 0..1; `square` is a side in metres."""

    light: Rgb = (0.80, 0.82, 0.85)
    dark: Rgb = (0.70, 0.73, 0.77)
    square: float = 0.5
    sky_top: Rgb = (0.55, 0.68, 0.86)
    sky_bottom: Rgb = (0.93, 0.95, 0.97)


def scene(
    actors: Sequence[tuple[Character, Look]],
    ground: Floor | None = None,
    terrain: Terrain = FLAT,
) -> mujoco.MjModel:
    """A model to look at: the characters, each in its look, on a ground with light, sky and a camera.

    Its qpos is that of the first character, then that of the second, and so on; names carry the prefixes "0/", "1/".

    Args:
        actors: characters and their looks.
        ground: the floor; the ordinary one if None.
        terrain: the heights of the ground.
    """
    ground = ground or Floor()
    spec = mujoco.MjSpec()
    spec.modelname = "scene"
    spec.visual.global_.offwidth = spec.visual.global_.offheight = LARGEST
    spec.visual.quality.shadowsize = 1024
    # rounder bodies cost more on a software driver and look no better at the size of a video
    spec.visual.quality.numslices, spec.visual.quality.numstacks = 18, 12
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 60.0
    spec.visual.map.shadowclip = 1.0  # times extent: wider shadow maps speckle the floor with lines now and then
    spec.visual.headlight.ambient = [0.42] * 3
    spec.visual.headlight.diffuse = [0.25] * 3
    spec.visual.headlight.specular = [0.0] * 3
    spec.visual.rgba.haze = [*ground.sky_bottom, 1.0]
    spec.stat.extent, spec.stat.center = 2.0, [0.0, 0.0, 0.8]
    builtin, kind = mujoco.mjtBuiltin, mujoco.mjtTexture
    spec.add_texture(
        name="sky", type=kind.mjTEXTURE_SKYBOX, builtin=builtin.mjBUILTIN_GRADIENT, width=256, height=256,
        rgb1=ground.sky_top, rgb2=ground.sky_bottom,
    )  # fmt: skip
    spec.add_texture(
        name="squares", type=kind.mjTEXTURE_2D, builtin=builtin.mjBUILTIN_CHECKER, width=256, height=256,
        rgb1=ground.light, rgb2=ground.dark,
    )  # fmt: skip
    floor = spec.add_material(name="floor", texrepeat=[1.0 / ground.square] * 2, texuniform=True, specular=0.0)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "squares"
    add_ground(spec, terrain, material="floor", contype=0, conaffinity=0)
    directional = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    # straight down: a slanting light speckles the floor with its own shadow on Mesa's software driver
    spec.worldbody.add_light(
        name="above", type=directional, dir=[0, 0, -1], castshadow=True, diffuse=[0.38] * 3, specular=[0.0] * 3
    )
    spec.worldbody.add_light(
        name="front", type=directional, dir=[-0.6, 0.45, -0.66], castshadow=False, diffuse=[0.3] * 3, specular=[0.1] * 3
    )
    spec.worldbody.add_camera(name="view")
    for number, (character, look) in enumerate(actors):
        figure = mujoco.MjSpec.from_string(character.xml)
        dress(figure, look)
        for brought in [*figure.keys, *figure.lights]:
            figure.delete(brought)
        figure.option = spec.option
        spec.attach(figure, prefix=f"{number}/", frame=spec.worldbody.add_frame())
    spec.option.solver = mujoco.mjtSolver.mjSOL_NEWTON  # mujoco_warp loads no model with PGS
    return spec.compile()


class Renderer:
    """Take pictures of a model made by `scene`: `with Renderer(model, 640, 480) as r: picture = r.frame(qpos, camera)`.

    The backend is 'egl' or 'warp'; without one named, $SFV_RENDER decides, else EGL is tried first and a logged
    warning says when the ray tracer has to do. Opacity below 1 shows in EGL only.

    Raises:
        InputError: $SFV_RENDER names no backend, or the one asked for does not work on this machine.
    """

    def __init__(
        self, model: mujoco.MjModel, width: int, height: int, backend: Literal["egl", "warp"] | None = None
    ) -> None:
        self.model, self.size = model, (width, height)
        self._data = mujoco.MjData(model)
        self._camera = model.camera("view").id
        self._backend = backends.connect(model, width, height, backend or os.environ.get("SFV_RENDER", ""))

    @property
    def backend(self) -> str:
        """'egl' or 'warp'."""
        return self._backend.name

    def frame(self, qpos: Float[np.ndarray, "nq"], camera: Viewpoint | None = None) -> UInt8[np.ndarray, "H W 3"]:
        """The picture, RGB, of the figures in these positions; without a camera, from beside the first figure."""
        if camera is None:
            x, y = float(qpos[0]), float(qpos[1])
            camera = Viewpoint((x + 2.6, y - 2.4, 1.5), (x, y, 0.85))
        data, index = self._data, self._camera
        data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_comPos(self.model, data)
        mujoco.mj_camlight(self.model, data)
        data.light_xpos[0] = np.add(camera.target, (0, 0, 4))  # shadows are drawn around it
        data.cam_xpos[index], data.cam_xmat[index] = camera.position, camera.axes().ravel()
        self.model.cam_fovy[index] = camera.fovy
        return self._backend.picture(data, index)

    def close(self) -> None:
        """Free the graphics context."""
        self._backend.close()

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
