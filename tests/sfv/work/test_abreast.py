"""Things worked on by threads."""

from threading import Barrier, current_thread, main_thread

import pytest

from sfv.work.abreast import BESIDE, abreast, ahead


def test_results_come_in_the_order_of_the_things() -> None:
    assert list(abreast(lambda k: k * k, range(50))) == [k * k for k in range(50)]
    assert list(abreast(abs, [])) == []


def test_two_things_are_worked_on_at_once() -> None:
    """Each waits for another to come to the same place; alone, the first would wait for ever."""
    meeting = Barrier(BESIDE, timeout=30)
    assert sorted(abreast(lambda k: meeting.wait(), range(2 * BESIDE))) == sorted([*range(BESIDE)] * 2)


def test_what_fails_in_a_thread_is_raised_where_the_results_are_asked_for() -> None:
    results = abreast(lambda k: 1 // k, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_things_are_fetched_ahead_by_a_thread_and_only_one_at_a_time() -> None:
    fetched = []

    def things():  # type: ignore[no-untyped-def]
        for k in range(5):
            fetched.append((k, current_thread() is main_thread()))
            yield k

    coming = ahead(things())
    assert next(coming) == 0
    assert next(coming) == 1
    assert len(fetched) <= 3  # two that were given, and the next
    assert list(coming) == [2, 3, 4]
    assert not any(in_main for _, in_main in fetched)
