"""What tests of priors share: gaits by formula, as takes and as a dataset."""

import pytest

from sfv.character import Character, load_character
from sfv.interfaces import Take
from sfv.priors.dataset import MotionDataset
from sfv.priors.features import Features
from sfv.priors.gaits import takes


@pytest.fixture(scope="session")
def humanoid() -> Character:
    return load_character("humanoid")


@pytest.fixture(scope="session")
def gaits(humanoid: Character) -> list[Take]:
    """Eight gaits of 2 s, one of each style."""
    return takes(humanoid, 8, 2.0)


@pytest.fixture(scope="session")
def dataset(gaits: list[Take], humanoid: Character) -> MotionDataset:
    return MotionDataset(gaits, Features(humanoid))
