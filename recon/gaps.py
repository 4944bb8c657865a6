"""Gaps of a video, in which nobody saw the person, made anew by a prior: the fit has nothing to go by there.

The fit is smooth through a gap, whatever people do between two such poses; a prior has seen what they do.
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from recon.shipped import AUTO, FILLER, weights_file
from sfv.character import Character, load_character
from sfv.interfaces import Condition, MotionPrior
from sfv.motion import Motion
from sfv.pose import PoseTrack
from sfv.priors.features import Features
from sfv.priors.rows import load_prior

KNOWN = "humanoid"
"""Whose motions the prior that comes with sfv makes."""
SURE = 0.5
"""Confidence from which a landmark is seen, and share of the landmarks that are in a frame in which a person is."""
SHORTEST, LONGEST = 0.25, 2.0
"""s of a gap that is made anew: a shorter one leaves no choice, and of a longer one nobody can tell."""
RATE = 30.0
"""Frames a second of what priors fill."""


def filler(choice: Path | None, character: Character) -> MotionPrior | None:
    """The prior that is chosen to fill gaps; by itself one is chosen only for the character whose motions it knows.

    Raises:
        InputError: there is no such file, it is no prior, one of another character, or one that cannot fill.
    """
    file = weights_file(choice, FILLER)
    if file is None or (choice == AUTO and load_character(KNOWN).skeleton.difference_to(character.skeleton)):
        return None
    return load_prior(file, character)


def unseen(track: PoseTrack, motion: Motion) -> Bool[np.ndarray, " T"]:
    """Frames of a motion that begins with the track, in gaps of SHORTEST to LONGEST s; those at either end are none."""
    with np.errstate(invalid="ignore"):
        seen = track.found & ((track.confidence > SURE).mean(1) > SURE)
    out = np.zeros(len(motion), bool)
    for before, after in pairwise(track.times[seen] - track.times[0]):
        if SHORTEST <= after - before <= LONGEST:
            out |= (motion.times > before + 1e-6) & (motion.times < after - 1e-6)
    return out


def made_anew(
    motion: Motion, gaps: Bool[np.ndarray, " T"], prior: MotionPrior, character: Character, seed: int = 0
) -> Motion:
    """A motion whose gaps a prior has filled, contacts too; all other frames are as they were.

    Raises:
        InputError: the prior cannot fill.
    """
    if not gaps.any():
        return motion
    even = motion if abs(motion.fps - RATE) < 1e-9 else motion.resampled(RATE)
    # a frame at the prior's rate goes where either of the motion's frames beside it does
    keep = np.interp(even.times, motion.times, gaps) == 0.0
    made = prior.fill(even, keep, Condition(), seed)
    features = Features(character, RATE)
    told = features.decode(features.encode(made))
    assert told.contacts is not None, "rows tell what touches the ground"
    contacts = motion.contacts
    if contacts is not None:
        columns = [told.contact_names.index(name) for name in motion.contact_names]
        touching = np.stack([np.interp(motion.times, told.times, told.contacts[:, k]) for k in columns], 1)
        contacts = np.where(gaps[:, None], touching, contacts)
    return replace(motion, qpos=np.where(gaps[:, None], made.at(motion.times), motion.qpos), contacts=contacts)
