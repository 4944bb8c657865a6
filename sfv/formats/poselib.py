"""poselib's .npy files (IsaacGymEnvs, ASE, PHC): a pickled dict of a tree, turns and the root's way; z up.

From NVIDIA-Omniverse/IsaacGymEnvs, isaacgymenvs/tasks/amp/poselib/poselib/skeleton/skeleton3d.py: rotation (T, J, 4),
quaternions xyzw, against the parent where is_local, else in the world; root_translation (T, 3) m; skeleton_tree with
node_names, parent_indices and local_translation; fps. Arrays stand under "arr". The pickle is not run.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sfv.errors import InputError
from sfv.formats.restricted import load_npy
from sfv.formats.rigs import Rig, places_of, rig_motion
from sfv.motion import Motion
from sfv.quaternions import multiply, whole_rate
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import content_of

KEYS = ("rotation", "root_translation", "skeleton_tree")


def read_poselib(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """Such a file as a Motion of its own skeleton.

    Raises:
        InputError: the pickle names code or is broken, or what it holds does not fit together.
    """
    found = load_npy(content_of(path), str(path))
    if not isinstance(found, dict) or any(key not in found for key in KEYS):
        raise InputError(f"{path} lacks {', '.join(KEYS)}, which poselib's motions have; check the file")
    tree = found["skeleton_tree"]
    names = tuple(str(name) for name in tree["node_names"])
    parents = tuple(int(parent) for parent in _array(tree["parent_indices"]).ravel())
    offsets, turns, root = (
        _array(part).astype(np.float64)
        for part in (tree["local_translation"], found["rotation"], found["root_translation"])
    )
    if not (len(names) == len(parents) and offsets.shape == (len(names), 3) and root.shape == (len(turns), 3)
            and turns.shape == (len(root), len(names), 4)):  # fmt: skip
        raise InputError(
            f"{path}: {len(names)} joints do not fit rotation {turns.shape}, root_translation {root.shape} and "
            f"local_translation {offsets.shape}; export it again"
        )
    lengths = np.linalg.norm(turns, axis=-1)
    if not np.abs(lengths - 1.0).max() < 0.05:
        raise InputError(f"{path}: quaternions have lengths from {lengths.min():.2g} to {lengths.max():.2g}; export it")
    world = turns[..., [3, 0, 1, 2]]
    if found.get("is_local", True):
        for j, parent in enumerate(parents):
            if parent >= 0:
                world[:, j] = multiply(world[:, parent], world[:, j])
    fps = reading.fps or whole_rate(float(np.asarray(found.get("fps", 30)).ravel()[0]))
    pace = f"{fps:g} fps given" if reading.fps else "" if "fps" in found else f"{fps:g} fps taken"
    motion, note = rig_motion(Rig(names, parents, places_of(parents, offsets), root, world), fps, reading, "z")
    notes = ", ".join(filter(None, (note, pace)))
    return Motion(motion.skeleton, fps, motion.qpos, source=f"{Path(path).name} (poselib, {notes})")


def _array(value: Any) -> np.ndarray:
    """An array, bare or under "arr" as poselib writes it."""
    return np.asarray(value["arr"] if isinstance(value, dict) else value)
