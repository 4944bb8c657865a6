"""ROMP's and BEV's video results: .npz with `results`, a pickled dict of frames, each with what is said of its people.

From Arthur151/ROMP (simple_romp/romp/main.py): by a frame's name smpl_thetas (N, 72) rotation vectors, smpl_betas,
cam_trans (N, 3) m and, of tracked people, track_ids, in the camera's axes (x right, y down, z away). The camera is
taken to be upright and to stand. Of several people the one seen longest is read. The pickle is not run.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from sfv.errors import InputError
from sfv.formats.restricted import load_npy
from sfv.formats.smpl_estimates import Estimate, betas_of, estimated, longest_run, rotvecs
from sfv.motion import Motion
from sfv.reading import AS_IT_SAYS, Reading
from sfv.work.contents import content_of, members_of


def read_romp(path: Path | str, reading: Reading = AS_IT_SAYS) -> Motion:
    """Such a file as a Motion of SMPL-22.

    Raises:
        InputError: the pickle names code or is broken, or nobody is in it.
    """
    members = members_of(content_of(path), str(path), frozenset({"results.npy"}))
    if "results.npy" not in members:
        raise InputError(f"{path} holds no results; give the video_results.npz that ROMP wrote")
    found = load_npy(members["results.npy"], str(path))
    found = found[0] if isinstance(found, list) and len(found) == 1 else found
    frames = found if isinstance(found, dict) else {}
    if {"smpl_thetas", "cam_trans"} <= frames.keys():  # a single picture's, not by frames
        raise InputError(f"{path} holds one picture's people and no motion; give the results of a video")
    seen: dict[int, list[tuple[int, np.ndarray, np.ndarray, Any]]] = {}
    for place, (name, people) in enumerate(sorted(frames.items(), key=lambda item: _number(item[0]))):
        if not isinstance(people, dict) or not {"smpl_thetas", "cam_trans"} <= people.keys():
            continue
        thetas = np.asarray(people["smpl_thetas"], np.float64).reshape(-1, 72)
        places = np.asarray(people["cam_trans"], np.float64).reshape(-1, 3)
        ids = np.asarray(people.get("track_ids", np.arange(len(thetas)))).ravel()
        shapes = people.get("smpl_betas")
        number = _number(name)[1] if re.search(r"\d", str(name)) else place
        for i, person in enumerate(ids[: min(len(thetas), len(places))]):
            shape = None if shapes is None else np.asarray(shapes, np.float64)[i]
            seen.setdefault(int(person), []).append((number, thetas[i], places[i], shape))
    if not seen:
        raise InputError(f"{path} has nobody with smpl_thetas and cam_trans; give the results of a video with a person")
    track = max(seen.values(), key=len)
    keep, note = longest_run(np.array([number for number, *_ in track]))
    track = track[keep]
    betas = betas_of(None if track[0][3] is None else np.array([shape for *_, shape in track]))
    notes = (f"the longest of {len(seen)} people", "camera taken to be upright", *note)
    turns = rotvecs(path, np.stack([theta[:66] for _, theta, _, _ in track]))
    trans = np.stack([place for _, _, place, _ in track])
    return estimated(path, reading, "ROMP", Estimate(turns, trans, betas, "-y", notes))


def _number(name: Any) -> tuple[int, int]:
    """Frames in the order of the last number in their names."""
    numbers = re.findall(r"\d+", str(name))
    return (0, int(numbers[-1][:9])) if numbers else (1, 0)
