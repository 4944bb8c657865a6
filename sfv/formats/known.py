"""The formats of motion files that sfv knows: how each is told from others, read and written.

A new format is one module and one row of FORMATS. What a reader may be told (`takes`) and what a file of the format
cannot hold (`drops`) stand beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sfv.character import Character
from sfv.formats import restricted, smpl_estimates
from sfv.formats.amass import is_amass, read_amass
from sfv.formats.asf_amc import is_amc, read_amc
from sfv.formats.bvh import read_bvh, write_bvh
from sfv.formats.deepmimic import read_deepmimic, write_deepmimic
from sfv.formats.fbx import is_fbx, read_fbx
from sfv.formats.humanml3d import read_humanml3d
from sfv.formats.isaac_amp import is_isaac_amp, read_isaac_amp
from sfv.formats.kimodo import is_kimodo, read_kimodo
from sfv.formats.locomujoco import is_locomujoco, read_locomujoco
from sfv.formats.mimickit import read_mimickit
from sfv.formats.mjlab import is_mjlab, read_mjlab, write_mjlab
from sfv.formats.phc import read_phc
from sfv.formats.poselib import read_poselib
from sfv.formats.robot_csv import is_robot_csv, read_robot_csv, write_robot_csv
from sfv.formats.romp import read_romp
from sfv.formats.table import is_table, read_table, write_table
from sfv.formats.tensors import is_torch
from sfv.motion import Motion
from sfv.reading import Reading
from sfv.work.contents import array_names

Body = Character | Path | str | None
"""Whose motion it is, for files without bones: a Character, the name of one of ours, an MJCF file, or unknown."""


@dataclass(frozen=True)
class Format:
    """One kind of motion file; `write` is None where it is only read."""

    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Callable[[Path, Reading, Body], Motion]
    write: Callable[[Motion, Path], None] | None = None
    takes: frozenset[str] = frozenset()
    """Settings of Reading that the reader heeds by itself; rate and speed can be said of every file."""
    drops: frozenset[str] = frozenset()
    """What a written file does not hold."""


def _npz(holds: Callable[[frozenset[str]], bool]) -> Callable[[bytes], bool]:
    return lambda content: bool(keys := array_names(content)) and holds(keys) and not _is_torch(content)


def _is_deepmimic(content: bytes) -> bool:
    return content.lstrip()[:1] == b"{" and b'"Frames"' in content


def _is_bvh(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].upper() == b"HIERARCHY"


def _is_torch(content: bytes) -> bool:
    """A zip archive with a pickle inside, as torch writes."""
    return is_torch(array_names(content))


def _pickled(*words: bytes) -> Callable[[bytes], bool]:
    """A pickle in which all these words stand, as keys of its dicts do."""
    return lambda content: restricted.is_pickle(content) and all(word in content for word in words)


def _npy(*words: bytes) -> Callable[[bytes], bool]:
    """An array; with words, one that is a pickled dict with such keys."""

    def recognises(content: bytes) -> bool:
        is_dict = b"'|O'" in content[:256]
        return content[:6] == b"\x93NUMPY" and is_dict == bool(words) and all(word in content for word in words)

    return recognises


UP, UNIT, FPS, CHARACTER = "up", "unit", "fps", "character"
LOOP, CONTACTS, RATE, SKELETON = "that it is a loop", "its contacts", "its rate", "its skeleton"
GROUND = "the ground that it is done on"

FORMATS = {
    "npz": Format(
        "sfv's own",
        (".npz",),
        _npz(lambda keys: {"kind", "qpos"} <= keys),
        lambda path, reading, body: Motion.load(path),
        Motion.save,
    ),
    "deepmimic": Format(
        "DeepMimic",
        (".json", ".txt"),
        _is_deepmimic,
        lambda path, reading, body: read_deepmimic(path),
        write_deepmimic,
        drops=frozenset({CONTACTS, GROUND}),
    ),
    "bvh": Format(
        "BVH",
        (".bvh",),
        _is_bvh,
        lambda path, reading, body: read_bvh(path, reading.metres, reading.up),
        write_bvh,
        takes=frozenset({UP, UNIT}),
        drops=frozenset({LOOP, CONTACTS, GROUND}),
    ),
    "amc": Format(
        "ASF/AMC",
        (".amc",),
        is_amc,
        lambda path, reading, body: read_amc(path, reading),
        takes=frozenset({UP, UNIT, FPS}),
    ),
    "csv": Format(
        "table with names",
        (".csv",),
        is_table,
        lambda path, reading, body: read_table(path, body),
        write_table,
        takes=frozenset({CHARACTER}),
        drops=frozenset({LOOP, CONTACTS, GROUND, SKELETON}),
    ),
    "robot": Format(
        "robot csv",
        (".csv",),
        is_robot_csv,
        lambda path, reading, body: read_robot_csv(path, body, fps=reading.fps),
        takes=frozenset({CHARACTER, FPS}),
    ),
    "unitree": Format(
        "robot csv, quaternion xyzw",
        (".csv",),
        lambda content: False,  # `robot` finds the order; this name settles it
        lambda path, reading, body: read_robot_csv(path, body, "xyzw", reading.fps),
        lambda motion, path: write_robot_csv(motion, path, "xyzw"),
        takes=frozenset({CHARACTER, FPS}),
        drops=frozenset({LOOP, CONTACTS, GROUND, RATE, SKELETON}),
    ),
    "kimodo-csv": Format(
        "robot csv, quaternion wxyz",
        (".csv",),
        lambda content: False,
        lambda path, reading, body: read_robot_csv(path, body, "wxyz", reading.fps),
        lambda motion, path: write_robot_csv(motion, path, "wxyz"),
        takes=frozenset({CHARACTER, FPS}),
        drops=frozenset({LOOP, CONTACTS, GROUND, RATE, SKELETON}),
    ),
    "mjlab": Format(
        "mjlab and BeyondMimic",
        (".npz",),
        _npz(is_mjlab),
        lambda path, reading, body: read_mjlab(path, body),
        write_mjlab,
        takes=frozenset({CHARACTER}),
        drops=frozenset({LOOP, CONTACTS, GROUND, SKELETON}),
    ),
    "locomujoco": Format(
        "loco-mujoco",
        (".npz",),
        _npz(is_locomujoco),
        lambda path, reading, body: read_locomujoco(path, body),
        takes=frozenset({CHARACTER}),
    ),
    "amass": Format(
        "AMASS",
        (".npz",),
        _npz(is_amass),
        lambda path, reading, body: read_amass(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "humanml3d": Format(
        "HumanML3D",
        (".npy",),
        _npy(),
        lambda path, reading, body: read_humanml3d(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "gvhmr": Format(
        "GVHMR and GENMO",
        (".pt",),
        lambda content: _is_torch(content) and any(key.encode() in content for key in smpl_estimates.GVHMR_KEYS),
        lambda path, reading, body: smpl_estimates.read_gvhmr(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "wham": Format(
        "WHAM",
        (".pkl",),
        _pickled(b"pose_world", b"trans_world"),
        lambda path, reading, body: smpl_estimates.read_wham(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "tram": Format(
        "TRAM",
        (".npy", ".npz"),
        lambda content: _npy(b"pred_rotmat")(content) or _npz(lambda keys: "pred_rotmat" in keys)(content),
        lambda path, reading, body: smpl_estimates.read_tram(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "humans4d": Format(
        "4D-Humans",
        (".pkl",),
        _pickled(b"global_orient", b"body_pose", b"tid"),
        lambda path, reading, body: smpl_estimates.read_humans4d(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "fbx": Format(
        "FBX, with the extra fbx",
        (".fbx",),
        is_fbx,
        lambda path, reading, body: read_fbx(path, reading),
        takes=frozenset({UP, UNIT, FPS}),
    ),
    "kimodo": Format(
        "Kimodo's SOMA or G1",
        (".npz",),
        _npz(is_kimodo),
        lambda path, reading, body: read_kimodo(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "isaac-amp": Format(
        "Isaac Lab's AMP",
        (".npz",),
        _npz(is_isaac_amp),
        lambda path, reading, body: read_isaac_amp(path, body),
        takes=frozenset({CHARACTER}),
    ),
    "romp": Format(
        "ROMP's and BEV's video results",
        (".npz",),
        _npz(lambda keys: "results" in keys),
        lambda path, reading, body: read_romp(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "poselib": Format(
        "poselib",
        (".npy",),
        _npy(b"skeleton_tree", b"root_translation"),
        lambda path, reading, body: read_poselib(path, reading),
        takes=frozenset({UP, FPS}),
    ),
    "phc": Format(
        "PHC and ASAP",
        (".pkl",),
        _pickled(b"pose_aa", b"root_trans_offset"),
        lambda path, reading, body: read_phc(path, body, reading),
        takes=frozenset({CHARACTER, FPS}),
    ),
    "mimickit": Format(
        "MimicKit",
        (".pkl",),
        _pickled(b"fps", b"frames", b"loop_mode"),
        lambda path, reading, body: read_mimickit(path, body),
        takes=frozenset({CHARACTER}),
    ),
}
"""By the name that `--format` takes; of several with one suffix the first that can write is written."""


def known() -> str:
    """All formats, for a sentence."""
    return ", ".join(f"{name} ({kind.title}, {' or '.join(kind.suffixes)})" for name, kind in FORMATS.items())
