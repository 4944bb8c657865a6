from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sfv.character import load_character
from sfv.errors import InputError
from sfv.terrain.terrain import FLAT, Terrain
from sfv.view.live import Conditions, Player, Seen
from sfv.view.web.session import Session
from sfv.view.web.timeline import TERMS, names_of, values_of

CHARACTER = load_character("humanoid")
SERVOS = tuple(CHARACTER.model.actuator(index).name for index in range(CHARACTER.model.nu))


class Statue:
    """Two who stand, and what they were told."""

    hz, seconds = 30.0, 2.0

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.terrain, self._time = FLAT, 0.0

    @property
    def players(self) -> tuple[Player, ...]:
        return tuple(Player(name, CHARACTER, SERVOS, self.terrain) for name in ("a", "b"))

    @property
    def over(self) -> bool:
        return self._time > 1.99

    def arrange(self, conditions: Conditions) -> None:
        self.told.append(("arrange", conditions))
        if conditions.terrain != "flat":
            self.terrain = Terrain(np.array([[0.0, 0.0], [0.3, 0.3]]), np.full((1, 1), -np.inf), np.zeros((2, 2)))

    def begin(self, seconds: float) -> list[Seen]:
        self.told.append(("begin", seconds))
        self._time = 0.0
        return self._seen()

    def step(self) -> list[Seen]:
        self._time += 1 / 30
        return self._seen()

    def push(self, body: str, force: float, degrees: float) -> None:
        self.told.append(("push", body, force, degrees))

    def throw(self, speed: float, degrees: float) -> None:
        self.told.append(("throw", speed, degrees))

    def _seen(self) -> list[Seen]:
        qpos = CHARACTER.skeleton.qpos0
        bodies = CHARACTER.model.nbody - 1
        one = Seen(
            seconds=self._time, phase=self._time, qpos=qpos, wanted=qpos, away=np.full(bodies, 0.02),
            rewards=dict.fromkeys(TERMS, 0.5), torque=np.arange(len(SERVOS), dtype=float),
            effort=np.zeros(len(SERVOS)), contacts=np.array([[[0.0, 0, 0], [0, 30.0, 40.0]]]),
            touch={"left_ankle": 50.0}, com=np.zeros(3), capture=np.zeros(3),
        )  # fmt: skip
        return [one, replace(one, away=np.full(bodies, 0.04))]


@pytest.fixture
def told() -> tuple[Session, Statue, list[Mapping[str, Any]]]:
    statue, words = Statue(), list[Mapping[str, Any]]()
    session = Session(statue, words.append)
    session.begin(0.5)
    return session, statue, words


def test_curves_and_values_go_together() -> None:
    statue = Statue()
    names, values = names_of(statue.players), values_of(statue.players, statue.step())
    assert len(names) == len(values)
    found = {f"{group}, {name}": value for (group, name, _), value in zip(names, values, strict=True)}
    assert found["distance from the reference, a: mean of bodies"] == pytest.approx(2.0)
    assert found["distance from the reference, b: worst body"] == pytest.approx(4.0)
    assert found["contact force, a: all contacts"] == pytest.approx(50.0)  # 30, 40: 50
    assert found["contact force, a: left_ankle"] == pytest.approx(50.0)
    assert found["contact force, a: right_ankle"] == 0.0
    assert found[f"torque, b: {SERVOS[3]}"] == 3.0
    assert {unit for _, _, unit in names} == {"cm", "0..1", "N", "N m"}


def test_it_begins_where_it_was_asked_to(told: tuple[Session, Statue, list[Mapping[str, Any]]]) -> None:
    _, statue, (first, seen) = told
    assert statue.told == [("begin", 0.5)]
    assert [player["name"] for player in first["players"]] == ["a", "b"]
    assert "stairs_up" in first["kinds"]
    assert len(seen["seen"]) == 2
    assert len(seen["values"][0]) == 1 + len(first["curves"])


def test_each_word_does_what_it_says(told: tuple[Session, Statue, list[Mapping[str, Any]]]) -> None:
    session, statue, words = told
    statue.told.clear()
    session.heard({"push": {"body": "chest", "force": 150, "way": -90}})
    session.heard({"throw": {"speed": 7, "way": 30}})
    session.heard({"begin": 5.0})
    assert statue.told == [("push", "chest", 150.0, -90.0), ("throw", 7.0, 30.0), ("begin", 2.0)]
    assert [said["mark"] for said in words if "mark" in said] == ["push of chest, 150 N", "box, 7 m/s"]
    session.heard({"play": 0})
    session.turn(1.0)
    assert words[-1]["playing"] is False
    session.heard({"step": 2})
    session.turn(0.0)
    assert len(words[-1]["values"]) == 2
    session.heard({"look": 0.03})
    assert words[-1]["at"] == pytest.approx(1 / 30)
    session.heard({"speed": 0.5, "play": 1})
    session.turn(0.1)
    assert words[-1]["taken"] == 3  # two steps, and 0.1 s at half of 30 Hz is one more


def test_at_the_end_it_begins_again(told: tuple[Session, Statue, list[Mapping[str, Any]]]) -> None:
    session, statue, words = told
    for _ in range(61):  # two seconds, and one step more
        session.turn(1 / 30)
    assert statue.told == [("begin", 0.5), ("begin", 0.5)]
    assert [said["at"] for said in words if "seen" in said][-2:] == [0.0, pytest.approx(1 / 30)]
    assert {"anew": True} in words


def test_other_ground_begins_anew_and_other_friction_does_not(
    told: tuple[Session, Statue, list[Mapping[str, Any]]],
) -> None:
    session, statue, _ = told
    plain = {name: getattr(Conditions(), name) for name in Conditions.__dataclass_fields__}
    session.heard({"arrange": plain | {"friction": 0.1}})
    assert statue.told[-1] == ("arrange", Conditions(friction=0.1))
    session.heard({"arrange": plain | {"terrain": "rough"}})
    assert statue.told[-1] == ("begin", 0.5)


@pytest.mark.parametrize(
    "said",
    [
        {"push": {"body": "chest", "force": 1e9, "way": 0}},
        {"push": {"body": "chest", "force": float("nan"), "way": 0}},
        {"throw": {"speed": -1, "way": 0}},
        {"speed": 1000},
        {"speed": "fast"},
        {"look": None},
    ],
)
def test_what_there_is_not_is_refused(
    told: tuple[Session, Statue, list[Mapping[str, Any]]], said: dict[str, Any]
) -> None:
    session, statue, _ = told
    with pytest.raises(InputError, match="is not between"):
        session.heard(said)
    with pytest.raises(InputError, match=r"no body of who acts here .did you mean 'chest'"):
        session.heard({"push": {"body": "chst", "force": 1, "way": 0}})
    with pytest.raises(InputError, match="did not say its way"):
        session.heard({"throw": {"speed": 5}})
    assert statue.told == [("begin", 0.5)]
