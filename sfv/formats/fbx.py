"""FBX files, by ufbx (the extra `fbx`), which reads them in a process of its own (`sfv.formats.fbx_trial`).

The moving bones become balls. A skeleton's zero pose is where it stands when nothing moves it. The file names its unit
and its axes, and exporters get them wrong, so the bones' length and the body's stand are asked, too.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats.conventions import likely_unit, without_calibration
from sfv.formats.rigs import Rig, rig_motion
from sfv.formats.rotations import from_matrix
from sfv.motion import Motion
from sfv.quaternions import conjugate, matrix, multiply, whole_rate
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import LIMIT, arrays_of, content_of

SECONDS, MEMORY = 60, 3 << 30
NUMBERS = 1 << 22
"""Frames times nodes: ten minutes of 60 bones at 120 fps."""
SPAN = (1.0, 4.0)
"""m from toes to fingertips or head through the bones, where the file's own unit is believed."""


def is_fbx(content: bytes) -> bool:
    """Whether it is an FBX file, binary or text."""
    return content[:18] == b"Kaydara FBX Binary" or b"FBXHeaderExtension" in content[:4096]


def read_fbx(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """The first animation of an FBX file as a Motion of its own bones.

    Raises:
        InputError: ufbx is not installed or cannot read the file, or nothing moves in it.
    """
    data = _nodes(Path(path))
    names, parents = [str(name) for name in data["names"]], data["parents"].tolist()
    world = _world(data["local"], parents)  # the last one is the pose that nothing moves
    bones = _bones(data["bones"], parents)
    if len(bones) < 2 or len(world) < 3:
        raise InputError(
            f"{path} has {len(bones)} bones and {len(world) - 1} frames; export bones with their animation"
        )
    names = [names[i].rsplit(":", 1)[-1] for i in bones]
    tree = tuple(bones.index(_above(i, parents, bones)) if k else -1 for k, i in enumerate(bones))
    places, turns = world[:, bones][..., :3, 3], _turns(world[:, bones][..., :3, :3])
    scale = float(np.linalg.norm(world[-1, bones[0], :3, 0]))
    unit, note = _unit(float(data["unit"]), scale, places[-1], tree, reading)
    since = multiply(turns[:-1], conjugate(turns[-1])[None])  # in the world, since the zero pose
    rig = Rig(tuple(names), tree, unit * places[-1], unit * places[:-1, 0], since)
    fps = reading.fps or whole_rate(float(data["fps"]))
    up = str(data["up"])
    motion, axis = rig_motion(rig, fps, reading, up if up in ("y", "z", "-y") else "y")
    qpos, dropped = without_calibration(motion)
    notes = [axis, note, f"{fps:g} fps given" if reading.fps else "", dropped]
    source = f"{Path(path).name} (FBX, {', '.join(filter(None, notes))})"
    return Motion(motion.skeleton, fps, qpos, source=source)


def _nodes(path: Path) -> dict[str, np.ndarray]:
    content = content_of(path)
    if importlib.util.find_spec("ufbx") is None:
        raise InputError(f"{path} is an FBX file, which ufbx reads; type: pip install 'sfv[fbx]'")
    with tempfile.TemporaryDirectory(prefix="sfv-") as folder:
        whole, found = Path(folder) / "whole.fbx", Path(folder) / "nodes.npz"
        whole.write_bytes(content)  # unpacked
        program = str(Path(__file__).with_name("fbx_trial.py"))
        limits = [str(number) for number in (SECONDS, MEMORY, NUMBERS)]
        try:
            done = subprocess.run(
                [sys.executable, "-P", program, str(whole), str(found), *limits],
                capture_output=True, text=True, timeout=3 * SECONDS,
            )  # fmt: skip
            said = json.loads(done.stdout.splitlines()[-1]).get("error")
        except (subprocess.TimeoutExpired, ValueError, IndexError):
            said = f"it did not come to an end in {SECONDS} s and {MEMORY >> 30} GiB"
        if said or not found.is_file() or found.stat().st_size > LIMIT:
            raise InputError(f"{path} is no FBX file that ufbx reads ({said}); export it again, or as BVH")
        return arrays_of(found.read_bytes(), str(path))


def _world(local: Float[np.ndarray, "T n 10"], parents: list[int]) -> Float[np.ndarray, "T n 4 4"]:
    """Each node's matrix in the world, out of translation, quaternion and scale against its parent."""
    out = np.zeros((*local.shape[:2], 4, 4))
    out[..., :3, :3] = matrix(local[..., 3:7]) * local[..., None, 7:]
    out[..., :3, 3], out[..., 3, 3] = local[..., :3], 1.0
    for i, parent in enumerate(parents):
        if not -1 <= parent < i:
            raise InputError("a node hangs on one that stands behind it; export the file again")
        if parent >= 0:
            out[:, i] = out[:, parent] @ out[:, i]
    return out


def _bones(is_bone: np.ndarray, parents: list[int]) -> list[int]:
    """The largest tree of bones, its root first."""
    root: dict[int, int] = {}
    for i, parent in enumerate(parents):
        if is_bone[i]:
            above = parent
            while above >= 0 and above not in root:
                above = parents[above]
            root[i] = root.get(above, i)
    trees = [[i for i in root if root[i] == first] for first in set(root.values())]
    return max(trees, key=len, default=[])


def _above(node: int, parents: list[int], bones: list[int]) -> int:
    """The nearest bone over a bone; nodes between them that are none are part of the way."""
    node = parents[node]
    while node not in bones:
        node = parents[node]
    return node


def _turns(matrices: Float[np.ndarray, "T J 3 3"]) -> Float[np.ndarray, "T J 4"]:
    """Without the scale, which must be the same along all three axes to be none of a rotation."""
    size = np.linalg.norm(matrices, axis=-2, keepdims=True)
    if size.min() < 1e-9:
        raise InputError("a bone is scaled to nothing; export the file without scales")
    return from_matrix(matrices / size)


def _unit(
    said: float, scale: float, rest: Float[np.ndarray, "J 3"], parents: tuple[int, ...], reading: Reading
) -> tuple[float, str]:
    """Metres per unit: as given, as the file says where people are so long then, else as the bones tell.

    Blender's exporter scales the root by 100 and says centimetres, whatever the bones were measured in: `scale`.
    """
    if reading.metres is not None:
        return reading.metres, f"unit {reading.metres:g} m"
    reach, span = np.zeros(len(parents)), 0.0
    for j in range(len(parents) - 1, 0, -1):
        arm = reach[j] + float(np.linalg.norm(rest[j] - rest[parents[j]]))
        span = max(span, reach[parents[j]] + arm)
        reach[parents[j]] = max(reach[parents[j]], arm)
    if SPAN[0] < said * span < SPAN[1]:
        return said, f"unit {said:g} m"
    name, unit = likely_unit(span / scale)
    return unit / scale, f"unit taken for {name}"
