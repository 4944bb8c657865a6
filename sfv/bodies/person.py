"""People by age, height and weight: 'person:height=1.2,weight=30' -> an MJCF body.

It knows the words and their limits; bones and masses are `proportions`' and the body `remeasured`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import mujoco

from sfv.bodies.proportions import SEGMENTS, Bones, age_of, bones_of, height_at, masses_of, usual_weight
from sfv.bodies.remeasured import Measures, Vec, offsets_of, remeasured
from sfv.errors import InputError, did_you_mean

PREFIX = "person"
EXAMPLE = "person:height=1.2,weight=30"
LIMITS = {"height": (0.8, 2.3), "weight": (8.0, 250.0), "age": (2.0, 90.0)}
"""m, kg, years."""
UNITS = {"height": "m", "weight": "kg", "age": "years"}
BUILD = (11.0, 50.0)
"""kg/m^2, weight over height squared: below, nobody stands; above, legs are wider than apart."""
SIZE = (0.75, 1.35)
"""How many times as tall as half of the people of an age somebody may be."""
SOLE = 0.05
"""m of the humanoid's sole under its ankle."""
ADULT = 1.7
"""m: who is not said to be of another height."""


@dataclass(frozen=True)
class AskedPerson:
    """Somebody. m, kg, years."""

    height: float
    weight: float
    age: float


def is_person(name: str) -> bool:
    """Whether a character's name asks for a person."""
    return name == PREFIX or name.startswith(f"{PREFIX}:")


def asked_person(name: str) -> AskedPerson:
    """Who is meant by 'person:height=1.2,weight=30,age=7'. What is not said is the average's.

    Raises:
        InputError: there is no such word, or nobody is like that.
    """
    said: dict[str, float] = {}
    for part in filter(None, name.partition(":")[2].split(",")):
        word, _, value = (piece.strip() for piece in part.partition("="))
        if word not in LIMITS:
            raise InputError(f"{name}: {word!r} is nothing that a person has{did_you_mean(word, LIMITS)}")
        if word in said:
            raise InputError(f"{name} says {word} twice; say it once, as in {EXAMPLE}")
        said[word] = _number(name, word, value)
    height = said.get("height", ADULT)
    age = said.get("age", age_of(height))
    weight = said.get("weight", usual_weight(age, height))
    build = weight / height**2
    if not BUILD[0] <= build <= BUILD[1]:
        low, high = (limit * height**2 for limit in BUILD)
        raise InputError(
            f"{name}: nobody of {height:g} m weighs {weight:g} kg; give a weight from {low:.0f} to {high:.0f}"
        )
    usual = height_at(age)
    if not SIZE[0] * usual <= height <= SIZE[1] * usual:
        raise InputError(
            f"{name}: nobody of {age:g} years is {height:g} m tall; give a height from {SIZE[0] * usual:.2f} to "
            f"{SIZE[1] * usual:.2f}, or another age"
        )
    return AskedPerson(height, weight, age)


def person(name: str, humanoid: str) -> str:
    """The MJCF of the person that a name asks for, made of the humanoid's.

    Raises:
        InputError: it asks for nobody.
    """
    own = offsets_of(mujoco.MjSpec.from_string(humanoid))
    return remeasured(humanoid, measures_of(asked_person(name), own), PREFIX)


def measures_of(who: AskedPerson, own: Mapping[str, Vec]) -> Measures:
    """Somebody's measures; `own` are the humanoid's offsets.

    Feet are the humanoid's in proportion to the legs, whose thighs and shins share what is over them, and the chest's
    joint is as far up the trunk as the humanoid's. A segment is
    wider than the average's of that age and height by the root of how much more it weighs.
    """
    bones, h = bones_of(who.age), who.height
    masses = masses_of(who.age, h, who.weight)
    usual = masses_of(who.age, h, usual_weight(who.age, h))
    bulk = {name: sqrt(masses[name] / usual[name]) for name in SEGMENTS if name != "neck"}
    offsets = _offsets(bones, h, own)
    neck = bones.hip * h + offsets["chest"][2] + offsets["neck"][2]
    return Measures(h, offsets, masses, bulk, h - neck)


def _offsets(bones: Bones, height: float, own: Mapping[str, Vec]) -> dict[str, Vec]:
    """Body -> its place on the one that it hangs on, m."""
    legs = sum(abs(own[name][2]) for name in ("knee", "ankle"))
    ankle = SOLE / legs  # over the length of the legs
    leg = bones.hip * height / (1.0 + ankle)
    thigh = leg * bones.thigh / (bones.thigh + bones.shin)
    back = own["shoulder"][0] / own["shoulder"][1]
    wide, trunk = bones.shoulder_width * height, (bones.shoulder - bones.hip) * height
    stretch = trunk / (own["chest"][2] + own["shoulder"][2])
    chest = stretch * own["chest"][2]
    # the humanoid's neck bends at the shoulders' height, anny's where it leaves the trunk, and its shoulders are lower
    neck = 0.5 * (stretch * own["neck"][2] + (bones.neck - bones.hip) * height - chest)
    return {
        "chest": (0.0, 0.0, chest),
        "neck": (0.0, 0.0, neck),
        "shoulder": (back * wide, wide, trunk - chest),
        "elbow": (0.0, 0.0, -bones.upper_arm * height),
        "wrist": (0.0, 0.0, -bones.forearm * height),
        "hip": (0.0, bones.hip_width * height, 0.0),
        "knee": (0.0, 0.0, -thigh),
        "ankle": (0.0, 0.0, thigh - leg),
    }


def _number(name: str, word: str, value: str) -> float:
    low, high = LIMITS[word]
    try:
        number = float(value)
    except ValueError as error:
        raise InputError(f"{name}: {value!r} is no {word}; give {UNITS[word]} as in {EXAMPLE}") from error
    if not low <= number <= high:  # NaN as well
        raise InputError(f"{name}: a {word} of {number:g} {UNITS[word]} is out of bounds; give {low:g} to {high:g}")
    return number
