"""What all tests share."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfv.motion import Motion

# Tests run in several processes side by side; in each, one thread per library is fastest and keeps sums reproducible.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# A shell starts what runs in the background deaf to Ctrl-C, and tests that send it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Plots are drawn to files only.
os.environ.setdefault("MPLBACKEND", "agg")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no NVIDIA GPU")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root folder."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of clips and models that are not in the repository; tests marked `data` read from it."""
    folder = os.environ.get("SFV_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SFV_TEST_DATA names no folder of test data")
    return Path(folder)


@pytest.fixture(scope="session")
def wave() -> "Motion":
    """One second of the humanoid standing and swinging its arms up and down, 30 fps."""
    import mujoco
    import numpy as np

    from sfv.character import load_character
    from sfv.kinematics import motion_state
    from sfv.motion import Motion
    from sfv.surface import lowest

    character = load_character("humanoid")
    model = character.model
    qpos = np.repeat(character.skeleton.qpos0[None], 31, 0)
    for t, row in enumerate(qpos):
        angle = 0.6 + 0.4 * np.sin(2 * np.pi * t / 30)
        for joint, sign in (("right_shoulder", 1.0), ("left_shoulder", -1.0)):
            mujoco.mju_axisAngle2Quat(model_slice(model, row, joint), np.array([1.0, 0.0, 0.0]), sign * angle)
    motion = Motion(character.skeleton, 30.0, qpos, source="wave")
    qpos[:, 2] -= lowest(model, motion_state(motion, model))
    return Motion(character.skeleton, 30.0, qpos, source="wave")


@pytest.fixture(scope="session")
def stride(wave: "Motion") -> "Motion":
    """The wave, carried along a line 30 degrees left of x at 1 m/s: a loop."""
    import numpy as np

    from sfv.motion import Motion

    qpos = wave.qpos.copy()
    way = np.linspace(0.0, 1.0, len(qpos))
    qpos[:, 0] += np.cos(np.pi / 6) * way
    qpos[:, 1] += np.sin(np.pi / 6) * way
    qpos[-1, 2:] = qpos[0, 2:]
    return Motion(wave.skeleton, wave.fps, qpos, loop=True, source="stride")


def model_slice(model, row, joint):  # type: ignore[no-untyped-def]
    """The part of a qpos row that belongs to a ball joint."""
    start = int(model.joint(joint).qposadr[0])
    return row[start : start + 4]
