"""What a prior that comes with sfv makes of a wish is what the command beside it makes."""

import shlex
from dataclasses import replace

import numpy as np
import pytest
import tyro

from sfv.character import load_character
from sfv.cli.generate import Program, condition_of
from sfv.errors import InputError
from sfv.pipeline.wishes import asking, granted
from sfv.priors.rows import load_prior
from sfv.view.web.wish import Wish

WISH = Wish("a person walks forward", seconds=2.0, count=2, seed=5, mend=False)


def test_the_command_makes_the_very_samples() -> None:
    character = load_character("humanoid")
    prior = load_prior("mdm", character)
    told: list[str] = []
    show = granted(prior, character, WISH, "mdm", told.append)
    assert told[0].startswith("generating")
    assert [actor.beside for actor in show.actors] == [0, 1]
    assert show.news.startswith("nearest caption")
    generate, run = show.samples[1].commands
    words = shlex.split(generate)
    assert words[:2] == ["sfv", "generate"]
    program = tyro.cli(Program, args=words[2:])
    made = load_prior(program.prior[0], character).sample(condition_of(program), program.seed, program.n)
    for actor, motion in zip(show.actors, made, strict=True):
        np.testing.assert_array_equal(actor.motion.qpos, motion.qpos)
    assert not program.mend
    assert shlex.split(run)[:3] == ["sfv", "run", "generated-1.npz"]
    assert [mark.failing for mark in show.timeline.marks] == [True] * len(show.timeline.marks)


def test_a_kind_of_movement_goes_in_place_of_a_sentence() -> None:
    character = load_character("humanoid")
    wish = replace(WISH, text="", label="walk", count=1)
    show = granted(load_prior("mdm", character), character, wish, "mdm")
    assert (show.title, show.news) == ("walk", "")
    program = tyro.cli(Program, args=shlex.split(show.samples[0].commands[0])[2:])
    assert (program.text, program.label) == ("", "walk")
    with pytest.raises(InputError, match="there is no label 'fly'; there are: dance"):
        granted(load_prior("mdm", character), character, replace(wish, label="fly"), "mdm")


def test_what_it_does_not_heed_is_refused_with_who_does() -> None:
    show = asking("mdm")
    assert show.asking is not None
    assert show.asking.heeds == {"label"}
    assert {"walk", "run", "dance"} <= set(show.asking.labels)
    assert 0.5 < show.actors[0].motion.qpos[0, 2] < 1.2  # somebody stands there
    with pytest.raises(InputError, match="motion-matching"):
        show.asking.make(replace(WISH, path=np.zeros((2, 2))), lambda words: None)
