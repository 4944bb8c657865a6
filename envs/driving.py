"""What an exported policy must be driven with where there is no sfv: a scene, a reference step by step, and the layout
of what it observes.

Only plain values, to be written as JSON; `examples/play_policy.py` plays them with MuJoCo and ONNX Runtime alone.
"""

from typing import Any, Protocol, runtime_checkable

import mujoco
import torch
from torch import Tensor

from envs import foresight, observations
from envs.box import Box
from envs.config import TrackingConfig
from envs.ground import Ground
from envs.library import TICKS, MotionLibrary
from envs.sim.scene import scene_spec
from sfv.character import Character

LOOP_SECONDS = 20.0
"""So much of a loop is written out: as long as policies are judged."""
DIGITS = 7
"""After the point: a ten-thousandth of a millimetre."""


@runtime_checkable
class TaskParts(Protocol):
    """The task as far as it is written out; `envs.tracking.TrackingEnv` is one, and says what its parts are."""

    config: TrackingConfig
    character: Character
    model: mujoco.MjModel
    library: MotionLibrary
    ground: Ground | None
    box: Box | None
    device: str
    control_ticks: int
    lead_ticks: int


def described(env: TaskParts) -> dict[str, Any]:
    """What a policy is told of its task in a few words: rates, gains, scales, the order of joints, what it observes."""
    model, config = env.model, env.config
    return {
        "character": env.character.name,
        "control_hz": config.control_hz,
        "physics_hz": config.control_hz * config.decimation,
        "action_scale": config.action_scale,
        "target_lead_s": env.lead_ticks / TICKS,
        "actuators": [model.actuator(i).name for i in range(model.nu)],
        "kp": model.actuator_gainprm[:, 0].tolist(),
        "kd": (-model.actuator_biasprm[:, 2]).tolist(),
        "torque_limit": model.actuator_forcerange[:, 1].tolist(),
        "qpos_columns": list(env.character.skeleton.qpos_columns),
        "observation": layout(model, config, env.character),
    }


def driving(env: TaskParts) -> dict[str, Any]:
    """Of a task on level ground: what `described` says, and all of the above. Elsewhere without scene and
    reference, which depend on where on the ground somebody is."""
    said = described(env) | {"observation_limit": observations.LIMIT}
    if env.ground is not None:
        return said
    scene = scene_spec(env.character, env.config.control_hz * env.config.decimation)
    if env.box:
        env.box.parcel.add_to(scene)
    return said | {
        "mjcf": scene.to_xml(),
        "rest": _rounded(env.model.qpos0),
        "reference": [reference(env, clip) for clip in range(env.library.num_clips)],
    }


def layout(model: mujoco.MjModel, config: TrackingConfig, character: Character) -> list[str]:
    """A name for each number that a policy observes, in their order.

    r is the simulated root, whose frame all vectors are in; `goal` is the reference one control step ahead. Angles of a
    joint are a rotation vector in the joint's frame, from the rest pose to the state, and of the goal from the state to
    it; `turn` is the first two columns of the rotation from the root to the goal's root. Of a box that is pushed, `way`
    and `turn`, a rotation vector, go from it to where the goal has it.
    """
    balls = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL]
    hinges = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
    angles = [f"{model.joint(j).name}.angle.{axis}" for j in balls for axis in "xyz"]
    angles += [f"{model.joint(j).name}.angle" for j in hinges]
    speeds = [
        f"{model.joint(j).name}.speed{axis}"
        for j in range(1, model.njnt)
        for axis in ((".x", ".y", ".z") if j in balls else ("",))
    ]
    bodies = [f"goal.{model.body(b).name}.{axis}" for b in range(1, model.nbody) for axis in "xyz"]
    mine = ["r.height", *(f"r.{what}.{axis}" for what in ("down", "velocity", "spin") for axis in "xyz")]
    theirs = [*bodies, *(f"goal.velocity.{axis}" for axis in "xyz"), *(f"goal.turn.{i}" for i in range(6))]
    names = [*mine, *angles, *speeds, *theirs, *(f"goal.{name}" for name in angles)]
    names += foresight.names(config, character)
    if config.object:
        names += [f"box.{what}.{axis}" for what in ("way", "turn", "velocity", "spin") for axis in "xyz"]
    return names


def reference(env: TaskParts, clip: int) -> dict[str, Any]:
    """A clip at every control step from its start to its end, or for LOOP_SECONDS.

    `target` has one row less than the others: at step k the servos aim at target[k] + action_scale * action. `box` is
    where a box that is pushed is to be; it starts at the first of them, and stands behind the body in qpos.
    """
    library, every = env.library, env.control_ticks
    loop = bool(library.loop[clip])
    ticks = round(LOOP_SECONDS * TICKS) if loop else int(library.last[clip])
    tick = torch.arange(0, ticks + 1, every, device=env.device)
    rows = library.at(torch.full_like(tick, clip), tick)
    start = rows.qpos[0].clone()
    start[2] += library.lift[library.row(torch.full_like(tick[:1], clip), tick[:1])][0]
    target = library.target(torch.full_like(tick[1:], clip), tick[:-1] + env.lead_ticks)
    pushed = {"box": env.box.goal(rows, tick).tolist()} if env.box else {}
    return {
        "loop": loop,
        # to the last bit: a foot that stands on the ground touches it or not by less than what is rounded
        "start": {"qpos": start.tolist(), "qvel": rows.qvel[0].tolist()},
        "qpos": _rounded(rows.qpos),
        "root_velocity": _rounded(rows.qvel[:, :3]),
        "xpos": _rounded(rows.xpos[:, 1:]),
        "target": _rounded(target),
        **pushed,
    }


def _rounded(values: Any) -> Any:
    """Plain numbers, short enough to be read."""
    table: Tensor = torch.as_tensor(values, dtype=torch.float64).cpu()
    return torch.round(table, decimals=DIGITS).tolist()
