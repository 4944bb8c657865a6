"""Which bodies of a skeleton are whose hip, knee or wrist, told by their names and by the shape of the tree.

Names are taken apart into a side (left, L_, .R, rShin) and a stem (thigh, UpLeg, femur); what stems leave open, such as
an Arm that may be the upper one or all of it, the order in the tree decides, and what no stem says, the lengths of
bones. It knows no data set and no pose but the zero pose.
"""

import re
from functools import cached_property

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.skeleton import Skeleton

SIDES = ("left", "right")
WORDS = (("left", "right"), ("lft", "rgt"), ("l", "r"))
"""What sides are called, of any case."""
STEMS = {
    "finger": "thumb|index|middle|mid$|ring$|pinky|little|finger|carpal|palm|weapon|prop",
    "helper": "twist|roll$|pole|ctrl|control|target|helper|nub|effector|dummy|end$|site|heel|buttock|hipjoint|ik$",
    "face": "eye|jaw|brow|lip|teeth|tongue|hair|ear$|breast|cheek",
    "toe": "toe|ball|metatars",
    "ankle": "ankle",
    "foot": "foot",
    "forearm": "forearm|lowerarm|lowarm|loarm|armlower|elbow|radius",
    "upper_arm": "upperarm|uparm|armupper|shldr|humerus",
    "clavicle": "collar|clavicle|scapula",
    "shoulder": "shoulder",
    "arm": "arm",
    "hand": "wrist|hand",
    "thigh": "upperleg|upleg|legupper|thigh|femur",
    "shin": "lowerleg|lowleg|loleg|leglower|shin|calf|tibia|knee",
    "leg": "leg",
    "hip": "hip",
    "neck": "neck",
    "head": "head|skull",
}
"""Kind of body -> what stands in its stem. The first that fits is taken: forearms stand before arms."""
HALF = 0.5
"""Of the bone next to it: a bone that is named by its length alone is at least so long, where twists are shorter."""


def parts_by_name(skeleton: Skeleton) -> dict[str, str]:
    """Part ('left_knee') -> body: hips, knees, ankles, toes, shoulders, elbows, wrists and head, as far as found."""
    tree = _Tree(skeleton)
    out: dict[str, str] = {}
    for side in SIDES:
        limbs = _leg(tree, side) | _arm(tree, side)
        out |= {f"{side}_{part}": tree.names[body] for part, body in limbs.items()}
    heads = tree.of_kind("", "head")
    return out | ({"head": tree.names[heads[0]]} if heads else {})


def head_and_feet(skeleton: Skeleton) -> tuple[list[int], list[int]]:
    """Which bodies (indices of body_names) are head or neck and what hangs on them, and which are feet and toes.

    Names that are of no side count too; either is empty where no name tells.
    """
    tree = _Tree(skeleton)

    def named(*kinds: str) -> list[int]:
        own = [b for b, kind in enumerate(tree.kinds) if kind in kinds]
        return sorted({*own, *(low for b in own for low in tree.below(b))})

    return named("head", "neck"), named("ankle", "foot", "toe")


def common_parent(skeleton: Skeleton, one: str, other: str) -> str:
    """The lowest body that both hang on."""
    names, parents = skeleton.body_names, skeleton.parents
    above = []
    for name in (one, other):
        line = [names.index(name)]
        while line[-1] >= 0:
            line.append(parents[line[-1]])
        above.append(line[1:])
    return names[next(body for body in above[0] if body in above[1])]


def sided(names: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Name -> its side ('' for none) and its stem: lower case letters without the side.

    A side that is a word, or a letter set off by a sign, is believed; a letter that only leads or ends a name is one if
    a body bears the same name with the other letter (lfemur, rfemur; but no rowerback).
    """
    plain = {name: name.rpartition(":")[2] for name in names}
    known = {name.lower() for name in plain.values()}
    out = {}
    for name, text in plain.items():
        side, rest = _side_of(text, known)
        out[name] = (side, re.sub(r"[^a-z]", "", rest.lower()))
    return out


def _side_of(text: str, known: set[str]) -> tuple[str, str]:
    for pair in WORDS[:2]:
        for side, word in zip(SIDES, pair, strict=True):
            if match := re.search(word, text, re.IGNORECASE):
                return side, text[: match.start()] + " " + text[match.end() :]
    for side, letter in zip(SIDES, WORDS[2], strict=True):
        if match := re.search(rf"(?:^|[^A-Za-z]){letter}(?=[^A-Za-z]|$)", text, re.IGNORECASE):
            return side, text[: match.start()] + " " + text[match.end() :]
    for side, letter, other in (("left", "l", "r"), ("right", "r", "l")):
        low = text.lower()
        if low[:1] == letter and other + low[1:] in known:
            return side, text[1:]
        if text[-1:] == letter.upper() and low[:-1] + other in known:
            return side, text[:-1]
    return "", text


class _Tree:
    """A skeleton's bodies with their sides, kinds and places in the zero pose; bodies are numbered, parents first."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.names, self.parents, self._model = skeleton.body_names, skeleton.parents, skeleton.model
        self._sided = sided(self.names)
        self.kinds = [_kind(self._sided[name][1]) for name in self.names]

    @cached_property
    def places(self) -> Float[np.ndarray, "B 3"]:
        """Origins of the bodies in the zero pose, m."""
        data = mujoco.MjData(self._model)
        mujoco.mj_kinematics(self._model, data)
        return data.xpos[1:].copy()

    def side(self, body: int) -> str:
        """'left', 'right' or ''."""
        return self._sided[self.names[body]][0]

    def of_kind(self, side: str, *kinds: str) -> list[int]:
        """Bodies of a side whose names say so, those nearest to the root first."""
        return [b for b, kind in enumerate(self.kinds) if kind in kinds and self.side(b) == side]

    def above(self, body: int) -> list[int]:
        """The bodies of the same side that a body hangs on, the nearest first."""
        out, parent = [], self.parents[body]
        while parent >= 0 and self.side(parent) == self.side(body):
            out.append(parent)
            parent = self.parents[parent]
        return out

    def below(self, body: int) -> list[int]:
        """The bodies that hang on one, those nearest to it first."""
        return [b for b in range(body + 1, len(self.names)) if body in self._line(b)]

    def apart(self, one: int, other: int) -> float:
        """Distance in the zero pose, m."""
        return float(np.linalg.norm(self.places[one] - self.places[other]))

    def _line(self, body: int) -> list[int]:
        out = []
        while (body := self.parents[body]) >= 0:
            out.append(body)
        return out


def _kind(stem: str) -> str:
    return next((kind for kind, words in STEMS.items() if re.search(words, stem)), "")


def _leg(tree: _Tree, side: str) -> dict[str, int]:
    """'hip', 'knee', 'ankle' and 'toe', as far as they are found."""
    thighs, shins, legs = (tree.of_kind(side, kind) for kind in ("thigh", "shin", "leg"))
    # a Leg is the shin below an UpLeg, and the thigh above a Shin
    thigh = thighs or (legs if shins else []) or tree.of_kind(side, "hip") or legs
    shin = shins or [b for b in legs if b not in thigh]
    found = _limb(tree, thigh, shin, tree.of_kind(side, "ankle") or tree.of_kind(side, "foot"))
    out = dict(zip(("hip", "knee", "ankle"), found, strict=True))
    if (ankle := found[2]) is not None and (under := tree.below(ankle)):
        toes = [b for b in under if tree.kinds[b] == "toe"] or [b for b in under if tree.kinds[b] == "foot"]
        out["toe"] = toes[0] if toes else max(under, key=lambda b: tree.apart(ankle, b))
    return {part: body for part, body in out.items() if body is not None}


def _arm(tree: _Tree, side: str) -> dict[str, int]:
    """'shoulder', 'elbow' and 'wrist', as far as they are found."""
    forearms, arms = tree.of_kind(side, "forearm"), tree.of_kind(side, "arm")
    upper = tree.of_kind(side, "upper_arm") or arms or tree.of_kind(side, "shoulder")
    found = _limb(tree, upper, forearms or [b for b in arms if b not in upper], tree.of_kind(side, "hand"))
    out = zip(("shoulder", "elbow", "wrist"), found, strict=True)
    return {part: body for part, body in out if body is not None}


def _limb(tree: _Tree, first: list[int], second: list[int], third: list[int]) -> tuple[int | None, ...]:
    """The three joints of a limb from what names say of each: those nearest to the root, the rest by lengths."""
    top, middle, end = (candidates[0] if candidates else None for candidates in (first, second, third))
    if middle is None and top is not None and end is not None:
        above, below = top, end
        between = [b for b in tree.above(below) if b in tree.below(above)]
        middle = max(between, key=lambda b: min(tree.apart(above, b), tree.apart(b, below)), default=None)
    if end is None and top is not None and middle is not None:
        long = HALF * tree.apart(top, middle)
        end = next((b for b in tree.below(middle) if tree.apart(middle, b) > long), None)
    if top is None and middle is not None and end is not None:
        long = HALF * tree.apart(middle, end)
        top = next((b for b in tree.above(middle) if tree.apart(b, middle) > long), None)
    return top, middle, end
