"""The physics check: whether a body could do a motion at all, as a table of rows with limits and verdicts.

It asks the motion alone, whatever it was made from, by the rules of `sfv.check.rules`.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sfv.character import Character
from sfv.check.cause import CUT, LOOP, SEAMLESS, Cause, Origin
from sfv.check.cycle import Cycle, end_gap, find_cycle
from sfv.check.jumps import find_jumps
from sfv.check.performance import Performance
from sfv.check.rules import ROUGH_SEAM, RULES, SEAM, Rule
from sfv.metrics import RATE
from sfv.motion import Motion
from sfv.report import Better, Number, Report

Verdict = Literal["pass", "fail", "note"]
SEAM_ROW = "seam of the loop"
"""Its row, which no rule makes."""


@dataclass(frozen=True)
class Row:
    """A figure and what it means.

    Attributes:
        name, value, unit: the figure.
        limit: the limits in words, "" where there is none.
        verdict: "fail" breaks a limit, "note" is worth a word, "pass" is neither.
        cause: what it means where it is no pass.
        advice: what to do then, for a motion from where this one is.
        where: the part and the time that it is of, in words; "" where it is of the whole.
        better: which way is good.
    """

    name: str
    value: float
    unit: str
    limit: str
    verdict: Verdict
    cause: Cause
    advice: str = ""
    where: str = ""
    better: Better = "none"


@dataclass(frozen=True)
class Check:
    """The rows of one motion, and the cycle that was found in it."""

    title: str
    rows: tuple[Row, ...]
    cycle: Cycle | None

    @property
    def passed(self) -> bool:
        """No row fails."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the rows that fail."""
        return tuple(row.name for row in self.rows if row.verdict == "fail")

    @property
    def misread(self) -> tuple[Row, ...]:
        """Rows that fail and say that what the motion was made from was read wrongly."""
        return tuple(row for row in self.rows if row.verdict == "fail" and row.cause.misread)

    @property
    def mendable(self) -> tuple[str, ...]:
        """Names of the rows that fail or are worth a word, and that `sfv repair` addresses."""
        return tuple(row.name for row in self.rows if row.verdict != "pass" and row.cause.mends)

    @property
    def flaws(self) -> tuple[int, int, int]:
        """How many rows fail, how many repair addresses, and the seam of a loop in cm: a repair that lowers this (in
        that order) is worth it. A seam counts by itself, for few repairs close a wide one altogether."""
        seam = next((row.value for row in self.rows if row.name == SEAM_ROW), 0.0)
        return len(self.failed), len(self.mendable), round(seam)

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r} is not in this check; there are: {', '.join(row.name for row in self.rows)}")

    def report(self) -> Report:
        """The same as a report; limits, verdicts, places and advice are in its provenance, under "check"."""
        numbers = tuple(Number(row.name, row.value, row.unit, row.better) for row in self.rows)
        verdicts = {
            row.name: {
                "verdict": row.verdict,
                "limit": row.limit,
                "where": row.where,
                "misread": row.verdict == "fail" and row.cause.misread,
                "repair": row.advice if row.verdict != "pass" else "",
            }
            for row in self.rows
        }
        cycle = None if self.cycle is None else vars(self.cycle)
        found = {"passed": self.passed, "rows": verdicts, "cycle": cycle}
        return Report(self.title, numbers, provenance={"check": found})


def check(
    motion: Motion, character: Character, dynamic: bool = True, origin: Origin = "file", repaired: bool = False
) -> Check:
    """The physics check of a motion of `character`.

    Args:
        motion: what is to be done.
        character: who is to do it; the motion's skeleton is its.
        dynamic: whether its masses and shapes are real; of sticks only the rows of mere movement are asked.
        origin: where the motion comes from, which the advice fits.
        repaired: whether `sfv repair` has seen it.

    Raises:
        InputError: the motion is of another skeleton.
    """
    motion.require(character.skeleton, f"the character {character.name}")
    performance = Performance(even(motion), character, dynamic)
    rows = [row for rule in RULES if dynamic or not rule.dynamic if (row := _row(rule, performance)) is not None]
    cycle = find_cycle(motion, character)
    rows = [*rows, *_jump_rows(motion, character), *_cycle_rows(motion, character, cycle)]
    shown = tuple(replace(row, advice=row.cause.advice(origin, repaired)) if not row.advice else row for row in rows)
    return Check(f"check of {motion.source or 'a motion'}", shown, cycle)


def even(motion: Motion) -> Motion:
    """A motion at the one rate at which motions are measured."""
    return motion if abs(motion.fps / RATE - 1.0) < 0.01 else motion.resampled(RATE)


def _row(rule: Rule, performance: Performance) -> Row | None:
    found = rule.figure(performance)
    value = float(found.value)
    if np.isnan(value):
        return None
    bounds = ((">=", rule.low), ("<=", rule.high))
    limit = ", ".join(f"{sign} {bound:g}" for sign, bound in bounds if np.isfinite(bound))
    verdict: Verdict = "pass" if rule.slow <= value <= rule.note else "note"
    excuse = ""
    if not rule.low <= value <= rule.high:
        excuse = rule.excuse(performance)
        verdict = "note" if excuse else "fail"
    return Row(rule.name, value, rule.unit, limit, verdict, rule.cause, excuse, found.where, rule.better)


def _jump_rows(motion: Motion, character: Character) -> list[Row]:
    jumps = find_jumps(motion, character.model)
    if not jumps:
        return []
    where = "; ".join(f"by {100 * jump.size:.0f} cm at {jump.time:.2f} s" for jump in jumps[:3])
    return [Row("jumps", float(len(jumps)), "times", "<= 0", "fail", CUT, where=where, better="lower")]


def _cycle_rows(motion: Motion, character: Character, cycle: Cycle | None) -> list[Row]:
    gap = end_gap(motion, character)
    if motion.loop:
        verdict: Verdict = "fail" if gap > SEAM else "note" if gap > ROUGH_SEAM else "pass"
        return [Row(SEAM_ROW, 100.0 * gap, "cm", f"<= {100 * SEAM:g}", verdict, SEAMLESS, better="lower")]
    if cycle is None:
        return []
    advice = f"frames {cycle.start} to {cycle.stop} make a loop: sfv repair --loop"
    return [Row("cyclic", 100.0 * cycle.gap, "cm", "", "note", LOOP, advice)]
