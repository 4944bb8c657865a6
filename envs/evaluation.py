"""How well a policy does a clip: deterministic rollouts from the clip's start and from random phases.

Nothing is reset on the way: each rollout runs to its horizon (20 s for loops, else the clip's end) and is judged by
what happened before it failed: the bodies on average 0.5 m from the reference (PHC's definition).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from envs import rewards, terminations
from envs.config import TrackingConfig, at_rate
from envs.tracking import TrackingEnv
from sfv.character import Character
from sfv.interfaces import Policy
from sfv.kinematics import motion_state
from sfv.metrics import foot_slide
from sfv.motion import Motion
from sfv.report import Number, Report

FAILURE = 0.5
"""Mean distance (m) of the bodies from the reference at which a rollout has failed."""
CYCLIC_SECONDS = 20.0
"""Horizon of loops (DeepMimic section 7)."""


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        report: numbers and the error over time of the first rollout.
        simulated: the first rollout, from the clip's first frame without noise, as a Motion at the control rate.
        reference: what it was to follow, over the same time.
        broken_state: an mjSTATE_INTEGRATION row that led to NaN, or None.
    """

    report: Report
    simulated: Motion
    reference: Motion
    broken_state: Tensor | None


class Evaluator:
    """Evaluates policies on one clip; built once, used at every check of a training.

    With `physics_hz`, physics runs at that rate instead of the one that the policy was trained with.
    """

    def __init__(
        self,
        motion: Motion,
        character: Character,
        config: TrackingConfig,
        rollouts: int = 32,
        seed: int = 1000,
        physics_hz: float | None = None,
    ) -> None:
        self.motion, self.character, self.rollouts, self.seed = motion, character, rollouts, seed
        if physics_hz is not None:
            config = at_rate(config, physics_hz)
        config = replace(config, start="random", reward="deepmimic", simulator="mujoco")
        self.env = TrackingEnv([motion], character, config, 2 * rollouts, seed)
        for name in ("actuator_force", "actuator_velocity"):
            self.env.sim.field(name)
        hz = config.control_hz
        self.horizon = round(CYCLIC_SECONDS * hz) if motion.loop else max(1, int(motion.duration * hz + 1e-6))

    @torch.no_grad()
    def __call__(self, policy: Policy) -> Evaluation:
        """Run all rollouts side by side: half from the start (the first without noise), half from random phases."""
        env, n = self.env, self.rollouts
        env.generator.manual_seed(self.seed)
        env.broken, env.broken_state = 0, None
        clip = torch.zeros(2 * n, dtype=torch.long)
        start = torch.rand(2 * n, generator=env.generator) * int(env.library.ticks[0])
        start[:n] = 0
        if not self.motion.loop:  # leave random phases at least a third of the clip to go
            start *= 2 / 3
        tick = torch.div(start.long(), env.control_ticks, rounding_mode="floor") * env.control_ticks
        env.reset_to(clip, tick)
        self._without_noise(0)
        steps = torch.full((2 * n,), self.horizon)
        if not self.motion.loop:
            steps = torch.div(env.library.ticks[clip] - tick, env.control_ticks, rounding_mode="floor")

        alive = torch.ones(2 * n, dtype=torch.bool)
        survived = torch.zeros(2 * n)
        returns, power = torch.zeros(2 * n), torch.zeros(2 * n)
        error, root_error, worst = torch.zeros(2 * n), torch.zeros(2 * n), torch.zeros(2 * n)
        qpos, first_error = [env.sim.qpos[0].numpy().copy()], []
        for t in range(self.horizon):
            env.advance(policy(env.observe()))
            view = env.view()
            broken = terminations.not_finite(view)
            away = terminations.body_errors(view).nan_to_num(1e3)
            counted = (t < steps) & alive
            env.count_broken(broken & counted)
            alive &= ~(counted & (broken | (away.mean(-1) > FAILURE)))
            counted &= alive
            weight = counted.float()
            reward, _ = rewards.total(rewards.DEEPMIMIC, view)
            returns += torch.where(counted, reward, 0.0)
            survived += weight
            error += torch.where(counted, away.mean(-1), 0.0)
            worst = torch.maximum(worst, torch.where(counted, away.max(-1).values, 0.0))
            relative = (view.xpos - view.past.xpos)[:, 1:] - (view.xpos - view.past.xpos)[:, 1:2]
            root_error += torch.where(counted, torch.linalg.vector_norm(relative, dim=-1).mean(-1), 0.0)
            watts = (env.sim.actuator_force * env.sim.actuator_velocity).abs().sum(-1).float()
            power += torch.where(counted, watts, 0.0)
            if bool(alive[0]):
                qpos.append(env.sim.qpos[0].numpy().copy())
                first_error.append(1000.0 * float(away[0].mean()))
        return self._summary(steps, survived, returns, error, root_error, worst, power, np.array(qpos), first_error)

    def _summary(
        self,
        steps: Tensor,
        survived: Tensor,
        returns: Tensor,
        error: Tensor,
        root_error: Tensor,
        worst: Tensor,
        power: Tensor,
        qpos: Float[np.ndarray, "T nq"],
        first_error: list[float],
    ) -> Evaluation:
        env, n = self.env, self.rollouts
        hz = env.config.control_hz
        ran = survived.clamp_min(1)
        whole = (survived >= steps).float()
        nr = returns / steps
        if len(qpos) < 2:  # fell in the first step: a motion has at least two frames
            qpos = np.repeat(qpos, 2, 0)
        simulated = Motion(self.character.skeleton, hz, qpos, source="simulation")
        clip, ticks = torch.zeros(len(qpos), dtype=torch.long), torch.arange(len(qpos)) * env.control_ticks
        wanted = env.library.at(clip, ticks).qpos.double().numpy()
        reference = Motion(self.character.skeleton, hz, wanted, source=self.motion.source)
        model = self.character.model
        slide = foot_slide(model, motion_state(simulated, model), hz, self.character.feet)
        numbers = (
            Number("success", float(whole[:n].mean()), "share of rollouts from the start", "higher"),
            Number("success_random_phase", float(whole[n:].mean()), "share of rollouts", "higher"),
            Number("strict_success", float(((worst[:n] < 0.25) & (whole[:n] > 0)).float().mean()), "share", "higher"),
            Number("normalised_return", float(nr[:n].mean()), "0..1", "higher"),
            Number("normalised_return_random_phase", float(nr[n:].mean()), "0..1", "higher"),
            Number("time_to_fall", float(survived[:n].mean()) / hz, "s", "higher"),
            Number("horizon", self.horizon / hz, "s", "none"),
            Number("mpjpe_global", 1000.0 * float((error / ran)[:n].mean()), "mm", "lower"),
            Number("mpjpe_root_relative", 1000.0 * float((root_error / ran)[:n].mean()), "mm", "lower"),
            Number("foot_slide", slide, "cm/s", "lower"),
            Number("power", float((power / ran)[:n].mean()), "W", "lower"),
            Number("energy", float((power / hz)[:n].mean()), "J per rollout", "lower"),
            Number("physics_nan", float(env.broken), "rollouts", "lower"),
            Number("physics_rate", hz * env.config.decimation, "Hz", "none"),
            Number("rollouts", float(n), "from the start, and as many from random phases", "none"),
        )
        times = [(t + 1) / hz for t in range(len(first_error))]
        series = {"error over time": {"time_s": times, "mpjpe_global_mm": first_error}}
        report = Report(f"evaluation of {self.motion.source or 'a motion'}", numbers, series)
        return Evaluation(report, simulated, reference, env.broken_state)

    def _without_noise(self, index: int) -> None:
        """Give one environment exactly the reference's velocities."""
        ids = torch.tensor([index])
        ref = self.env.library.at(self.env.clip[ids], self.env.tick[ids])
        self.env.sim.qvel[index] = ref.qvel[0].double()
