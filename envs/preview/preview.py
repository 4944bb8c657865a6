"""The physics preview: a simulated character performs a motion before any training.

What comes of it is a motion with real contacts, torques and gravity, the servo targets that make it, and a verdict,
which is one-sided: followed to the end proves that the character can do it; lost proves nothing, training finds more.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from envs.preview.attempt import Attempt, attempt
from envs.preview.config import PreviewConfig
from envs.preview.task import ASSIST, make_task
from sfv.character import Character
from sfv.check.support import slide_of
from sfv.kinematics import GRAVITY
from sfv.motion import Motion
from sfv.progress import Advance, silent
from sfv.report import Number, Report
from sfv.work.files import write_arrays


@dataclass(frozen=True)
class Preview:
    """A simulated performance of a motion.

    Attributes:
        simulated: what the character did, at the control rate.
        reference: what it was to do, over the same time.
        targets: (T - 1, nu) servo targets, rad, each held for one control step.
        qvel: (T, nv) velocities of `simulated`. Its first frame, the first row of these and the targets replay it.
        error: (T, nbody - 1) distances of the bodies from the motion in the world, m.
        lost_at: s, or None when it followed to the end.
        verdict: one sentence.
        report: the figures, and the error and the assistance over time.
    """

    simulated: Motion
    reference: Motion
    targets: Float[np.ndarray, "t nu"]
    qvel: Float[np.ndarray, "T nv"]
    error: Float[np.ndarray, "T b"]
    lost_at: float | None
    verdict: str
    report: Report


def preview(motion: Motion, character: Character, config: PreviewConfig, advance: Advance | None = None) -> Preview:
    """Drive the character along the motion, for a whole cycle if it is a loop.

    Raises:
        InputError: the motion is not of this character, or the control rate does not fit.
    """
    advance = advance or silent
    started = time.process_time()
    task = make_task(motion, character, config)
    made = attempt(task, config, advance)
    seconds = time.process_time() - started
    forces = None
    if config.assist == "always" or (config.assist == "lost" and made.lost):
        forces = assistance(motion, character, config, advance)
    model, hz, count = character.model, config.control_hz, len(made.x)
    done, wanted, ground = made.x[:, : model.nq].copy(), task.goal[:count, : model.nq].copy(), motion.ground
    simulated = Motion(character.skeleton, hz, done, source=f"preview of {motion.source}", ground=ground)
    reference = Motion(character.skeleton, hz, wanted, source=motion.source, ground=ground)
    lost_at = (count - 1) / hz if made.lost else None
    verdict = f"followed to the end within {config.lost:g} m at every body: the character can do this"
    if lost_at is not None:
        verdict = f"lost at t = {lost_at:.2f} s: not shown that the character can do this; training may still find how"
    slide = slide_of(simulated, character)
    report = _report(motion.source or "a motion", made, len(task) / hz, hz, slide, seconds, forces, character.mass)
    qvel = made.x[:, model.nq : model.nq + model.nv].copy()
    return Preview(simulated, reference, made.u, qvel, made.error, lost_at, verdict, report)


def assistance(
    motion: Motion, character: Character, config: PreviewConfig, advance: Advance | None = None
) -> Float[np.ndarray, "k 6"]:
    """What force (N, in the world) and torque (Nm, in the root's frame) from nowhere the motion wants, at each step.

    It is what the same planner uses of six motors at the root, where a squared unit of them (450 N, 90 Nm) costs as
    much as a squared metre per second of the root. Every motion uses some; much says where it leaves physics.
    """
    task = make_task(motion, character, config, assisted=True)
    tell = advance or silent

    def measuring(steps: float | int, text: str | None = None) -> None:
        tell(0, "measuring the assistance")

    made = attempt(task, replace(config, tries=1, noise=0), measuring)
    return made.u[:, -6:] * np.repeat(ASSIST, 3)


def save_targets(path: Path, shown: Preview, character: Character, config: PreviewConfig) -> None:
    """Write what replays the simulated motion: rates, first state, actuators and their targets, as .npz."""
    model = character.model
    arrays = {
        "kind": "sfv targets",
        "version": 1,
        "units": "radians, metres, seconds",
        "actuators": np.array([model.actuator(i).name for i in range(model.nu)]),
        "targets": shown.targets,
        "control_hz": config.control_hz,
        "physics_hz": config.control_hz * config.decimation,
        "qpos": shown.simulated.qpos[0],
        "qvel": shown.qvel[0],
    }
    write_arrays(path, arrays)


def _report(
    title: str, made: Attempt, duration: float, hz: float, slide: float, seconds: float,
    forces: Float[np.ndarray, "k 6"] | None, mass: float,
) -> Report:  # fmt: skip
    cm, followed = 100.0 * made.error, len(made.u) / hz
    numbers = [
        Number("followed", 0.0 if made.lost else 1.0, "1 = to the end", "higher"),
        Number("time_followed", followed, "s", "higher"),
        Number("duration", duration, "s", "none"),
        Number("body_error_mean", float(cm.mean()), "cm", "lower"),
        Number("body_error_max", float(cm.max()), "cm", "lower"),
        Number("foot_slide", slide, "cm/s", "lower"),
        Number("tries", float(made.tries), "", "lower"),
        Number("cpu_seconds_per_second", seconds / followed, "CPU s per s of motion", "lower"),
    ]
    series = {
        "error over time": {
            "time_s": [t / hz for t in range(len(cm))],
            "mean_cm": cm.mean(1).tolist(),
            "max_cm": cm.max(1).tolist(),
        }
    }
    if forces is not None:
        push, turn = np.linalg.norm(forces[:, :3], axis=1), np.linalg.norm(forces[:, 3:], axis=1)
        numbers += [
            Number("assisting_force", float(push.mean()), "N", "lower"),
            Number("assisting_force_of_weight", float(push.mean()) / (GRAVITY * mass), "body weights", "lower"),
            Number("assisting_torque", float(turn.mean()), "Nm", "lower"),
        ]
        times = [t / hz for t in range(len(push))]
        series["assistance over time"] = {"time_s": times, "force_n": push.tolist(), "torque_nm": turn.tolist()}
    return Report(f"preview of {title}", tuple(numbers), series)
