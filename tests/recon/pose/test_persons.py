from collections.abc import Callable

import numpy as np

from recon.pose.people import Sighting
from recon.pose.persons import Person, broken, persons

TIMES = np.arange(120) / 30
ONE = np.zeros(120, int)
RED, BLUE = (40.0, 50.0, 30.0), (40.0, 5.0, -40.0)
Figure = Callable[..., Sighting]


def walk(figure: Figure, first: int, last: int, colour=RED, scale=100.0, x=100.0) -> dict[int, Sighting]:  # type: ignore[no-untyped-def]
    """Walks to the right at 1.5 m/s; the arms swing, so that the box changes."""
    return {
        k: figure(x + 1.5 * scale * TIMES[k], 240, scale, colour=colour, arms=0.3 * abs(np.sin(k / 5)))
        for k in range(first, last)
    }


def spans(people: list[Person]) -> list[list[tuple[int, int, int]]]:
    return [[(min(p), max(p), len(p)) for p in person.pieces] for person in people]


def test_who_goes_on_is_one_piece(figure: Figure) -> None:
    assert len(broken(walk(figure, 0, 120), TIMES)) == 1


def test_a_track_breaks_where_somebody_else_is_followed(figure: Figure) -> None:
    me = walk(figure, 0, 40)
    for other in (
        walk(figure, 40, 80, BLUE),  # other clothes in the same place
        walk(figure, 40, 80, scale=160.0, x=0.0),  # nearer to the camera
        walk(figure, 40, 80, x=250.0),  # 1.5 m beside
    ):
        parts = broken(me | other, TIMES)
        assert [(min(p), max(p)) for p in parts] == [(0, 39), (40, 79)]


def test_people_who_were_taken_for_each_other_are_put_right(figure: Figure) -> None:
    """The second is followed where the first is from frame 40 on; the first's own track ends there."""
    first, second = walk(figure, 0, 80), walk(figure, 0, 40, BLUE, 150.0, 300.0)
    taken = second | {k: first[k] for k in range(40, 80)}
    found = persons([{k: first[k] for k in range(40)}, taken], TIMES, ONE, 1.0)
    assert spans(found) == [[(0, 79, 80)], [(0, 39, 40)]]


def test_who_comes_back_is_known_again(figure: Figure) -> None:
    def back(pause: int, colour=RED, scenes=ONE):  # type: ignore[no-untyped-def]
        return spans(persons([walk(figure, 0, 30), walk(figure, 30 + pause, 100, colour)], TIMES, scenes, 1.0))

    assert back(24) == [[(0, 99, 76)]]  # 0.8 s: one piece with a gap
    assert back(45) == [[(0, 29, 30), (75, 99, 25)]]  # 1.5 s: the same person's next piece
    assert back(24, BLUE) == [[(0, 29, 30)], [(54, 99, 46)]]  # somebody else
    cut = np.repeat([0, 1], [40, 80])
    assert back(24, RED, cut) == [[(0, 29, 30), (54, 99, 46)]]  # nobody goes on across a cut


def test_who_are_there_at_once_are_two(figure: Figure) -> None:
    twins = [walk(figure, 0, 90), walk(figure, 20, 120, x=350.0)]
    assert spans(persons(twins, TIMES, ONE, 1.0)) == [[(0, 89, 90)], [(20, 119, 100)]]
