"""When heels, toes and hands bear weight, by how fast they move in the picture and how high they are in the world.

In a static camera a standing foot does not move at all, which pixels show far better than any depth estimate; height
tells standing from the top of a jump. It knows no optimiser: it reads a candidate and returns a `Stance`.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from recon.fit.evidence import Evidence
from recon.fit.fit import Candidate
from recon.fit.scaled_body import ScaledBody
from recon.fit.soles import contact_groups, sole_groups
from recon.fit.stance import Stance, stance_of
from sfv.character import Character
from sfv.kinematics import GRAVITY
from sfv.work.mask import runs

SLOW, FAST = 0.3, 0.6
"""m/s in the picture's plane: a contact begins below the first and lasts until the second,"""
HURRY = 0.2
"""or below this share of the hips' speed, and twice it: the quick legs of a runner smear the standing foot's points."""
LEAST_CONTACT = 0.1
"""s: the top of a jump is below 0.3 m/s for 0.06 s."""
LONGEST_GAP = 0.07
"""s: shorter interruptions are the estimator's."""
STOREY = 0.5
"""m below the floor that no error of the camera's tilt explains."""
BRIEF = 0.3
"""s below the floor that are forgiven."""
LOW, LONGEST_CROUCH = 0.75, 1.0
"""Share of the standing height, and s."""
BENT, BENT_HIPS = (np.radians(35.0), np.radians(75.0)), 0.5
"""Leans of a trunk that is bent over, rad, with the hips above this share of the standing height."""
DRIFT = 0.06
"""m across the picture that the estimate of a standing foot may wander: about 20 px on a person of 600 px."""
OFF, CLEAR = 0.01, 0.04
"""m of air under the body all through a jump, and in its middle; a step without a visible contact has less."""
SLOPES = (0.1, 0.05)
"""How far a first guess of the camera's tilt is off, in and across the direction of view."""
UNEVEN, LOW_FOOT, PLACE = 0.08, 0.1, 0.3
"""m: how far feet that stand are off one plane, and above the frame's lowest; and how wide a place to stand is."""
WAY = 1.5
"""m that feet must have gone: of those that stay, heights say less of the camera than of how legs were seen."""
FALLS = 0.25
"""g: flights of joggers and spins seen by an estimator fall with 0.5 to 1.1 at first, who lies with 0 to 0.15; the
slowest flight of DeepMimic's clips is of 0.41 g."""
NEAR, ROLLS = 0.02, 0.9
"""m above the floor, and m/s, below which a foot bears weight though it does not keep its place."""
STEP = 0.4
"""s: standard deviation over which a walker's way is a mean, a stride being about 1.1 s; who goes along for less than
this gets up, turns or falls."""


def estimate_stance(
    body: ScaledBody, character: Character, found: Candidate, evidence: Evidence, fps: float, tolerance: float
) -> Stance:
    """Contacts of the character's feet and hands with the floor.

    Args:
        body: the character's tree.
        character: names the feet, and the landmarks of both.
        found: a motion near the truth, whose floor is z = 0 within `tolerance`.
        evidence: the pixels.
        fps: rate of the motion.
        tolerance: m above the floor that still counts as on it.
    """
    slow, groups = _slow(found, fps), contact_groups(body, character)
    stands = {}
    for landmark, surface in groups.items():
        height = found.placed.surface[:, surface, 2].min(1).values.numpy()
        path, speed = landmark_path(found, evidence, landmark, fps)
        stands[landmark] = kept_places(_settled(speed, height, slow, tolerance, fps), path, speed, fps)
    return stance_of(groups, stands, edge=0.3)


def floor_level(body: ScaledBody, character: Character, found: Candidate, evidence: Evidence, fps: float) -> float:
    """Height (m) at which slow feet are, in the middle; of the lowest tenth of frames where none is slow."""
    low, slow = _lowest_soles(body, character, found, evidence, fps)
    return float(np.median(low[slow])) if slow.any() else float(np.percentile(low, 10))


def floor_slopes(
    body: ScaledBody, character: Character, found: Candidate, evidence: Evidence, fps: float
) -> tuple[float, float]:
    """Slopes dz/dx and dz/dy of the plane that slow feet are on: 0 where the camera's tilt is right.

    Robust least squares (Cauchy, by reweighting) of z = a + b x + c y over slow feet, with b within 6 and c within 3
    degrees of 0. A foot that stays errs alike all the time, so all frames in a square of PLACE count as one; 0 for feet
    that stay within WAY.
    """
    surface, groups = found.placed.surface.numpy(), sole_groups(body, character)
    lowest = surface[:, [i for group in groups.values() for i in group], 2].min(1)
    slow = _slow(found, fps)
    seen = {name: landmark_path(found, evidence, name, fps)[1] < slow for name in groups}
    standing = []
    for foot in character.feet:
        marks = [name for name in groups if character.keypoints[name][0] == foot]
        # heel and toes together, so that a foot's own pitch is no slope
        middle = np.mean([surface[:, groups[name]].mean(1) for name in marks], 0)
        standing.append(middle[np.all([seen[name] for name in marks], 0) & (middle[:, 2] - lowest < LOW_FOOT)])
    soles = np.concatenate(standing)
    if len(soles) < 2 or np.ptp(soles[:, :2], axis=0).max() < WAY:
        return 0.0, 0.0
    _, place, count = np.unique(np.round(soles[:, :2] / PLACE), axis=0, return_inverse=True, return_counts=True)
    share = 1.0 / count[place.ravel()]
    middle = np.average(soles, axis=0, weights=share)
    columns = np.stack((np.ones(len(soles)), *(soles - middle)[:, :2].T), 1)
    prior, plane = np.diag([0.0, 1.0 / SLOPES[0] ** 2, 1.0 / SLOPES[1] ** 2]), np.zeros(3)
    height = soles[:, 2]
    plane[0] = np.median(height)
    for _ in range(20):
        weight = share / (1.0 + ((height - columns @ plane) / UNEVEN) ** 2) / UNEVEN**2
        plane = np.linalg.solve(columns.T @ (weight[:, None] * columns) + prior, columns.T @ (weight * height))
    return float(plane[1]), float(plane[2])


def on_one_floor(
    body: ScaledBody, character: Character, found: Candidate, evidence: Evidence, fps: float
) -> tuple[int, int]:
    """First and last frame (inclusive) of the longest span in which the person is not far below the floor for long.

    Who jumps off a roof leaves the floor that the clip is about. The span then ends with a foot on that floor.
    """
    low, slow = _lowest_soles(body, character, found, evidence, fps)
    level = float(np.median(low[slow])) if slow.any() else float(np.percentile(low, 10))
    away = low < level - STOREY
    for start, stop in runs(away):
        if (stop - start) / fps < BRIEF:
            away[start:stop] = False
    if not away.any():
        return 0, len(low) - 1
    start, stop = max(runs(~away), key=lambda run: run[1] - run[0], default=(0, len(low)))
    stands = start + np.flatnonzero(slow[start:stop] & (np.abs(low[start:stop] - level) < 0.15))
    if not len(stands):
        return start, stop - 1
    return (int(stands[0]) if start else 0), (int(stands[-1]) if stop < len(low) else stop - 1)


def seated(height: Float[np.ndarray, " T"], lean: Float[np.ndarray, " T"], fps: float) -> Bool[np.ndarray, " T"]:
    """Frames in which something besides the feet bears weight: the hips stay low for longer than anyone crouches.

    Who bends over with the hips above a seat stands on the feet, if only until they sit down. Assumption, not studied.

    Args:
        height: of the root, over its height when standing.
        lean: of the trunk, rad from upright.
        fps: their rate.
    """
    bent = (lean > BENT[0]) & (lean < BENT[1]) & (height > BENT_HIPS)
    return lasting(height < LOW, LONGEST_CROUCH, fps) & ~lasting(bent, BRIEF, fps)


def leaning(body: ScaledBody, found: Candidate) -> Float[np.ndarray, " T"]:
    """How far the trunk, from the middle of the hips to that of the shoulders, is from upright, rad."""
    sides = ("left", "right")
    hips, shoulders = (
        found.placed.landmarks[:, [body.landmark_names.index(f"{side}_{part}") for side in sides]].mean(1).numpy()
        for part in ("hip", "shoulder")
    )
    trunk = shoulders - hips
    return np.arccos(np.clip(trunk[:, 2] / np.linalg.norm(trunk, axis=1), -1.0, 1.0))


def _lowest_soles(
    body: ScaledBody, character: Character, found: Candidate, evidence: Evidence, fps: float
) -> tuple[Float[np.ndarray, " T"], Bool[np.ndarray, " T"]]:
    """Height of the lowest sole, m, and whether any sole is slow in the picture."""
    groups = sole_groups(body, character)
    low = [found.placed.surface[:, surface, 2].min(1).values.numpy() for surface in groups.values()]
    slow = _slow(found, fps)
    return np.min(low, 0), np.any([landmark_path(found, evidence, name, fps)[1] < slow for name in groups], 0)


def landmark_path(
    found: Candidate, evidence: Evidence, landmark: str, fps: float
) -> tuple[Float[np.ndarray, "T 2"], Float[np.ndarray, " T"]]:
    """Path (m) and speed (m/s) of a landmark across the picture at its depth, per frame; unseen is infinitely fast."""
    column = evidence.names.index(landmark)
    times = (evidence.low + evidence.part[:, 0, 0]).numpy() / fps
    seen = evidence.trust[:, column].numpy() > 0.05
    grid = np.arange(len(found.qpos)) / fps
    if seen.sum() < 3:
        return np.zeros((len(grid), 2)), np.full(len(grid), np.inf)
    pixels = evidence.pixels[seen, column].numpy()
    travel = np.stack([np.interp(grid, times, axis) for axis in evidence.shift[:, 0].numpy().T], 1)
    depth = found.pinhole.to_camera(found.placed.xpos[:, 0])[:, 2].numpy() - travel[:, 2]
    track = np.stack([np.interp(grid, times[seen], p) for p in pixels.T], 1)
    track = gaussian_filter1d(track, 0.04 * fps, axis=0, mode="nearest")
    # metres per pixel, steadied so that the body's own path in depth does not move the foot
    scale = gaussian_filter1d(depth, 0.5 * fps, mode="nearest") / float(found.pinhole.focal)
    gone = np.gradient(track, axis=0) * scale[:, None] + np.gradient(travel[:, :2], axis=0)
    speed = np.linalg.norm(gone, axis=1) * fps
    nearest = np.abs(grid[:, None] - times[seen][None]).min(1)
    return track * scale[:, None] + travel[:, :2], np.where(nearest < 0.1, speed, np.inf)


def foot_contacts(body: ScaledBody, character: Character, given: Stance) -> Float[np.ndarray, "T F"]:
    """1 where any point of a foot stands, per foot of the character."""
    feet = [body.names[body.surface_body[int(i)]] for i in given.points]
    on = (given.stretch > 0).numpy()
    return np.stack([on[:, [name == foot for name in feet]].any(1) for foot in character.feet], 1).astype(np.float64)


def rolling_feet(
    body: ScaledBody, character: Character, surface: Float[np.ndarray, "T H 3"], fps: float
) -> Float[np.ndarray, "T F"]:
    """1 where a foot is so near the floor and so slow that it comes down, rolls off or shuffles, per foot.

    Such a foot bears weight without keeping its place, so it is no stance. Of 36 rendered clips, .73 of the frames in
    which feet stand were found as stances; with these it is .90, of which .93 are right (medians).
    """
    points = gaussian_filter1d(surface, 0.05 * fps, axis=0, mode="nearest")
    near = (points[..., 2] < NEAR) & (np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps < ROLLS)
    out = np.zeros((len(surface), len(character.feet)))
    for f, foot in enumerate(character.feet):
        mine = near[:, [body.names[b] == foot for b in body.surface_body]].any(1)
        out[:, f] = lasting(mine, LONGEST_GAP, fps)  # not what is as short as a slip of the estimator
    return out


def airborne(
    given: Stance, lowest: Float[np.ndarray, " T"], height: Float[np.ndarray, " T"], fps: float
) -> Float[np.ndarray, " T"]:
    """1 in frames of flight: no foot or hand stands, and for LEAST_CONTACT or longer nothing else is on the floor.

    `lowest` is the height of the body's lowest point, `height` that of its centre of mass, m.

    Who stands on their hands or lies on their back does not fly, nor does who is off the floor and does not fall: the
    floor is wrong there, or something that is not seen bears the weight. A flight begins where the last foot leaves
    the floor and ends where the first comes down, if the body is on the floor for less than LEAST_CONTACT between.
    """
    out, edge = np.zeros(len(lowest)), round(LEAST_CONTACT * fps)
    for start, stop in runs(~(given.stretch > 0).any(1).numpy()):
        for first, last in runs(lowest[start:stop] > OFF):
            if (last - first) / fps >= LEAST_CONTACT and lowest[start + first : start + last].max() > CLEAR:
                a = start if first < edge else start + first
                b = stop if stop - start - last < edge else start + last
                out[a:b] = float(_falls(height[a:b], fps))
    return out


def _falls(height: Float[np.ndarray, " n"], fps: float) -> bool:
    """Whether a centre of mass falls with at least FALLS; of under 4 frames nothing can be said."""
    return len(height) < 4 or float(2.0 * np.polyfit(np.arange(len(height)) / fps, height, 2)[0]) < -FALLS * GRAVITY


def standing_parts(body: ScaledBody, given: Stance, points: tuple[int, ...]) -> Float[Tensor, "T P"]:
    """1 where the foot or hand that a surface point belongs to stands on any of its points."""
    owner = torch.tensor([body.surface_body[int(i)] for i in given.points])
    on = (given.stretch > 0).double()
    return torch.stack([on[:, owner == body.surface_body[i]].amax(1) for i in points], 1)


def ground_speed(path: Float[np.ndarray, "T 3"], over: float, fps: float) -> Float[np.ndarray, " T"]:
    """How fast (m/s) a point goes along the floor, per frame; its velocity smoothed by a Gaussian of `over` seconds."""
    ways = np.gradient(path[:, :2], axis=0) * fps
    return np.asarray(np.linalg.norm(gaussian_filter1d(ways, over * fps, axis=0, mode="nearest"), axis=1))


def lasting(mask: Bool[np.ndarray, " T"], least: float, fps: float) -> Bool[np.ndarray, " T"]:
    """The stretches of a mask that last `least` seconds or longer."""
    out = np.zeros_like(mask)
    for start, stop in runs(mask):
        out[start:stop] = (stop - start) / fps >= least
    return out


def sideways(path: Float[np.ndarray, "T 3"], fps: float) -> Float[np.ndarray, "T 2"]:
    """Unit vectors on the floor at right angles to the way of a point, its velocity smoothed over a step."""
    ways = gaussian_filter1d(np.gradient(path[:, :2], axis=0), STEP * fps, axis=0, mode="nearest")
    ways /= np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-9)
    return np.stack([-ways[:, 1], ways[:, 0]], axis=1)


def _slow(found: Candidate, fps: float) -> Float[np.ndarray, " T"]:
    """Speed (m/s) below which a foot is slow, per frame."""
    return np.maximum(SLOW, HURRY * ground_speed(found.qpos[:, :3].numpy(), 0.25, fps))


def _settled(
    speed: np.ndarray, height: np.ndarray, slow: np.ndarray, tolerance: float, fps: float
) -> Bool[np.ndarray, " T"]:
    """(T,) whether a point stands: hysteresis on speed and height, then gaps closed and blips removed.

    `speed` (T,) m/s, `height` (T,) m above the floor, `slow` (T,) m/s from `_slow`, `tolerance` m.
    """
    sure = (speed < slow) & (height < tolerance)
    perhaps = (speed < FAST / SLOW * slow) & (height < 1.5 * tolerance)
    on = np.zeros(len(speed), bool)
    for start, stop in runs(perhaps):
        inside = np.flatnonzero(sure[start:stop])
        if len(inside):
            # from the first to the last sure frame, and half of the unsure margins
            a, b = inside[0], inside[-1] + 1
            on[start + a - min(a, 1) : start + b + min(stop - start - b, 1)] = True
    for start, stop in runs(~on):
        if start > 0 and stop < len(on) and (stop - start) / fps <= LONGEST_GAP and perhaps[start:stop].all():
            on[start:stop] = True
    for start, stop in runs(on):
        if (stop - start) / fps < LEAST_CONTACT:
            on[start:stop] = False
    return on


def kept_places(
    on: Bool[np.ndarray, " T"], path: Float[np.ndarray, "T 2"], speed: Float[np.ndarray, " T"], fps: float
) -> Bool[np.ndarray, " T"]:
    """Contacts cut where the foot moves on to another place: shuffling is slow too, but does not stay."""
    out, pending = np.zeros_like(on), runs(on)
    while pending:
        start, stop = pending.pop()
        if (stop - start) / fps < LEAST_CONTACT:
            continue
        away = np.linalg.norm(path[start:stop] - np.median(path[start:stop], axis=0), axis=1)
        if away.max() < DRIFT or stop - start < 5:
            out[start:stop] = True
            continue
        cut = start + 2 + int(np.argmax(speed[start + 2 : stop - 2]))
        # all of the move is left out: the frames about its fastest that are at least half as fast
        moving = next(run for run in runs(speed > 0.5 * speed[cut]) if run[0] <= cut < run[1])
        pending += [(start, max(start, min(moving[0], cut - 1))), (min(stop, max(moving[1], cut + 2)), stop)]
    return out
