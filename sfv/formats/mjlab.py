"""The .npz files that mjlab and BeyondMimic track: joint_pos, joint_vel, body_pos_w, body_quat_w (wxyz), fps, ...

From mujocolab/mjlab (csv_to_npz.py, MuJoCo's depth-first order of joints and bodies) and HybridRobotics/
whole_body_tracking (the same keys in Isaac Lab's breadth-first order). The files carry no names, so the order is the
one with which forward kinematics gives the bodies' places in the file; when none does, it is of another robot.
"""

from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.errors import InputError
from sfv.formats.robots import hinges, robot_skeleton
from sfv.formats.rotations import to_rotvec
from sfv.motion import Motion
from sfv.quaternions import conjugate, continuous, multiply, whole_rate
from sfv.skeleton import Skeleton
from sfv.work.contents import arrays_of, content_of
from sfv.work.files import write_arrays

KEYS = frozenset({"joint_pos", "body_pos_w", "body_quat_w"})
TOLERANCE = 0.02
"""m by which bodies may be off; in float32 of the same model it is 1e-6, of a neighbouring version about 0.01."""


def is_mjlab(keys: frozenset[str]) -> bool:
    """Whether the arrays of an .npz are these."""
    return keys >= KEYS


def read_mjlab(path: Path | str, character: Character | Path | str | None) -> Motion:
    """Such a file as a Motion of the robot.

    Raises:
        InputError: no robot given, arrays that do not fit it in any order, no rate, or NaN.
    """
    data = arrays_of(content_of(path), str(path))
    if missing := (KEYS | {"fps"}) - data.keys():
        raise InputError(f"{path} lacks {', '.join(sorted(missing))}; make it with mjlab's csv_to_npz.py")
    skeleton = robot_skeleton(character, path)
    names = hinges(skeleton)
    angles, pos, quat = (data[key].astype(np.float64) for key in ("joint_pos", "body_pos_w", "body_quat_w"))
    if angles.ndim != 2 or angles.shape[1] != len(names) or len(angles) < 2:
        raise InputError(f"{path}: joint_pos is {angles.shape} but the character has {len(names)} hinges; give another")
    if pos.shape != (len(angles), pos.shape[1], 3) or quat.shape != (len(angles), pos.shape[1], 4):
        raise InputError(f"{path}: body_pos_w is {pos.shape} and body_quat_w {quat.shape} for {len(angles)} frames")
    if not all(np.isfinite(table).all() for table in (angles, pos, quat)):
        raise InputError(f"{path}: NaN or infinity in its arrays; repair the file")
    best, found = np.inf, (np.zeros((0, 0)), "")
    for order, joints, bodies in _orders(skeleton):
        if len(bodies) != pos.shape[1]:
            continue
        for layout, columns in (("wxyz", [0, 1, 2, 3]), ("xyzw", [3, 0, 1, 2])):
            qpos = np.zeros((len(angles), skeleton.nq))
            qpos[:, :3], qpos[:, 3:7], qpos[:, joints] = pos[:, 0], quat[:, 0][:, columns], angles
            off = _off(skeleton, qpos, pos, bodies)
            if off < best:
                best, found = off, (qpos, f"{order}, {layout}")
    if best > TOLERANCE:
        what = f"bodies are off by {best:.2g} m" if np.isfinite(best) else f"it has {pos.shape[1]} bodies"
        raise InputError(f"{path} does not fit the character: {what} in any order; give the robot's own MJCF")
    fps = whole_rate(float(data["fps"].ravel()[0]))
    source = f"{Path(path).name} (mjlab, {found[1]}, bodies within {1000 * best:.1f} mm)"
    return Motion(skeleton, fps, continuous(skeleton, found[0]), source=source)


def write_mjlab(motion: Motion, path: Path | str) -> None:
    """Write the arrays in MuJoCo's order, with joint_names and body_names besides; contacts and the loop flag are lost.

    Raises:
        InputError: the skeleton has joints other than hinges.
    """
    from sfv.kinematics import motion_state, velocities  # brings torch, which reading does not need

    skeleton = motion.skeleton
    names, state, step = hinges(skeleton), motion_state(motion), 1.0 / motion.fps
    quat = state.xquat[:, 1:]
    spin = to_rotvec(multiply(quat[2:], conjugate(quat[:-2]))) / (2 * step) if len(motion) > 2 else np.zeros((0, 0, 3))
    spin = spin if len(spin) else to_rotvec(multiply(quat[1:], conjugate(quat[:-1]))) / step
    spin = np.concatenate((spin[:1], spin, spin[-1:]))[: len(motion)]
    arrays = {
        "fps": np.array([motion.fps]),
        "joint_pos": motion.qpos[:, 7:],
        "joint_vel": velocities(skeleton.model, motion.qpos, motion.fps)[:, 6:],
        "body_pos_w": state.xpos[:, 1:],
        "body_quat_w": quat,
        "body_lin_vel_w": np.gradient(state.xpos[:, 1:], step, axis=0),
        "body_ang_vel_w": spin,
    }
    called = {"joint_names": np.array(names), "body_names": np.array(skeleton.body_names)}
    write_arrays(path, called | {name: table.astype(np.float32) for name, table in arrays.items()})


def _orders(skeleton: Skeleton) -> list[tuple[str, list[int], list[int]]]:
    """For each order its name, the qpos columns of the joints and the numbers of the bodies."""
    model = skeleton.model
    deep = list(range(1, model.nbody))
    wide = [1]
    for body in wide:  # grows while it is walked
        wide += [child for child in deep if model.body_parentid[child] == body and child != body]
    out = []
    for name, bodies in (("depth first", deep), ("breadth first", wide)):
        joints = [j for body in bodies for j in range(1, model.njnt) if model.jnt_bodyid[j] == body]
        out.append((name, [int(model.jnt_qposadr[j]) for j in joints], bodies))
    return out


def _off(
    skeleton: Skeleton, qpos: Float[np.ndarray, "T nq"], pos: Float[np.ndarray, "T n 3"], bodies: list[int]
) -> float:
    """The largest distance (m) of a body from its place in the file, over some frames."""
    data, off = mujoco.MjData(skeleton.model), 0.0
    for t in np.linspace(0, len(qpos) - 1, 8).astype(int):
        data.qpos[:] = qpos[t]
        mujoco.mj_kinematics(skeleton.model, data)
        off = max(off, float(np.linalg.norm(data.xpos[bodies] - pos[t], axis=-1).max()))
    return off
