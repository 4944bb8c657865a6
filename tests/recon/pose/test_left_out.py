from collections.abc import Callable

import numpy as np

from recon.pose.account import left_out_words
from recon.pose.left_out import left_out
from sfv.pose import PoseTrack


def test_every_second_has_a_reason(person: Callable[..., PoseTrack]) -> None:
    """10 s at 10 frames a second: there from 1 s, steady from 1.5 to 4, again from 7 to 8 s; a new scene at 9 s."""
    times = np.arange(100) / 10
    followed = person(1, 4, 200, fps=10), person(7, 8, 200, fps=10)
    track = person(1.5, 4, 200, fps=10)
    scenes = np.repeat([0, 1], [90, 10])
    parts = left_out(track, followed, times, scenes)
    assert [(part.begin, part.end) for part in parts] == [(0, 1), (1, 1.5), (4, 7), (7, 8), (8, 9), (9, 10)]
    assert sum(part.end - part.begin for part in parts) == 10 - 2.5
    assert left_out_words(parts) == (
        "left out: 7.5 s: 0.0 to 1.0 s, 4.0 to 7.0 s, 8.0 to 9.0 s (person 0 is not seen); "
        "1.0 to 1.5 s (person 0 is half in the picture or seen badly); "
        "7.0 to 8.0 s (person 0 is there again, but was away for too long); "
        "9.0 to 10.0 s (another scene, after a hard cut)"
    )


def test_what_is_whole_leaves_nothing_out(person: Callable[..., PoseTrack]) -> None:
    track = person(0, 3, 200)
    assert left_out(track, [track], track.times, np.zeros(90, int)) == ()
    assert left_out_words(()) == ""


def test_pictures_that_repeat_one_that_is_used_are_left_out_and_said(person: Callable[..., PoseTrack]) -> None:
    """The clip's frames are those from 0.2 s on; two pictures repeat the first, one each others within and after."""
    times = np.arange(2, 32) / 10
    track = person(0.2, 3.0, 200, fps=10)
    parts = left_out(track, [track], times, np.zeros(30, int), (0.0, 0.1, 1.45, 3.2))
    assert [(round(p.begin, 6), round(p.end, 6), p.why) for p in parts] == [
        (0.0, 0.2, "the video shows one picture for longer"),
        (3.0, 3.3, "person 0 is not seen"),  # the last one repeats a frame in which nobody is seen
    ]
