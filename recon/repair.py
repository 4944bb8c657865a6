"""Repair: the motion nearest to a given one that stands on the floor, does not slide, flies freely and does not jitter.

The optimiser and the terms are those of reconstruction, without a picture: what the given motion does is followed, and
contacts are read from heights and speeds. It guesses no frame rate and turns no axes.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool
from scipy.ndimage import gaussian_filter1d

from recon.config import TermWeights
from recon.fit import terms
from recon.fit.contacts import airborne, foot_contacts, kept_places, standing_parts
from recon.fit.fit import Candidate, Stiffness, fit, unseen
from recon.fit.passes import Table
from recon.fit.scaled_body import ScaledBody
from recon.fit.soles import sole_groups
from recon.fit.solids import Solids
from recon.fit.stance import Stance, stance_of
from sfv.character import Character
from sfv.check.cycle import Cycle, find_cycle
from sfv.check.performance import Performance
from sfv.errors import InputError
from sfv.kinematics import motion_state, within_limits
from sfv.motion import Motion
from sfv.work.mask import runs

LOW = 0.04
"""m above the floor within which a slow sole stands: heels of the DeepMimic clips hover by 3 cm."""
SLOW = 0.4
"""m/s: a sole below this stands; heels lift at about 0.5 m/s in a walk."""
BRIEF = 0.1
"""s: a shorter contact is none."""
PLANTED = 0.003
"""m within which a standing point keeps its place."""
DRIFT = 0.3
"""s: the support's own speed is averaged over this before it is taken out, so that steps do not count."""
LAP = 0.5
"""s of the neighbouring cycles that are repaired along with a loop, so that its seam is nothing special."""
STIFF_LIMITS = 10.0
"""A few frames out of a joint's range hardly count in a mean over a clip, and the motion followed is in range."""
APART = 1.0
"""Weight of keeping parts out of each other."""
LIKENESS = 1.0
"""Weight of the given motion: 0.1 rad and 5 cm count as much as 1 cm of a foot in the floor."""


def repair(
    motion: Motion,
    character: Character,
    loop: bool = False,
    iterations: int = 100,
    advance: Callable[[float], None] = lambda steps: None,
) -> Motion:
    """The repaired motion, at the same rate, with contacts of the character's feet.

    Args:
        motion: of the character's skeleton.
        character: its feet have a surface.
        loop: cut the best cycle out and close it; a motion that is a loop stays one.
        iterations: at most so many steps of the optimiser.
        advance: called with the number of steps done.

    Raises:
        InputError: another skeleton, feet without a surface, or no cycle to cut out.
    """
    motion.require(character.skeleton, f"the character {character.name}")
    if loop and not motion.loop:
        motion = looped(motion, character)
    body = ScaledBody(character)
    if not sole_groups(body, character):
        raise InputError(
            f"the feet of {character.name}, {' and '.join(character.feet)}, have no shape that touches anything, so "
            "nobody knows where they stand; give them geoms with a contype or conaffinity other than 0"
        )
    lap = min(len(motion) - 1, round(LAP * motion.fps)) if motion.loop else 0
    played = motion
    if lap:
        times = np.arange(-lap, len(motion) + lap) / motion.fps
        played = replace(motion, qpos=motion.at(times), contacts=None, contact_names=(), loop=False)
    soles = tuple(i for group in sole_groups(body, character).values() for i in group)
    given = unseen(body, within_limits(played.skeleton.model, played.qpos))
    # what jitters has no standing feet to read
    first = fit(body, given, _movement(body, given, motion.fps), motion.fps, max(1, iterations // 3),
                Stiffness(1.0 / 0.05**2, 1.0, soles), advance=advance)  # fmt: skip
    played = replace(played, qpos=first.qpos.numpy().copy())
    start = unseen(body, grounded(held(played, character), character).qpos)
    stance = read_stance(body, character, start, motion.fps)
    table = _movement(body, start, motion.fps) | _floor(body, character, start, stance, soles, motion.fps)
    stiffness = Stiffness(1.0 / 0.05**2, 1.0 / PLANTED**2, soles)
    found = fit(body, start, table, motion.fps, max(1, iterations - iterations // 3), stiffness, advance=advance)

    inside = slice(lap, lap + len(motion))
    contacts = foot_contacts(body, character, stance)[inside]
    qpos = within_limits(
        played.skeleton.model, found.qpos.numpy()[inside]
    )  # a term of many joints' mean lets one be out
    qpos[:, :2] += motion.qpos[0, :2] - qpos[0, :2]  # the lap before may have led elsewhere
    source = f"{motion.source or 'motion'}, repaired"
    fixed = replace(motion, qpos=qpos, contacts=contacts, contact_names=character.feet, source=source)
    return fixed.closed() if motion.loop else fixed


def moved(motion: Motion, repaired: Motion, character: Character) -> float:
    """How far a repair moved the bodies about the root, heights included: mean over bodies and frames, m.

    A way that is longer or shorter because feet no longer slide is not in it.
    """
    places = [motion_state(m, character.model).xpos[:, 1:] for m in (motion, repaired)]
    for place in places:
        place[..., :2] -= place[:, :1, :2].copy()
    return float(np.linalg.norm(places[1] - places[0], axis=-1).mean())


def way(motion: Motion) -> float:
    """Length of the root's path over the ground, m."""
    return float(np.linalg.norm(np.diff(motion.qpos[:, :2], axis=0), axis=1).sum())


def looped(motion: Motion, character: Character) -> Motion:
    """The best cycle of a motion as a loop.

    Raises:
        InputError: it has none.
    """
    cycle = find_cycle(motion, character)
    if cycle is None:
        raise InputError(
            f"no two moments of {motion.source or 'the motion'} are alike enough to make a loop of what is between; "
            "leave out --loop, or give a clip that repeats itself"
        )
    return _cut(motion, cycle).closed()


def held(motion: Motion, character: Character) -> Motion:
    """The same motion without the slow drift of what it stands on."""
    performance = Performance(motion, character)
    velocity = performance.support_velocity()
    known = np.isfinite(velocity).all(1) & performance.carried[1:] & performance.carried[:-1]
    width = DRIFT * motion.fps
    sure = gaussian_filter1d(known.astype(np.float64), width, mode="nearest")
    drift = gaussian_filter1d(np.where(known[:, None], velocity, 0.0), width, axis=0, mode="nearest")
    drift /= np.maximum(sure, 0.1)[:, None]
    qpos = motion.qpos.copy()
    qpos[1:, :2] -= np.cumsum(drift, 0) / motion.fps
    return replace(motion, qpos=qpos)


def grounded(motion: Motion, character: Character) -> Motion:
    """The same motion with its floor at z = 0."""
    qpos = motion.qpos.copy()
    qpos[:, 2] -= Performance(motion, character).floor
    return replace(motion, qpos=qpos)


def read_stance(body: ScaledBody, character: Character, found: Candidate, fps: float) -> Stance:
    """Contacts of heels and toes with the floor, from how high and how fast they are."""
    groups, stands = sole_groups(body, character), {}
    for name, surface in groups.items():
        places = found.placed.surface[:, surface].numpy()
        path = places[..., :2].mean(1)
        speed = np.linalg.norm(np.gradient(path, axis=0), axis=1) * fps
        stands[name] = kept_places(_lasting((places[..., 2].min(1) < LOW) & (speed < SLOW), fps), path, speed, fps)
    return stance_of(groups, stands)


def _lasting(on: Bool[np.ndarray, " T"], fps: float) -> Bool[np.ndarray, " T"]:
    out = on.copy()
    for start, stop in runs(on):
        out[start:stop] = (stop - start) / fps >= BRIEF
    return out


def _cut(motion: Motion, cycle: Cycle) -> Motion:
    span = slice(cycle.start, cycle.stop + 1)
    contacts = None if motion.contacts is None else motion.contacts[span]
    return replace(motion, qpos=motion.qpos[span], contacts=contacts, loop=True)


def _movement(body: ScaledBody, start: Candidate, fps: float) -> Table:
    """What a motion keeps to anywhere."""
    w = TermWeights()
    return {
        "likeness": (partial(terms.likeness, target=start), LIKENESS),
        "smooth": (partial(terms.smooth, fps=fps, ease=terms.ease_of(start, fps)), w.smooth),
        "limits": (partial(terms.limits, body=body), STIFF_LIMITS * w.limits),
        "solid": (partial(terms.solid, solids=Solids(body.model)), APART),
    }


def _floor(
    body: ScaledBody, character: Character, start: Candidate, stance: Stance, soles: tuple[int, ...], fps: float
) -> Table:
    """What the floor and gravity ask of it."""
    w, surface = TermWeights(), start.placed.surface
    lowest, height = surface[..., 2].min(1).values.numpy(), start.placed.com[:, 2].numpy()
    air = torch.tensor(airborne(stance, lowest, height, fps))
    touching = torch.exp(-((surface[:, list(soles), 2].clamp_min(0.0) / 0.01) ** 2))
    touching = touching * standing_parts(body, stance, soles)
    feet = torch.tensor([body.names[b] in character.feet for b in body.surface_body])
    # where a hand or the back bears weight too, the feet alone say nothing of balance
    alone = surface[:, ~feet, 2].min(1).values > LOW
    weighed = replace(stance, weight=stance.weight * alone[:, None])
    return {
        "ground": (terms.ground, w.ground),
        "stance": (partial(terms.stance, given=stance, size=PLANTED), w.stance),
        "friction": (partial(terms.friction, points=list(soles), touching=touching, fps=fps), w.friction),
        "balance": (partial(terms.balance, given=weighed, share=body.lump_share, fps=fps), w.balance),
        "flight": (partial(terms.flight, airborne=air, share=body.lump_share, fps=fps), w.flight * float(air.any())),
    }
