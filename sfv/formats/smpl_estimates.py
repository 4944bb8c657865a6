"""SMPL parameters that video estimators wrote: GVHMR and GENMO (.pt), WHAM (.pkl), TRAM (.npy), 4D-Humans (.pkl).

Each reader says where its keys and axes come from. Those files hold no rate and their ground is anywhere, so 30 fps is
taken unless told otherwise, and the clip is set down on the ground. One person is read: the one seen longest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats import smpl
from sfv.formats.amass import check_rotvecs
from sfv.formats.conventions import WORLDS, rate
from sfv.formats.restricted import load_npy, load_pickle, load_torch
from sfv.formats.rotations import from_matrix, from_rotvec
from sfv.motion import Motion
from sfv.quaternions import apply, multiply
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import arrays_of, content_of

RATE = 30.0
"""What these estimators write their own videos with; the files do not say."""


@dataclass(frozen=True)
class Estimate:
    """One person's SMPL parameters over consecutive frames.

    Attributes:
        rotations: quaternions; the pelvis's in the file's world, the others against the parent, SMPL's axes.
        trans: where SMPL's template origin is moved to (m).
        betas: shape, the mean over the frames, or None.
        up: the axis of `WORLDS` that points up by the format's convention.
        notes: what people should know.
    """

    rotations: Float[np.ndarray, "T 22 4"]
    trans: Float[np.ndarray, "T 3"]
    betas: Float[np.ndarray, "B"] | None
    up: str
    notes: tuple[str, ...]


def read_gvhmr(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """`hmr4d_results.pt` of GVHMR or GENMO: smpl_params_global, rotation vectors, y up, 30 fps.

    From zju3dv/GVHMR, tools/demo/demo.py: the video is first rewritten at 30 fps, and the world ('ay') has y up.

    Raises:
        InputError: the file names code, is broken, or lacks the parameters.
    """
    content = load_torch(content_of(path), str(path))
    found = next((content[key] for key in GVHMR_KEYS if isinstance(content, dict) and key in content), None)
    if not isinstance(found, dict) or not {"body_pose", "global_orient", "transl"} <= found.keys():
        raise InputError(f"{path} has no {GVHMR_KEYS[0]} with body_pose, global_orient and transl; give GVHMR's result")
    orient, pose, trans = (_table(path, found, key) for key in ("global_orient", "body_pose", "transl"))
    rotations = rotvecs(path, np.concatenate((orient, pose), 1))
    return estimated(path, reading, "GVHMR", Estimate(rotations, trans, betas_of(found.get("betas")), "y", ()))


GVHMR_KEYS = ("smpl_params_global", "body_params_global")


def read_wham(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """`wham_output.pkl`, written by joblib: for each person pose_world (T, 72), trans_world (T, 3), y up.

    From yohanshin/WHAM, demo.py (return_y_up=True) and lib/vis/run_vis.py (the ground is where y is least).

    Raises:
        InputError: the pickle names code, is broken, or lacks the parameters.
    """
    content = load_pickle(content_of(path), str(path))
    people = content.values() if isinstance(content, dict) else []
    people = [p for p in people if isinstance(p, dict) and {"pose_world", "trans_world"} <= p.keys()]
    if not people:
        raise InputError(f"{path} has nobody with pose_world and trans_world; run WHAM with --save_pkl")
    person = max(people, key=lambda p: len(p["pose_world"]))
    pose, trans = _table(path, person, "pose_world"), _table(path, person, "trans_world")
    frames = np.asarray(person.get("frame_ids", np.arange(len(pose)))).ravel()
    if not len(pose) == len(trans) == len(frames):
        raise InputError(
            f"{path} has {len(pose)} frames of pose_world, {len(trans)} of trans_world and {len(frames)} frame_ids, "
            "which belong together; make it with WHAM again"
        )
    keep, note = longest_run(frames)
    rotations = rotvecs(path, pose[:, :66])
    notes = (f"the longest of {len(people)} people", *note)
    return estimated(
        path, reading, "WHAM", Estimate(rotations[keep], trans[keep], betas_of(person.get("betas")), "y", notes)
    )


def read_tram(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """`hps/hps_track_N.npy` of TRAM: pred_rotmat (T, 24, 3, 3), pred_trans (T, 1, 3), frame (T,), in the camera.

    From yufu-wang/tram, lib/pipeline/visualization.py: joints in the world are cam_R x + cam_T with pred_cam_R and
    pred_cam_T of `camera.npy`, one folder up, whose axes are those of the first camera (x right, y down, z away). Its
    gravity is not in the files, so the first camera is taken to be upright. Without `camera.npy` the camera stands.
    An .npz with the same names is read too.

    Raises:
        InputError: the file names code, is broken, or lacks the parameters.
    """
    found = _mapping(path)
    if not {"pred_rotmat", "pred_trans"} <= found.keys():
        raise InputError(f"{path} lacks pred_rotmat and pred_trans; give TRAM's hps/hps_track_N.npy")
    matrices = np.asarray(found["pred_rotmat"], np.float64)
    if matrices.ndim != 4 or matrices.shape[1:] not in ((24, 3, 3), (22, 3, 3)):
        raise InputError(f"{path}: pred_rotmat is {matrices.shape} but should be (T, 24, 3, 3)")
    rotations = _matrices(path, matrices[:, :22])
    trans = np.asarray(found["pred_trans"], np.float64).reshape(len(matrices), 3)
    frames = np.asarray(found.get("frame", np.arange(len(matrices)))).astype(int).ravel()
    camera_file = next((f for f in (Path(path).parent.parent / "camera.npy", Path(path).parent / "camera.npy")
                        if f.is_file()), None)  # fmt: skip
    joints, _ = smpl.rest_joints(None)
    notes = ["the first camera taken to be upright"]
    if camera_file is None:
        notes.append("no camera.npy, so the camera taken to stand still")
    else:
        camera = _mapping(camera_file)
        if not {"pred_cam_R", "pred_cam_T"} <= camera.keys() or frames.max() >= len(camera["pred_cam_R"]):
            raise InputError(f"{camera_file} has no pred_cam_R and pred_cam_T for every frame; make it with TRAM again")
        turn = from_matrix(np.asarray(camera["pred_cam_R"], np.float64)[frames])
        pelvis = apply(turn, trans + joints[0]) + np.asarray(camera["pred_cam_T"], np.float64)[frames]
        trans = pelvis - joints[0]
        rotations[:, 0] = multiply(turn, rotations[:, 0])
    keep, note = longest_run(frames)
    betas = betas_of(found.get("pred_shape"))
    return estimated(path, reading, "TRAM", Estimate(rotations[keep], trans[keep], betas, "-y", (*notes, *note)))


def read_humans4d(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """`results/demo_NAME.pkl` of 4D-Humans and PHALP, written by joblib: a dict of frames, each with lists over people.

    From brjathu/PHALP, phalp/trackers/PHALP.py: smpl (global_orient (1, 3, 3), body_pose (23, 3, 3), betas), camera
    (3,) and tid, in the camera (x right, y down, z away). The camera is taken to be upright and to stand; its distance
    rests on a made-up focal length of 5000 px, so movement along the line of sight is dropped.

    Raises:
        InputError: the pickle names code, is broken, or lacks the parameters.
    """
    content = load_pickle(content_of(path), str(path))
    frames = [content[key] for key in sorted(content)] if isinstance(content, dict) else []
    seen: dict[int, list[tuple[int, dict[str, Any], Any]]] = {}
    for t, frame in enumerate(frames):
        if not isinstance(frame, dict) or not {"smpl", "tid", "camera"} <= frame.keys():
            continue
        for person, body, camera in zip(frame["tid"], frame["smpl"], frame["camera"], strict=False):
            if isinstance(body, dict) and {"global_orient", "body_pose"} <= body.keys():
                seen.setdefault(int(person), []).append((t, body, camera))
    if not seen:
        raise InputError(f"{path} has no frame with tid, smpl and camera; give the .pkl that 4D-Humans' track.py wrote")
    track = max(seen.values(), key=len)
    keep, note = longest_run(np.array([t for t, _, _ in track]))
    track = track[keep]
    matrices = np.stack(
        [np.concatenate((np.reshape(b["global_orient"], (1, 3, 3)), np.reshape(b["body_pose"], (23, 3, 3))))[:22]
         for _, b, _ in track]
    )  # fmt: skip
    trans = np.array([np.ravel(camera)[:3] for _, _, camera in track], np.float64)
    trans[:, 2] = 0.0
    shapes = [np.ravel(b["betas"]) for _, b, _ in track if "betas" in b]
    betas = betas_of(np.array(shapes)) if len(shapes) == len(track) else None
    notes = (f"the longest of {len(seen)} tracks", "camera taken to be upright", "depth dropped", *note)
    rotations = _matrices(path, matrices.astype(np.float64))
    return estimated(path, reading, "4D-Humans", Estimate(rotations, trans, betas, "-y", notes))


def estimated(path: Path | str, reading: Reading, name: str, estimate: Estimate) -> Motion:
    """An estimate as a Motion of SMPL-22, set down on the ground.

    Raises:
        InputError: NaN, or rotations and places of other frames.
    """
    joints, bones = smpl.rest_joints(estimate.betas)
    if not np.isfinite(estimate.trans).all():
        frame = int(np.argwhere(~np.isfinite(estimate.trans))[0, 0])
        raise InputError(f"{path}: NaN or infinity in frame {frame}; repair the file")
    if len(estimate.trans) != len(estimate.rotations):
        raise InputError(
            f"{path} has {len(estimate.rotations)} frames of rotations and {len(estimate.trans)} of places, which "
            f"belong together; make it with {name} again"
        )
    pelvis = estimate.trans + joints[0]
    points = smpl.places(joints, estimate.rotations, pelvis)
    up = reading.up or estimate.up
    world, stands = WORLDS[up], smpl.stands_along(points)
    lowest = float((points @ world.T)[..., 2].min())
    pelvis = pelvis - (lowest - smpl.SOLE) * world[2]
    axis = f"{up} up"
    if stands == "z" and reading.up is None:  # programs keep their convention, so it is said and not changed
        axis += " though the body is along z: it lies, or the file was converted (--up z)"
    fps, pace = rate(reading, RATE)
    notes = (*estimate.notes, axis, pace, "set down on the ground", bones)
    source = f"{Path(path).name} ({name}, {', '.join(notes)})"
    return smpl.smpl_motion(joints, estimate.rotations, pelvis, fps, up, source)


def _mapping(path: Path | str) -> Mapping[str, Any]:
    content = content_of(path)
    found = arrays_of(content, str(path)) if content[:2] == b"PK" else load_npy(content, str(path))
    return found if isinstance(found, dict) else {}


def _table(path: Path | str, found: Mapping[str, Any], key: str) -> Float[np.ndarray, "T C"]:
    table = np.asarray(found[key], np.float64)
    if table.size == 0 or len(table) < 2:
        raise InputError(f"{path}: {key} is {table.shape}, but a motion needs at least 2 frames; check the file")
    return table.reshape(len(table), -1)


def rotvecs(path: Path | str, table: Float[np.ndarray, "T C"]) -> Float[np.ndarray, "T 22 4"]:
    """Quaternions out of 66 columns; InputError where they are others, degrees or NaN."""
    if table.shape[1] != 66:
        raise InputError(f"{path}: rotations have {table.shape[1]} columns but 22 joints have 66; check the file")
    check_rotvecs(path, table)
    return from_rotvec(table.reshape(-1, 22, 3))


def _matrices(path: Path | str, matrices: Float[np.ndarray, "T 22 3 3"]) -> Float[np.ndarray, "T 22 4"]:
    off = float(np.abs(matrices @ np.swapaxes(matrices, -1, -2) - np.eye(3)).max())
    if not off < 0.01:
        raise InputError(f"{path}: rotation matrices are off by {off:.2g} from being rotations; check the export")
    return from_matrix(matrices)


def betas_of(betas: Any) -> Float[np.ndarray, "B"] | None:
    """The mean shape, where there is any."""
    table = np.asarray(() if betas is None else betas, np.float64)
    if table.size == 0:
        return None
    return table.reshape(-1, table.shape[-1]).mean(0)


def longest_run(frames: np.ndarray) -> tuple[slice, tuple[str, ...]]:
    """The longest stretch of consecutive frame numbers, and a note when that leaves frames out."""
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(frames) != 1) + 1, [len(frames)]))
    best = int(np.argmax(np.diff(cuts)))
    note = () if len(cuts) == 2 else (f"{len(frames) - int(np.diff(cuts)[best])} frames beyond a gap left out",)
    return slice(int(cuts[best]), int(cuts[best + 1])), note
