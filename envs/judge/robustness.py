"""How success falls with terrain, pushes, boxes, friction, strength, mass, size, delay, noise: a table of cells each.

A measure is done in parts, each a batch of rollouts that takes seconds, so that a long matrix can stop and go on.
The rollouts are those of `envs.judge.rollouts`; it knows no files and no pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from envs.config import TrackingConfig
from envs.events import EVENTS
from envs.ground import reach
from envs.judge.confidence import thresholds, wilson
from envs.judge.evaluation import CYCLIC_SECONDS, begin, judging_env
from envs.judge.knocks import AFTER, DIRECTIONS, pushed, resume, survive, thrown_at
from envs.judge.rollouts import roll_out
from envs.tracking import TrackingEnv
from sfv.bodies.scaled import scaled
from sfv.character import Character
from sfv.interfaces import Policy
from sfv.motion import Motion
from sfv.report import Number, Report
from sfv.terrain.kinds import KINDS
from sfv.terrain.world import Tile

GOES = 3.0
"""m: a clip that goes less far stays on the pad of solid ground before stairs, gaps, stones, beams and hurdles."""
SEEDS = 4
"""Terrains of each kind and difficulty, other than any that is trained on."""
UNSEEN = 5000
"""Their first seed."""
ALONG = "push along"
"""The measure of pushes in which the reference goes along with the body."""
HARD = {"push": ("force", "N"), "recovery": ("force", "N"), "box": ("speed", "m/s")}
"""Measures of what hits a body: the name of how hard, and its unit."""
Columns = dict[str, list[float]]
"""Of a part: the settings of each cell by name, then `rollouts`, `successes`, `normalised_return`, `time_to_fall`."""


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        rollouts: in each cell, and in each of friction x strength.
        difficulties: of each kind of terrain.
        forces: of pushes, N.
        speeds: of thrown boxes, m/s.
        grid: scales of friction and of strength, each with each.
        values: of the events that are measured one at a time.
        sizes: of the body, over its own.
    """

    rollouts: int
    rollouts_grid: int
    difficulties: tuple[float, ...]
    forces: tuple[float, ...]
    speeds: tuple[float, ...]
    grid: tuple[float, ...]
    values: Mapping[str, tuple[float, ...]]
    sizes: tuple[float, ...]


FULL = Scale(
    64,
    8,
    (0.0, 0.25, 0.5, 0.75, 1.0),
    tuple(float(round(40 * 1.35**k)) for k in range(12)),
    (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0),
    tuple(np.linspace(0.1, 1.5, 20).round(3).tolist()),
    {
        "mass": (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0),
        "balance": (-0.12, -0.06, -0.03, 0.0, 0.03, 0.06, 0.12),
        "hands": (0.0, 0.5, 1.0, 2.0, 4.0),
        "gains": (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0),
        "delay": (0.0, 8.34, 16.67, 25.0, 33.34, 50.0, 66.67),
        "noise": (0.0, 0.01, 0.02, 0.05, 0.1, 0.2),
    },
    (0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2),
)
QUICK = Scale(
    16,
    4,
    (0.0, 0.5, 1.0),
    (60.0, 100.0, 160.0, 260.0, 420.0, 700.0),
    (3.0, 6.0, 10.0),
    (0.3, 0.6, 0.8, 1.0, 1.3),
    {
        "mass": (0.7, 1.0, 1.4),
        "balance": (-0.05, 0.0, 0.05),
        "hands": (0.0, 1.0, 3.0),
        "gains": (0.7, 1.0, 1.4),
        "delay": (0.0, 16.67, 33.34),
        "noise": (0.0, 0.02, 0.1),
    },
    (0.95, 1.0, 1.05),
)


@dataclass(frozen=True)
class Part:
    """What is rolled out at once: a measure, what of it, and the settings of each cell, by name, of equal length."""

    measure: str
    what: str
    cells: Mapping[str, Sequence[float]]
    rollouts: int

    @property
    def name(self) -> str:
        """Of measure and part, for files and people."""
        return f"{self.measure} {self.what}".strip()

    @property
    def count(self) -> int:
        """How many rollouts."""
        return len(next(iter(self.cells.values()))) * self.rollouts


class Robustness:
    """Measures one policy on one clip; `parts` says what there is to do, `measure` does one of them."""

    def __init__(
        self, policy: Policy, motion: Motion, character: Character, config: TrackingConfig, scale: Scale, seed: int
    ) -> None:
        self.policy, self.motion, self.character, self.scale, self.seed = policy, motion, character, scale, seed
        self.config = replace(config.undisturbed(), terrain=())
        self.horizon = CYCLIC_SECONDS if motion.loop else motion.duration

    def parts(self) -> list[Part]:
        """In their order; kinds of terrain that the clip would not reach are left out, and all of them, recovery and
        size where it brings a ground of its own or something to push: what is done on a seat is done nowhere else."""
        scale, out = self.scale, []
        level = self._env(1)
        goes, anywhere = max(reach(level.library, self.horizon)), self.motion.ground.flat and level.box is None
        for kind, row in KINDS.items():
            if anywhere and kind != "flat" and (goes >= GOES or not row.beyond):
                sizes = [row.size(d) for d in scale.difficulties]
                out.append(Part("terrain", kind, {"difficulty": scale.difficulties, "size": sizes}, scale.rollouts))
        out.append(Part("undisturbed", "", {"difficulty": (0.0,)}, scale.rollouts))
        for measure in ("push", ALONG) if anywhere else ("push",):
            out += [Part(measure, way, {"force": scale.forces}, scale.rollouts) for way in DIRECTIONS]
        if anywhere:
            out.append(Part("box", "", {"speed": scale.speeds}, scale.rollouts))
            out.append(Part("recovery", "", {"force": scale.forces}, scale.rollouts))
            out.append(Part("size", "", {"size": scale.sizes}, scale.rollouts))
        for name, values in scale.values.items():
            out.append(Part(name, "", {name: values}, scale.rollouts))
        grid = np.array(scale.grid)
        for number, rows in enumerate(np.array_split(grid, max(1, len(grid) // 5))):
            pairs = np.array([(f, s) for f in rows for s in grid])
            cells = {"friction": pairs[:, 0].tolist(), "strength": pairs[:, 1].tolist()}
            out.append(Part("friction and strength", str(number), cells, scale.rollouts_grid))
        return out

    def measure(self, part: Part) -> Columns:
        """Roll a part out."""
        cell = torch.arange(part.count) // part.rollouts
        columns = {name: list(map(float, values)) for name, values in part.cells.items()}
        if part.measure in ("push", ALONG, "box", "recovery"):
            return columns | self._hit(part, cell)
        if part.measure == "size":
            sizes = part.cells["size"]
            return columns | _joined([self._rolled(self._sized(size, part.rollouts), part) for size in sizes])
        if part.measure == "terrain":
            env = self.on_terrain(part)
        elif part.measure == "undisturbed":
            env = self._env(part.count)
        else:
            env = self._held(part, cell)
        return columns | self._rolled(env, part)

    def _rolled(self, env: TrackingEnv, part: Part) -> Columns:
        """What is told of those who begin at the clip's start in all environments, which are one cell or more."""
        everyone = torch.zeros(env.num_envs, dtype=torch.long)
        done = roll_out(env, self.policy, begin(env, everyone, everyone == 0, self.seed))
        seconds = done.survived / self.config.control_hz
        return {
            "rollouts": [float(part.rollouts)] * (env.num_envs // part.rollouts),
            "successes": _sums(done.whole, part),
            "normalised_return": [s / part.rollouts for s in _sums(done.normalised_return, part)],
            "time_to_fall": [s / part.rollouts for s in _sums(seconds, part)],
        }

    def _sized(self, size: float, count: int) -> TrackingEnv:
        """A body `size` times as tall, and the clip as large: as many steps a second, each as much longer."""
        character = Character(f"{self.character.name} x {size:g}", scaled(self.character.xml, size))
        qpos = self.motion.qpos.copy()
        qpos[:, :3] *= size
        motion = replace(self.motion, skeleton=character.skeleton, qpos=qpos)
        return judging_env([motion], character, self.config, count, self.seed, self.horizon)

    def _env(
        self, count: int, tiles: Sequence[Tile] = (), randomise: tuple[str, ...] = (), recovery: float = 0.0
    ) -> TrackingEnv:
        config = replace(self.config, randomise=randomise, recovery=recovery)
        return judging_env([self.motion], self.character, config, count, self.seed, self.horizon, tiles)

    def on_terrain(self, part: Part) -> TrackingEnv:
        """Rollouts of a cell take turns on its tiles; all cells' tiles are in one world."""
        levels = part.cells["difficulty"]
        tiles = [Tile(part.what, level, UNSEEN + seed) for level in levels for seed in range(SEEDS)]
        env = self._env(part.count, tiles)
        assert env.ground is not None
        index = torch.arange(part.count)
        env.ground.tile[:] = SEEDS * (index // part.rollouts) + index % SEEDS
        return env

    def _held(self, part: Part, cell: Tensor) -> TrackingEnv:
        """Each rollout with its cell's values of the events that the part is of."""
        names = [name for name in part.cells if name in EVENTS]
        ranges = tuple(f"{name}:{min(part.cells[name])}:{max(part.cells[name])}" for name in names)
        env = self._env(part.count, randomise=ranges)
        assert env.events is not None
        for name in names:
            env.events.hold(name, torch.tensor(part.cells[name], dtype=torch.float32)[cell])
        return env

    def disturbed(self, part: Part, recovery: float = 0.0) -> TrackingEnv:
        """Rollouts to be pushed, or thrown at, as hard as a part's cells say."""
        event, values = ("box", part.cells["speed"]) if part.measure == "box" else ("push", part.cells["force"])
        return self._env(part.count, (), (f"{event}:0:{max(values)}",), recovery)

    def _hit(self, part: Part, cell: Tensor) -> Columns:
        """One push or box each; what is told of who survives or resumes, in each cell."""
        hard = torch.tensor(part.cells["speed" if part.measure == "box" else "force"])[cell]
        if part.measure == "recovery":
            found = resume(self.disturbed(part, AFTER), self.policy, hard, self.seed)
        else:
            along, seed = part.measure == ALONG, self.seed
            env = self.disturbed(part, AFTER * along)
            begun = thrown_at(env, hard, seed) if part.measure == "box" else pushed(env, hard, part.what, seed)
            found = survive(env, self.policy, begun, along)
        return {name: _sums(flags, part) for name, flags in found.items()}


def _joined(cells: Sequence[Columns]) -> Columns:
    """Cells that were measured one by one, as one part."""
    return {name: [value for cell in cells for value in cell[name]] for name in cells[0]}


def _sums(values: Tensor, part: Part) -> list[float]:
    """The sum over the rollouts of each cell."""
    sums: list[float] = values.float().view(-1, part.rollouts).sum(1).tolist()
    return sums


def matrix(title: str, found: Mapping[str, Columns]) -> Report:
    """All parts as one report: a series for each, with 95 % intervals, and the figures that sum them up."""
    series = {name: dict(columns) for name, columns in found.items() if not name.startswith("friction and")}
    grid: Columns = {}
    for name, columns in found.items():
        if name.startswith("friction and"):
            for key, values in columns.items():
                grid.setdefault(key, []).extend(values)
    series["friction and strength"] = grid
    numbers = []
    plain = series["undisturbed"]
    numbers.append(Number("success undisturbed", _share(plain), "share of rollouts", "higher"))
    numbers.append(Number("normalised_return undisturbed", plain["normalised_return"][0], "0..1", "higher"))
    terrain = {name: columns for name, columns in series.items() if name.startswith("terrain ")}
    if terrain:
        rough = float(np.mean([_share(columns) for columns in terrain.values()]))
        numbers.append(Number("success on terrain", rough, "mean share", "higher"))
    numbers.append(Number("friction and strength", _share(grid), "mean share over the grid", "higher"))
    numbers += [Number(f"success {name}", _share(columns), "mean share", "higher") for name, columns in terrain.items()]
    for name, columns in series.items():
        if (hard := HARD.get(name.split()[0])) is not None:
            key, unit = hard
            survived = np.array(columns["successes"])
            verb = "resume" if name == "recovery" else "stay up"
            half, most = thresholds(np.array(columns[key]), survived, np.array(columns["rollouts"]))
            for share, edge in ((50, half), (90, most)):
                numbers.append(Number(f"{name} {share}", edge.force, f"{unit} after which {share} % {verb}", "higher"))
                numbers.append(Number(f"{name} {share} low", edge.low, f"{unit}, 95 % interval from", "none"))
                numbers.append(Number(f"{name} {share} high", edge.high, f"{unit}, to", "none"))
    for columns in series.values():
        tries = np.maximum(np.array(columns["rollouts"]), 1.0)
        columns["success"] = (np.array(columns["successes"]) / tries).tolist()
        columns["low"], columns["high"] = wilson(np.array(columns["successes"]), tries).tolist()
    return Report(title, tuple(numbers), series)


def _share(columns: Columns) -> float:
    return sum(columns["successes"]) / max(1.0, sum(columns["rollouts"]))
