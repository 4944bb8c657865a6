"""ASF/AMC, CMU's own format: an .amc of angles and an .asf of bones beside it.

A bone turns about its own axes C, given in the world of the zero pose, so against its parent it is turned by
C R C^-1, with R = Rz Ry Rx for the order XYZ. Lengths are inches divided by `:units length` (0.45 at CMU); y is up; the
rate is not in the files: CMU's is 120 fps (some trials 60; name them with --fps).
"""

from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats.asf_text import Asf, Bone, parse_amc, parse_asf
from sfv.formats.conventions import WORLDS, is_z_up_read_as_y_up, likely_unit, rate
from sfv.formats.euler import AXES, from_euler
from sfv.formats.text import read_text
from sfv.motion import Motion
from sfv.quaternions import apply, conjugate, continuous, multiply, turned
from sfv.reading import AS_IT_SAYS, Reading
from sfv.skeleton import Skeleton

RATE = 120.0
INCH = 0.0254


def read_amc(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """An .amc file as a Motion of the skeleton in the .asf beside it (01.asf or 01_01.asf for 01_01.amc).

    Bones with two or three rotations become ball joints, with one a hinge, without any welded; the last bones of the
    limbs end in welded bodies NAME_end.

    Raises:
        InputError: no .asf, one of another subject, or a damaged file.
    """
    asf_path = _asf_beside(Path(path))
    asf = parse_asf(read_text(asf_path), str(asf_path))
    values = parse_amc(read_text(path), asf, str(path))
    scale, notes = INCH / asf.unit, [f"bones of {asf_path.name}", f"unit {INCH / asf.unit:.4g} m"]
    span = _span(asf)
    if reading.metres is not None:
        scale, notes[1] = reading.metres, f"unit {reading.metres:g} m"
    elif not 1.2 < span * scale < 4.0:
        name, scale = likely_unit(span)
        notes[1] = f"unit taken for {name}, since :units length {asf.unit:g} spans {span * INCH / asf.unit:.2g} m"
    motion, note = _motion(asf, values, scale, WORLDS[reading.up or "y"]), f"{reading.up or 'y'} up"
    if reading.up is None and is_z_up_read_as_y_up(motion):
        motion, note = _motion(asf, values, scale, WORLDS["z"]), "taken for z up"
    fps, pace = rate(reading, RATE)
    source = f"{Path(path).name} (ASF/AMC, {', '.join((*notes, note, pace))})"
    return Motion(motion.skeleton, fps, continuous(motion.skeleton, motion.qpos), source=source)


def is_amc(content: bytes) -> bool:
    """Whether it is an .amc file: keywords with colons before the first frame number."""
    head = content[:2048].decode("utf-8", "replace").upper()
    return ":FULLY-SPECIFIED" in head or (":DEGREES" in head and ":BONEDATA" not in head)


def _asf_beside(path: Path) -> Path:
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    names = [f"{part}.asf{gz}" for part in (stem, stem.rsplit("_", 1)[0]) for gz in ("", ".gz")]
    for name in names:
        if (path.parent / name).is_file():
            return path.parent / name
    there = sorted(file.name for file in path.parent.glob("*.asf"))
    wanted = " or ".join(names[::2])
    raise InputError(f"{path} needs its bones beside it in {wanted}; there are: {', '.join(there) or 'none'}")


def _span(asf: Asf) -> float:
    """The longest path through the bones, in the file's unit."""
    reach, span = np.zeros(len(asf.bones)), 0.0
    for i in range(len(asf.bones) - 1, 0, -1):
        bone, arm = asf.bones[i], reach[i] + asf.bones[i].length
        span = max(span, reach[bone.parent] + arm)
        reach[bone.parent] = max(reach[bone.parent], arm)
    return span


def _motion(
    asf: Asf, values: dict[str, Float[np.ndarray, "T d"]], scale: float, axes: Float[np.ndarray, "3 3"]
) -> Motion:
    """In our world; `axes` maps the file's to ours."""
    spec = mujoco.MjSpec()
    bodies: list[mujoco.MjsBody] = []
    ends = [np.zeros(3)]
    columns: dict[str, np.ndarray] = {}
    leaves = set(range(len(asf.bones))) - {bone.parent for bone in asf.bones}
    for i, bone in enumerate(asf.bones):
        parent = asf.bones[bone.parent]
        start = scale * axes @ (parent.direction * parent.length) if i else np.zeros(3)
        body = (bodies[bone.parent] if i else spec.worldbody).add_body(name=bone.name, pos=start)
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
        bodies.append(body)
        if i:
            ends.append(ends[bone.parent] + scale * axes @ (bone.direction * bone.length))
        if i in leaves and bone.length > 0:
            end = body.add_body(name=f"{bone.name}_end", pos=scale * axes @ (bone.direction * bone.length))
            end.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0)
        numbers = values.get(bone.name, np.zeros((len(values["root"]), 0)))
        turns = [k for k, dof in enumerate(bone.dofs) if dof[0] == "r"]
        if i == 0:
            body.add_freejoint(name=bone.name)
            place = np.tile(asf.position, (len(numbers), 1))
            for k, dof in enumerate(bone.dofs):
                if dof[0] == "t":
                    place[:, AXES.index(dof[1].upper())] += numbers[:, k]
            turn = turned(_turn(bone, numbers, turns), axes)
            columns[bone.name] = np.concatenate((scale * place @ axes.T, turn), 1)
        elif len(turns) == 1:
            own = apply(_axes(bone), np.eye(3)[AXES.index(bone.dofs[turns[0]][1].upper())])
            body.add_joint(name=bone.name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axes @ own)
            columns[bone.name] = numbers[:, turns]
        elif turns:
            body.add_joint(name=bone.name, type=mujoco.mjtJoint.mjJNT_BALL)
            columns[bone.name] = turned(_turn(bone, numbers, turns), axes)
    bodies[0].pos = [0.0, 0.0, -min(end[2] for end in ends)]
    skeleton = Skeleton.of(spec.compile())
    return Motion(skeleton, RATE, np.concatenate([columns[name] for name in skeleton.joint_names], 1))


def _axes(bone: Bone) -> Float[np.ndarray, "4"]:
    """C: the bone's axes in the world of the zero pose. About fixed axes the first turn stands on the right."""
    return from_euler(bone.axis[::-1], bone.order[::-1])


def _turn(bone: Bone, numbers: Float[np.ndarray, "T d"], turns: list[int]) -> Float[np.ndarray, "T 4"]:
    """C R C^-1."""
    letters = "".join(bone.dofs[k][1].upper() for k in turns)
    turn = from_euler(numbers[:, turns][:, ::-1], letters[::-1])
    own = _axes(bone)[None]
    return multiply(multiply(own, turn), conjugate(own))
