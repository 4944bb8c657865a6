"""The table of people: between its rows, and what anatomy says of children and of weight."""

import pytest

from sfv.bodies.proportions import PAIRED, TABLE, age_of, bones_of, height_at, masses_of, usual_weight


def test_rows_are_whole_bodies() -> None:
    for row in TABLE:
        for shares in row.shares:
            whole = sum(shares[:3]) + 2.0 * sum(shares[3:])
            assert whole == pytest.approx(1.0, abs=1e-3)  # each share is rounded to 4 digits
        thin, usual, heavy = row.ponderal
        assert thin < usual < heavy


def test_an_age_between_two_rows_has_bones_between_theirs() -> None:
    # 9 years are halfway between the rows of 7 and 11: (0.5216 + 0.5257) / 2
    assert bones_of(9.0).hip == pytest.approx(0.52365)
    assert bones_of(7.0).shin == 0.2453


def test_masses_add_up_to_the_weight() -> None:
    for years, height, weight in ((3.0, 0.95, 14.0), (7.0, 1.2, 30.0), (40.0, 1.75, 110.0), (90.0, 1.6, 45.0)):
        masses = masses_of(years, height, weight)
        assert sum(kg * (2 if part in PAIRED else 1) for part, kg in masses.items()) == pytest.approx(weight)


def test_children_have_heavier_heads_and_shorter_legs_for_their_size() -> None:
    child, grown = masses_of(4.0, 1.03, usual_weight(4.0, 1.03)), masses_of(30.0, 1.7, usual_weight(30.0, 1.7))
    assert child["neck"] / usual_weight(4.0, 1.03) > 1.5 * grown["neck"] / usual_weight(30.0, 1.7)
    assert bones_of(4.0).thigh + bones_of(4.0).shin < bones_of(30.0).thigh + bones_of(30.0).shin


def test_beyond_the_heaviest_of_the_table_shares_stay() -> None:
    # heavy at 18 is 12.64 kg/m^3: at 1.7 m 62.1 kg, so 80 and 120 kg have the same shares
    first, second = masses_of(18.0, 1.7, 80.0), masses_of(18.0, 1.7, 120.0)
    assert second["hip"] / first["hip"] == pytest.approx(1.5)


def test_the_age_of_a_height_is_where_half_are_taller() -> None:
    assert age_of(1.27) == 8.0
    assert height_at(age_of(1.2)) == pytest.approx(1.2)
    assert age_of(2.0) == 18.0
