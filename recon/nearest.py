"""The moment of a motion whose pose is nearest to that of a person in a photograph.

Poses are compared by the directions of bones, which are the same for tall and short, in the world's frame turned about
gravity: somebody who lies is not near to one who stands, however alike their limbs. Across the sight a direction is
read from the picture: how long a bone is there, of how long it is on the clip's body, tells how far it points away.
Where the camera stood, and which way it looked, is found with it. It knows no estimator and no files.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from recon.pose.people import Sighting
from recon.pose.pose_landmarker import NAMES
from recon.scorecard import landmark_positions
from sfv.character import Character
from sfv.errors import InputError
from sfv.motion import Motion

DEPTH = 0.3
"""What a difference along the camera's sight counts, of one across it: the estimator guesses depth. With .2 to .35 as
many of 111 rendered frames are found, with .7 a twentieth fewer."""
YAWS = np.radians(np.arange(0.0, 360.0, 5.0))
PITCHES = np.radians((-20.0, -10.0, 0.0, 10.0, 20.0))
"""Ways in which the camera may look; above 0 it looks up."""
TILT = 0.05
"""Of the distance, squared, that a camera costs which looks up or down by 20 degrees."""
SPREAD = 4.0
"""Degrees, root mean square, by which a picture is taken to be off from its pose. With 3 or 4 the clips of .96 to .97
of 111 rendered frames are found, with 6 of .90."""
SIDES = ("left", "right")
LIMBS = (
    ("shoulder", "elbow", 1.0),
    ("elbow", "wrist", 0.7),
    ("hip", "knee", 1.5),
    ("knee", "ankle", 1.5),
    ("heel", "foot_index", 0.4),
)
"""Ends of a bone on one side, and its weight."""
ACROSS = (("hip", 1.0), ("shoulder", 1.0))
TRUNK = 4.0
POINTS = tuple(dict.fromkeys(f"{side}_{end}" for side in SIDES for *ends, _ in LIMBS for end in ends))


@dataclass(frozen=True)
class Nearness:
    """How near a motion comes to a pose.

    Attributes:
        frame: of the motion, the nearest.
        degrees: root mean square of the angles between the bones' directions there.
        by_frame: (T,) the same of every frame.
        yaw: rad, the way in which the camera looked, in the motion's world, about Z from X.
    """

    frame: int
    degrees: float
    by_frame: Float[np.ndarray, " T"]
    yaw: float

    @property
    def evidence(self) -> float:
        """p(pose | clip) = mean_t exp(-d_t^2 / 2 SPREAD^2), but for a factor: how well a clip explains the pose.

        A walk that is near for a tenth of its time explains a step better than a flip whose run-up is as near.
        """
        return float(np.exp(-0.5 * (self.by_frame / SPREAD) ** 2).mean())


def nearest(seen: Sighting, motion: Motion, character: Character) -> Nearness:
    """The frame of a motion of `character` that is nearest to who is seen.

    d^2 = sum_b w_b (|u_xy - s p|^2 + DEPTH^2 (u_z - v_z)^2), least over cameras: u is the direction of the clip's bone
    b in the camera's axes, p its pixels over its length (m), s the scale that fits best, v its direction in the
    estimator's space, and w how much and how surely it counts.

    Raises:
        InputError: the character has no landmarks.
    """
    told = _bones({name: seen.points_3d[NAMES.index(name)] for name in POINTS})  # (B, 3), x right, y down
    away = told[:, 2] / np.linalg.norm(told, axis=-1).clip(1e-9)
    bones = _bones(landmarks(motion, character))  # (T, B, 3)
    lengths = np.linalg.norm(bones, axis=-1)
    mine = bones / lengths[..., None].clip(1e-9)
    across = _bones({name: seen.points_2d[NAMES.index(name)] for name in POINTS}) / np.median(lengths, 0)[:, None]
    weights = _weights() * _trust(seen)
    weights = weights / weights.sum()
    square_across = ((across**2).sum(-1) @ weights).clip(1e-9)
    best, way = np.full(len(motion), np.inf), np.zeros(len(motion))
    for pitch in PITCHES:
        for yaw in YAWS:
            there = mine @ camera_axes(yaw, pitch).T
            # m of the clip's body to a pixel, by least squares
            scale = ((there[..., :2] * across).sum(-1) @ weights).clip(0.0) / square_across
            gap = there[..., :2] - scale[:, None, None] * across
            square = (gap**2).sum(-1) @ weights + DEPTH**2 * (there[..., 2] - away) ** 2 @ weights
            square += TILT**2 * (pitch / PITCHES[-1]) ** 2
            nearer = square < best
            best[nearer], way[nearer] = square[nearer], yaw
    # the chord between two directions, as the angle between them
    degrees = np.degrees(2.0 * np.arcsin(np.minimum(0.5 * np.sqrt(best), 1.0)))
    frame = int(best.argmin())
    return Nearness(frame, float(degrees[frame]), degrees, float(way[frame]))


def camera_axes(yaw: float, pitch: float) -> Float[np.ndarray, "3 3"]:
    """Rows: right, down and ahead of a camera that looks along `yaw` (about Z from X), `pitch` up, in the world."""
    ahead = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    return np.stack((right, np.cross(ahead, right), ahead))


def landmarks(motion: Motion, character: Character) -> dict[str, Float[np.ndarray, "T 3"]]:
    """Where the landmarks of POINTS are in every frame, m.

    Raises:
        InputError: the character has none of one of them.
    """
    known = character.keypoints
    if missing := [name for name in POINTS if name not in known]:
        raise InputError(
            f"{character.name} has no site {missing[0]}, and photographs show landmarks; give runs of the humanoid, or "
            "a body with sites of their names (docs/your-own-body.md)"
        )
    places = landmark_positions(character, motion, POINTS)
    return {name: places[:, column] for column, name in enumerate(POINTS)}


def _bones(points: dict[str, Float[np.ndarray, "... d"]]) -> Float[np.ndarray, "... B d"]:
    """The bones from end to end, in the order of `_weights`."""
    middle = {part: 0.5 * (points[f"left_{part}"] + points[f"right_{part}"]) for part, _ in ACROSS}
    bones = [points[f"{side}_{end}"] - points[f"{side}_{start}"] for side in SIDES for start, end, _ in LIMBS]
    bones += [points[f"left_{part}"] - points[f"right_{part}"] for part, _ in ACROSS]
    bones.append(middle["shoulder"] - middle["hip"])
    return np.stack(bones, -2)


def _weights() -> Float[np.ndarray, " B"]:
    return np.array([weight for _ in SIDES for *_, weight in LIMBS] + [weight for _, weight in ACROSS] + [TRUNK])


def _trust(seen: Sighting) -> Float[np.ndarray, " B"]:
    """How surely each bone is seen: as its end that is seen less."""
    sure = {name: float(seen.confidence[NAMES.index(name)]) for name in POINTS}
    limbs = [min(sure[f"{side}_{start}"], sure[f"{side}_{end}"]) for side in SIDES for start, end, _ in LIMBS]
    across = [min(sure[f"left_{part}"], sure[f"right_{part}"]) for part, _ in ACROSS]
    return np.array([*limbs, *across, min(across)])
