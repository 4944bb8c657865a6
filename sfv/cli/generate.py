"""`sfv generate`: sentence or path -> motion."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, UseAppendAction, arg

from sfv.errors import InputError
from sfv.limits import SEED, Within

if TYPE_CHECKING:
    import numpy as np

    from sfv.character import Character
    from sfv.interfaces import Condition, MotionPrior
    from sfv.motion import Motion

BEST = 8
"""Samples of which one is kept, where nobody says how many."""
SECONDS = 4.0
"""Of what several priors make, where nobody says how long."""


@dataclass(frozen=True)
class Program:
    """Let a generative prior make a motion, which is then a reference like any other: sfv run m.npz.

    Priors know what they were fitted to and little else: the captions that are nearest to the sentence are named, and
    if none is near that is said. Beside the motion goes a sheet of its moments, such as m.png; look at it.
    """

    text: Annotated[Positional[str], arg(metavar="TEXT")] = ""
    """A sentence, such as "a person walks forward and turns around to the left"; none, and the prior decides."""
    out: Path = Path("generated.npz")
    """The motion to write; of several, m-0.npz, m-1.npz and so on."""
    prior: UseAppendAction[tuple[str, ...]] = ()
    """A prior that comes with sfv (mdm, t2m-gpt), or the file of one that sfv fit made; it may be given several
    times, and each makes some of the samples. Without it a sentence is given to all that come with sfv, and what goes
    without a sentence to t2m-gpt."""
    seconds: Annotated[float | None, Within(0.5, 60)] = None
    """How long it is to be; without it the prior decides, and of several priors all make 4 s."""
    label: str | None = None
    """A category of the mocap that the prior was fitted to, such as walk."""
    path: Path | None = None
    """A table of x,y (m), a point a line, evenly spaced in time, where the root is to go; it starts at 0,0 along x."""
    prefix: Path | None = None
    """A motion file that the motion goes on from."""
    n: Annotated[int, Within(1, 1000)] = 1
    """How many, each another."""
    best: Annotated[int | None, Within(1, 100)] = None
    """Of so many samples keep the best: it shows what the sentence says, the tracker that comes with sfv follows it,
    and it passes the check. To a sentence it is 8 of the humanoid's, else 1, which keeps what comes."""
    seed: Annotated[int, Within(0, SEED)] = 0
    """Of chance."""
    mend: bool = True
    """Let sfv repair take out what the physics check finds: feet that slide, a floor that is sunk into."""
    character: str = "humanoid"
    """Who moves: the character that the prior was fitted to."""


def main(program: Program) -> None:
    """Generate, choose, mend, write, draw, and say what the prior knows of the sentence."""
    if program.out.suffix != ".npz":
        raise InputError(f"{program.out} should end in .npz; sfv convert makes other formats of it")
    from sfv.character import load_character
    from sfv.pipeline.choosing import sampled
    from sfv.view.sheet import gallery
    from sfv.work.files import require_place

    for place in (program.out, program.out.with_suffix(".png")):
        require_place(place)
    character = load_character(program.character)
    condition, best = condition_of(program), best_asked(program)
    priors = priors_asked(program, character, best)
    if len(priors) > 1 and condition.seconds is None and condition.prefix is None:
        condition = replace(condition, seconds=SECONDS)  # what is shorter is followed to its end more easily
    groups = sampled(priors, condition, program.seed, program.n, best)
    if condition.text is not None:
        for prior in priors:
            say_alike(prior, condition.text)
    made = [group[0] for group in groups] if best == 1 else chosen(groups, condition.text or "", character, program)
    rows: dict[str, Motion] = {}
    for number, motion in enumerate(made):
        finished = _mended(motion, character) if program.mend and best == 1 else motion
        place = program.out if program.n == 1 else program.out.with_stem(f"{program.out.stem}-{number}")
        finished.save(place)
        rows[program.text or program.label or priors[0].name if program.n == 1 else str(number)] = finished
        print(f"{place}: {finished.duration:.1f} s by {finished.source.partition(':')[0]}")
    sheet = program.out.with_suffix(".png")
    gallery(sheet, rows, character)
    print(sheet)


def priors_asked(program: Program, character: "Character", best: int) -> "list[MotionPrior]":
    """Who makes the samples: those that are named, else all that come with sfv and heed what is asked.

    Raises:
        InputError: there is none of a name, it was fitted to another skeleton, or more are named than make samples.
    """
    from sfv.priors.rows import COMING, ROWS, load_prior

    names = program.prior or COMING[:1]
    if not program.prior and best > 1:
        asked = {name for name in ("text", "label", "path", "prefix", "seconds") if getattr(program, name)}
        able = (name for name in COMING if asked <= ROWS[name].able and (program.seconds or 0.0) <= ROWS[name].longest)
        names = tuple(able) or names
    if len(names) > best:
        raise InputError(f"{len(names)} priors are named and --best keeps one of {best} samples; name fewer")
    return [load_prior(name, character) for name in names]


def best_asked(program: Program) -> int:
    """Of how many samples one is kept.

    Raises:
        InputError: more than one of a body that the tracker does not drive.
    """
    judged = program.character == "humanoid"
    if program.best is None:
        return BEST if judged and program.text.strip() else 1
    if program.best > 1 and not judged:
        raise InputError(f"--best asks the humanoid's tracker, which drives no {program.character}; leave it out")
    return program.best


def chosen(groups: "list[list[Motion]]", sentence: str, character: "Character", program: Program) -> "list[Motion]":
    """The best of each group of samples, with a word about each."""
    from envs.config import TrackingConfig
    from sfv.pipeline.choosing import answers_of, best_of
    from sfv.pipeline.judging import Judge
    from sfv.priors.rows import WEIGHTS

    answers, out = answers_of(Judge.of(WEIGHTS / "tracker.safetensors", TrackingConfig())), []
    for group in groups:
        kept = best_of(group, sentence, character, answers, program.mend)
        followed = kept.followed
        print(
            f"the best of {len(group)}, {showing(sentence, kept.agrees, kept.shown)}, "
            f"{'passes' if kept.passed else 'fails'} the check.\nThe tracker follows it for {followed.seconds:.1f} of "
            f"{followed.duration:.1f} s, to its end in {followed.success:.0%} of its tries."
        )
        out.append(kept.motion)
    return out


def showing(sentence: str, agrees: int, shown: float) -> str:
    """What the samples show of a sentence, in words: nothing can be said where nothing of it can be measured."""
    from sfv.priors.agreement import measurable

    asked = ", ".join(sorted(measurable(sentence)))
    if not asked:
        return "chosen without the sentence, of which nothing can be measured"
    if shown == 0.0:
        return f"of which none shows what can be measured of the sentence ({asked})"
    part = "" if shown == 1.0 else f" {shown:.0%} of"
    return f"of which {agrees} show{part} what can be measured of the sentence ({asked})"


def _mended(motion: "Motion", character: "Character") -> "Motion":
    from sfv.pipeline.reference import mended

    return replace(mended(motion, character)[0], source=motion.source)


def condition_of(program: Program) -> "Condition":
    """What is asked for.

    Raises:
        InputError: the path or the prefix cannot be read.
    """
    from sfv.formats.files import read_motion
    from sfv.interfaces import Condition

    return Condition(
        text=program.text.strip() or None,
        label=program.label,
        path=None if program.path is None else read_path(program.path),
        prefix=None if program.prefix is None else read_motion(program.prefix),
        seconds=program.seconds,
    )


def read_path(file: Path) -> "np.ndarray":
    """A table of x and y.

    Raises:
        InputError: it is none, or has fewer than two points.
    """
    import warnings

    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # that the file is empty
            points = np.loadtxt(file, delimiter=",", ndmin=2)
    except (OSError, ValueError, UserWarning) as error:
        raise InputError(f"{file} cannot be read as a path ({error}); give lines of x,y in metres") from error
    if points.shape[1:] != (2,) or len(points) < 2:
        raise InputError(
            f"{file} has {len(points)} lines of {points.shape[1]} numbers; a path has two or more, of x,y in metres"
        )
    if not np.isfinite(points).all():
        line = int(np.argwhere(~np.isfinite(points))[0, 0]) + 1
        raise InputError(f"{file} has NaN or infinity in its point {line}; give x,y in metres")
    return points


def say_alike(prior: "MotionPrior", text: str) -> None:
    """Name the captions that are nearest, and warn if none is near."""
    from sfv.priors.text import is_strange, strange

    alike = prior.alike(text)
    print(f"nearest captions that {prior.name} was fitted to:")
    for sentence, cosine in alike:
        print(f"  {cosine:4.2f}  {sentence}")
    if is_strange(alike):
        print(strange(prior.name))
