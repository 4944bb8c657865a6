from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from recon.pose.people import Look, Sighting, Window, around, follow_people, scan_windows

FPS = 30.0
BODY = np.array([[0, -1], [-0.2, -0.7], [0.2, -0.7], [-0.15, 0.1], [0.15, 0.1], [-0.2, 1], [0.2, 1]]) / 2  # (7, 2)
IMAGE = np.zeros((400, 700, 3), np.uint8)

Path = Callable[[float], tuple[float, float] | None]


def person_at(x: float, y: float, height: float = 150.0, belief: float = 0.9, angle: float = 0.0) -> Sighting:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = BODY @ turn.T * height + (x, y)
    return Sighting(points, np.zeros((7, 3)), np.full(7, belief))


def watch(
    *paths: Path, seconds: float = 3.0, hidden: tuple[int, ...] = (), noise: float = 1.0
) -> list[dict[int, Sighting]]:
    """Follow people who walk along `paths` (s -> px). As in reality, who is small in a window is not seen in it."""
    times = np.arange(round(seconds * FPS)) / FPS
    images = [np.full_like(IMAGE, k) for k in range(len(times))]  # the picture tells `look` which frame it is
    rng = np.random.default_rng(0)

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        k = int(image[0, 0, 0])
        places = [path(times[k]) for path in paths if k not in hidden]
        seen = [person_at(*place) for place in places if place is not None]
        seen = [Sighting(s.points_2d + rng.normal(0, noise, (7, 2)), s.points_3d, s.confidence) for s in seen]
        return [s for s in seen if inside(s, window) and s.extent > window.side / 4]

    return follow_people(images, times, look, max_gap=0.3)


def inside(person: Sighting, window: Window) -> bool:
    corner = np.array([window.x, window.y])
    return bool(((person.centre >= corner) & (person.centre < corner + window.side)).all())


def test_one_person_is_followed_throughout() -> None:
    (track,) = watch(lambda t: (100 + 150 * t, 200))
    assert sorted(track) == list(range(90))


def test_two_people_who_pass_each_other_stay_themselves() -> None:
    tracks = watch(lambda t: (100 + 150 * t, 130), lambda t: (600 - 150 * t, 270))
    assert [len(track) for track in tracks] == [90, 90]
    ends = sorted((track[0].centre[0], track[89].centre[0]) for track in tracks)
    np.testing.assert_allclose(ends, [(100, 545), (600, 155)], atol=10)


def test_short_gap_is_bridged_and_its_frames_are_absent() -> None:
    (track,) = watch(lambda t: (100 + 150 * t, 200), hidden=tuple(range(40, 47)))
    assert sorted(track) == [k for k in range(90) if not 40 <= k < 47]


def test_after_a_long_gap_it_is_somebody_new() -> None:
    tracks = watch(lambda t: (100 + 150 * t, 200), hidden=tuple(range(30, 50)))
    assert min(tracks[0]) == 0
    assert max(tracks[0]) == 29
    assert 50 <= min(tracks[1]) <= 58  # noticed at the next scan
    assert len(tracks) == 2


def test_who_comes_later_is_noticed_within_a_scan() -> None:
    tracks = watch(lambda t: (150, 200), lambda t: (500, 200) if t > 1 else None)
    assert len(tracks) == 2
    assert 31 <= min(tracks[1]) <= 39


def test_nobody_leaves_nobody() -> None:
    assert watch(lambda t: None) == []


@pytest.mark.parametrize(
    "imagined",
    [person_at(350, 200, belief=0.5), person_at(350, 200, height=20), person_at(-100, 200)],
    ids=["doubtful", "tiny", "outside"],
)
def test_imagined_people_are_rejected(imagined: Sighting) -> None:
    assert follow_people([IMAGE] * 30, np.arange(30) / FPS, lambda image, window: [imagined], max_gap=0.3) == []


def test_somebody_lost_is_looked_for_upside_down() -> None:
    """In a somersault the estimator sees the person only when the picture is turned with them."""
    times = np.arange(60) / FPS
    images = [np.full_like(IMAGE, k) for k in range(60)]

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        k = int(image[0, 0, 0])
        angle = 2 * np.pi * np.clip((times[k] - 0.5) / 0.7, 0, 1)
        upright = np.cos(angle - window.turns * np.pi / 2) > 0.5
        return [person_at(350, 200, angle=angle)] if upright else []

    (track,) = follow_people(images, times, look, max_gap=0.3)
    assert len(track) >= 54


def test_somebody_upside_down_is_also_looked_at_upright_and_the_surer_look_counts() -> None:
    """Turned, the estimator is surer; each frame of a lying person costs one look more."""
    lying = [Window(0, 0, 0)]

    def look(image: np.ndarray, window: Window) -> list[Sighting]:
        lying.append(window)
        sure = 0.9 if window.turns == 1 else 0.8
        return [replace(person_at(350, 200, belief=sure, angle=np.pi / 2), turns=1)]

    (track,) = follow_people([IMAGE] * 30, np.arange(30) / FPS, look, max_gap=0.3)
    assert [seen.belief for seen in track.values()][1:] == pytest.approx([0.9] * 29)
    assert sum(window.turns == 1 for window in lying) == 29


def test_scan_windows_cover_the_picture_with_overlapping_squares() -> None:
    for width, height in ((1768, 994), (1080, 1920), (720, 720), (3000, 400)):
        image = np.zeros((height, width, 3), np.uint8)
        covered = np.zeros((height, width), int)
        whole, *squares = scan_windows(image)
        assert whole.side == max(width, height)
        for window in squares:
            assert window.side == min(width, height)
            covered[window.y : window.y + window.side, window.x : window.x + window.side] += 1
        if squares:
            assert covered.min() >= 1


def test_window_around_a_person_contains_them() -> None:
    person = person_at(300, 200)
    window = around(person)
    corner = np.array([window.x, window.y])
    assert (person.low > corner).all()
    assert (person.high < corner + window.side).all()


def test_look_is_the_only_way_to_see() -> None:
    asked: list[Window] = []
    look: Look = lambda image, window: asked.append(window) or []  # type: ignore[func-returns-value]  # noqa: E731
    follow_people([IMAGE] * 15, np.arange(15) / FPS, look, max_gap=0.3)
    assert len(asked) == 2 * len(scan_windows(IMAGE))  # at 0 s and at 0.25 s, nothing between
