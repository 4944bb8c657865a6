"""What a viewer is given of files and runs: at once their motions, then, bit by bit, all that belongs to them.

Motions come within a second. Curves, the clip, the check's rows and policies take seconds more, so a page that is open
already is told of each.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sfv.errors import InputError
from sfv.excerpt import WHOLE, Excerpt
from sfv.motion import Motion
from sfv.reading import AS_IT_SAYS, Reading
from sfv.terrain.parcel import Parcel
from sfv.view.web.show import Actor, Show
from sfv.view.web.timeline import Flag, Timeline, Trace
from sfv.work.mark import Mark
from sfv.work.run_folder import RunFolder

if TYPE_CHECKING:
    from sfv.character import Character
    from sfv.report import Report
    from sfv.view.live import Seen

log = logging.getLogger(__name__)

REFERENCE, SIMULATED = "reference", "simulated"


@dataclass(frozen=True)
class Thing:
    """One of the things to look at: its name, its motions by theirs, and who moves where that is said."""

    name: str
    path: Path
    motions: dict[str, Motion]
    body: "Character | None" = None

    @property
    def followed(self) -> bool:
        """Whether it holds a reference and what followed it."""
        return {REFERENCE, SIMULATED} <= self.motions.keys()


def things_at(paths: Sequence[Path], reading: Reading = AS_IT_SAYS, excerpt: Excerpt = WHOLE) -> list[Thing]:
    """What there is to see at each path.

    Raises:
        InputError: nothing is there, or nothing that can be shown.
    """
    names = [path.absolute().stem if path.is_file() else path.absolute().name for path in paths]
    things = []
    for name, path in zip(names, paths, strict=True):
        motions = motions_at(path, reading, excerpt)
        things.append(Thing(name, path, motions, body_at(path, reading, next(iter(motions.values())))))
    return things


def body_at(path: Path, reading: Reading, motion: Motion) -> "Character | None":
    """Who moves at a path: whom the user names, or who performed a run; None where nobody says it.

    Raises:
        InputError: there is no such character, or the motion is of another.
    """
    from sfv.character import load_character

    mark = Mark.read(RunFolder(path).motion("stage.json")) if path.is_dir() else None
    said = reading.character or (mark.config.get("character") if mark else None)
    if said is None:
        return None
    try:
        body = load_character(said)
    except InputError as error:
        if reading.character:
            raise
        log.warning("%s shows sticks for its character: %s", path, error)
        return None
    if differs := body.skeleton.difference_to(motion.skeleton):
        raise InputError(f"{path} holds no motion of {said}: {differs}; name whose it is with --character")
    return body


def motions_at(path: Path, reading: Reading = AS_IT_SAYS, excerpt: Excerpt = WHOLE) -> dict[str, Motion]:
    """The motion of a file; the reference and what was simulated of a run; what a policy alone was trained on.

    Raises:
        InputError: nothing is there, or nothing that can be shown.
    """
    if not path.is_dir():
        from sfv.formats.files import read_asked

        return {path.stem: read_asked(path, reading, excerpt, body=True)}
    if reading.given or not excerpt.whole:
        raise InputError(f"{path} is a run, whose motions are known; leave out how to read it")
    run = RunFolder(path)
    report = {name: run.report(f"{name}.npz") for name in (REFERENCE, SIMULATED)}
    found = {name: file for name, file in report.items() if file.is_file()}
    reference = run.motion("motion.npz")
    if REFERENCE not in found and reference.is_file():
        found = {REFERENCE: reference} | found
    if not found and (path / "policy.safetensors").is_file():
        from sfv.pipeline.trained import Trained

        name, file = next(iter(Trained.find(path).references().items()))
        found = {name: file}
    if not found:
        raise InputError(f"{path} holds no motion to show; give a motion file, or a run folder after `sfv run`")
    return {name: Motion.load(file) for name, file in found.items()}


def first_show(things: Sequence[Thing]) -> Show:
    """What can be shown at once."""
    actors = []
    for beside, thing in enumerate(things):
        for name, motion in thing.motions.items():
            shown = name if len(things) == 1 or name != SIMULATED else thing.name
            ghost = name == REFERENCE and thing.followed
            actors.append(Actor(shown, motion, terrain=motion.ground, ghost=ghost, beside=beside, body=thing.body))
    seconds = max(actor.motion.duration for actor in actors)
    return Show(", ".join(thing.name for thing in things), tuple(actors), Timeline(seconds), news="reading on …")


def further_shows(things: Sequence[Thing], show: Show) -> Iterator[Show]:
    """It with more and more of what belongs to it; what cannot be had is said in its news."""
    trouble: list[str] = []
    for part in (_with_curves, _with_marks, _with_pictures):
        try:
            show = part(things, show)
        except InputError as error:
            trouble.append(str(error))
        yield replace(show, news="; ".join([*trouble, "reading on …"]))
    runs = [thing for thing in things if thing.path.is_dir()]
    if runs:
        try:
            yield (show := _with_policies(runs, replace(show, news="loading the policy …")))
            show = _with_rollout(things, runs, show)
        except InputError as error:
            trouble.append(str(error))
    yield replace(show, news="; ".join(trouble))


def _with_curves(things: Sequence[Thing], show: Show) -> Show:
    """Where each body is from where the reference has it; of a single motion how high its root and lowest point are."""
    curves: list[Trace] = []
    for thing in things:
        whose = f"{thing.name}: " if len(things) > 1 else ""
        if thing.followed:
            curves += distances(thing.motions[REFERENCE], thing.motions[SIMULATED], whose)
        else:
            for motion in thing.motions.values():
                curves += heights(motion, whose, thing.body)
    return replace(show, timeline=replace(show.timeline, curves=tuple(curves)))


def distances(reference: Motion, simulated: Motion, whose: str = "") -> list[Trace]:
    """Of each body from where the reference has it, cm; for as long as both go."""
    from sfv.kinematics import motion_state
    from sfv.view.web.timeline import ERROR

    times = simulated.times[simulated.times <= reference.duration + 1e-9]
    model = simulated.skeleton.model
    cut = [
        replace(motion, fps=simulated.fps, qpos=motion.at(times), contacts=None) for motion in (reference, simulated)
    ]
    wanted, done = (motion_state(motion, model).xpos for motion in cut)
    away = 100.0 * np.linalg.norm(done - wanted, axis=-1)[:, 1:]
    bodies = [model.body(index).name for index in range(1, model.nbody)]
    named = {"mean of bodies": away.mean(1), "worst body": away.max(1), **dict(zip(bodies, away.T, strict=True))}
    return [Trace(ERROR, whose + name, "cm", times, values) for name, values in named.items()]


def heights(motion: Motion, whose: str = "", body: "Character | None" = None) -> list[Trace]:
    """Of the root and of the lowest point of the body over the ground, cm; of one of sticks of its lowest joint."""
    from sfv.kinematics import motion_state
    from sfv.surface import sitting_points, surface_points, surface_track
    from sfv.terrain.terrain import height_above
    from sfv.view.figure import figure

    body = body or figure(motion.skeleton)
    state = motion_state(motion, body.model)
    if len(surface_points(body.model)[0]):
        named = {
            "lowest point": height_above(
                surface_track(body.model, state), motion.ground, sitting_points(body.model)
            ).min(1)
        }
    else:
        named = {"lowest joint": state.xpos[:, 1:, 2].min(1)}
    named["root"] = height_above(motion.qpos[:, :3], motion.ground)
    return [Trace("height", whose + name, "cm", motion.times, 100.0 * values) for name, values in named.items()]


def _with_marks(things: Sequence[Thing], show: Show) -> Show:
    """The rows of the check, where they are of."""
    marks = [mark for thing in things for mark in _marks_of(thing, f"{thing.name}: " if len(things) > 1 else "")]
    marks.sort(key=lambda mark: (not mark.failing, mark.start))
    return replace(show, timeline=replace(show.timeline, marks=tuple(marks)))


def _marks_of(thing: Thing, whose: str) -> list[Flag]:
    from sfv.report import Report

    file = RunFolder(thing.path).motion("check.json")
    if thing.path.is_dir():
        if not file.is_file():
            return []
        report = Report.load(file)
    else:
        from sfv.check.check import check
        from sfv.view.figure import figure, has_dynamics

        (motion,) = thing.motions.values()
        body = thing.body or figure(motion.skeleton)
        report = check(motion, body, dynamic=has_dynamics(body)).report()
    return marks_of(report, whose)


def marks_of(report: "Report", whose: str = "") -> list[Flag]:
    """A mark for each place of a row of a check that has one, and for each row that fails."""
    from sfv.check.finding import measured, moments

    marks = []
    for number in report.numbers:
        row = report.provenance.get("check", {}).get("rows", {}).get(number.name, {})
        failing = row.get("verdict") == "fail"
        where = row.get("where", "")
        spans = moments(where) or ([(0.0, 0.0)] if failing else [])
        advice = f"; {row['repair']}" if row.get("repair") else ""
        words = f"{measured(number.value, number.unit)}{f', {where}' if where else ''}{advice}"
        marks += [Flag(start, stop, whose + number.name, words, failing) for start, stop in spans]
    return marks


def _with_pictures(things: Sequence[Thing], show: Show) -> Show:
    """The clip of the first run that has one; its camera, where it is that of whoever stands at the origin."""
    from sfv.pipeline.footage import footage_of

    for number, thing in enumerate(things):
        if (found := footage_of(RunFolder(thing.path))) is not None:
            return replace(show, pictures=found if number == 0 else replace(found, shot=None, warps=None))
    return show


def _with_policies(runs: Sequence[Thing], show: Show) -> Show:
    """Those of runs, to act live; and whom their characters are, and the ground that they were judged on."""
    from envs.judge.evaluation import judged_ground
    from sfv.pipeline.live import Act, Troupe

    acts = [Act.load(thing.path, thing.name) for thing in runs]
    actors = list(show.actors)
    for act, thing in zip(acts, runs, strict=True):
        ground = judged_ground(act.motion, act.character, act.tracking)
        for index, actor in enumerate(actors):
            if any(actor.motion is motion for motion in thing.motions.values()):
                actors[index] = replace(actor, terrain=ground, body=act.character)
    return replace(show, actors=tuple(actors), live=lambda: Troupe(acts))


def _with_rollout(things: Sequence[Thing], runs: Sequence[Thing], show: Show) -> Show:
    """With what a policy does now, without noise, in place of what its report has: then all of it is known.

    Only of one run, on level ground: elsewhere what is reported met chance.
    """
    from sfv.view.web.timeline import curves_of

    if len(things) != 1 or not things[0].followed or show.actors[0].terrain.flat is False or show.live is None:
        return replace(show, news="")
    live, simulated = show.live(), things[0].motions[SIMULATED]
    seen = [live.begin(0.0)]
    steps = round(simulated.duration * live.hz)
    seen += [live.step() for _ in range(steps)]
    made = {SIMULATED: np.array([now.qpos for (now,) in seen])}
    if things[0].motions[REFERENCE].duration < simulated.duration + 1e-6:  # longer ones keep their place
        made[REFERENCE] = np.array([now.wanted for (now,) in seen])  # it may have gone along with who was pushed
    moved = {
        id(before := things[0].motions[name]): replace(before, fps=live.hz, qpos=qpos, contacts=None)
        for name, qpos in made.items()
    }
    actors = tuple(replace(a, motion=moved.get(id(a.motion), a.motion)) for a in show.actors)
    actors += _boxes(seen, live.hz)
    timeline = replace(show.timeline, curves=curves_of(live.players, seen))
    return replace(show, actors=actors, timeline=timeline, news="")


def _boxes(seen: "Sequence[Sequence[Seen]]", hz: float) -> tuple[Actor, ...]:
    """The box that one policy pushed, where it did."""
    from sfv.character import Character

    poses = np.array([now.boxes[0] for (now,) in seen if now.boxes])
    if not len(poses):
        return ()
    parcel = Parcel("box", float(poses[0, 7]), 1.0)
    body = Character(parcel.name, parcel.xml)
    return (Actor(parcel.name, Motion(body.skeleton, hz, poses[:, :7], source="simulation"), body=body),)
