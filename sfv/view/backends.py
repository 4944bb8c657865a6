"""Who draws the pictures: MuJoCo's OpenGL renderer through EGL, or mujoco_warp's ray tracer, which needs no GL.

Both take positions that MuJoCo computed and give the same picture, up to edges and haze. They know no figures.
"""

import importlib
import logging
import os
from typing import Any, Protocol, runtime_checkable

import mujoco
import numpy as np
from jaxtyping import UInt8

from sfv.errors import InputError

log = logging.getLogger(__name__)

NAMES = ("egl", "warp")


@runtime_checkable
class Backend(Protocol):
    """Draws a model's data as seen from one of its cameras."""

    name: str

    def picture(self, data: mujoco.MjData, camera: int) -> UInt8[np.ndarray, "H W 3"]: ...

    def close(self) -> None: ...


class Egl:
    """MuJoCo's own renderer on an EGL context of ours: no MUJOCO_GL has to be set before mujoco is imported."""

    name = "egl"

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None:
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
        self._gl = importlib.import_module("mujoco.egl").GLContext(width, height)
        self._gl.make_current()
        self._model = model
        self._scene = mujoco.MjvScene(model, maxgeom=2000)
        self._option, self._perturb = mujoco.MjvOption(), mujoco.MjvPerturb()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._window = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), np.uint8)

    def picture(self, data: mujoco.MjData, camera: int) -> UInt8[np.ndarray, "H W 3"]:
        self._gl.make_current()
        self._view.fixedcamid = camera
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._model, data, self._option, self._perturb, self._view, everything, self._scene)
        mujoco.mjr_render(self._window, self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, self._window, self._context)
        return self._pixels[::-1].copy()  # OpenGL's first row is the lowest

    def close(self) -> None:
        self._gl.make_current()
        self._context.free()
        self._gl.free()


class Warp:
    """mujoco_warp's ray tracer, on the GPU if there is one, else on the CPU."""

    name = "warp"

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None:
        import warp

        warp.config.log_level = warp.LOG_ERROR  # before the import below: else it greets, and reports each compilation
        import mujoco_warp

        self._tracer = mujoco_warp
        self._host, self._size, self._fovy = model, (width, height), float("nan")
        self._model = mujoco_warp.put_model(model)
        self._data = mujoco_warp.make_data(model)
        self._rgb = warp.zeros((1, height, width), dtype=warp.vec3)
        self._context: Any = None

    def picture(self, data: mujoco.MjData, camera: int) -> UInt8[np.ndarray, "H W 3"]:
        for name in ("geom_xpos", "geom_xmat", "cam_xpos", "cam_xmat", "light_xpos", "light_xdir"):
            device = getattr(self._data, name)
            device.assign(getattr(data, name).reshape(device.shape + device.dtype._shape_).astype(np.float32))
        if self._fovy != self._host.cam_fovy[camera]:  # the rays are computed when the context is made
            self._fovy = float(self._host.cam_fovy[camera])
            self._context = self._tracer.create_render_context(
                self._host,
                cam_res=self._size,
                render_rgb=True,
                cam_active=[camera],
                use_shadows=True,
                render_skybox=True,
                enable_specular=False,
            )
        self._tracer.refit_bvh(self._model, self._data, self._context)
        self._tracer.render(self._model, self._data, self._context)
        self._tracer.get_rgb(self._context, 0, self._rgb)
        return (self._rgb.numpy()[0] * 255.0 + 0.5).astype(np.uint8)

    def close(self) -> None:
        self._context = None


def connect(model: mujoco.MjModel, width: int, height: int, name: str = "") -> Backend:
    """The backend called `name`, or without a name EGL where it works and else the ray tracer, with a warning.

    Raises:
        InputError: there is no such backend, or EGL was asked for and does not work here.
    """
    if name and name not in NAMES:
        raise InputError(f"SFV_RENDER={name!r} is no renderer; set it to one of: {', '.join(NAMES)}")
    if name == "warp":
        return Warp(model, width, height)
    try:
        return Egl(model, width, height)
    except Exception as error:  # PyOpenGL, EGL and MuJoCo have many kinds of error for a machine without GL
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        if name == "egl":
            raise InputError(
                f"EGL does not work here ({reason}); install libegl1 and libgl1-mesa-dri, or set SFV_RENDER=warp"
            ) from error
        log.warning("no OpenGL here (%s), so mujoco_warp's ray tracer draws the pictures, which is slower", reason)
        return Warp(model, width, height)
