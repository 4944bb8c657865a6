import pytest

from sfv.view.web.clock import BEHIND, Clock


def test_as_many_steps_as_time_has_passed() -> None:
    clock = Clock(30.0)
    # 0.05 s are one and a half steps of 30 Hz: one now, and two when as much again has passed
    assert [clock.tick(0.05), clock.tick(0.05)] == [1, 2]
    clock.speed = 0.5
    assert [clock.tick(0.05) for _ in range(4)] == [0, 1, 1, 1]
    assert (clock.taken, clock.dropped) == (6, 0)


def test_what_there_was_no_time_for_is_left_out_and_counted() -> None:
    clock = Clock(30.0)
    assert clock.tick(1.0) == BEHIND
    assert (clock.taken, clock.dropped) == (BEHIND, 30 - BEHIND)


def test_a_pause_stops_it_and_steps_are_taken_one_at_a_time() -> None:
    clock = Clock(30.0)
    clock.playing = False
    assert clock.tick(5.0) == 0
    clock.step(2)
    assert [clock.tick(0.1), clock.tick(0.1)] == [2, 0]
    assert clock.wait == pytest.approx(1 / 30)
    clock.playing = True
    assert clock.tick(1 / 30) == 1  # what passed in the pause is not caught up with
