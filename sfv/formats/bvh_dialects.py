"""The BVH files of well-known data sets, known by their joints, and what is peculiar to each.

CMU (cgspeed's conversion: 31 joints or more, unit 0.45 inches, 120 fps), LAFAN1 (ubisoft-laforge-animation-dataset: 22
joints, cm, 30 fps), Bandai-Namco-Research-Motiondataset (cm, 30 fps, a root that stands still above the moving hips,
positions in all joints) and 100STYLE (Xsens's 23 joints, cm, 60 fps). All have y up.
"""

from dataclasses import dataclass, replace

import numpy as np

from sfv.formats.bvh_text import BvhText


@dataclass(frozen=True)
class Dialect:
    """A data set's joints (all of them must be there), the number of joints in its files, and metres per unit."""

    name: str
    joints: frozenset[str]
    least: int
    most: int
    unit: float


def _both(*names: str) -> frozenset[str]:
    return frozenset(name.replace("*", side) for name in names for side in ("Left", "Right"))


DIALECTS = (
    Dialect("CMU", _both("*FingerBase", "*ForeArm") | {"LHipJoint", "RHipJoint", "LowerBack"}, 29, 39, 0.0254 / 0.45),
    Dialect("LAFAN1", _both("*UpLeg", "*Leg", "*Toe", "*ForeArm", "*Hand") | {"Spine2", "Neck"}, 22, 22, 0.01),
    Dialect(
        "Bandai-Namco",
        frozenset(f"{name}_{side}" for name in ("UpperArm", "LowerArm", "UpperLeg", "LowerLeg") for side in "LR")
        | {"joint_Root", "Hips", "Chest"},
        20, 24, 0.01,
    ),
    Dialect("100STYLE", _both("*Collar", "*Elbow", "*Wrist", "*Hip", "*Toe") | {"Chest4", "Chest2"}, 23, 23, 0.01),
)  # fmt: skip


def dialect(bvh: BvhText) -> Dialect | None:
    """The data set whose joints these are; None when it is none of DIALECTS."""
    names = frozenset(node.name for node in bvh.nodes if not node.end)
    return next((d for d in DIALECTS if d.joints <= names and d.least <= len(names) <= d.most), None)


def without_still_root(bvh: BvhText) -> BvhText:
    """The file with its moving hips as root, where a root that never moves or turns stands above them.

    Such a root holds the whole world; read as it stands, the hips' way through it would be lost, since bones have fixed
    lengths. Any other file comes back as it is.
    """
    if len(bvh.nodes) < 2 or sum(node.parent == 0 for node in bvh.nodes) != 1:
        return bvh
    root, hips = bvh.nodes[:2]
    own = len(root.channels)
    values, moved = bvh.values[:, :own], bvh.values[:, own : own + len(hips.channels)]
    turns = [i for i, name in enumerate(root.channels) if name.endswith("rotation")]
    places = [i for i, name in enumerate(hips.channels) if name.endswith("position")]
    if np.ptp(values, axis=0).max(initial=0.0) > 1e-6 or np.abs(values[:, turns]).max(initial=0.0) > 1e-6:
        return bvh
    if len(places) < 3 or np.ptp(moved[:, places], axis=0).max() < 1e-3:
        return bvh
    shift = root.offset.copy()
    for i, name in enumerate(root.channels):
        if name.endswith("position"):
            shift["XYZ".index(name[0])] = values[0, i]
    rest = bvh.values[:, own:].copy()
    for i in places:
        rest[:, i] += shift["XYZ".index(hips.channels[i][0])]
    nodes = [replace(node, parent=node.parent - 1) for node in bvh.nodes[1:]]
    return BvhText(tuple(nodes), rest, bvh.frame_time)
