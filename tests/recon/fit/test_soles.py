"""Soles: the same points are heels and toes whether the file says so or not, and what has no surface has no sole."""

import re
from dataclasses import replace

from recon.fit.scaled_body import ScaledBody
from recon.fit.soles import contact_groups, palm_groups, sole_groups
from sfv.character import Character


def bare(character: Character) -> Character:
    """The character without any site, as robots are."""
    return replace(character, xml=re.sub(r"<site[^>]*/>", "", character.xml))


def test_a_sole_without_landmarks_is_divided_as_one_with_them(humanoid: Character) -> None:
    known, found = (sole_groups(ScaledBody(who), who) for who in (humanoid, bare(humanoid)))
    assert set(known) == {"left_heel", "left_foot_index", "right_heel", "right_foot_index"}
    assert set(found) == {f"{side}_ankle_{end}" for side in ("left", "right") for end in ("heel", "foot_index")}
    for side in ("left", "right"):
        for end in ("heel", "foot_index"):
            assert sorted(found[f"{side}_ankle_{end}"]) == sorted(known[f"{side}_{end}"])


def test_hands_bear_weight_where_their_fingers_are_known(humanoid: Character) -> None:
    body = ScaledBody(humanoid)
    assert set(contact_groups(body, humanoid)) == set(sole_groups(body, humanoid)) | {"left_wrist", "right_wrist"}
    assert palm_groups(ScaledBody(bare(humanoid)), bare(humanoid)) == {}


def test_feet_that_touch_nothing_have_no_sole(humanoid: Character) -> None:
    ghost = re.sub(
        r'(<geom [^>]*name="(?:left|right)_ankle"[^>]*?)/>', r'\1 contype="0" conaffinity="0"/>', humanoid.xml
    )
    who = replace(humanoid, xml=ghost)
    assert sole_groups(ScaledBody(who), who) == {}
