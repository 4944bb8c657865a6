"""The web viewer: motions played in a browser, one figure each, side by side or laid over each other.

It serves pages with viser and draws each body as one mesh of what `person` and `figure` dress it in. It runs no
simulation: what it plays are Motions.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import mujoco
import numpy as np

from sfv.errors import InputError
from sfv.excerpt import WHOLE, Excerpt
from sfv.motion import Motion
from sfv.reading import AS_IT_SAYS, Reading
from sfv.view.figure import figure
from sfv.view.meshes import body_mesh
from sfv.view.person import GHOST, PERSON
from sfv.view.render import scene
from sfv.work.run_folder import RunFolder

RATE = 30.0
"""Pictures per second."""
SPEEDS = {"1x": 1.0, "1/2": 0.5, "1/4": 0.25, "1/10": 0.1}
APART = 1.3
"""Metres between figures that stand side by side."""


def motions_at(path: Path, reading: Reading = AS_IT_SAYS, excerpt: Excerpt = WHOLE) -> dict[str, Motion]:
    """What there is to see at a path: the motion of a file, or the reference and what was simulated of a run.

    Raises:
        InputError: nothing is there, or nothing that can be shown.
    """
    if not path.is_dir():
        from sfv.formats.files import read_asked

        return {path.stem: read_asked(path, reading, excerpt)}
    if reading.given or not excerpt.whole:
        raise InputError(f"{path} is a run, whose motions are known; leave out how to read it")
    run = RunFolder(path)
    report = {name: run.report(f"{name}.npz") for name in ("reference", "simulated")}
    found = {name: file for name, file in report.items() if file.is_file()}
    reference = run.motion("motion.npz")
    if "reference" not in found and reference.is_file():
        found = {"reference": reference} | found
    if not found:
        raise InputError(f"{path} holds no motion to show; give a motion file, or a run folder after `sfv run`")
    return {name: Motion.load(file) for name, file in found.items()}


class Viewer:
    """A server that shows named motions: `with Viewer(motions) as viewer: viewer.play()`.

    Raises:
        InputError: the extra 'viewer' is not installed.
    """

    def __init__(self, motions: Mapping[str, Motion], host: str = "127.0.0.1", port: int = 8080) -> None:
        try:
            import viser
        except ImportError as error:
            raise InputError('the viewer needs viser, which is absent; type: pip install "sfv[viewer]"') from error
        self._duration = max(motion.duration for motion in motions.values())
        self._server = viser.ViserServer(host=host, port=port, label="sfv", verbose=False)
        self._server.scene.set_up_direction("+z")
        self._server.scene.add_grid("/ground", infinite_grid=True, section_color=(190, 190, 190), fade_distance=30.0)
        self._server.initial_camera.position = (2.7, -1.9, 1.3)
        self._server.initial_camera.look_at = (0.0, 0.0, 0.9)
        self._figures = [
            _Figure(self._server, f"/{index}", name, motion, ghost=index == 0 and len(motions) > 1)
            for index, (name, motion) in enumerate(motions.items())
        ]
        gui = self._server.gui
        self._time: Any = gui.add_slider("time (s)", 0.0, self._duration, 0.01, 0.0)
        self._playing = gui.add_checkbox("play", True)
        self._speed = gui.add_dropdown("speed", tuple(SPEEDS), initial_value="1x")
        self._apart = gui.add_checkbox("side by side", True, visible=len(motions) > 1)
        self.show(0.0)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{self._server.get_host()}:{self._server.get_port()}"

    @property
    def time(self) -> float:
        """Seconds from the start that are shown."""
        return float(self._time.value)

    def show(self, seconds: float) -> None:
        """Pose all figures as they are at a time from the start."""
        middle = 0.5 * (len(self._figures) - 1)
        for index, one in enumerate(self._figures):
            one.pose(seconds, APART * (index - middle) if self._apart.value else 0.0)

    def step(self, seconds: float) -> None:
        """Let `seconds` of the watcher's time pass: time goes on if it is playing, and starts again at the end."""
        if self._playing.value:
            now = self._time.value + seconds * SPEEDS[self._speed.value]
            self._time.value = now if now <= self._duration else 0.0
        with self._server.atomic():
            self.show(self._time.value)

    def play(self) -> None:
        """Serve until interrupted (Ctrl-C)."""
        before = time.monotonic()
        while True:
            time.sleep(1.0 / RATE)
            now = time.monotonic()
            self.step(now - before)
            before = now

    def close(self) -> None:
        """Stop serving."""
        self._server.stop()

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Figure:
    """One motion's body in the scene: a mesh for each body, posed by MuJoCo's kinematics."""

    def __init__(self, server: Any, place: str, name: str, motion: Motion, ghost: bool) -> None:
        self._motion = motion
        self._model = scene([(figure(motion.skeleton), GHOST if ghost else PERSON)])
        self._data = mujoco.MjData(self._model)
        self._frame = server.scene.add_frame(place, show_axes=False)
        self._label = server.scene.add_label(f"{place}/name", name)
        self._meshes = {
            body: server.scene.add_mesh_trimesh(f"{place}/{self._model.body(body).name}", mesh)
            for body in range(1, self._model.nbody)
            if (mesh := body_mesh(self._model, body)) is not None
        }

    def pose(self, seconds: float, aside: float) -> None:
        self._data.qpos[:] = self._motion.at(np.array([seconds]))[0]
        mujoco.mj_kinematics(self._model, self._data)
        for body, handle in self._meshes.items():
            handle.position, handle.wxyz = self._data.xpos[body], self._data.xquat[body]
        self._frame.position = (0.0, aside, 0.0)
        self._label.position = self._data.xpos[1] + (0.0, 0.0, 0.95)
