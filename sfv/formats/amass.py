"""AMASS's .npz files, and others in the same form: SMPL-H and SMPL-X parameters of motion capture.

Keys (nghorbani/amass, README and notebooks): poses (T, 156 or 165) rotation vectors, trans (T, 3) m, betas, gender,
mocap_framerate in SMPL-H files and mocap_frame_rate in SMPL-X ones. The world has z up and the ground at 0. Hands,
face, soft tissue and markers are not read.
"""

from pathlib import Path

import numpy as np

from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.rotations import from_rotvec
from sfv.motion import Motion
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import arrays_of, content_of

WIDTHS = {156: "SMPL-H", 165: "SMPL-X", 72: "SMPL", 66: "22 joints"}
RATES = ("mocap_framerate", "mocap_frame_rate", "fps")


def is_amass(keys: frozenset[str]) -> bool:
    """Whether the arrays of an .npz are AMASS's."""
    return {"poses", "trans"} <= keys


def read_amass(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """An AMASS file as a Motion of the SMPL-22 skeleton; bones as `sfv.formats.smpl.rest_joints` finds them.

    Raises:
        InputError: no such file, poses of another width, no rate, angles in degrees, or NaN.
    """
    data = arrays_of(content_of(path), str(path))
    if not is_amass(frozenset(data)):
        raise InputError(f"{path} holds {', '.join(sorted(data))}, but AMASS has poses and trans; check the file")
    rates = [float(data[key].item()) for key in RATES if key in data and data[key].size == 1]
    if reading.fps is not None:
        rates = [reading.fps]
    if not rates:
        raise InputError(
            f"{path} has none of {', '.join(RATES)}, so its rate is not known; give it with --fps "
            "(AMASS's shape.npz files hold no motion)"
        )
    poses, trans = data["poses"].astype(np.float64), data["trans"].astype(np.float64)
    if poses.ndim != 2 or poses.shape[1] not in WIDTHS or trans.shape != (len(poses), 3):
        widths = ", ".join(f"{width} ({name})" for width, name in WIDTHS.items())
        raise InputError(f"{path}: poses are {poses.shape} and trans {trans.shape}, but poses have {widths} columns")
    check_rotvecs(path, poses[:, :66])
    rotations = from_rotvec(poses[:, :66].reshape(-1, 22, 3))
    gender = _gender(data.get("gender"))
    joints, bones = smpl.rest_joints(data["betas"].ravel() if "betas" in data else None, gender)
    pelvis = trans + joints[0]
    up, note = smpl.up_axis(reading, smpl.places(joints, rotations, pelvis), "z")
    source = f"{Path(path).name} (AMASS {WIDTHS[poses.shape[1]]}, {gender}, {note}, {bones})"
    return smpl.smpl_motion(joints, rotations, pelvis, rates[0], up, source)


def _gender(array: np.ndarray | None) -> str:
    """As the file says it, in text or bytes; where it does not, neutral."""
    value = array.item() if array is not None and array.size == 1 else ""
    text = value.decode("latin1") if isinstance(value, bytes) else str(value)
    words = [word for word in ("female", "male", "neutral") if word in text.lower()]
    return words[0] if words else "neutral"


def check_rotvecs(path: Path | str, vectors: np.ndarray) -> None:
    """Raise InputError when rotation vectors (T, 3 J) hold NaN or are degrees by their size."""
    if not np.isfinite(vectors).all():
        frame = int(np.argwhere(~np.isfinite(vectors))[0, 0])
        raise InputError(f"{path}: NaN or infinity in frame {frame}; repair the file")
    largest = float(np.linalg.norm(vectors.reshape(len(vectors), -1, 3), axis=-1).max())
    if largest > 4 * np.pi:
        raise InputError(
            f"{path}: a rotation vector is {largest:.0f} long, so these are degrees where SMPL has radians; convert it"
        )
