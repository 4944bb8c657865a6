"""The table of people's proportions (sfv/bodies/proportions.py), measured on anny's bodies.

    pip install anny==0.6.2      # in an environment of its own: sfv does not need it
    python benchmarks/proportions.py

anny is a parametric body (Bregier et al. 2025, arXiv:2511.03589; code Apache-2.0) out of MakeHuman's CC0 shapes. Its
mean body of men and women is asked at eight ages, thin, average and heavy. Joints are the heads of its rig's bones; a
segment's share of the mass is that of the volume which its skin encloses, with the cuts closed by flat fans.
"""

import anny
import numpy as np
import torch
from anny.shape_distribution import SimpleShapeDistribution

YEARS = (2.0, 4.0, 7.0, 11.0, 14.0, 18.0, 64.0, 90.0)
WEIGHTS = (0.0, 0.5, 1.0)
DENSITY = 980.0
"""kg/m^3, as anny has it."""
PAIRED = {
    "shoulder": "Arm",
    "elbow": "ForeArm",
    "wrist": "Hand FingerBase HandFinger1",
    "hip": "UpLeg",
    "knee": "Leg",
    "ankle": "Foot ToeBase",
}
SEGMENTS = ("root", "chest", "neck", *PAIRED)
OWN = {
    "root": "Hips LHipJoint RHipJoint LowerBack",
    "chest": "Spine Spine1 LeftShoulder RightShoulder",
    "neck": "Neck Neck1 Head",
    "wrist": "LThumb RThumb",
}


def main() -> None:
    torch.set_num_threads(1)
    body = anny.Anny(rig="cmu_mb", phenotype_blendshapes="original").to(dtype=torch.float64)
    mapping = SimpleShapeDistribution(body).morphological_age_mapping
    faces = body.get_triangular_faces().numpy()
    segment_of = segments_of(body, faces)
    for years in YEARS:
        age = float(mapping.morphological_to_anny_age(torch.tensor([years], dtype=torch.float64)))
        ponderal, shares = [], []
        for weight in WEIGHTS:
            skin, joints = rest(body, age, weight)
            height = float(np.ptp(skin[:, 2]))
            volume = np.array([enclosed(skin, faces[segment_of == i]) for i in range(len(SEGMENTS))])
            ponderal.append(round(float(DENSITY * volume.sum() / height**3), 2))
            volume[3:] *= 0.5  # of one side
            shares.append(tuple((volume / (volume[:3].sum() + 2 * volume[3:].sum())).round(4).tolist()))
            if weight == 0.5:
                bones = measured(skin, joints, height)
        print(f"    AgeGroup({years}, Bones{bones}, {tuple(ponderal)}, {tuple(shares)}),")


def segments_of(body: anny.Anny, faces: np.ndarray) -> np.ndarray:
    """(F,) the segment of each triangle: whose bones hold most of it."""
    names = {bone: part for part, bones in OWN.items() for bone in bones.split()}
    names |= {side + bone: part for side in ("Left", "Right") for part, b in PAIRED.items() for bone in b.split()}
    column = np.array([SEGMENTS.index(names[label]) for label in body.bone_labels])
    held = np.zeros((len(body.template_vertices), len(SEGMENTS)))
    indices, weights = body.vertex_bone_indices.numpy(), body.vertex_bone_weights.numpy()
    for k in range(indices.shape[1]):
        np.add.at(held, (np.arange(len(held)), column[indices[:, k]]), weights[:, k])
    return held[faces].sum(1).argmax(1)


def rest(body: anny.Anny, age: float, weight: float) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(V, 3) skin and the joints of the body at rest, m."""
    asked = {"gender": 0.5, "age": age, "muscle": 0.5, "weight": weight, "height": 0.5, "proportions": 0.5}
    still = torch.eye(4, dtype=torch.float64)[None, None].repeat(1, body.bone_count, 1, 1)
    phenotype = {name: torch.tensor([value], dtype=torch.float64) for name, value in asked.items()}
    out = body(pose_parameters=still, phenotype_kwargs=phenotype)
    heads = out["rest_bone_heads"][0].numpy()
    return out["rest_vertices"][0].numpy(), dict(zip(body.bone_labels, heads, strict=True))


def enclosed(skin: np.ndarray, faces: np.ndarray) -> float:
    """m^3 within a piece of skin, each of whose rims is closed by a fan to its middle."""
    edges = {(int(a), int(b)) for face in faces for a, b in zip(face, np.roll(face, -1), strict=True)}
    follows: dict[int, list[int]] = {}
    for a, b in edges:
        if (b, a) not in edges:
            follows.setdefault(b, []).append(a)  # a cap runs the other way
    triangles = [skin[faces]]
    while follows:
        rim = [next(iter(follows))]
        while (here := rim[-1]) in follows:
            after = follows[here].pop()
            if not follows[here]:
                del follows[here]
            if after == rim[0]:
                break
            rim.append(after)
        ring = skin[rim]
        triangles.append(np.stack([ring, np.roll(ring, -1, 0), np.broadcast_to(ring.mean(0), ring.shape)], 1))
    a, b, c = np.concatenate(triangles).transpose(1, 0, 2)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def measured(skin: np.ndarray, joints: dict[str, np.ndarray], height: float) -> tuple[float, ...]:
    """Heights of hip, neck and shoulder; half the widths of hips and shoulders; thigh, shin, upper arm, forearm;
    all over the body's height."""
    up = {name: (place[2] - skin[:, 2].min()) / height for name, place in joints.items()}
    bones = (("UpLeg", "Leg"), ("Leg", "Foot"), ("Arm", "ForeArm"), ("ForeArm", "Hand"))
    lengths = [np.linalg.norm(joints[f"Left{a}"] - joints[f"Left{b}"]) / height for a, b in bones]
    wide = [abs(joints[f"Left{name}"][0]) / height for name in ("UpLeg", "Arm")]
    high = [up[name] for name in ("LeftUpLeg", "Neck", "LeftArm")]
    return tuple(round(float(x), 4) for x in (*high, *wide, *lengths))


if __name__ == "__main__":
    main()
