"""The reconstruction stage: a pose track becomes a motion of the character, a camera and a scorecard.

First a person of the character's make but own proportions is fitted to the clip: pose, path, camera and contacts with
the floor, in passes of one objective. Then the motion is carried over to the character itself, whose feet keep those
contacts. It knows no estimator and no file.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float

from recon import terms
from recon.body import Body
from recon.camera import Camera, default_focal
from recon.config import ReconstructConfig, TermWeights
from recon.contacts import airborne, estimate_stance, foot_contacts, landmark_speed, sole_groups
from recon.evidence import Evidence, gather
from recon.fit import Candidate, Stiffness, Term, View, candidate, fit
from recon.lifting import LEAN, lift
from recon.scorecard import scorecard
from recon.terms import Stance
from sfv.character import Character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.pose import PoseTrack
from sfv.progress import Advance, bar
from sfv.report import Report

SHORTEST = 0.5
"""s of clip."""
FEWEST = 0.3
"""Share of frames in which the person must be found, with confidence in half of the landmarks."""
SHARES = {"pose": 0.25, "picture": 0.5, "floor": 1.0, "contacts": 1.0, "character": 0.75}
"""Passes, and what share of the configured steps each may take."""


@dataclass(frozen=True)
class Reconstruction:
    """What a clip shows.

    Attributes:
        motion: the reference motion, on the character, with contacts of its feet.
        camera: the camera in the motion's world.
        points: (T, K, 3) landmarks of the person (own proportions) in the motion's world, m.
        point_names: the K landmarks.
        scorecard: how good the motion is, in numbers.
    """

    motion: Motion
    camera: Camera
    points: Float[np.ndarray, "T K 3"]
    point_names: tuple[str, ...]
    scorecard: Report


def reconstruct(track: PoseTrack, character: Character, config: ReconstructConfig) -> Reconstruction:
    """The reference motion of the person in `track`, performed by `character`.

    The world has the floor at z = 0; at the first confident frame the character is at x = y = 0 and faces X.

    Raises:
        InputError: the track is too short, or shows the person in too few frames, or lacks landmarks.
    """
    _check(track)
    frames = int(np.floor((track.times[-1] - track.times[0]) * config.fps + 1e-6)) + 1
    body = Body(character)
    focal = config.focal or default_focal(track.image_size)
    evidence = gather(track, body.landmark_names, frames, config.fps, focal)
    with bar("reconstruct", float(sum(_share(config, stage) for stage in SHARES))) as advance:
        person, given = _estimate(track, character, body, evidence, focal, config, advance)
        performed, scale = _carry_over(body, character, person, given, config, advance)
    turn, shift = _to_origin(performed.qpos.numpy(), evidence)
    motion = Motion(
        character.skeleton,
        config.fps,
        _turned(performed.qpos.numpy(), turn, shift),
        foot_contacts(body, character, given),
        character.feet,
        source=f"{track.estimator}, person {track.person}",
    )
    view = person.view
    camera = Camera(track.image_size, float(view.focal), np.array([0.0, 0.0, float(view.height)]), 0.0,
                    float(view.pitch), float(view.roll)).moved(turn, shift, scale)  # fmt: skip
    points = _about_z(turn, scale * person.placed.landmarks.numpy()) + np.array([*shift, 0.0])
    card = scorecard(track, character, motion, points, body.landmark_names, camera, config)
    return Reconstruction(motion, camera, points, body.landmark_names, card)


def _check(track: PoseTrack) -> None:
    duration = float(track.times[-1] - track.times[0]) if len(track) > 1 else 0.0
    if duration < SHORTEST:
        raise InputError(f"the pose track lasts {duration:.2f} s but at least {SHORTEST} s are needed; give a longer clip")
    sure = (track.confidence > 0.5).mean(1) > 0.5
    if sure.mean() < FEWEST or sure.sum() < 8:
        raise InputError(
            f"the person is seen with confidence in {sure.sum()} of {len(track)} frames, too few to reconstruct; "
            "choose another person with --person, or a clip that shows the whole body"
        )


def _estimate(
    track: PoseTrack,
    character: Character,
    body: Body,
    evidence: Evidence,
    focal: float,
    config: ReconstructConfig,
    advance: Advance,
) -> tuple[Candidate, Stance]:
    """The person's motion in passes: pose alone; with the picture; then with the floor, twice."""
    frames = int(evidence.low.max()) + 2
    size = 1.0 if config.height is None else config.height / stature(body)
    pitch = None if config.pitch is None else float(np.radians(config.pitch))
    first = lift(track, character, size, focal, frames, config.fps, pitch)
    view = View(*(torch.tensor(v, dtype=torch.float64) for v in (focal, first.pitch, first.roll, first.height, LEAN)))
    proportions = body.unscaled() + float(np.log(size))
    prior = candidate(body, torch.tensor(first.qpos), view, proportions)
    columns = [body.landmark_names.index(name) for name in evidence.names]
    ease = torch.ones(frames, len(body.names), dtype=torch.float64)

    w = config.weights
    base: dict[str, tuple[Term, float]] = {
        "bones": (partial(terms.bones, evidence=evidence, columns=columns), w.bones),
        "smooth": (partial(terms.smooth, fps=config.fps, ease=ease), w.smooth),
        "limits": (partial(terms.limits, body=body), w.limits),
        "rest": (partial(terms.rest, body=body), w.rest),
    }
    picture: dict[str, tuple[Term, float]] = base | {
        "reprojection": (partial(terms.reprojection, evidence=evidence, columns=columns), w.reprojection),
        "camera": (partial(terms.camera, prior=prior), w.camera),
        "proportions": (partial(terms.proportions, prior=proportions, used=body.scaled_by()), w.proportions),
    }
    soles = tuple(i for group in sole_groups(body, character).values() for i in group)
    run = partial(fit, body, fps=config.fps, advance=advance)
    loose = _stiffness(body, soles, w, 0.05)
    found = run(prior, base, stiffness=loose, iterations=_share(config, "pose"))
    found = run(found, picture, free=("proportions",), stiffness=loose, iterations=_share(config, "picture"))

    free = ["proportions", "height", "lean"] + ["focal"] * (config.focal is None) + ["tilt"] * (config.pitch is None)
    given = None
    for stage, tolerance, size_m in (("floor", 0.15, 0.02), ("contacts", 0.07, 0.005)):
        found = _floored(body, character, found, evidence, config.fps)
        given = estimate_stance(body, character, found, evidence, config.fps, tolerance)
        table = picture | _floor_terms(body, character, found, given, config, size_m)
        firm = _stiffness(body, soles, w, size_m)
        found = run(found, table, free=tuple(free), stiffness=firm, iterations=_share(config, stage))
    assert given is not None
    return found, given


def _carry_over(
    body: Body, character: Character, person: Candidate, given: Stance, config: ReconstructConfig, advance: Advance
) -> tuple[Candidate, float]:
    """The person's motion on the character's own tree, and the scale of the world that fits its legs."""
    plain = body.unscaled()
    neutral = torch.tensor(body.model.qpos0)[None]
    own, theirs = (body.place(neutral, p) for p in (plain, person.proportions))
    scale = float((own.xpos[0, 0, 2] - own.surface[0, :, 2].min()) / (theirs.xpos[0, 0, 2] - theirs.surface[0, :, 2].min()))
    qpos = person.qpos.clone()
    qpos[:, :3] *= scale
    start = candidate(body, qpos, person.view, plain)
    ease = torch.ones(len(qpos), len(body.names), dtype=torch.float64)
    w = config.weights
    table: dict[str, tuple[Term, float]] = {
        "follow": (partial(terms.follow, target=start), 1.0),
        "smooth": (partial(terms.smooth, fps=config.fps, ease=ease), w.smooth),
        "limits": (partial(terms.limits, body=body), w.limits),
        **_floor_terms(body, character, start, given, config, 0.001),
    }
    soles = tuple(i for group in sole_groups(body, character).values() for i in group)
    firm = _stiffness(body, soles, w, 0.001)
    return fit(body, start, table, config.fps, _share(config, "character"), firm, advance=advance), scale


def _share(config: ReconstructConfig, stage: str) -> int:
    return max(1, round(config.iterations * SHARES[stage]))


def _stiffness(body: Body, soles: tuple[int, ...], w: TermWeights, size: float) -> Stiffness:
    """The curvature of the terms near their least: 1.5 cm in the picture, `size` (m) at the soles."""
    return Stiffness(w.reprojection / (len(body.landmark_names) * 0.015**2), w.stance / size**2, soles)


def _floor_terms(
    body: Body, character: Character, found: Candidate, given: Stance, config: ReconstructConfig, size: float
) -> dict[str, tuple[Term, float]]:
    """What the floor asks of a motion; standing points keep their places within `size` (m)."""
    w, fps = config.weights, config.fps
    lowest = found.placed.surface[..., 2].min(1).values.numpy()
    air = torch.tensor(airborne(given, lowest, fps))
    soles = [i for group in sole_groups(body, character).values() for i in group]
    touching = torch.exp(-((found.placed.surface[:, soles, 2].clamp_min(0.0) / 0.01) ** 2))
    return {
        "ground": (terms.ground, w.ground),
        "stance": (partial(terms.stance, given=given, size=size), w.stance),
        "friction": (partial(terms.friction, soles=soles, touching=touching, fps=fps), w.friction),
        "balance": (partial(terms.balance, given=given, share=body.lump_share, fps=fps), w.balance),
        "poise": (partial(terms.poise, given=given, fps=fps), w.poise),
        "flight": (partial(terms.flight, airborne=air, share=body.lump_share, fps=fps), w.flight),
    }


def _floored(body: Body, character: Character, found: Candidate, evidence: Evidence, fps: float) -> Candidate:
    """The same with the floor where the slow feet are."""
    heights, weights = [], []
    for landmark, surface in sole_groups(body, character).items():
        speed = landmark_speed(found, evidence, landmark, fps)
        heights.append(found.placed.surface[:, surface, 2].min(1).values.numpy())
        weights.append(speed < 0.3)
    low = np.min(heights, 0)
    slow = np.any(weights, 0)
    level = float(np.median(low[slow])) if slow.any() else float(np.percentile(low, 10))
    qpos = found.qpos.clone()
    qpos[:, 2] -= level
    view = replace(found.view, height=found.view.height - level)
    return candidate(body, qpos, view, found.proportions)


def stature(body: Body) -> float:
    """Height of the character standing in its zero pose, m."""
    placed = body.place(torch.tensor(body.model.qpos0)[None], body.unscaled())
    top = placed.surface[0, :, 2] + 2.0 * body.surface_radius
    return float(top.max() - placed.surface[0, :, 2].min())


def _to_origin(qpos: np.ndarray, evidence: Evidence) -> tuple[float, np.ndarray]:
    """The turn about Z (rad) and the shift (m) that put the first confident frame at the origin, facing X."""
    sure = np.flatnonzero((evidence.trust > 0.25).double().mean(1).numpy() > 0.5)
    frame = int(evidence.low[sure[0]]) if len(sure) else 0
    w, x, y, z = qpos[frame, 3:7]
    turn = -float(np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)))
    return turn, -_about_z(turn, qpos[frame, :3])[:2]


def _about_z(turn: float, points: np.ndarray) -> np.ndarray:
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def _turned(qpos: np.ndarray, turn: float, shift: np.ndarray) -> np.ndarray:
    out = qpos.copy()
    out[:, :3] = _about_z(turn, qpos[:, :3]) + np.array([*shift, 0.0])
    w, x, y, z = qpos[:, 3:7].T
    c, s = np.cos(turn / 2), np.sin(turn / 2)
    out[:, 3:7] = np.stack((c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w), 1)
    return out

