"""From a track or a motion file to a reference: put on the character, checked, repaired, with a word about each."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from recon.config import ReconstructConfig
from recon.reconstruct import lacking, reconstruct
from recon.repair import moved, repair, way
from recon.retarget.retarget import retarget, retarget_steps
from sfv.character import Character, load_character
from sfv.check.cause import Origin
from sfv.check.check import Check, check
from sfv.check.finding import measured
from sfv.check.jumps import find_jumps, longest_piece
from sfv.check.scene import find_scene
from sfv.check.scorecard import motion_scorecard
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.formats.files import read_asked
from sfv.joints.joint_map import read_map
from sfv.motion import Motion
from sfv.pipeline.settings import Settings
from sfv.pipeline.sources import origin_of
from sfv.pose import PoseTrack
from sfv.progress import bar
from sfv.report import Report
from sfv.view.figure import figure, has_dynamics
from sfv.work.contents import require_file

log = logging.getLogger(__name__)

STAND_IN = "humanoid"
"""Who is laid upon the people of videos for a performer that cannot be."""
REPAIR_STEPS = 200.0
"""Most steps of the optimiser that repairs a motion."""


def retargeted(motion: Motion, body: Character, joints: Path | None = None) -> Motion:
    """A motion of another body on this one; the user is told how near key bodies are to their scaled places, in cm.

    `joints` is a user's joint map, for what the names of the motion's bodies do not say.

    Raises:
        InputError: no joint map fits the motion's skeleton or the character.
    """
    with bar(f"retargeting to {body.name}", retarget_steps(motion)) as advance:
        result = retarget(motion, body, advance=advance, given=read_map(joints) if joints else None)
        advance(retarget_steps(motion))
    log.warning(
        "the motion of another body was retargeted to %s: key bodies are %.1f cm from their scaled places",
        body.name,
        result.key_error,
    )
    if not motion.ground.flat:
        log.warning("the ground of the other body's measures is left out; find it again with sfv scene")
    return result.motion


def in_one_piece(motion: Motion) -> Motion:
    """The longest part of a motion in which it does not jump from one pose to another; the user is told what is left.

    A pose held for seconds before the motion begins is no part of it, nor is another take behind it.
    """
    model = figure(motion.skeleton).model
    jumps = find_jumps(motion, model)
    if not jumps:
        return motion
    first, last = longest_piece(motion, model)
    part = Excerpt(float(motion.times[first]), float(motion.times[last]))
    log.warning(
        "the motion jumps to another pose %s; what is from %.2f to %.2f s was taken, name another part with --begin "
        "and --end",
        ", ".join(f"at {jump.time:.2f} s (by {100 * jump.size:.0f} cm)" for jump in jumps[:3]),
        part.begin,
        part.end,
    )
    return motion.part(part)


def told(found: Check, when: str = "") -> None:
    """Tell the user what fails in a check: value, limit, place, and what to do. `when` is 'after the repair'."""
    for name in found.failed:
        row = found[name]
        log.warning(
            "%sthe motion fails in %s: %s (%s)%s; %s",
            f"{when} " if when else "",
            name,
            measured(row.value, row.unit),
            row.limit,
            f", {row.where}" if row.where else "",
            row.advice,
        )


def mended(
    motion: Motion, body: Character, origin: Origin = "motion", failures_only: bool = False
) -> tuple[Motion, Check]:
    """A motion as it is, or repaired where the physics check finds what can be and the repair leaves less of it.

    With `failures_only` what is merely worth a word is left: pictures may show it, and a repair does not see them. What
    was read wrongly is left too: laid on the floor it would pass for somebody who lies there.
    """
    found = check(motion, body, origin=origin)
    idle = failures_only and not set(found.failed) & set(found.mendable)
    if found.misread or not found.mendable or idle:
        told(found)
        return motion, found
    with bar("repairing the motion", REPAIR_STEPS) as advance:
        result = repair(motion, body, iterations=int(REPAIR_STEPS), advance=advance)
    after = check(result, body, origin=origin, repaired=True)
    if after.flaws >= found.flaws:
        log.warning("the motion is taken as it is: a repair leaves as much of %s", ", ".join(found.mendable))
        told(found)
        return motion, found
    log.warning(
        "the motion was repaired (%s): bodies moved by %.1f cm about the root, and its way is %.2f m long, not %.2f",
        ", ".join(found.mendable),
        100.0 * moved(motion, result, body),
        way(result),
        way(motion),
    )
    told(after, "after the repair")
    return result, after


def as_found(motion: Motion, body: Character, origin: Origin) -> tuple[Motion, Check]:
    """A motion as it is, and its check, of which the user is told."""
    found = check(motion, body, origin=origin)
    told(found)
    return motion, found


def on_its_ground(motion: Motion, body: Character) -> Motion:
    """A motion with the ground that it must have been done on, found from it; the user is told what was found.

    Raises:
        InputError: the body passes through where its support would have to be.
    """
    found = find_scene(motion, body)
    if found.ground.flat:
        log.warning("nothing is missing below the motion: its ground is level")
    for words in found.words():
        log.warning("something bore the body that is not in the motion, and is now: it %s", words)
    return found.under(motion)


def settled(
    motion: Motion, body: Character, origin: Origin, mend: bool, scene: bool, failures_only: bool = False
) -> tuple[Motion, Check]:
    """A motion as it is to be followed, and its check: with `scene` on its ground, with `mend` repaired.

    What has a ground of its own is not repaired: a repair knows level ground alone.
    """
    if scene and motion.ground.flat:
        motion = on_its_ground(motion, body)
    if mend and motion.ground.flat:
        return mended(motion, body, origin, failures_only)
    return as_found(motion, body, origin)


def stop_if_misread(found: Check, anyway: bool) -> None:
    """Stop where rows of the check say that the source was read wrongly: whatever is trained on it is wasted.

    Raises:
        InputError: it has such rows, and nobody said to go on `anyway`.
    """
    for row in found.misread if not anyway else ():
        where = f", {row.where}" if row.where else ""
        raise InputError(
            f"this is no motion of a person: {row.name} is {measured(row.value, row.unit)} ({row.limit}){where}; "
            f"{row.advice}; or go on all the same with --anyway"
        )


@dataclass(frozen=True)
class Prepared:
    """A motion that a policy is to follow, what is good and bad about it, and what the physics check finds."""

    motion: Motion
    scorecard: Report
    check: Check

    def save(self, motion: Path, place: Callable[[str], Path]) -> None:
        """Write the motion, and beside it the two reports."""
        self.motion.save(motion)
        self.scorecard.save(place("scorecard.json"))
        self.check.report().save(place("check.json"))


def reconstructed(
    track: PoseTrack, body: Character, config: ReconstructConfig, mend: bool, scene: bool = False
) -> Prepared:
    """The reference in a pose track; with `mend` repaired where it fails the check, with `scene` on its ground.

    A body without landmarks, as robots are, gets what the humanoid did, retargeted.
    """
    if not lacking(body):
        found = reconstruct(track, body, config)
        motion, rows = settled(found.motion, body, "video", mend, scene, failures_only=True)
        # of what is saved: a repair may have changed it
        return Prepared(motion, replace(found, motion=motion).scorecard, rows)
    found = reconstruct(track, load_character(STAND_IN), config)
    motion, rows = settled(retargeted(found.motion, body), body, "video", mend, scene, failures_only=True)
    return Prepared(motion, found.scorecard.over(motion_scorecard(motion, body)), rows)


def as_it_is(source: Path, body: Character) -> Motion | None:
    """The motion in one of sfv's own files, where it is one of this very body and needs nothing; else None.

    Raises:
        InputError: there is no such file.
    """
    require_file(source)
    try:
        motion = Motion.load(source)
    except InputError:
        return None  # another format, which its own reader judges
    return None if body.skeleton.difference_to(motion.skeleton) else motion


def reference_of(source: Path, body: Character, settings: Settings) -> Prepared:
    """The reference in a motion file: the part that is wanted, at the control rate, on this body, mended if asked for.

    Raises:
        InputError: the file cannot be read, its body is none that a joint map knows, or it was read wrongly.
    """
    named = settings.reading.character == settings.performer  # who does it is named in any case
    motion = read_asked(source, settings.reading, settings.excerpt, body=named)
    origin = origin_of(source)
    if settings.mend:
        motion = in_one_piece(motion)
    own = figure(motion.skeleton)
    stop_if_misread(check(motion, own, has_dynamics(own), origin), settings.anyway)
    rate = settings.tracking.control_hz
    if abs(motion.fps - rate) > 1e-6:
        motion = motion.resampled(rate)
    if motion.skeleton.difference_to(body.skeleton):
        motion = retargeted(motion, body, settings.map)
    elif settings.map:
        raise InputError(f"--map does nothing for {source}, which is of {body.name} already; leave it out")
    motion, rows = settled(motion, body, origin, settings.mend, settings.scene == "auto")
    return Prepared(motion, motion_scorecard(motion, body), rows)
