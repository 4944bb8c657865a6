"""The text of Acclaim's .asf (bones) and .amc (angles) files.

It knows the grammar only; what the angles mean is `sfv.formats.asf_amc`'s. Angles leave in radians, lengths in the
file's unit.
"""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.skeleton import MOST

DOFS = ("tx", "ty", "tz", "rx", "ry", "rz", "l")


@dataclass(frozen=True)
class Bone:
    """One bone of an .asf file.

    Attributes:
        parent: index among the bones, -1 for the root.
        direction: (3,) unit vector in the world of the zero pose.
        length: in the file's unit.
        axis: (3,) angles of the bone's own axes (rad), about the axes of `order`.
        order: as 'XYZ', the first turn first, about fixed axes.
        dofs: from DOFS, in the order of the numbers in the .amc.
    """

    name: str
    parent: int
    direction: Float[np.ndarray, "3"]
    length: float
    axis: Float[np.ndarray, "3"]
    order: str
    dofs: tuple[str, ...]


@dataclass(frozen=True)
class Asf:
    """The root (bone 0, without length) and the bones, parents first; `unit` is the number after :units length."""

    bones: tuple[Bone, ...]
    unit: float
    position: Float[np.ndarray, "3"]


def parse_asf(text: str, name: str) -> Asf:
    """Read an .asf file; `name` is for the errors.

    Raises:
        InputError: a section is missing or broken.
    """
    parts = re.split(r"^:(\w+)", re.sub(r"#.*", "", text), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    if missing := {"root", "bonedata", "hierarchy"} - sections.keys():
        raise InputError(f"{name} lacks the section :{sorted(missing)[0]}, so it is no .asf file; check the file")
    try:
        units = dict(line.split()[:2] for line in sections.get("units", "").splitlines() if len(line.split()) == 2)
        turn = np.radians(1.0) if units.get("angle", "deg").startswith("deg") else 1.0
        root = {line.split()[0]: line.split()[1:] for line in sections["root"].splitlines() if line.split()}
        loose = {"root": Bone("root", -1, np.zeros(3), 0.0, turn * np.array(root["orientation"], float),
                              root["axis"][0].upper(), tuple(dof.lower() for dof in root["order"]))}  # fmt: skip
        for block in re.findall(r"begin(.*?)end", sections["bonedata"], re.DOTALL):
            fields = {line.split()[0]: line.split()[1:] for line in block.splitlines() if line.split()}
            axis = fields["axis"]
            loose[fields["name"][0]] = Bone(
                fields["name"][0], -1, np.array(fields["direction"], float), float(fields["length"][0]),
                turn * np.array(axis[:3], float), axis[3].upper(), tuple(d.lower() for d in fields.get("dof", ())),
            )  # fmt: skip
        bones = [loose["root"]]
        for line in sections["hierarchy"].splitlines():
            parent, *children = line.split() or [""]
            for child in children:
                index = [bone.name for bone in bones].index(parent)
                bone = loose[child]
                if child in (bone.name for bone in bones) or len(bones) >= MOST:
                    raise ValueError(f"the bone {child!r} stands in it twice, or it has over {MOST} bones")
                bones.append(Bone(child, index, bone.direction, bone.length, bone.axis, bone.order, bone.dofs))
        unit, position = float(units.get("length", 1.0)), np.array(root["position"], float)
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(f"{name} is broken ({error}); download it again") from error
    strange = {dof for bone in bones for dof in bone.dofs} - set(DOFS)
    if strange or any(sorted(bone.order) != ["X", "Y", "Z"] for bone in bones):
        raise InputError(f"{name} has strange degrees of freedom or axes {' '.join(sorted(strange))}; check the file")
    return Asf(tuple(bones), unit, position)


def parse_amc(text: str, asf: Asf, name: str) -> dict[str, Float[np.ndarray, "T d"]]:
    """The numbers of every bone that has any; angles in radians, lengths in the file's unit.

    Raises:
        InputError: a bone that the .asf lacks, other numbers than its degrees of freedom, or frames of another length.
    """
    text = re.sub(r"#.*", "", text)
    degrees = ":RADIANS" not in text.upper()
    known = {bone.name: bone for bone in asf.bones}
    values: dict[str, list[list[float]]] = {bone.name: [] for bone in asf.bones if bone.dofs}
    frames = 0
    for words in map(str.split, text.splitlines()):
        if not words or words[0].startswith(":"):
            continue
        if len(words) == 1 and words[0].isdigit():
            frames += 1
            continue
        if words[0] not in values:
            what = "bone" if words[0] not in known else "degree of freedom of the bone"
            raise InputError(f"{name}: the .asf has no {what} {words[0]!r}, so it is another subject's; give its own")
        if len(words) - 1 != len(known[words[0]].dofs):
            raise InputError(
                f"{name}: {words[0]} has {len(words) - 1} numbers in frame {frames}, the .asf says "
                f"{len(known[words[0]].dofs)}, so it is another subject's; give the right one"
            )
        try:
            values[words[0]].append([float(word) for word in words[1:]])
        except ValueError as error:
            raise InputError(f"{name}: {error} in frame {frames}; download it again") from error
    uneven = [bone for bone, rows in values.items() if len(rows) != frames]
    if frames < 2 or uneven:
        what = f"{uneven[0]} in {len(values[uneven[0]])} of" if uneven else "only"
        raise InputError(f"{name} has {what} {frames} frames; download it again")
    out = {}
    for bone, rows in values.items():
        turns = np.array([dof[0] == "r" for dof in known[bone].dofs])
        out[bone] = np.array(rows) * np.where(turns & degrees, np.radians(1.0), 1.0)
    return out
