from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recon.config import PoseConfig
from recon.pose.cast import Pieces, choose, half_in, lasting, trimmed, whole_body_share
from recon.pose.pose_landmarker import NAMES
from sfv.errors import InputError
from sfv.pose import PoseTrack

CLIP = Path("clip.mp4")
LEFT_LEG = [NAMES.index(f"left_{joint}") for joint in ("knee", "ankle", "heel", "foot_index")]
Person = Callable[..., PoseTrack]


def each(*tracks: PoseTrack) -> list[Pieces]:
    return [Pieces((track,)) for track in tracks]


def test_auto_is_the_largest_who_is_visible_longest(person: Person) -> None:
    near_briefly, far_all_along, near_all_along = person(0, 1, 300), person(0, 4, 100), person(0, 4, 250)
    cast = choose(each(near_briefly, far_all_along, near_all_along), PoseConfig(), CLIP)
    assert cast.chosen == 0
    # 250 px x 4 s, 100 px x 4 s, 300 px x 1 s
    assert [listed.pixels for listed in cast.listed()] == [250, 100, 300]
    assert [pieces.longest.person for pieces in cast.people] == [0, 1, 2]
    assert [listed.chosen for listed in cast.listed()] == [True, False, False]


def test_auto_passes_over_upper_bodies(person: Person) -> None:
    cast = choose(each(person(0, 4, 300, legs=0.05), person(0, 4, 200)), PoseConfig(), CLIP)
    assert cast.chosen == 1
    assert "legs not in view" in cast.listed()[0].words()


def test_a_number_is_obeyed_and_a_wrong_one_lists_the_right_ones(person: Person) -> None:
    people = each(person(0, 4, 300), person(1, 3, 200))
    assert choose(people, PoseConfig(person=1), CLIP).chosen == 1
    with pytest.raises(InputError, match=r"no person 2 in clip.mp4.*0 \(0.0 to 4.0 s\), 1 \(1.0 to 3.0 s\)"):
        choose(people, PoseConfig(person=2), CLIP)


def test_a_place_and_a_time_choose_who_is_there(person: Person) -> None:
    people = each(person(0, 4, 300, x=100), person(1, 3, 100, x=400))
    assert choose(people, PoseConfig(person_at="410,350,2.0"), CLIP).chosen == 1
    assert choose(people, PoseConfig(person_at="110,200,2.0"), CLIP).chosen == 0
    with pytest.raises(InputError, match=r"nobody is near 410,350 at 3.9 s.*0 \(0.0 to 4.0 s\)"):
        choose(people, PoseConfig(person_at="410,350,3.9"), CLIP)


@pytest.mark.parametrize("words", ["1,2", "a,b,c", "1,2,nan", "1e9,0,0"])
def test_what_is_no_place_and_time_is_refused(words: str) -> None:
    with pytest.raises(InputError, match="--person-at"):
        PoseConfig(person_at=words).check()
    with pytest.raises(InputError, match="leave one of them out"):
        PoseConfig(person=1, person_at="1,2,3").check()


def test_the_longest_piece_is_taken_and_all_are_listed(person: Person) -> None:
    pieces = Pieces((person(0, 2, 200), person(5, 9, 200), person(9.5, 9.7, 200)))
    cast = choose(lasting([pieces], CLIP), PoseConfig(), CLIP)
    assert cast.person.longest.times[0] == 5.0
    # a piece of 0.2 s is nobody's; at 200 of 480 px, in the middle of the lower half of the picture
    assert cast.listed()[0].words() == (
        "person 0: 5.9 s in 2 pieces (0.0 to 9.0 s), 200 px tall (42% of the picture), middle, taken"
    )
    assert len(cast.others) == 1


def test_passers_by_are_nobody(person: Person) -> None:
    with pytest.raises(InputError, match=r"nobody is in view for longer than 0.37 s at a time"):
        lasting(each(person(0, 0.4, 300)), CLIP)
    with pytest.raises(InputError, match="no person was found"):
        lasting([], CLIP)


@pytest.mark.parametrize("how", [{"legs": 0.05}, {"height": 600, "bottom": 800}], ids=["hidden", "outside the picture"])
def test_upper_body_is_refused(person: Person, how: dict[str, float]) -> None:
    with pytest.raises(InputError, match="only the upper body of person 0"):
        choose(each(person(0, 4, **({"height": 300} | how))), PoseConfig(), CLIP)


def test_absent_frames_show_no_body(person: Person) -> None:
    track = person(0, 2, 300)
    points = track.points_2d.copy()
    points[:15] = np.nan
    assert whole_body_share(replace(track, points_2d=points)) == 45 / 60


def test_unsteady_ends_are_cut_off(person: Person) -> None:
    track = person(0, 2, 300)
    confidence = track.confidence.copy()
    confidence[[0, 2]] *= 0.4  # comes into the picture: poor, good, poor, then good throughout
    points = track.points_2d.copy()
    points[-3:-1], confidence[-3:-1] = np.nan, 0.0  # one lone frame after a gap
    whole = trimmed(replace(track, points_2d=points, confidence=confidence))
    np.testing.assert_array_equal(whole.times, track.times[3:-3])
    assert whole.found.all()


def test_who_walks_in_begins_when_both_legs_are_in_the_picture(person: Person) -> None:
    """A leg at the rim that is hardly believed is beyond it; in the middle of the picture it is only hidden."""
    track = person(0, 2, 300, x=30.0)
    confidence = track.confidence.copy()
    confidence[:10, LEFT_LEG] = 0.4
    walks_in = replace(track, confidence=confidence)
    np.testing.assert_array_equal(np.flatnonzero(half_in(walks_in)), np.arange(10))
    np.testing.assert_array_equal(trimmed(walks_in).times, track.times[10:])
    hidden = replace(walks_in, points_2d=track.points_2d + np.array([270.0, 0.0]))
    assert not half_in(hidden).any()
