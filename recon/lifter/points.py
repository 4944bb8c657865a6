"""Which points of a person a lifter knows, which bones are between them, and how often it sees them."""

from recon.pose.pose_landmarker import NAMES

__all__ = ["BONES", "MIRRORED", "NAMES", "OWN", "POINTS", "RATE", "STATURE"]

RATE = 15.0
"""Hz of what the network sees."""
STATURE = 1.7
"""m: the unit of its coordinates, of a person so tall."""
POINTS = (
    *(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "foot_index", "shoulder", "elbow", "wrist")
      for side in ("left", "right")),
    "head",
)  # fmt: skip
"""Landmarks that it tells; the head is the middle of the ears."""
MIRRORED = [i ^ 1 if i < len(POINTS) - 1 else i for i in range(len(POINTS))]
"""For each its counterpart on the other side of the body."""
OWN = [(NAMES.index(name), NAMES.index(name)) for name in POINTS[:-1]]
OWN.append((NAMES.index("left_ear"), NAMES.index("right_ear")))
"""The two of the estimator's points in whose middle each is."""
BONES = (
    *((POINTS.index(f"{side}_{a}"), POINTS.index(f"{side}_{b}"))
      for a, b in (("hip", "knee"), ("knee", "ankle"), ("ankle", "foot_index"), ("shoulder", "elbow"),
                   ("elbow", "wrist"), ("hip", "shoulder"))
      for side in ("left", "right")),
    (1, 0), (9, 8), (8, 14), (9, 14),
)  # fmt: skip
"""Pairs of points: limbs and sides, then across hips and shoulders, and from the shoulders to the head."""
