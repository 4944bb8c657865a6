"""How well a policy does one clip: deterministic rollouts from the clip's start and from random phases.

Each runs to its horizon, 20 s for loops and else the clip's end.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from envs.box import MOVED
from envs.breakage import Breakage
from envs.config import TrackingConfig
from envs.judge.rollouts import DERIVED, Rollouts, figures, roll_out, shown
from envs.tracking import TrackingEnv
from sfv.character import Character
from sfv.check.support import slide_of
from sfv.interfaces import Policy
from sfv.judged import Judged, Shown
from sfv.motion import Motion
from sfv.report import Number, Report
from sfv.terrain.kinds import parse_terrain
from sfv.terrain.terrain import Terrain
from sfv.terrain.world import Tile

CYCLIC_SECONDS = 20.0
"""Horizon of loops (DeepMimic section 7)."""
JUDGED = 0.0, 1 / 3, 2 / 3, 1.0
"""Difficulties of terrain at which policies are judged where the task names a kind alone."""
UNSEEN = 1000
"""Added to the seed of the terrain that a policy was trained on, for that on which it is judged."""
ENTERED = 2 / 3
"""Random phases lie in this part of a clip that ends, so that at least a third of it is left to go."""


class Evaluator:
    """Evaluates policies on one clip; built once, used at every check of a training."""

    def __init__(
        self,
        motion: Motion,
        character: Character,
        config: TrackingConfig,
        rollouts: int = 32,
        seed: int = 1000,
        watch: bool = False,
    ) -> None:
        """Build it; with `watch` the worst rollout from the start is kept to look at beside the first."""
        self.motion, self.character, self.rollouts, self.seed = motion, character, rollouts, seed
        self.watch = watch
        horizon = CYCLIC_SECONDS if motion.loop else motion.duration
        self.env = judging_env([motion], character, config, 2 * rollouts, seed, horizon)

    def __call__(self, policy: Policy) -> Judged:
        """Run all rollouts side by side: half from the start (the first without noise), half from random phases."""
        env, n = self.env, self.rollouts
        clip, start = torch.zeros(2 * n, dtype=torch.long), torch.arange(2 * n) < n
        steps = begin(env, clip, start, self.seed)
        self._without_noise(0)
        return self._found(roll_out(env, policy, steps, n if self.watch else 1), start)

    def _found(self, done: Rollouts, start: Tensor) -> Judged:
        env, hz, n = self.env, self.env.config.control_hz, self.rollouts
        first = self._shown(done, 0)
        done_there = replace(first.simulated, ground=env.terrain)
        slide = slide_of(done_there, self.character) if done.first_error else float("nan")
        seconds, found = done.survived[start] / hz, figures(done, start, hz)
        numbers = (
            *found.numbers(),
            Number("horizon", int(done.steps[0]) / hz, "s", "none"),
            Number("foot_slide", slide, "cm/s", "lower"),
            Number("power", float(done.power[start].nanmean()), "W", "lower"),
            Number("energy", float((done.power[start] * seconds).nanmean()), "J per rollout", "lower"),
            Number("physics_nan", float(env.breakage.count), "rollouts", "lower"),
            Number("physics_rate", hz * env.config.decimation, "Hz", "none"),
            Number("rollouts", float(n), "from the start, and as many from random phases", "none"),
            *(self._pushing(done, start) if env.box else ()),
        )
        times = [(t + 1) / hz for t in range(len(done.first_error))]
        errors = [1000.0 * error for error in done.first_error]
        series = {"error over time": {"time_s": times, "mpjpe_global_mm": errors}}
        report = Report(f"evaluation of {self.motion.source or 'a motion'}", numbers, series)
        order = [(float(done.survived[i]), float(done.returns[i])) for i in range(len(done.paths))]
        worst = self._shown(done, order.index(min(order))) if self.watch else None
        return Judged(found, report, env.breakage.found(env.whole), first, worst)

    def _pushing(self, done: Rollouts, start: Tensor) -> tuple[Number, ...]:
        """What became of the box in the tries from the start."""
        moved = done.moved[start]
        return (
            Number("box_moved", float(moved.mean()), "m", "higher"),
            Number(
                "box_moved_1m", float((moved >= MOVED).float().mean()), "share of rollouts from the start", "higher"
            ),
        )

    def _shown(self, done: Rollouts, index: int) -> Shown:
        """What one rollout looked like, beside what it was to follow."""
        return shown(self.env, self.motion, done, index, done.wanted[index])

    def _without_noise(self, index: int) -> None:
        """Give one environment exactly the reference's velocities."""
        ids = torch.tensor([index])
        ref = self.env.reference(self.env.tick[ids], ids)
        self.env.sim.qvel[index] = ref.qvel[0].double()


def judging_env(
    motions: list[Motion],
    character: Character,
    config: TrackingConfig,
    num_envs: int,
    seed: int,
    seconds: float = CYCLIC_SECONDS,
    tiles: Sequence[Tile] = (),
) -> TrackingEnv:
    """The task as policies are judged in it: DeepMimic's reward, on the processor.

    Its ground, where it is not level, is `tiles`, or else of the kinds that the config names, other than trained on.
    """
    config = replace(config, start="random", reward="deepmimic", simulator="mujoco", gradual=False)
    tiles = tiles or judged_tiles(config)
    env = TrackingEnv(motions, character, config, num_envs, seed, tiles, seconds)
    for name in DERIVED:
        env.sim.field(name)
    return env


def judged_ground(motion: Motion, character: Character, config: TrackingConfig) -> Terrain:
    """The ground that a policy of one clip is judged on."""
    if not config.terrain:
        return motion.ground
    horizon = CYCLIC_SECONDS if motion.loop else motion.duration
    return judging_env([motion], character, config, 1, 0, horizon).terrain


def judged_tiles(config: TrackingConfig) -> list[Tile]:
    """The ground that policies are judged on: JUDGED difficulties of each kind, or as many of the one named.

    Kinds take turns, so that few rollouts meet all of them.
    """
    out = []
    for index, level in enumerate(JUDGED):
        for text in config.terrain:
            kind, difficulty = parse_terrain(text)
            out.append(Tile(kind, level if difficulty is None else difficulty, UNSEEN + config.terrain_seed + index))
    return out


def begin(env: TrackingEnv, clip: Tensor, start: Tensor, seed: int) -> Tensor:
    """Put each environment at the start of its clip, or where `start` is false at a random phase of it.

    Args:
        env: n environments.
        clip: (n,) long, the clip of each.
        start: (n,) bool.
        seed: of the phases and of the noise on the start velocities.

    Returns:
        (n,) control steps until the horizon of each.
    """
    library, every = env.library, env.control_ticks
    env.generator.manual_seed(seed)
    env.breakage = Breakage()
    ticks, loop = library.ticks[clip], library.loop[clip]
    phase = torch.rand(len(clip), generator=env.generator) * ticks
    phase = torch.where(start, 0.0, torch.where(loop, phase, ENTERED * phase))
    tick = torch.div(phase.long(), every, rounding_mode="floor") * every
    env.reset_to(clip, tick)
    left = torch.div(ticks - tick, every, rounding_mode="floor").clamp_min(1)
    return torch.where(loop, round(CYCLIC_SECONDS * env.config.control_hz), left)
