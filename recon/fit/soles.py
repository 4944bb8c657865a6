"""What of a body bears weight: which points of its surface are a heel, the toes or a palm.

It knows the body's shape and nothing of a motion. Sites that bear the names of pose landmarks, heel and foot_index,
divide a sole where the character has them. Robots have none: their soles are divided across their length.
"""

import numpy as np
import torch
from jaxtyping import Float

from recon.fit.scaled_body import ScaledBody
from sfv.character import Character

SOLE_THICKNESS = 0.01
"""m above a foot's lowest point in the zero pose that still belongs to its sole."""
ENDS = ("heel", "foot_index")
"""Rear and front of a sole, as pose landmarks are called."""


def sole_groups(body: ScaledBody, character: Character) -> dict[str, list[int]]:
    """Landmark of a foot (heel, toes) -> the points of that foot's sole that are nearest to it.

    A foot without landmarks has `FOOT_heel` and `FOOT_foot_index`, the rear and the front end of its sole in the zero
    pose; one without a surface has none.
    """
    groups: dict[str, list[int]] = {}
    surface = body.place(torch.tensor(body.model.qpos0)[None], body.unscaled()).surface[0].numpy()
    for foot in character.feet:
        mine = np.array([i for i, b in enumerate(body.surface_body) if body.names[b] == foot], np.int64)
        if not len(mine):
            continue
        sole = mine[surface[mine, 2] < surface[mine, 2].min() + SOLE_THICKNESS]
        offsets = {int(i): body.surface_offset(int(i)) for i in sole}
        marks = _landmarks(character, foot) or _ends(foot, list(offsets.values()), surface[sole, :2])
        for i, offset in offsets.items():
            nearest = min(marks, key=lambda name: float(np.linalg.norm(marks[name] - offset)))
            groups.setdefault(nearest, []).append(i)
    return groups


def palm_groups(body: ScaledBody, character: Character) -> dict[str, list[int]]:
    """Landmark of a wrist -> the point of that hand's surface that is nearest to its fingers."""
    groups: dict[str, list[int]] = {}
    for side in ("left", "right"):
        wrist, fingers = (character.keypoints.get(f"{side}_{name}") for name in ("wrist", "index"))
        if wrist and fingers:
            hand, tip = fingers[0], np.array(fingers[1])
            mine = [i for i, b in enumerate(body.surface_body) if body.names[b] == hand]
            away = {i: float(np.linalg.norm(body.surface_offset(i) - tip)) for i in mine}
            if away:
                groups[f"{side}_wrist"] = [min(away, key=away.__getitem__)]
    return groups


def contact_groups(body: ScaledBody, character: Character) -> dict[str, list[int]]:
    """Landmark -> the surface points that stand when it does: of soles and palms."""
    return sole_groups(body, character) | palm_groups(body, character)


def _landmarks(character: Character, foot: str) -> dict[str, np.ndarray]:
    """Names and places, in the foot's frame, of the sites of a heel and of toes."""
    return {
        name: np.array(offset)
        for name, (bearer, offset) in character.keypoints.items()
        if bearer == foot and any(end in name for end in ENDS)
    }


def _ends(
    foot: str, offsets: list[Float[np.ndarray, "3"]], places: Float[np.ndarray, "N 2"]
) -> dict[str, Float[np.ndarray, "3"]]:
    """Rear and front of a sole whose points are at `places`, m, in the zero pose, which looks along x."""
    rear, front = int(places[:, 0].argmin()), int(places[:, 0].argmax())
    return {f"{foot}_{end}": offsets[i] for end, i in zip(ENDS, (rear, front), strict=True)}
