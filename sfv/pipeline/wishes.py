"""What a generative prior makes of a wish, to look at: samples beside each other, each with what the check says of it.

It knows no page. What it makes is what `sfv generate --best 1` makes of the same sentence, number and seed.
"""

import shlex
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sfv.character import Character, load_character
from sfv.interfaces import Condition, MotionPrior
from sfv.motion import Motion
from sfv.pipeline.looking import marks_of
from sfv.pipeline.reference import as_found, mended
from sfv.priors.rows import ROWS, load_prior
from sfv.priors.text import is_strange, strange
from sfv.view.web.show import Actor, Asking, Show
from sfv.view.web.timeline import Timeline
from sfv.view.web.wish import Sample, Wish

FILE, PATH = "generated", "path.csv"
"""Names in the commands that a page shows."""


def asking(name: str) -> Show:
    """Somebody who stands, and a prior that can be asked: one that comes with sfv, or the file of one of the user's.

    Raises:
        InputError: there is none of that name, or it is not the humanoid's.
    """
    character = load_character("humanoid")
    prior = load_prior(name, character)
    heeds = ROWS[prior.name].able & {"path", "label"} if prior.name in ROWS else frozenset[str]()
    labels = prior.labels if "label" in heeds else ()
    heeds -= set() if labels else {"label"}

    def make(wish: Wish, tell: Callable[[str], None]) -> Show:
        return replace(granted(prior, character, wish, name, tell), asking=still.asking)

    stands = _stands(character)
    news = "Type a sentence and press Generate."
    still = Show(
        name, (Actor("", stands, body=character),), Timeline(1.0), news=news, asking=Asking(name, heeds, make, labels)
    )
    return still


def _stands(character: Character) -> Motion:
    """A second of standing with arms held out, on the ground."""
    from sfv.kinematics import motion_state
    from sfv.surface import lowest

    still = Motion(character.skeleton, 30.0, np.repeat(character.model.qpos0[None], 31, 0), source="standing")
    qpos = still.qpos.copy()
    qpos[:, 2] -= lowest(character.model, motion_state(still, character.model))
    return replace(still, qpos=qpos)


def granted(
    prior: MotionPrior, character: Character, wish: Wish, name: str, tell: Callable[[str], None] = lambda words: None
) -> Show:
    """The samples of a wish; `name` is what the prior is called on the command line.

    Raises:
        InputError: the prior heeds no such part of it.
    """
    condition = Condition(wish.text or None, wish.label or None, wish.path, seconds=wish.seconds)
    tell("generating …")
    made = prior.sample(condition, wish.seed, wish.count)
    actors, samples, marks = [], [], []
    for number, motion in enumerate(made):
        tell(f"checking sample {number} …")
        shown, found = mended(motion, character) if wish.mend else as_found(motion, character, "motion")
        report = found.report()
        failed = found.failed
        words = f"in {', '.join(failed)}" if failed else f"{shown.duration:.1f} s"
        samples.append(Sample(str(number), not failed, words, commands(wish, name, number)))
        actors.append(Actor(f"{number}: {'fails' if failed else 'passes'}", shown, beside=number, body=character))
        marks += marks_of(report, f"{number}: ")
    seconds = max(actor.motion.duration for actor in actors)
    failing = tuple(mark for mark in marks if mark.failing)
    title = wish.text or wish.label or f"what {name} makes of nothing"
    return Show(
        title, tuple(actors), Timeline(seconds, marks=failing), news=nearest(prior, wish), samples=tuple(samples)
    )


def nearest(prior: MotionPrior, wish: Wish) -> str:
    """What the prior knows that is nearest to the sentence."""
    if not wish.text:
        return ""
    alike = prior.alike(wish.text)
    if is_strange(alike):
        return strange(prior.name)
    return f"nearest caption: {alike[0][0]} ({alike[0][1]:.2f})"


def commands(wish: Wish, name: str, number: int) -> tuple[str, ...]:
    """What to type to train on a sample."""
    words = ["sfv", "generate", *([wish.text] if wish.text else []), "--prior", name, "--seconds", f"{wish.seconds:g}"]
    words += ["--n", str(wish.count), "--best", "1", "--seed", str(wish.seed), "--out", f"{FILE}.npz"]
    words += ["--label", wish.label] if wish.label else []
    words += ["--path", PATH] if wish.path is not None else []
    words += [] if wish.mend else ["--no-mend"]
    file = f"{FILE}.npz" if wish.count == 1 else f"{FILE}-{number}.npz"
    return shlex.join(words), shlex.join(["sfv", "run", file, "--out", f"runs/{FILE}-{number}"])
