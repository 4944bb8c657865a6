"""What this machine has of what sfv uses, and what to type for what it lacks.

Each probe tries the thing itself, as far as that takes no network and a few seconds; nothing is installed or fetched.
"""

import importlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sfv import __version__
from sfv.work.provenance import processor

OLDEST, TOO_NEW = (3, 11), (3, 14)
"""Versions of Python: from, and below."""
EXTRAS = {
    "viewer": ("websockets", "sfv view in a browser"),
    "fbx": ("ufbx", "motions in FBX files"),
    "batch": ("ray", "sfv batch"),
    "smpl": ("smplx", "SMPL bodies by your own model files"),
    "people": ("anny", "bodies of people who are filmed for a lifter (sfv fit)"),
}
"""Extra -> the module that it brings, and what that is for."""
ROOM = 5.0
"""GiB on the disk below which a run may find no place: a policy's checkpoints and videos take up to 1."""


@dataclass(frozen=True)
class Probed:
    """One thing that sfv uses.

    Attributes:
        name: of it.
        found: what is here, in words.
        there: whether it is here and works.
        needed: whether sfv run fails without it.
        advice: what to type, or what goes on without it; "" where it is there.
    """

    name: str
    found: str
    there: bool = True
    needed: bool = False
    advice: str = ""


def examined() -> Iterator[Probed]:
    """Every finding, the quick ones first."""
    for probe in PROBES:
        yield from probe()


def _python() -> Iterator[Probed]:
    fits = OLDEST <= sys.version_info[:2] < TOO_NEW
    words = f"{platform.python_version()}, sfv {__version__}"
    advice = "" if fits else "make setup PYTHON=python3.12, or another from 3.11 to 3.13"
    yield Probed("Python", words, fits, True, advice)


def _computer() -> Iterator[Probed]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    yield Probed("processor", f"{processor()}, {cores} {'core' if cores == 1 else 'cores'}, {memory:.0f} GiB of memory")
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    advice = "" if free > ROOM else "free space here, or give --out on another disk"
    yield Probed("disk", f"{free:.0f} GiB free here", free > ROOM, True, advice)


def _drawing() -> Iterator[Probed]:
    """A picture is drawn with OpenGL."""
    import mujoco

    from sfv.view.backends import Egl

    model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><camera/><geom size='1'/></worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    try:
        egl = Egl(model, 64, 64)
        egl.picture(data, 0)
        egl.close()
    except Exception as error:  # PyOpenGL, EGL and MuJoCo have many kinds of error for a machine without GL
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        advice = "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri; until then a ray tracer draws, more slowly"
        yield Probed("OpenGL (EGL)", reason, False, False, advice)
    else:
        yield Probed("OpenGL (EGL)", "draws")


def _video() -> Iterator[Probed]:
    try:
        import av

        av.Codec("libx264", "w")
        av.Codec("h264", "r")
    except (ImportError, ValueError) as error:  # of a codec that is absent: UnknownCodecError, a ValueError
        yield Probed("video files", str(error), False, True, "pip install --force-reinstall av")
    else:
        yield Probed("video files", f"PyAV {av.__version__} with a libx264 of its own; no ffmpeg is needed")


def _estimator() -> Iterator[Probed]:
    from recon.pose.weights import cache

    try:
        importlib.import_module("mediapipe.tasks.python.vision")
        importlib.import_module("cv2")
    except (ImportError, OSError) as error:
        advice = "apt-get install libgl1 libglib2.0-0 libxcb1 libegl1 libgles2"
        yield Probed("pose estimator", f"MediaPipe does not load: {error}", False, True, advice)
    else:
        yield Probed("pose estimator", f"MediaPipe {version('mediapipe')}")
    held = [name for name in ("lite", "full", "heavy") if (cache() / f"pose_landmarker_{name}.task").is_file()]
    advice = (
        "" if "full" in held else "the first sfv pose fetches it; without a network set SFV_CACHE to a folder with it"
    )
    words = f"{', '.join(held) or 'none'} in {cache()}"
    yield Probed("its weights", words, "full" in held, False, advice)


def _gpu() -> Iterator[Probed]:
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        yield Probed("GPU", f"{torch.cuda.get_device_name(0)}, {memory:.0f} GiB; train on it with --simulator warp")
    else:
        words = f"none that torch {torch.__version__} can use"
        yield Probed("GPU", words, False, False, "nothing needs one; with NVIDIA's: pip install torch, built for CUDA")


def _weights() -> Iterator[Probed]:
    from sfv.character import ASSETS

    held = sorted(path.stem for path in (ASSETS / "weights").glob("*.safetensors"))
    yield Probed("sfv's own weights", ", ".join(held) or "none", bool(held), False, "" if held else "install sfv again")
    models = os.environ.get("SFV_SMPL_MODELS", "")
    there = bool(models) and Path(models).is_dir()
    advice = "" if there else "only for SMPL's own bones: set SFV_SMPL_MODELS to the folder of your model files"
    yield Probed("SMPL model files", models or "SFV_SMPL_MODELS is not set", there, False, advice)


def _extras() -> Iterator[Probed]:
    for extra, (module, purpose) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        advice = "" if there else f'for {purpose}: pip install "sfv[{extra}]"'
        yield Probed(
            f"extra {extra}", f"{module} {version(module) if there else 'is not installed'}", there, False, advice
        )


PROBES: tuple[Callable[[], Iterator[Probed]], ...] = (
    _python,
    _computer,
    _video,
    _drawing,
    _extras,
    _weights,
    _gpu,
    _estimator,
)
