"""A pose track as a camera that stood still would have seen it: what turns, zooms and travels did is undone.

Turns and zooms are taken out of the pixels, exactly; travels cannot be, since they move near and far differently, and
stay as a shift that whoever projects a point must subtract.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar
from scipy.spatial.transform import Rotation, Slerp

from recon.camera import view_rotations
from sfv.errors import InputError
from sfv.formats.text import read_text
from sfv.pose import PoseTrack

WIDEST = 70.0
"""Degrees that the camera may turn to either side of the middle frame: beyond, no plane holds what it sees."""
TURN = 12.0
"""Degrees that it must turn at least for the background to tell its focal length."""
SLACK = 0.1
"""s at either end that a camera path may lack."""
LENSES = (0.6, 3.0)
"""Focal lengths over the picture's diagonal, from wide to tele."""


def steadied(track: PoseTrack, focal: float) -> PoseTrack:
    """The track in its middle frame's camera (focal length in px); as it is where that stood still.

    Raises:
        InputError: the camera turns too far.
    """
    if track.homography is None:
        return track
    pixels = _mapped(track.homography, track.points_2d)
    middle_now, middle = _middles(track.points_2d), _middles(pixels)
    centre = 0.5 * np.array(track.image_size)
    off = np.degrees(np.arctan(np.linalg.norm(middle - centre, axis=-1) / focal))
    behind = (_depths(track.homography, middle_now) <= 0) | (off > WIDEST)
    if behind[track.found].any():
        when = float(track.times[track.found][behind[track.found]][0])
        raise InputError(
            f"at {when:.1f} s the camera looks over {WIDEST:g} degrees away from where it looks in the clip's middle; "
            "cut the clip to a part in which it turns less"
        )
    # the estimator's axes are those of a camera that looks at the person: from there to the frame's, the middle frame's
    # and again to those of a camera that looks at the person
    turns = camera_turns(track.homography, track.image_size, focal)
    there = view_rotations(np.nan_to_num(middle), focal, track.image_size)
    here = view_rotations(np.nan_to_num(middle_now), focal, track.image_size)
    rolled = there.swapaxes(1, 2) @ turns @ here
    points = np.einsum("nij,nkj->nki", rolled, track.points_3d)
    return replace(track, points_2d=pixels, points_3d=points, homography=None)


def camera_turns(
    homographies: Float[np.ndarray, "T 3 3"], image_size: tuple[int, int], focal: float
) -> Float[np.ndarray, "T 3 3"]:
    """Rotations from each frame's camera axes to the middle frame's, nearest to K^-1 H K_t; K_t has its own zoom."""
    bare = np.linalg.inv(_lens(image_size, focal)) @ homographies @ _principal(image_size)
    # columns 0 and 1 of R K_t^-1 are R's over the focal length of the frame
    lengths = np.linalg.norm(bare, axis=1)  # (T, 3)
    bare[:, :, :2] *= (lengths[:, 2] / lengths[:, :2].mean(1))[:, None, None]
    u, _, vt = np.linalg.svd(bare / np.cbrt(np.linalg.det(bare))[:, None, None])
    return u @ vt


def focal_from_turns(homographies: Float[np.ndarray, "T 3 3"], image_size: tuple[int, int]) -> float | None:
    """The focal length (px) at which the homographies are rotations, zoom aside; None where they turn too little.

    K^-1 H = R K_t^-1 has columns at right angles, the first two of equal length (Hartley 1997, "Self-calibration of
    stationary cameras").
    """
    found = _best_focal(homographies, image_size)
    turns = camera_turns(homographies, image_size, found)
    widest = np.degrees(Rotation.from_matrix(turns[0].T @ turns).magnitude()).max()
    return found if widest >= TURN else None


def travelled(homographies: Float[np.ndarray, "T 3 3"], image_size: tuple[int, int]) -> float:
    """How far the homographies are from a camera's that turns and zooms where it stands: of the picture's diagonal.

    The 90th percentile over the frames of how far they put the picture's corners apart.
    """
    focal, lens = _best_focal(homographies, image_size), _principal(image_size)
    bare = np.linalg.inv(lens) @ homographies @ lens  # K R K_t^-1 with both lenses diagonal
    zooms = np.linalg.norm(np.linalg.inv(_lens(image_size, focal)) @ homographies @ lens, axis=1)  # (T, 3)
    turns = camera_turns(homographies, image_size, focal)
    pure = np.diag([focal, focal, 1.0]) @ turns
    pure[:, :, :2] *= (zooms[:, :2].mean(1) / zooms[:, 2])[:, None, None]
    width, height = (0.5 * side for side in image_size)
    corners = np.array([[[x, y] for x in (-width, width) for y in (-height, height)]])
    apart = np.linalg.norm(_mapped(bare, corners) - _mapped(pure, corners), axis=-1).max(1)
    return float(np.percentile(apart, 90) / np.hypot(*image_size))


def _best_focal(homographies: Float[np.ndarray, "T 3 3"], image_size: tuple[int, int]) -> float:
    diagonal = float(np.hypot(*image_size))

    def misfit(log_focal: float) -> float:
        bare = np.linalg.inv(_lens(image_size, float(np.exp(log_focal)))) @ homographies @ _principal(image_size)
        a, b, c = (bare[:, :, i] / np.linalg.norm(bare[:, :, i], axis=1, keepdims=True) for i in range(3))
        cosines = [(x * y).sum(1) for x, y in ((a, b), (a, c), (b, c))]
        lengths = np.log(np.linalg.norm(bare[:, :, 0], axis=1) / np.linalg.norm(bare[:, :, 1], axis=1))
        return float(np.mean(np.square([*cosines, lengths])))

    low, high = (float(np.log(ratio * diagonal)) for ratio in LENSES)
    return float(np.exp(minimize_scalar(misfit, bounds=(low, high), method="bounded").x))


def along_path(track: PoseTrack, path: Path, focal: float) -> PoseTrack:
    """The track with the camera's motion taken from a file instead of from the background.

    Args:
        track: in its own clip's pixels.
        path: a text file with a row per moment, as SLAM programs write ("TUM format"): seconds of the clip, position
            (m), quaternion x, y, z, w, both of the camera in a world that stands still; camera axes x right, y down,
            z away.
        focal: px.

    Raises:
        InputError: the file does not exist, is no such table, or does not cover the track's time.
    """
    rows = _trajectory(path)
    first, last = float(track.times[0]), float(track.times[-1])
    step = float(np.median(np.diff(rows[:, 0])))
    if step > 0.5:
        raise InputError(
            f"{path} has a row every {step:.2f} s, so its first column seems to be frame numbers; it must be seconds "
            "since the clip's first frame"
        )
    if rows[0, 0] > first + SLACK or rows[-1, 0] < last - SLACK:
        raise InputError(
            f"{path} goes from {rows[0, 0]:.2f} to {rows[-1, 0]:.2f}, and the person is seen from {first:.2f} to "
            f"{last:.2f} s; its first column must be seconds since the clip's first frame"
        )
    times = np.clip(track.times, rows[0, 0], rows[-1, 0])
    turns = Slerp(rows[:, 0], Rotation.from_quat(rows[:, 4:]))(times).as_matrix()  # world from camera
    places = np.stack([np.interp(times, rows[:, 0], column) for column in rows[:, 1:4].T], 1)
    middle = len(track) // 2
    relative = turns[middle].T @ turns
    shift = (places - places[middle]) @ turns[middle]
    lens = _lens(track.image_size, focal)
    homographies = lens @ relative @ np.linalg.inv(lens)
    return replace(track, homography=homographies / homographies[:, 2:, 2:], shift=shift)


def _trajectory(path: Path) -> Float[np.ndarray, "N 8"]:
    lines = [line.split("#")[0].replace(",", " ").split() for line in read_text(path).splitlines()]
    try:
        rows = np.array([[float(word) for word in line] for line in lines if line])
    except ValueError as error:
        raise InputError(f"{path} is no table of numbers ({error}); write rows of: {_COLUMNS}") from error
    if rows.ndim != 2 or rows.shape[1] != 8 or len(rows) < 2:
        raise InputError(f"{path} is no camera path, of at least two rows of: {_COLUMNS}")
    if not np.isfinite(rows).all() or (np.diff(rows[:, 0]) <= 0).any():
        raise InputError(f"{path} has times that do not increase, or numbers that are none; write rows of: {_COLUMNS}")
    off = float(np.abs(np.linalg.norm(rows[:, 4:], axis=1) - 1.0).max())
    if off > 0.01:
        raise InputError(f"{path} has quaternions that are off length 1 by {off:.2g}; write rows of: {_COLUMNS}")
    return rows


_COLUMNS = "seconds x y z qx qy qz qw"


def _middles(pixels: Float[np.ndarray, "T K 2"]) -> Float[np.ndarray, "T 2"]:
    return np.asarray(pixels.mean(1))


def _depths(homographies: Float[np.ndarray, "T 3 3"], pixels: Float[np.ndarray, "T 2"]) -> Float[np.ndarray, " T"]:
    """What is not positive lies behind the middle frame's camera."""
    return np.asarray((homographies[:, 2, :2] * pixels).sum(1) + homographies[:, 2, 2])


def _mapped(
    homographies: Float[np.ndarray, "T 3 3"], pixels: Float[np.ndarray, "#T K 2"]
) -> Float[np.ndarray, "T K 2"]:
    moved = np.concatenate([pixels, np.ones_like(pixels[..., :1])], -1) @ homographies.swapaxes(1, 2)
    return np.asarray(moved[..., :2] / moved[..., 2:])


def _lens(image_size: tuple[int, int], focal: float) -> Float[np.ndarray, "3 3"]:
    width, height = image_size
    return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])


def _principal(image_size: tuple[int, int]) -> Float[np.ndarray, "3 3"]:
    """Pixels from pixels about the image's middle."""
    return _lens(image_size, 1.0)
