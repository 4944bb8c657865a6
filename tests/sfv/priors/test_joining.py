"""Motions one after another."""

from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Bool

from sfv.character import Character
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.features import headings
from sfv.priors.gaits import STYLES, gait
from sfv.priors.joining import BETWEEN, joined
from sfv.priors.rows import load_prior


class Leaving:
    """A prior that leaves what it is given."""

    name = "leaving"
    labels: tuple[str, ...] = ()

    def alike(self, text: str) -> list[tuple[str, float]]:
        return []

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        raise AssertionError("nobody asked for a sample")

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        self.asked = int((~keep).sum())
        return motion

    def save(self, path: object) -> None:
        raise AssertionError("nobody asked to save it")


def test_a_walk_that_is_cut_goes_on_where_it_was(humanoid: Character) -> None:
    whole = gait(humanoid, STYLES[2], 6.0).motion  # walks and turns left
    step, prior = round(BETWEEN * 30), Leaving()
    first = replace(whole, qpos=whole.qpos[:61], contacts=None, contact_names=())
    second = replace(whole, qpos=whole.qpos[60 + step :], contacts=None, contact_names=())
    # somewhere else and facing another way, it is put back to where the walk was
    elsewhere = second.qpos.copy()
    elsewhere[:, :2] = np.stack((3.0 - second.qpos[:, 1], 7.0 + second.qpos[:, 0]), 1)
    w, x, y, z = second.qpos[:, 3:7].T
    elsewhere[:, 3:7] = np.sqrt(0.5) * np.stack((w - z, x - y, x + y, w + z), 1)
    both = joined(first, replace(second, qpos=elsewhere), prior)
    assert len(both) == len(whole)
    assert prior.asked == step - 1
    np.testing.assert_array_equal(both.qpos[:61], first.qpos)
    assert np.abs(both.qpos[-1, :2] - whole.qpos[-1, :2]).max() < 0.2  # m, of 3.3
    turned = headings(both.qpos[:, 3:7])[-1] - headings(whole.qpos[:, 3:7])[-1]
    assert (turned + np.pi) % (2 * np.pi) - np.pi == pytest.approx(0.0, abs=0.05)
    np.testing.assert_array_equal(both.qpos[-1, 7:], whole.qpos[-1, 7:])


def test_the_prior_that_comes_with_sfv_takes_a_step_between(humanoid: Character) -> None:
    walk, stand = gait(humanoid, STYLES[0], 2.0).motion, gait(humanoid, STYLES[7], 2.0).motion
    both = joined(walk, stand, load_prior("mdm", humanoid))
    most = max(np.abs(np.diff(one.qpos[:, 7:], axis=0)).max() for one in (walk, stand))
    assert np.abs(np.diff(both.qpos[:, 7:], axis=0)).max() < 2.0 * most
    assert both.source.startswith(walk.source)
    np.testing.assert_allclose(np.linalg.norm(both.qpos[:, 3:7], axis=1), 1.0, atol=1e-6)
