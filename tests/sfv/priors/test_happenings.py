"""What happens in motions that are made by formula, where it is known when."""

from dataclasses import replace

import numpy as np
import torch

from sfv import rotation
from sfv.character import Character
from sfv.motion import Motion
from sfv.priors.dataset import AROUND, SAID, MotionDataset
from sfv.priors.features import Features, mirrored
from sfv.priors.gaits import STYLES, gait, takes
from sfv.priors.happenings import Happening, happenings, said_of


def rows_of(motion: Motion, features: Features) -> torch.Tensor:
    return torch.tensor(features.encode(motion), dtype=torch.float32)


def turned(motion: Motion, joint: str, angle: np.ndarray) -> Motion:
    """The motion with a ball joint turned about its y by an angle in each frame."""
    at, qpos = int(motion.skeleton.model.joint(joint).qposadr[0]), motion.qpos.copy()
    vector = torch.tensor(angle[:, None] * np.array((0.0, 1.0, 0.0)))
    qpos[:, at : at + 4] = rotation.quat_mul(rotation.exp(vector), torch.tensor(qpos[:, at : at + 4])).numpy()
    return replace(motion, qpos=qpos)


def standing(character: Character, seconds: float = 3.0) -> Motion:
    return gait(character, STYLES[-1], seconds).motion


def test_a_jump_is_where_both_soles_are_clear(humanoid: Character) -> None:
    features, still = Features(humanoid), standing(humanoid)
    qpos = still.qpos.copy()
    # 2 m/s upward at frame 30: z = 2 t - 4.9 t^2 is over .12 m from .073 to .335 s, frames 33 to 40 (of .1 to .333 s)
    time = np.clip((np.arange(len(qpos)) - 30) / 30.0, 0.0, 2.0 / 4.9)
    qpos[:, 2] += 2.0 * time - 4.9 * time**2
    found = happenings(rows_of(replace(still, qpos=qpos), features), features, gait=False)
    assert [(one.kind, one.first, one.last) for one in found] == [("jump", 33, 40)]
    assert said_of(found) == "jumps"
    assert happenings(rows_of(still, features), features, gait=False) == []


def test_a_leg_that_comes_up_fast_kicks_and_one_that_comes_up_slowly_is_lifted(humanoid: Character) -> None:
    features, still = Features(humanoid), standing(humanoid, 5.0)
    up = np.interp(np.arange(len(still)), (60, 66, 72, 78), (0.0, -1.5, -1.5, 0.0))
    slow = np.interp(np.arange(len(still)), (10, 65, 85, 140), (0.0, -1.5, -1.5, 0.0))
    for angle, words in ((up, "kicks with the right leg"), (slow, "lifts the right leg high")):
        motion = turned(still, "right_hip", angle)
        found = happenings(rows_of(motion, features), features, gait=False)
        assert said_of(found) == words
        image = happenings(rows_of(mirrored(motion), features), features, gait=False)
        assert said_of(image) == words.replace("right", "left")
        assert [(a.first, a.last) for a in found] == [(a.first, a.last) for a in image]


def test_nothing_happens_in_a_gait(humanoid: Character) -> None:
    features = Features(humanoid)
    for style in (STYLES[0], replace(STYLES[2], turn=1.2)):
        assert happenings(rows_of(gait(humanoid, style, 4.0).motion, features), features, gait=True) == []


def test_things_are_said_once_and_in_order() -> None:
    found = [Happening("kick", "left", 3, 5), Happening("jump", "", 7, 9)]
    assert said_of([*found, Happening("kick", "left", 20, 22)]) == "kicks with the left leg and jumps"


def test_windows_are_drawn_around_what_is_rare_and_say_it(humanoid: Character) -> None:
    (take,) = takes(humanoid, 1, 1.0)
    motion = turned(standing(humanoid, 20.0), "right_hip", np.interp(np.arange(601), (300, 306, 312), (0.0, -1.6, 0.0)))
    long = replace(take, motion=motion, captions=("a take", "a long take"), label="kick")
    data = MotionDataset([long], Features(humanoid))
    batch = data.described(torch.Generator().manual_seed(0), 600, 28, 32)
    kicks = [caption for caption in batch.captions if "kicks" in caption]
    # of those around a kick .8 say it, and of the others' sentences half would do; chance has a window of 1 s on it in
    # 20 of 600 starts, of which a half says it
    share = AROUND * (SAID + (1 - SAID) * 0.65)
    assert abs(len(kicks) / 600 - share) < 0.06
    assert set(kicks) == {f"a person kicks with the {side} leg on the spot" for side in ("left", "right")}
    rows = data.normaliser.back(batch.z)
    for caption, row in zip(batch.captions, rows, strict=True):
        if caption in kicks:
            assert said_of(happenings(row[:28], data.features, False)) in caption
