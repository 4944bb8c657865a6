"""The root goes where standing feet leave it."""

import numpy as np
import torch

from sfv.character import Character
from sfv.interfaces import Take
from sfv.priors.features import Features
from sfv.priors.standing import stood


def slides(rows: torch.Tensor, features: Features) -> float:
    """Mean speed of soles in contact, m/s."""
    _, soles = features.places(rows)
    on = rows[:-1, features.groups["contacts"]] * rows[1:, features.groups["contacts"]]
    speed = features.velocities(soles, rows)[..., :2].norm(dim=-1)
    return float((on * speed).sum() / on.sum())


def test_a_walk_that_is_too_fast_for_its_legs_is_as_fast_as_they_are(gaits: list[Take], humanoid: Character) -> None:
    features = Features(humanoid)
    true = torch.tensor(features.encode(gaits[0].motion))
    fast = true.clone()
    fast[:, features.groups["velocity"]] *= 1.5
    mended = stood(fast, features)
    assert slides(fast, features) > 0.4  # half of 1.1 m/s
    assert slides(mended, features) < 0.1
    # and it gets where the gait gets: 2 s of 1.1 m/s, to a tenth
    ends = [features.decode(rows.numpy()).qpos[-1, 0] for rows in (true, fast, mended)]
    assert abs(ends[2] - ends[0]) < 0.1 * ends[0] < abs(ends[1] - ends[0])


def test_what_is_known_stays_and_nothing_else_than_velocity_changes(gaits: list[Take], humanoid: Character) -> None:
    features = Features(humanoid)
    rows = torch.tensor(features.encode(gaits[0].motion))
    rows[:, features.groups["velocity"]] += 0.3
    mended = stood(rows, features, 20)
    np.testing.assert_array_equal(mended[:19], rows[:19])
    moved = (mended != rows).any(0).nonzero().flatten().tolist()
    assert moved == [1, 2]
    rows[:, features.groups["contacts"]] = 0.0
    assert torch.equal(stood(rows, features), rows)  # who flies is not held back
