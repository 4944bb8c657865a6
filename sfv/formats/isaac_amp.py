"""Isaac Lab's AMP .npz files: dof_names, dof_positions, body_names, body_positions, body_rotations (wxyz), fps; z up.

From isaac-sim/IsaacLab, source/isaaclab_tasks/.../direct/humanoid_amp/motions/README.md: metres, radians, every body's
place and turn in the world. Joints are matched by name with the robot's hinges; the root is the body of that name.
"""

from pathlib import Path

import numpy as np

from sfv.character import Character
from sfv.errors import InputError, did_you_mean
from sfv.formats.robots import hinges, robot_skeleton
from sfv.motion import Motion
from sfv.quaternions import continuous, whole_rate
from sfv.work.contents import arrays_of, content_of

KEYS = frozenset({"fps", "dof_names", "dof_positions", "body_names", "body_positions", "body_rotations"})


def is_isaac_amp(keys: frozenset[str]) -> bool:
    """Whether the arrays of an .npz are these."""
    return {"dof_names", "dof_positions", "body_rotations"} <= keys


def read_isaac_amp(path: Path | str, character: Character | Path | str | None) -> Motion:
    """Such a file as a Motion of the robot.

    Raises:
        InputError: no robot given, joints or a root that it lacks, arrays that do not fit together, or NaN.
    """
    data = arrays_of(content_of(path), str(path))
    if missing := KEYS - data.keys():
        raise InputError(f"{path} lacks {', '.join(sorted(missing))}; make it with Isaac Lab's record script")
    skeleton = robot_skeleton(character, path)
    joints, bodies = ([str(name) for name in data[key].ravel()] for key in ("dof_names", "body_names"))
    angles, places, turns = (
        data[key].astype(np.float64) for key in ("dof_positions", "body_positions", "body_rotations")
    )
    frames = len(angles)
    if not (angles.shape == (frames, len(joints)) and places.shape == (frames, len(bodies), 3)
            and turns.shape == (frames, len(bodies), 4)):  # fmt: skip
        raise InputError(
            f"{path}: dof_positions {angles.shape}, body_positions {places.shape} and body_rotations {turns.shape} do "
            f"not fit {len(joints)} joints and {len(bodies)} bodies; make it again"
        )
    names = hinges(skeleton)
    if lost := sorted(set(joints) ^ set(names)):
        raise InputError(f"{path}: file and character do not share {lost[0]!r}{did_you_mean(lost[0], names)}")
    if skeleton.body_names[0] not in bodies:
        raise InputError(f"{path} has no body {skeleton.body_names[0]!r}{did_you_mean(skeleton.body_names[0], bodies)}")
    root = bodies.index(skeleton.body_names[0])
    qpos = np.zeros((frames, skeleton.nq))
    qpos[:, :3], qpos[:, 3:7] = places[:, root], turns[:, root]
    for name in names:
        qpos[:, skeleton.qpos_columns.index(name)] = angles[:, joints.index(name)]
    if not np.isfinite(qpos).all():
        raise InputError(f"{path}: NaN or infinity in frame {int(np.argwhere(~np.isfinite(qpos))[0, 0])}; repair it")
    if not np.abs(np.linalg.norm(qpos[:, 3:7], axis=1) - 1.0).max() < 0.05:
        raise InputError(f"{path}: the root's body_rotations are no quaternions of length 1; make it again")
    if np.abs(qpos[:, 7:]).max(initial=0.0) > 4 * np.pi:
        raise InputError(f"{path}: a joint angle is {np.abs(qpos[:, 7:]).max():.0f}: degrees; Isaac Lab has radians")
    source = f"{Path(path).name} (Isaac Lab AMP, z up)"
    return Motion(skeleton, whole_rate(float(data["fps"].item())), continuous(skeleton, qpos), source=source)
