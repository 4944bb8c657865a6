"""Of several samples the one that shows what was asked, and is followed; and frames made anew where one is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from jaxtyping import Bool

from envs.judge.following import Following
from sfv.character import Character, load_character
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.pipeline.choosing import best_of, sampled
from sfv.pipeline.remasking import Tried, anywhere, remasked, where_lost
from sfv.priors.gaits import STYLES, gait

BAD = 9.0
"""A height (m) at which nobody is: what the judge of these tests does not follow."""


@pytest.fixture(scope="module")
def humanoid() -> Character:
    return load_character("humanoid")


def judge(motions: Sequence[Motion], tries: int) -> list[Following]:
    """It follows a motion up to the first frame that is at BAD."""
    out = []
    for motion in motions:
        wrong = np.flatnonzero(motion.qpos[:, 2] == BAD)
        seconds = motion.duration if not len(wrong) else wrong[0] / motion.fps
        out.append(Following(float(not len(wrong)), seconds, motion.duration, 0.0, 0.0, False))
    return out


def spoilt(motion: Motion, *frames: int) -> Motion:
    qpos = motion.qpos.copy()
    qpos[list(frames), 2] = BAD
    return replace(motion, qpos=qpos)


def test_of_those_that_are_followed_alike_the_one_that_shows_most_is_kept(humanoid: Character) -> None:
    some, all_of_it = (gait(humanoid, replace(STYLES[2], turn=turn), 3.0).motion for turn in (0.6, 1.0))
    sentence = "a person walks forward and turns around to the left"  # some turns by 103 degrees, which is not around
    kept = best_of([some, all_of_it], sentence, humanoid, judge, mend=False)
    np.testing.assert_array_equal(kept.motion.qpos, all_of_it.qpos)
    assert kept.agrees == 2


@dataclass
class Mender:
    """A prior that fills with what it knows; it counts how often, and samples nothing."""

    known: Motion
    name: str = "mender"
    labels: tuple[str, ...] = ()
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def alike(self, text: str) -> list[tuple[str, float]]:
        return []

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        raise AssertionError("nobody asked for a sample")

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        gone = np.flatnonzero(~keep)
        self.gaps.append((int(gone[0]), int(gone[-1])))
        return replace(motion, qpos=np.where(keep[:, None], motion.qpos, self.known.qpos))

    def save(self, path: object) -> None:
        raise AssertionError("nobody asked to save it")


def test_the_sentence_comes_before_the_judge(humanoid: Character) -> None:
    walk, stand = (gait(humanoid, STYLES[k], 3.0).motion for k in (0, 7))
    lost = spoilt(walk, 60)
    # all of who stands is followed, but it walks nowhere; of the two walks one is lost after 2 s
    kept = best_of([stand, lost, walk], "a person walks forward", humanoid, judge, mend=False)
    np.testing.assert_array_equal(kept.motion.qpos, walk.qpos)
    assert (kept.agrees, kept.shown, kept.followed.success) == (2, 1.0, 1.0)
    # who stands does not jump either
    assert best_of([stand], "a person jumps", humanoid, judge, mend=False).shown == 0.0
    # who asks for nothing gets the first that is followed
    anything = best_of([lost, stand, walk], "", humanoid, judge, mend=False)
    assert anything.agrees == 3
    assert anything.followed.success == 1.0


@dataclass
class Numbered(Mender):
    """A prior whose samples are called by their number."""

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        return [replace(self.known, source=f"{self.name} {seed + number}") for number in range(n)]


def test_several_priors_share_the_samples(humanoid: Character) -> None:
    walk = gait(humanoid, STYLES[0], 1.0).motion
    priors = [Numbered(walk, name) for name in "abc"]
    groups = sampled(priors, Condition(), 5, 2, 8)
    names = [[motion.source for motion in group] for group in groups]
    assert names[0] == ["a 5", "a 6", "a 7", "b 5", "b 6", "b 7", "c 5", "c 6"]
    assert names[1] == ["a 8", "a 9", "a 10", "b 8", "b 9", "b 10", "c 7", "c 8"]
    assert [motion.source for (motion,) in sampled(priors[:1], Condition(), 5, 2, 1)] == ["a 5", "a 6"]


def test_frames_are_made_anew_where_a_motion_is_lost(humanoid: Character) -> None:
    walk = gait(humanoid, STYLES[0], 4.0).motion
    prior, begun = Mender(walk), spoilt(walk, 60, 100)
    (followed,) = judge([begun], 1)
    (made,) = remasked([Tried(begun, followed)], [Condition()], prior, judge, where_lost, 4, 0)
    # lost at frame 60, 2 s: 1.3 to 2.3 s; then at 100, 3.33 s: 2.63 to 3.63 s; then it is followed and left alone
    assert prior.gaps == [(39, 68), (79, 108)]
    assert made.followed.success == 1.0
    np.testing.assert_array_equal(made.motion.qpos, walk.qpos)


def test_what_is_followed_worse_is_not_kept(humanoid: Character) -> None:
    walk = gait(humanoid, STYLES[0], 4.0).motion
    begun = spoilt(walk, 100)
    (followed,) = judge([begun], 1)
    prior = Mender(spoilt(walk, *range(30, 121)))
    (made,) = remasked([Tried(begun, followed)], [Condition()], prior, judge, where_lost, 3, 0)
    assert len(prior.gaps) == 3
    assert made.motion is begun


def test_the_control_fills_as_many_frames_elsewhere(humanoid: Character) -> None:
    walk = gait(humanoid, STYLES[0], 4.0).motion
    chance, (followed,) = np.random.default_rng(0), judge([walk], 1)
    gaps = [np.flatnonzero(~anywhere(walk, followed, chance)) for _ in range(20)]
    assert {len(gap) for gap in gaps} == {30}
    assert len({int(gap[0]) for gap in gaps}) > 5
