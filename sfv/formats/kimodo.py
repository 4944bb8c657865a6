"""Kimodo's .npz files: posed_joints (T, J, 3) m, global_rot_mats (T, J, 3, 3), foot_contacts; y up, z ahead, 30 fps.

From nv-tlabs/kimodo, kimodo/skeleton/definitions.py: SOMA with 77 joints or the 30 of them that the network makes, and
the Unitree G1 with 34; all turns are nought in a T-pose. The files carry no names, so the number of joints tells.
"""

from pathlib import Path

import numpy as np

from sfv.errors import InputError
from sfv.formats.conventions import rate
from sfv.formats.rigs import Rig, offsets_of, places_of, rig_motion
from sfv.formats.rotations import from_matrix
from sfv.motion import Motion
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import arrays_of, content_of

RATE = 30.0
Joints = tuple[tuple[str, str], ...]


def _chain(*names: str) -> Joints:
    """Each on the one before it; the first is there already."""
    return tuple(zip(names[1:], names, strict=False))


def _arm(side: str, fingers: bool) -> Joints:
    hand, bones = f"{side}Hand", ("Index", "Middle", "Ring", "Pinky")
    arm = _chain("Chest", *(f"{side}{part}" for part in ("Shoulder", "Arm", "ForeArm", "Hand")))
    if not fingers:
        return (*arm, (f"{hand}ThumbEnd", hand), (f"{hand}MiddleEnd", hand))
    thumb = _chain(hand, *(f"{hand}Thumb{part}" for part in ("1", "2", "3", "End")))
    others = [_chain(hand, *(f"{hand}{bone}{part}" for part in ("1", "2", "3", "4", "End"))) for bone in bones]
    return (*arm, *thumb, *(joint for finger in others for joint in finger))


def _soma(whole: bool) -> Joints:
    spine = _chain("", "Hips", "Spine1", "Spine2", "Chest", "Neck1", "Neck2", "Head")
    face = (("Jaw", "Head"), ("LeftEye", "Head"), ("RightEye", "Head"))
    leg = ("Leg", "Shin", "Foot", "ToeBase", "ToeEnd") if whole else ("Leg", "Shin", "Foot", "ToeBase")
    legs = [_chain("Hips", *(f"{side}{part}" for part in leg)) for side in ("Left", "Right")]
    crown = (("HeadEnd", "Head"),) if whole else ()
    return (*spine, *crown, *face, *_arm("Left", whole), *_arm("Right", whole), *legs[0], *legs[1])


def _g1() -> Joints:
    leg = ("hip_pitch_skel", "hip_roll_skel", "hip_yaw_skel", "knee_skel", "ankle_pitch_skel", "ankle_roll_skel")
    arm = ("shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow", "wrist_roll", "wrist_pitch", "wrist_yaw")
    legs = [_chain("pelvis_skel", *(f"{side}_{part}" for part in (*leg, "toe_base"))) for side in ("left", "right")]
    waist = _chain("pelvis_skel", "waist_yaw_skel", "waist_roll_skel", "waist_pitch_skel")
    arms = [
        _chain("waist_pitch_skel", *(f"{side}_{part}_skel" for part in (*arm, "hand_roll")))
        for side in ("left", "right")
    ]
    return (("pelvis_skel", ""), *legs[0], *legs[1], *waist, *arms[0], *arms[1])


SKELETONS = {77: ("SOMA", _soma(True)), 30: ("SOMA's 30 joints", _soma(False)), 34: ("Unitree G1", _g1())}
"""By the number of joints: name, and each joint with its parent."""
FEET = {
    4: ("LeftFoot", "LeftToeBase", "RightFoot", "RightToeBase"),
    6: ("LeftFoot", "LeftToeBase", "LeftToeEnd", "RightFoot", "RightToeBase", "RightToeEnd"),
}
G1_FEET = ("left_ankle_roll_skel", "left_toe_base", "right_ankle_roll_skel", "right_toe_base")


def is_kimodo(keys: frozenset[str]) -> bool:
    """Whether the arrays of an .npz are Kimodo's."""
    return {"posed_joints", "global_rot_mats"} <= keys


def read_kimodo(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """Such a file as a Motion of Kimodo's skeleton, with its foot contacts.

    Raises:
        InputError: another number of joints than its skeletons have, matrices that are no rotations, or NaN.
    """
    data = arrays_of(content_of(path), str(path))
    if not is_kimodo(frozenset(data)):
        raise InputError(f"{path} holds {', '.join(sorted(data))}, but Kimodo's have posed_joints and global_rot_mats")
    places, matrices = (data[key].astype(np.float64) for key in ("posed_joints", "global_rot_mats"))
    if places.ndim == 4 and len(places) == 1:  # one sample of a batch
        places, matrices = places[0], matrices[0]
    count = places.shape[1] if places.ndim == 3 else 0
    if count not in SKELETONS or places.shape[2] != 3 or matrices.shape != (*places.shape, 3):
        sizes = ", ".join(f"{n} ({name})" for n, (name, _) in SKELETONS.items())
        raise InputError(f"{path}: posed_joints are {places.shape}, but Kimodo's skeletons have {sizes} joints")
    if not (np.isfinite(places).all() and np.isfinite(matrices).all()):
        raise InputError(f"{path}: NaN or infinity in its arrays; make the motion again")
    off = float(np.abs(matrices @ np.swapaxes(matrices, -1, -2) - np.eye(3)).max())
    if off > 0.01:
        raise InputError(f"{path}: rotation matrices are off by {off:.2g} from being rotations; make it again")
    kind, joints = SKELETONS[count]
    names = tuple(name for name, _ in joints)
    parents = tuple(names.index(parent) if parent else -1 for _, parent in joints)
    turns = from_matrix(matrices)
    rest = places_of(parents, offsets_of(parents, places, turns))
    fps, pace = rate(reading, RATE)
    motion, note = rig_motion(Rig(names, parents, rest, places[:, 0], turns), fps, reading, "y")
    said = data.get("foot_contacts", np.zeros((0, 0)))
    feet = (G1_FEET if count == 34 else FEET[said.shape[1]]) if said.ndim == 2 and said.shape[1] in FEET else ()
    contacts = said.astype(np.float64) if feet and said.shape == (len(places), len(feet)) else None
    source = f"{Path(path).name} (Kimodo, {kind}, {note}, {pace})"
    return Motion(motion.skeleton, fps, motion.qpos, contacts, feet if contacts is not None else (), source=source)
