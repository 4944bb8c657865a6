"""Pictures that are shown again, in numbers: changes from each picture to the next."""

import numpy as np

from sfv.work.repeats import BLOCK, change, repeated


def times(count: int, fps: float = 30.0) -> np.ndarray:
    return np.arange(count) / fps


def test_a_change_is_that_of_the_block_that_changes_most() -> None:
    before = np.full((3 * BLOCK, 2 * BLOCK), 100, np.uint8)
    after = before.copy()
    after[: BLOCK // 2, :BLOCK] = 80  # half of one block by 20
    assert change(before, after) == 10.0
    assert change(before, before) == 0.0


def test_a_video_that_begins_late_keeps_the_last_of_the_same_pictures_and_ends_with_the_first() -> None:
    # three pictures alike, somebody runs for four more, and three alike end it
    out = repeated(np.array([0.4, 1.2, 160.0, 150.0, 140.0, 150.0, 0.0, 0.5]), times(9))
    np.testing.assert_array_equal(np.flatnonzero(out), [0, 1, 7, 8])


def test_every_second_picture_of_a_doubled_rate() -> None:
    out = repeated(np.tile([0.0, 60.0], 10)[:19], times(20, 60.0))
    np.testing.assert_array_equal(np.flatnonzero(out), np.arange(1, 20, 2))


def test_who_stands_still_and_then_moves_gently_is_not_repeated() -> None:
    changes = np.array([0.8, 0.5, 0.5, 1.3, 1.6, 1.5, 1.3, 2.4, 6.7, 15.9, 27.0, 34.4, 52.2, 77.3])  # a rendered jump
    assert not repeated(changes, times(15)).any()
    assert not repeated(changes[::-1].copy(), times(15)).any()
    assert not repeated(np.zeros(9), times(10)).any()


def test_a_long_hold_within_a_video_stays() -> None:
    # a grey title for 20 frames, between two cuts
    changes = np.concatenate((np.full(9, 50.0), [170.0], np.zeros(20), [178.0], np.full(9, 50.0)))
    assert not repeated(changes, times(len(changes) + 1)).any()
