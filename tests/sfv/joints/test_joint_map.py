"""Joint maps by names: BVH skeletons as programs and data sets call their joints, made small, and what is not found."""

from pathlib import Path

import numpy as np
import pytest

from recon.retarget.parts import parts_of
from sfv.errors import InputError
from sfv.formats.bvh import read_bvh
from sfv.joints.joint_map import NEEDED, joint_map
from sfv.joints.part_names import SIDES, head_and_feet, sided
from sfv.motion import Motion

OFFSETS = {
    "pelvis": (0, 0, 0), "spine": (0, 12, 0), "thorax": (0, 28, 0), "neck": (0, 20, 0), "head": (0, 9, 1),
    "collar": (3, 14, 0), "shoulder": (15, 0, 0), "elbow": (28, 0, 0), "wrist": (25, 0, 0), "finger": (9, 0, 2),
    "hip": (9, -4, 0), "knee": (0, -41, 1), "ankle": (0, -41, -3), "toe": (0, -6, 13),
}  # fmt: skip
"""Part -> where it is from the part it hangs on, cm, y up and facing z; on the left."""
HANGS_ON = {
    "spine": "pelvis", "thorax": "spine", "neck": "thorax", "head": "neck", "collar": "thorax", "shoulder": "collar",
    "elbow": "shoulder", "wrist": "elbow", "finger": "wrist", "hip": "pelvis", "knee": "hip", "ankle": "knee",
    "toe": "ankle",
}  # fmt: skip
TRUNK = ("pelvis", "spine", "thorax", "neck", "head")
ORDER = ("collar", "shoulder", "elbow", "wrist", "finger", "hip", "knee", "ankle", "toe")


def names(trunk: str, limbs: str, left: str = "L", right: str = "R") -> dict[str, str]:
    """Part -> name, '-' for none; `limbs` are in ORDER with {} for the side."""
    out = dict(zip(TRUNK, trunk.split(), strict=True))
    for part, name in zip(ORDER, limbs.split(), strict=True):
        out |= {f"left_{part}": name.format(left), f"right_{part}": name.format(right)}
    return {part: name.replace("~", " ") for part, name in out.items() if name != "-"}


CONVENTIONS = {
    "CMU by cgspeed, Daz": names(
        "hip abdomen chest neck head", "{}Collar {}Shldr {}ForeArm {}Hand {}Index1 {}Thigh {}Shin {}Foot -", "l", "r"
    ),
    "CMU by cgspeed, MotionBuilder": names(
        "Hips LowerBack Spine1 Neck1 Head",
        "{}Shoulder {}Arm {}ForeArm {}Hand {}HandIndex1 {}UpLeg {}Leg {}Foot {}ToeBase", "Left", "Right",
    ),
    "CMU by cgspeed, 3ds Max": names(
        "Hips Chest Chest2 Neck Head", "{}Collar {}Shoulder {}Elbow {}Wrist - {}Hip {}Knee {}Ankle {}Toe",
        "Left", "Right",
    ),
    "CMU's ASF": names(
        "root lowerback thorax lowerneck head",
        "{}clavicle {}humerus {}radius {}wrist {}fingers {}femur {}tibia {}foot {}toes", "l", "r",
    ),
    "MB-Lab": names(
        "pelvis spine01 spine03 neck head",
        "clavicle_{} upperarm_{} lowerarm_{} hand_{} index00_{} thigh_{} calf_{} foot_{} toes_{}",
    ),
    "MakeHuman": names(
        "root spine05 spine01 neck01 head",
        "shoulder01.{} upperarm01.{} lowerarm01.{} wrist.{} finger2-1.{} upperleg01.{} lowerleg01.{} foot.{} toe1-1.{}",
    ),
    "SOMA": names(
        "Hips Spine1 Chest Neck1 Head",
        "{}Shoulder {}Arm {}ForeArm {}Hand {}HandIndex1 {}Leg {}Shin {}Foot {}ToeBase", "Left", "Right",
    ),
    "MotionBuilder, with its character before the names": names(
        "Character1_Hips Character1_Spine Character1_Spine3 Character1_Neck Character1_Head",
        "Character1_{0}Shoulder Character1_{0}Arm Character1_{0}ForeArm Character1_{0}Hand Character1_{0}HandThumb1 "
        "Character1_{0}UpLeg Character1_{0}Leg Character1_{0}Foot Character1_{0}ToeBase", "Left", "Right",
    ),
    "Mixamo": names(
        "mixamorig:Hips mixamorig:Spine mixamorig:Spine2 mixamorig:Neck mixamorig:Head",
        "mixamorig:{0}Shoulder mixamorig:{0}Arm mixamorig:{0}ForeArm mixamorig:{0}Hand mixamorig:{0}HandIndex1 "
        "mixamorig:{0}UpLeg mixamorig:{0}Leg mixamorig:{0}Foot mixamorig:{0}ToeBase", "Left", "Right",
    ),
    "Rokoko": names(
        "Hips Spine1 Spine4 Neck Head",
        "{}Shoulder {}Arm {}ForeArm {}Hand {}Finger2Metacarpal {}Thigh {}Shin {}Foot {}Toe", "Left", "Right",
    ),
    "Xsens, BVH": names(
        "Hips Chest Chest4 Neck Head", "{}Collar {}Shoulder {}Elbow {}Wrist - {}Hip {}Knee {}Ankle {}Toe",
        "Left", "Right",
    ),
    "Xsens, MVN": names(
        "Pelvis L5 T8 Neck Head", "{}Shoulder {}UpperArm {}ForeArm {}Hand - {}UpperLeg {}LowerLeg {}Foot {}Toe",
        "Left", "Right",
    ),
    "VRM": names(
        "hips spine upperChest neck head",
        "{0}Shoulder {0}UpperArm {0}LowerArm {0}Hand {0}IndexProximal {0}UpperLeg {0}LowerLeg {0}Foot {0}Toes",
        "left", "right",
    ),
    "VRoid": names(
        "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head",
        "J_Bip_{0}_Shoulder J_Bip_{0}_UpperArm J_Bip_{0}_LowerArm J_Bip_{0}_Hand J_Bip_{0}_Index1 J_Bip_{0}_UpperLeg "
        "J_Bip_{0}_LowerLeg J_Bip_{0}_Foot J_Bip_{0}_ToeBase",
    ),
    "Biped": names(
        "Bip01 Bip01_Spine Bip01_Spine2 Bip01_Neck Bip01_Head",
        "Bip01_{0}_Clavicle Bip01_{0}_UpperArm Bip01_{0}_Forearm Bip01_{0}_Hand Bip01_{0}_Finger0 Bip01_{0}_Thigh "
        "Bip01_{0}_Calf Bip01_{0}_Foot Bip01_{0}_Toe0",
    ),
    "Unreal": names(
        "pelvis spine_01 spine_03 neck_01 head",
        "clavicle_{0} upperarm_{0} lowerarm_{0} hand_{0} index_01_{0} thigh_{0} calf_{0} foot_{0} ball_{0}", "l", "r",
    ),
    "Blender's Rigify": names(
        "spine spine.001 spine.003 spine.004 head",
        "shoulder.{0} upper_arm.{0} forearm.{0} hand.{0} f_index.01.{0} thigh.{0} shin.{0} foot.{0} toe.{0}",
    ),
    "SMPL's, as Blender exports it": names(
        "Pelvis Spine1 Spine3 Neck Head",
        "{0}_Collar {0}_Shoulder {0}_Elbow {0}_Wrist {0}_Hand {0}_Hip {0}_Knee {0}_Ankle {0}_Foot",
    ),
    "without hands and toes": names(
        "Hips Spine Chest Neck Head", "{}Collar {}Arm {}ForeArm - - {}UpLeg {}Leg {}Foot -"
    ),
}  # fmt: skip


def bvh(called: dict[str, str], arms: float = 0.0, ends: bool = True, twists: dict[str, str] | None = None) -> str:
    """A BVH file of somebody who stands for ten frames and moves a little; arms hang by so many degrees at rest.

    `twists` puts a joint of the given name halfway before a part.
    """
    below: dict[str, list[str]] = {}
    for part in called:
        side, _, own = part.rpartition("_")
        while own := HANGS_ON.get(own, ""):
            if above := next((name for name in (own, f"{side}_{own}") if name in called), None):
                below.setdefault(above, []).append(part)
                break
    lines = ["HIERARCHY"]

    def joint(name: str, offset: np.ndarray, children: list[str], depth: int, last: np.ndarray | None = None) -> None:
        free = "" if depth else "Xposition Yposition Zposition "
        lines.append(f"{'JOINT' if depth else 'ROOT'} {name} {{ OFFSET {numbers(offset)}")
        lines.append(f"CHANNELS {3 if depth else 6} {free}Zrotation Xrotation Yrotation")
        for child in children:
            place = placed(child) if last is None else last
            if last is None and child in (twists or {}):
                joint((twists or {})[child], place / 2, [child], depth + 1, place / 2)
            else:
                joint(called[child], place, below.get(child, []), depth + 1)
        if not children and ends:
            lines.append("End Site { OFFSET 0 0 7 }")
        lines.append("}")

    def placed(part: str) -> np.ndarray:
        side, _, own = part.rpartition("_")
        x, y, z = OFFSETS[own]
        if own in ("elbow", "wrist", "finger"):
            c, s = np.cos(np.radians(arms)), np.sin(np.radians(arms))
            x, y = c * x + s * y, c * y - s * x
        return np.array([-x if side == "right" else x, y, z])

    joint(called["pelvis"], np.zeros(3), below["pelvis"], 0)
    turns = 3 * sum(line.startswith(("ROOT", "JOINT")) for line in lines)
    lines.append("MOTION\nFrames: 10\nFrame Time: 0.0333333")
    lines += [numbers([0.0, 93.0, 0.0] + [2.0 * np.sin(0.3 * t)] * turns) for t in range(10)]
    return "\n".join(lines).replace("{", "\n{\n").replace("}", "\n}\n") + "\n"


def numbers(values: np.ndarray | list[float]) -> str:
    return " ".join(f"{x:.4f}" for x in values)


def motion_of(folder: Path, text: str) -> Motion:
    (folder / "one.bvh").write_text(text)
    return read_bvh(folder / "one.bvh")


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_parts_are_found_by_the_names_of(tmp_path: Path, convention: str) -> None:
    called = CONVENTIONS[convention]
    skeleton = motion_of(tmp_path, bvh(dict(called))).skeleton
    found = {part: body for part, (body, _) in joint_map(skeleton, convention).points.items()}
    wanted = ("pelvis", "thorax", "head", *NEEDED, *(f"{s}_{p}" for s in SIDES for p in ("wrist", "toe")))
    told = {part: called[part] for part in wanted if part in called}
    # what has no name of its own is the end of the bone
    for side in SIDES:
        told.setdefault(f"{side}_toe", called[f"{side}_ankle"] + "_end")
        told.setdefault(f"{side}_wrist", called[f"{side}_elbow"] + "_end")
    told = {part: body for part, body in told.items() if part in found or not body.endswith("_end")}
    assert found == told
    parts = parts_of(skeleton, joint_map(skeleton, convention))
    assert {f"{side}_{part}" for side in SIDES for part in ("heel", "toe", "wrist")} <= parts.points.keys()


def test_a_skeleton_that_ends_at_ankles_and_elbows_gets_toes_and_hands(tmp_path: Path) -> None:
    called = CONVENTIONS["without hands and toes"]
    skeleton = motion_of(tmp_path, bvh(dict(called), ends=False)).skeleton
    found = joint_map(skeleton, "stumps")
    assert not {"left_toe", "left_wrist"} & found.points.keys()
    assert found.feet == {"left": ("LFoot",), "right": ("RFoot",)}
    points = parts_of(skeleton, joint_map(skeleton, "stumps")).points
    # the leg is 41 + 41 cm and a little, of 83: 25 cm of forearm to the left of the elbow, toes 13 cm ahead
    body, place = points["left_wrist"]
    assert body == "LForeArm"
    np.testing.assert_allclose(place, (0.0, 0.25, 0.0), atol=0.01)
    assert points["right_wrist"][1][1] == pytest.approx(-0.25, abs=0.01)
    assert points["left_toe"][1][0] == pytest.approx(0.13, abs=0.01)


@pytest.mark.parametrize("hang", [45.0, 80.0])
def test_arms_that_hang_at_rest_are_raised(tmp_path: Path, hang: float) -> None:
    called = CONVENTIONS["MakeHuman"]
    skeleton = motion_of(tmp_path, bvh(dict(called), arms=hang)).skeleton
    t_pose = parts_of(skeleton, joint_map(skeleton, "MakeHuman")).t_pose
    at = int(skeleton.model.joint("upperarm01.L").qposadr[0])
    # about what is ahead, x, by as much as they hang; the forearm goes along
    half = np.radians(hang) / 2
    np.testing.assert_allclose(t_pose[at : at + 4], [np.cos(half), np.sin(half), 0.0, 0.0], atol=1e-3)
    at = int(skeleton.model.joint("lowerarm01.L").qposadr[0])
    np.testing.assert_allclose(t_pose[at : at + 4], [1.0, 0.0, 0.0, 0.0], atol=1e-3)


def test_twists_and_nameless_knees_are_told_by_lengths(tmp_path: Path) -> None:
    called = CONVENTIONS["Unreal"] | {"left_knee": "bone_l", "right_knee": "bone_r"}
    twists = {"left_elbow": "upperarm_twist_l", "right_elbow": "upperarm_twist_r"}
    found = joint_map(motion_of(tmp_path, bvh(dict(called), twists=twists)).skeleton, "game")
    assert found.points["left_knee"][0] == "bone_l"
    assert found.points["right_shoulder"][0] == "upperarm_r"
    assert found.points["left_elbow"][0] == "lowerarm_l"
    # what turns with the limb is what its end hangs on
    assert found.frames["left_upper_arm"] == "upperarm_twist_l"
    assert found.frames["left_forearm"] == "lowerarm_l"


def test_what_is_not_found_is_named_and_can_be_given(tmp_path: Path) -> None:
    called = {part: f"j{i}" for i, part in enumerate(CONVENTIONS["Mixamo"])}
    for part in ("left_hip", "right_hip", "left_ankle", "right_ankle"):
        called[part] = CONVENTIONS["VRM"][part]
    skeleton = motion_of(tmp_path, bvh(dict(called))).skeleton
    with pytest.raises(InputError, match=r"lacks left_knee, .*left_hip is leftUpperLeg.*--map"):
        joint_map(skeleton, "numbers")
    given = {part: called[part] for part in ("left_knee", "right_knee", "left_shoulder", "right_shoulder",
                                             "left_elbow", "right_elbow", "head")}  # fmt: skip
    found = joint_map(skeleton, "numbers", given).points
    assert {part: found[part][0] for part in given} == given
    assert found["thorax"][0] == called["thorax"]
    with pytest.raises(InputError, match=r"'left_nee'.*left_knee"):
        joint_map(skeleton, "numbers", {"left_nee": "j1"})
    with pytest.raises(InputError, match=r"no such body.*j1"):
        joint_map(skeleton, "numbers", {"left_knee": "j1_"})


def test_sides_are_words_or_letters_that_both_sides_bear() -> None:
    told = sided(("lfemur", "rfemur", "lowerback", "LowerBack", "J_Bip_L_Foot", "Bip01 R Calf", "FemurL", "FemurR",
                  "x:LeftArm", "root", "Roll"))  # fmt: skip
    assert told == {
        "lfemur": ("left", "femur"), "rfemur": ("right", "femur"), "lowerback": ("", "lowerback"),
        "LowerBack": ("", "lowerback"), "J_Bip_L_Foot": ("left", "jbipfoot"), "Bip01 R Calf": ("right", "bipcalf"),
        "FemurL": ("left", "femur"), "FemurR": ("right", "femur"), "x:LeftArm": ("left", "arm"), "root": ("", "root"),
        "Roll": ("", "roll"),
    }  # fmt: skip


def test_head_and_feet_are_told_also_where_no_side_is(tmp_path: Path) -> None:
    called = {part: f"j{i}" for i, part in enumerate(CONVENTIONS["Mixamo"])}
    called |= {"neck": "Neck", "left_ankle": "Foot1", "right_ankle": "Foot2"}
    skeleton = motion_of(tmp_path, bvh(dict(called))).skeleton
    head, feet = head_and_feet(skeleton)
    names = skeleton.body_names
    assert [names[body] for body in head] == ["Neck", called["head"], called["head"] + "_end"]
    toes = [called[f"{side}_toe"] for side in SIDES]
    assert {names[body] for body in feet} == {"Foot1", "Foot2", *toes, *(f"{toe}_end" for toe in toes)}
