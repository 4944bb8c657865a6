"""Things that happen one after another."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Bool

from envs.judge.following import Following
from sfv.character import Character, load_character
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.pipeline.choosing import Chosen
from sfv.pipeline.sequences import WAYS, in_turn
from sfv.priors.gaits import STYLES, gait


@pytest.fixture(scope="module")
def humanoid() -> Character:
    return load_character("humanoid")


class Formula:
    """A prior that knows two sentences by formula, another phase with each seed, and fills with what it is given."""

    name = "formula"
    labels: tuple[str, ...] = ()

    def __init__(self, character: Character) -> None:
        self.character = character
        self.filled: list[int] = []

    def alike(self, text: str) -> list[tuple[str, float]]:
        return []

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        style = STYLES[0] if condition.text == "a person walks forward" else STYLES[7]
        phases = np.random.default_rng(seed).uniform(size=n)
        return [gait(self.character, style, condition.seconds or 2.0, float(phase)).motion for phase in phases]

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        self.filled.append(seed)
        qpos = motion.qpos.copy()
        qpos[~keep, 2] = 1.0 + 1e-6 * seed
        return replace(motion, qpos=qpos)

    def save(self, path: object) -> None:
        raise AssertionError("nobody asked to save it")


def judge(motions: Sequence[Motion], tries: int) -> list[Following]:
    """It follows everything but joined motions, of which it follows the third way of the first."""
    good = [
        len(motion) < 100 or bool(np.isclose(motion.qpos[:, 2].max(), 1.015838, rtol=0.0, atol=1e-7))
        for motion in motions
    ]
    return [Following(1.0 if one else 0.5, 1.0, 1.0, 0.0, 0.0, False) for one in good]


def test_each_is_chosen_and_the_way_between_too(humanoid: Character) -> None:
    prior, told = Formula(humanoid), []

    def tell(sentence: str, chosen: Chosen) -> None:
        told.append((sentence, chosen.agrees))

    sentences = ["a person walks forward", "a person stands still"]
    asked = Condition(text=", then ".join(sentences), seconds=2.0)
    (whole, other) = in_turn(sentences, asked, [prior], prior, humanoid, judge, 0, 2, 2, False, tell)
    assert told == [(sentence, 2) for sentence in sentences for _ in range(2)]
    assert len(prior.filled) == 2 * WAYS
    assert whole.followed.success == 1.0
    assert other.followed.success == 0.5
    assert whole.motion.duration == pytest.approx(2.0 + 0.7 + 2.0)
    assert not np.array_equal(whole.motion.qpos, other.motion.qpos)
    # it walks first, and stands then
    way = np.linalg.norm(np.diff(whole.motion.qpos[:, :2], axis=0), axis=1) * 30
    assert way[:60].mean() > 0.5
    assert way[-60:].mean() < 0.1
