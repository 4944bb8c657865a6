"""The passes of a reconstruction: which terms are in the objective when, and from where each pass starts.

The person is posed by the metric points, then fitted to the picture, then to the floor, twice, since contacts are read
from the result; at last the motion goes over to the character. Each pass is one table of terms for the one optimiser.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from recon.camera import focal_of
from recon.config import ReconstructConfig
from recon.fit import terms
from recon.fit.contacts import (
    STEP,
    airborne,
    estimate_stance,
    floor_level,
    floor_slopes,
    ground_speed,
    lasting,
    leaning,
    seated,
    sideways,
    standing_parts,
)
from recon.fit.evidence import Evidence, gather
from recon.fit.fit import Candidate, Pinhole, Stiffness, Term, candidate, fit
from recon.fit.lifting import LEAN, lift
from recon.fit.scaled_body import ScaledBody
from recon.fit.soles import contact_groups
from recon.fit.solids import Solids
from recon.fit.stance import Stance
from sfv.character import Character
from sfv.pose import PoseTrack
from sfv.progress import Advance

SHARES = {"pose": 0.25, "picture": 0.5, "floor": 1.0, "contacts": 1.0, "character": 0.75}
"""Passes, and what share of the configured steps each may take."""
BRISK = 0.7
"""m/s: who walks faster is about to fall at every step, and is asked neither for balance nor to be about to stay."""

Table = dict[str, tuple[Term, float]]


@dataclass(frozen=True)
class Problem:
    """What stays the same over the passes."""

    body: ScaledBody
    character: Character
    evidence: Evidence
    config: ReconstructConfig
    first: Candidate
    """The first guess, which the camera and the proportions stay near."""
    advance: Advance
    prior: Term | None = None
    """What motions are likely, by somebody who knows."""

    @cached_property
    def solids(self) -> Solids:
        """The parts that must stay out of each other."""
        return Solids(self.character.model)

    @property
    def columns(self) -> list[int]:
        """Where the evidence's landmarks are among the body's."""
        return [self.body.landmark_names.index(name) for name in self.evidence.names]

    @property
    def contact_points(self) -> tuple[int, ...]:
        """Surface points of feet and hands that may touch the floor."""
        return tuple(i for group in contact_groups(self.body, self.character).values() for i in group)

    def run(self, start: Candidate, table: Mapping[str, tuple[Term, float]], stage: str, firm: float,
            free: tuple[str, ...] = ()) -> Candidate:  # fmt: skip
        """One pass of the optimiser; standing points are held within `firm` (m)."""
        w, count = self.config.weights, len(self.body.landmark_names)
        # 1.5 cm in the picture
        stiffness = Stiffness(w.reprojection / (count * 0.015**2), w.stance / firm**2, self.contact_points)
        steps = max(1, round(self.config.iterations * SHARES[stage]))
        return fit(self.body, start, table, self.config.fps, steps, stiffness, free, self.advance)


def pose_problem(
    track: PoseTrack, character: Character, config: ReconstructConfig, advance: Advance, prior: Term | None = None,
    lean: float = LEAN,
) -> Problem:  # fmt: skip
    """The problem that a track poses, with its first guess; `lean` (rad) is what its points usually lean by."""
    body = ScaledBody(character)
    frames = int(np.floor((track.times[-1] - track.times[0]) * config.fps + 1e-6)) + 1
    focal = config.focal or focal_of(track.image_size)
    size = 1.0 if config.height is None else config.height / stature(body)
    pitch = None if config.pitch is None else float(np.radians(config.pitch))
    guess = lift(track, character, size, focal, frames, config.fps, pitch, lean)
    looks = (focal, guess.pitch, guess.roll, guess.height, lean)
    pinhole = Pinhole(*(torch.tensor(v, dtype=torch.float64) for v in looks))
    first = candidate(body, torch.tensor(guess.qpos), pinhole, body.unscaled() + float(np.log(size)))
    evidence = gather(track, body.landmark_names, frames, config.fps, focal)
    return Problem(body, character, evidence, config, first, advance, prior)


def in_picture(problem: Problem) -> Candidate:
    """The person posed by the metric points, then fitted to the pixels; there is no floor yet."""
    found = problem.run(problem.first, _pose_terms(problem, problem.first), "pose", 0.05)
    return problem.run(found, _picture_terms(problem, found), "picture", 0.05, ("proportions",))


def on_floor(problem: Problem, found: Candidate) -> tuple[Candidate, Stance]:
    """The person with contacts, and the camera's height and tilt, from a fit to the picture."""
    config = problem.config
    free = ["proportions", "height", "lean"] + ["tilt"] * (config.pitch is None)
    for stage, tolerance, firm in (("floor", 0.15, 0.02), ("contacts", 0.07, 0.005)):
        if config.pitch is None:
            found = _levelled(problem, found)
        found = _lowered(problem, found)
        stance = estimate_stance(problem.body, problem.character, found, problem.evidence, config.fps, tolerance)
        table = _picture_terms(problem, found) | _floor_terms(problem, found, stance, firm)
        found = problem.run(found, table, stage, firm, tuple(free))
    return found, stance


def carried_over(problem: Problem, person: Candidate, stance: Stance) -> tuple[Candidate, float]:
    """The person's motion on the character's own tree, and the scale of the world that fits its legs."""
    body, plain = problem.body, problem.body.unscaled()
    scale = _leg(body, plain) / _leg(body, person.proportions)
    qpos = person.qpos.clone()
    qpos[:, :3] *= scale
    start = candidate(body, qpos, person.pinhole, plain)
    table = _motion_terms(problem, start) | _floor_terms(problem, start, stance, 0.001)
    table["likeness"] = (partial(terms.likeness, target=start), 1.0)
    return problem.run(start, table, "character", 0.001), scale


def _motion_terms(problem: Problem, found: Candidate) -> Table:
    w, fps = problem.config.weights, problem.config.fps
    own = {} if problem.prior is None else {"prior": (problem.prior, 1.0)}
    limbs, feet = problem.body.limbs, problem.body.borne(problem.character.feet)
    return own | {
        "smooth": (partial(terms.smooth, fps=fps, ease=terms.ease_of(found, fps)), w.smooth),
        "twist": (partial(terms.twist, limbs=limbs, fps=fps), w.twist * bool(limbs.numel())),
        "ankles": (partial(terms.ankles, feet=feet, fps=fps), w.twist * bool(feet.numel())),
        "limits": (partial(terms.limits, body=problem.body), w.limits),
        "solid": (partial(terms.solid, solids=problem.solids), w.solid),
    }


def _pose_terms(problem: Problem, found: Candidate) -> Table:
    w = problem.config.weights
    return _motion_terms(problem, found) | {
        "bones": (partial(terms.bones, evidence=problem.evidence, columns=problem.columns), w.bones),
        "rest": (partial(terms.rest, body=problem.body), w.rest),
    }


def _picture_terms(problem: Problem, found: Candidate) -> Table:
    w, first = problem.config.weights, problem.first
    pixels = partial(terms.reprojection, evidence=problem.evidence, columns=problem.columns)
    shape = partial(terms.proportions, prior=first.proportions, used=problem.body.scaled_by())
    return _pose_terms(problem, found) | {
        "reprojection": (pixels, w.reprojection),
        "camera": (partial(terms.camera, prior=first), w.camera),
        "proportions": (shape, w.proportions),
    }


def _floor_terms(problem: Problem, found: Candidate, stance: Stance, firm: float) -> Table:
    """What the floor asks of a motion; standing points keep their places within `firm` (m)."""
    w, fps, body, points = problem.config.weights, problem.config.fps, problem.body, list(problem.contact_points)
    lowest = found.placed.surface[..., 2].min(1).values.numpy()
    air = torch.tensor(airborne(stance, lowest, found.placed.com[:, 2].numpy(), fps))
    touching = torch.exp(-((found.placed.surface[:, points, 2].clamp_min(0.0) / 0.01) ** 2))
    touching = touching * standing_parts(body, stance, problem.contact_points)
    # a seat bears weight where the feet do not
    sits = seated(found.qpos[:, 2].numpy() / _leg(body, found.proportions), leaning(body, found), fps)
    com = found.placed.com.numpy()
    brisk = ground_speed(com, 0.15, fps) >= BRISK
    across = torch.tensor((~sits & lasting(brisk, STEP, fps))[:, None] * sideways(com, fps))
    aside = partial(terms.sway, given=stance, share=body.lump_share, across=across, fps=fps)
    alone = replace(stance, weight=stance.weight * torch.tensor(~sits & ~brisk)[:, None])
    return {
        "ground": (terms.ground, w.ground),
        "stance": (partial(terms.stance, given=stance, size=firm), w.stance),
        # before a first fit to the floor, swinging feet may be under it
        "friction": (partial(terms.friction, points=points, touching=touching, fps=fps), w.friction * (firm < 0.01)),
        "balance": (partial(terms.balance, given=alone, share=body.lump_share, fps=fps), w.balance),
        "sway": (aside, w.sway * bool(across.any())),
        "poise": (partial(terms.poise, given=alone, fps=fps), w.poise),
        "flight": (partial(terms.flight, airborne=air, share=body.lump_share, fps=fps), w.flight * float(air.any())),
    }


def _levelled(problem: Problem, found: Candidate) -> Candidate:
    """The same in the picture, with the camera tilted so that the slow feet are on a level floor."""
    config, pinhole = problem.config, found.pinhole
    b, c = floor_slopes(problem.body, problem.character, found, problem.evidence, config.fps)
    if b == c == 0.0:
        return found
    normal = np.array([-b, -c, 1.0]) / np.sqrt(1.0 + b * b + c * c)
    upright, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [normal])
    right, _, away = pinhole.rotation.numpy() @ upright.as_matrix().T
    pitch, heading = -np.arcsin(away[2]), np.arctan2(away[1], away[0])
    roll = -np.arcsin(right[2] / np.cos(pitch))
    turn = Rotation.from_euler("z", -heading) * upright
    qpos, eye = found.qpos.numpy().copy(), np.array([0.0, 0.0, float(pinhole.height)])
    qpos[:, :3] = turn.apply(qpos[:, :3] - eye) + eye
    qpos[:, 3:7] = (turn * Rotation.from_quat(qpos[:, 3:7], scalar_first=True)).as_quat(scalar_first=True)
    tilted = replace(pinhole, pitch=torch.tensor(pitch).double(), roll=torch.tensor(roll).double())
    return candidate(problem.body, torch.tensor(qpos), tilted, found.proportions)


def _lowered(problem: Problem, found: Candidate) -> Candidate:
    """The same with the floor where the slow feet are."""
    level = floor_level(problem.body, problem.character, found, problem.evidence, problem.config.fps)
    qpos = found.qpos.clone()
    qpos[:, 2] -= level
    pinhole = replace(found.pinhole, height=found.pinhole.height - level)
    return candidate(problem.body, qpos, pinhole, found.proportions)


def _leg(body: ScaledBody, proportions: Tensor) -> float:
    """Height of the root above the soles in the zero pose, m."""
    placed = body.place(torch.tensor(body.model.qpos0)[None], proportions)
    return float(placed.xpos[0, 0, 2] - placed.surface[0, :, 2].min())


def stature(body: ScaledBody) -> float:
    """Height of the character standing in its zero pose, m."""
    placed = body.place(torch.tensor(body.model.qpos0)[None], body.unscaled())
    top = placed.surface[0, :, 2] + 2.0 * body.surface_radius
    return float(top.max() - placed.surface[0, :, 2].min())
