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


def shown(each: list[float], count: int) -> np.ndarray:
    """Changes of a video that shows each picture `count` times, and how much each then changes."""
    return np.concatenate([[*[0.3] * (count - 1), change] for change in each])[:-1]


def test_pictures_shown_eight_times_each_are_seen_once_however_they_go_on() -> None:
    # a rendered jump, 30 pictures a second at 240: slow at its top, and still for three pictures at its end
    each = [95.2, 117.9, 81.3, 70.0, 84.5, 66.7, 31.3, 19.6, 18.1, 18.6, 24.8, 9.0, 1.1, 0.9, 8.0, 50.0]
    out = repeated(shown(each, 8), times(8 * len(each), 240.0))
    np.testing.assert_array_equal(np.flatnonzero(~out), 8 * np.arange(len(each)))
    # who moves slowly changes some pictures by less than compression does
    begins = repeated(shown([1.0, *each], 8), times(8 * (len(each) + 1), 240.0))
    np.testing.assert_array_equal(np.flatnonzero(~begins), 8 * np.arange(len(each) + 1)[1:])


def test_film_at_sixty_pictures_a_second_is_seen_once_too() -> None:
    # 24 pictures a second are shown two and three times in turn
    each = np.array([60.0, 30.0, 12.0, 9.0, 12.0, 30.0, 60.0, 90.0, 60.0, 30.0, 12.0, 9.0])
    changes = np.concatenate([[*shown([change], 2 + i % 2).tolist(), change] for i, change in enumerate(each)])
    firsts = np.concatenate(([0], np.cumsum(2 + np.arange(len(each)) % 2)))
    out = repeated(changes, times(len(changes) + 1, 60.0))
    np.testing.assert_array_equal(np.flatnonzero(~out), firsts)


def test_runs_of_all_lengths_are_somebody_who_moves_slowly() -> None:
    rng = np.random.default_rng(0)
    changes = np.concatenate([[*shown([float(change)], int(count)).tolist(), change] for change, count in
                              zip(rng.uniform(2.5, 9.0, 30), rng.integers(1, 9, 30), strict=True)])  # fmt: skip
    assert not repeated(changes, times(len(changes) + 1)).any()
