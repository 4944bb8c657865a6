import numpy as np
import pytest

from sfv.formats.bvh import read_bvh
from sfv.formats.bvh_dialects import DIALECTS
from sfv.formats.files import read_motion
from sfv.kinematics import motion_state

SIDES = ("Left", "Right")


def bvh(tree, still_root=None, frames=4, unit=100.0):
    """Text of a BVH whose joints are `tree` (name -> children), 20 cm apart upwards, the hips walking along x.

    With `still_root`, a root of that name which never moves stands above, and every joint has positions.
    """
    lines, table = ["HIERARCHY"], []
    six = "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"

    def joint(name, children, first):
        offset = "0 0 0" if first and not still_root else f"0 {0.2 * unit} 0"
        lines.extend([f"{'ROOT' if first and not still_root else 'JOINT'} {name}", "{", f"OFFSET {offset}"])
        lines.append(f"CHANNELS {six if first or still_root else '3 Zrotation Xrotation Yrotation'}")
        table.append("hips" if first else "still" if still_root else "turn")
        for child, grandchildren in children.items():
            joint(child, grandchildren, False)
        if not children:
            lines.extend(["End Site", "{", f"OFFSET 0 {0.2 * unit} 0", "}"])
        lines.append("}")

    if still_root:
        lines.extend([f"ROOT {still_root}", "{", "OFFSET 0 0 0", f"CHANNELS {six}"])
    (root, children), *_ = tree.items()
    joint(root, children, True)
    if still_root:
        lines.append("}")
    rows = []
    for t in range(frames):
        part = {"hips": [unit * t, unit, 0, 0, 0, 30 * t], "still": [0, 0.2 * unit, 0, 0, 0, 0], "turn": [0, 0, 0]}
        row = [0] * 6 if still_root else []
        rows.append(" ".join(str(x) for kind in table for x in ([*row, *part[kind]] if kind == "hips" else part[kind])))
    return "\n".join([*lines, "MOTION", f"Frames: {frames}", "Frame Time: 0.0333333", *rows, ""])


def limb(*names):
    tree = {}
    for name in names[::-1]:
        tree = {name: tree}
    return tree


def both(*names):
    return [limb(*(name.replace("*", side) for name in names)) for side in SIDES]


def merge(*trees):
    return {name: children for tree in trees for name, children in tree.items()}


LAFAN1 = {"Hips": merge(
    *both("*UpLeg", "*Leg", "*Foot", "*Toe"),
    {"Spine": {"Spine1": {"Spine2": merge(limb("Neck", "Head"), *both("*Shoulder", "*Arm", "*ForeArm", "*Hand"))}}},
)}  # fmt: skip
STYLE = {"Hips": merge(
    {"Chest": {"Chest2": {"Chest3": {"Chest4": merge(
        limb("Neck", "Head"), *both("*Collar", "*Shoulder", "*Elbow", "*Wrist"))}}}},
    *both("*Hip", "*Knee", "*Ankle", "*Toe"),
)}  # fmt: skip
BANDAI = {"Hips": merge(
    {"Spine": {"Chest": merge(limb("Neck", "Head"), *(
        limb(*(f"{n}_{s}" for n in ("Shoulder", "UpperArm", "LowerArm", "Hand"))) for s in "LR"))}},
    *(limb(*(f"{n}_{s}" for n in ("UpperLeg", "LowerLeg", "Foot", "Toes"))) for s in "LR"),
)}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tree", "root"),
    [("LAFAN1", LAFAN1, None), ("100STYLE", STYLE, None), ("Bandai-Namco", BANDAI, "joint_Root")],
)
def test_data_sets_are_known_by_their_joints(tmp_path, name, tree, root):
    (tmp_path / "m.bvh").write_text(bvh(tree, root))
    motion = read_motion(tmp_path / "m.bvh")
    assert f"{name}'s joints" in motion.source
    assert "unit taken for cm" in motion.source
    assert motion.skeleton.body_names[0] == "Hips"
    # the hips walk a metre a frame, a metre up
    np.testing.assert_allclose(motion.qpos[:, :3], [[0, t, 1] for t in range(4)], atol=1e-6)


def test_a_still_root_takes_no_way_from_the_hips(tmp_path):
    """The same walk with and without the root above: the same places."""
    (tmp_path / "a.bvh").write_text(bvh(BANDAI, "joint_Root"))
    (tmp_path / "b.bvh").write_text(bvh(BANDAI))
    a, b = read_bvh(tmp_path / "a.bvh"), read_bvh(tmp_path / "b.bvh")
    assert a.skeleton.body_names == b.skeleton.body_names
    np.testing.assert_allclose(motion_state(a).xpos, motion_state(b).xpos, atol=1e-6)
    assert "Bandai" not in b.source
    # a root that stands elsewhere carries the hips there; one that moves stays
    text = (tmp_path / "a.bvh").read_text().replace("\n0 0 0 0 0 0 ", "\n50 0 20 0 0 0 ")
    (tmp_path / "c.bvh").write_text(text)
    c = read_bvh(tmp_path / "c.bvh", up="y")
    np.testing.assert_allclose(c.qpos[:, :3], a.qpos[:, :3] + [0.2, 0.5, 0], atol=1e-6)
    (tmp_path / "d.bvh").write_text(text.replace("\n50 0 20", "\n60 0 20", 1))
    assert read_bvh(tmp_path / "d.bvh").skeleton.body_names[0] == "joint_Root"


def test_the_data_sets_do_not_share_joints():
    for one in DIALECTS:
        for other in DIALECTS:
            assert one is other or not one.joints <= other.joints


@pytest.mark.data
@pytest.mark.parametrize("path", ["cmu_bvh/01_01.bvh.gz", "asf_amc/01_01.bvh.gz"])
def test_cmus_files(data_folder, path):
    motion = read_bvh(data_folder / "mocap" / path)
    assert "CMU's joints" in motion.source
    assert "unit taken for CMU units" in motion.source
