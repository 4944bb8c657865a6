"""Every motion file that sfv reads or writes, by one name: `read_motion` and `write_motion`.

A file is recognised by its content, whatever it is called; its name decides only what is written. A new format is one
module and one row of FORMATS. Pickles are read without running them (`sfv.formats.restricted`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sfv.character import Character
from sfv.errors import InputError, did_you_mean
from sfv.formats import restricted, smpl_estimates
from sfv.formats.amass import is_amass, read_amass
from sfv.formats.asf_amc import is_amc, read_amc
from sfv.formats.bvh import read_bvh, write_bvh
from sfv.formats.deepmimic import read_deepmimic, write_deepmimic
from sfv.formats.humanml3d import read_humanml3d
from sfv.formats.locomujoco import is_locomujoco, read_locomujoco
from sfv.formats.mimickit import read_mimickit
from sfv.formats.mjlab import is_mjlab, read_mjlab, write_mjlab
from sfv.formats.robot_csv import is_robot_csv, read_robot_csv, write_robot_csv
from sfv.formats.table import is_table, read_table, write_table
from sfv.formats.text import read_bytes
from sfv.motion import Motion

Body = Character | Path | str | None
"""Whose motion it is, for files without bones: a Character, the name of one of ours, an MJCF file, or unknown."""


@dataclass(frozen=True)
class Format:
    """How one kind of motion file is told from others, read and written; `write` is None where it is only read."""

    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Callable[[Path, Body], Motion]
    write: Callable[[Motion, Path], None] | None = None


def _npz(holds: Callable[[frozenset[str]], bool]) -> Callable[[bytes], bool]:
    return lambda content: bool(keys := restricted.npz_keys(content)) and holds(keys) and not _is_torch(content)


def _is_deepmimic(content: bytes) -> bool:
    return content.lstrip()[:1] == b"{" and b'"Frames"' in content


def _is_bvh(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].upper() == b"HIERARCHY"


def _is_torch(content: bytes) -> bool:
    """A zip archive with a pickle inside, as torch writes."""
    return any(name.endswith(".pkl") for name in restricted.npz_keys(content))


def _pickled(*words: bytes) -> Callable[[bytes], bool]:
    """A pickle in which all these words stand, as keys of its dicts do."""
    return lambda content: restricted.is_pickle(content) and all(word in content for word in words)


def _npy(*words: bytes) -> Callable[[bytes], bool]:
    """An array; with words, one that is a pickled dict with such keys."""

    def recognises(content: bytes) -> bool:
        is_dict = b"'|O'" in content[:256]
        return content[:6] == b"\x93NUMPY" and is_dict == bool(words) and all(word in content for word in words)

    return recognises


FORMATS = {
    "npz": Format(
        "sfv's own",
        (".npz",),
        _npz(lambda keys: not (is_amass(keys) or is_mjlab(keys) or is_locomujoco(keys) or "pred_rotmat" in keys)),
        lambda path, body: Motion.load(path),
        Motion.save,
    ),
    "deepmimic": Format(
        "DeepMimic",
        (".json", ".txt"),
        _is_deepmimic,
        lambda path, body: read_deepmimic(path),
        write_deepmimic,
    ),
    "bvh": Format("BVH", (".bvh",), _is_bvh, lambda path, body: read_bvh(path), write_bvh),
    "amc": Format("ASF/AMC", (".amc",), is_amc, lambda path, body: read_amc(path)),
    "csv": Format("table with names", (".csv",), is_table, read_table, write_table),
    "robot": Format("robot csv", (".csv",), is_robot_csv, read_robot_csv),
    "unitree": Format(
        "robot csv, quaternion xyzw",
        (".csv",),
        lambda content: False,  # `robot` finds the order; this name settles it
        lambda path, body: read_robot_csv(path, body, "xyzw"),
        lambda motion, path: write_robot_csv(motion, path, "xyzw"),
    ),
    "kimodo": Format(
        "robot csv, quaternion wxyz",
        (".csv",),
        lambda content: False,
        lambda path, body: read_robot_csv(path, body, "wxyz"),
        lambda motion, path: write_robot_csv(motion, path, "wxyz"),
    ),
    "mjlab": Format("mjlab and BeyondMimic", (".npz",), _npz(is_mjlab), read_mjlab, write_mjlab),
    "locomujoco": Format("loco-mujoco", (".npz",), _npz(is_locomujoco), read_locomujoco),
    "amass": Format("AMASS", (".npz",), _npz(is_amass), lambda path, body: read_amass(path)),
    "humanml3d": Format("HumanML3D", (".npy",), _npy(), lambda path, body: read_humanml3d(path)),
    "gvhmr": Format(
        "GVHMR and GENMO",
        (".pt",),
        lambda content: _is_torch(content) and any(key.encode() in content for key in smpl_estimates.GVHMR_KEYS),
        lambda path, body: smpl_estimates.read_gvhmr(path),
    ),
    "wham": Format(
        "WHAM",
        (".pkl",),
        _pickled(b"pose_world", b"trans_world"),
        lambda path, body: smpl_estimates.read_wham(path),
    ),
    "tram": Format(
        "TRAM",
        (".npy", ".npz"),
        lambda content: _npy(b"pred_rotmat")(content) or _npz(lambda keys: "pred_rotmat" in keys)(content),
        lambda path, body: smpl_estimates.read_tram(path),
    ),
    "humans4d": Format(
        "4D-Humans",
        (".pkl",),
        _pickled(b"global_orient", b"body_pose", b"tid"),
        lambda path, body: smpl_estimates.read_humans4d(path),
    ),
    "mimickit": Format("MimicKit", (".pkl",), _pickled(b"fps", b"frames", b"loop_mode"), read_mimickit),
}
"""By the name that `--format` takes; of several with one suffix the first that can write is written."""


def holds_motion(path: Path) -> bool:
    """Whether the name is that of a motion file, plain or gzipped; everything else is a video."""
    return path.name.lower().removesuffix(".gz").endswith(tuple(s for kind in FORMATS.values() for s in kind.suffixes))


def read_motion(
    path: Path | str, format: str | None = None, fps: float | None = None, character: Body = None
) -> Motion:
    """Read a motion file, plain or gzipped.

    Args:
        path: the file.
        format: one of FORMATS; None recognises it by the content.
        fps: the rate of the frames, where the file names a wrong one (to change the rate, use `Motion.resampled`).
        character: whose motion it is, for files that hold joint angles and no bones.

    Raises:
        InputError: no such file, a format that is not known, a pickle that names code, or a damaged file.
    """
    path = Path(path)
    content = read_bytes(path)
    if not content.strip():
        raise InputError(f"{path} is empty; make it again")
    if format is None:
        content = restricted.unpacked(content, str(path))
        format = next((name for name, kind in FORMATS.items() if kind.recognises(content)), None)
    if format is None:
        if restricted.is_pickle(content) or _is_torch(content):
            raise InputError(
                f"{path} is a pickle with no motion that sfv knows, and it was not run; "
                f"save the motion as one of: {_known()}"
            )
        raise InputError(f"{path} is no motion file that sfv knows; there are: {_known()}")
    motion = _named(format).read(path, character)
    return motion if fps is None else replace(motion, fps=fps)


def write_motion(motion: Motion, path: Path | str, format: str | None = None) -> None:
    """Write a motion file, atomically; text formats are gzipped when the name ends in .gz.

    Args:
        motion: what to write.
        path: the file.
        format: one of FORMATS; None takes the one of the file's suffix.

    Raises:
        InputError: an unknown format or suffix, a motion that the format cannot hold, or a place that is not writable.
    """
    path = Path(path)
    if format is None:
        suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
        format = next((n for n, kind in FORMATS.items() if kind.write and suffix.lower() in kind.suffixes), None)
        if format is None:
            raise InputError(f"{path} has a suffix that names no motion format; there are: {_known()}")
    write = _named(format).write
    if write is None:
        written = ", ".join(name for name, kind in FORMATS.items() if kind.write)
        raise InputError(f"sfv reads {format} but does not write it; there are: {written}")
    write(motion, path)


def _named(format: str) -> Format:
    if format not in FORMATS:
        raise InputError(f"{format!r} is not a motion format{did_you_mean(format, FORMATS)}")
    return FORMATS[format]


def _known() -> str:
    return ", ".join(f"{name} ({kind.title}, {' or '.join(kind.suffixes)})" for name, kind in FORMATS.items())
