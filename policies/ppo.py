"""Proximal policy optimisation on tensors that never leave the environment's device.

Collect `steps` control steps in every environment, estimate advantages, take clipped gradient steps; the step size
follows the KL divergence. The network is Stable-Baselines3's policy class; nothing else of its PPO is needed, whose
rollouts are NumPy arrays and whose losses are logged one `.item()` at a time.
"""

import copy
import logging
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from policies.config import TrainConfig
from policies.group import Group
from policies.networks import half_pays, make_policy
from policies.optimizer import PolicyOptimizer
from sfv.errors import InputError
from sfv.interfaces import Mirror, Mirrored, Policy, VecEnv

log = logging.getLogger(__name__)

FREE = 0.5
"""While a teacher's share of the loss is above this, the step size stays `learning_rate`, whatever the KL."""
MIRROR = 4.0
"""Weight of the mirror loss: that of Yu, Turk and Liu 2018 (arXiv:1801.08093), from memory; not tuned here."""


@dataclass(frozen=True)
class Rollout:
    """Samples of one iteration, (T, n, ...)."""

    obs: Float[Tensor, "t n o"]
    action: Float[Tensor, "t n a"]
    mean: Float[Tensor, "t n a"]
    advantage: Float[Tensor, "t n"]
    value: Float[Tensor, "t n"]
    weight: Float[Tensor, "t n"] | None = None
    """Importance weights of the episodes, where their starts have some."""
    taught: Float[Tensor, "t n a"] | None = None
    """What the teacher would have done, while it is listened to."""


class PPO:
    """The learner: a policy, its optimiser, and the environments it learns in."""

    def __init__(
        self,
        env: VecEnv,
        config: TrainConfig,
        group: Group | None = None,
        teacher: Policy | None = None,
        lessons: float = 0.0,
    ) -> None:
        torch.manual_seed(config.seed)
        self.env, self.config, self.group = env, config, group or Group()
        self.teacher, self.lessons = teacher, lessons
        self.policy = make_policy(env.obs_size, env.action_size, config.hidden).to(env.device)
        self.half = half_pays(env.device)  # but for values that targets are made of: bfloat16 has steps of .003 there
        self.optimizer = PolicyOptimizer(self.policy, config, self.half)
        self.generator = torch.Generator(device=env.device).manual_seed(config.seed + self.group.rank)
        self.average = copy.deepcopy(self.policy)
        self.samples = 0
        self.narrowed = 0.0  # samples, each counted by how much it was `settling`
        # as who judges the policy decides, 0 to 1:
        self.settling = 1.0  # how fast exploration and steps narrow
        self.lasting = 1.0  # the share of `config.correlation` that there is
        self.obs = env.reset()
        self.exploration = self._fresh()  # (n, a), of unit variance
        self.log: dict[str, float] = {}
        self.mirror = _mirror(env) if config.mirror else None
        self._loss = _compiled(self._minibatch_loss) if config.compile else self._minibatch_loss

    @property
    def batch(self) -> int:
        """Samples of an iteration, of the whole group."""
        return self.config.steps * self.env.num_envs * self.group.size

    @property
    def noise(self) -> float:
        """Standard deviation of the exploration now."""
        return self._narrowed(self.config.noise)

    @property
    def heard(self) -> float:
        """The teacher's share of the loss: 1 at the start, in a straight line to 0 over `lessons` samples."""
        return max(0.0, 1.0 - self.samples / self.lessons) if self.teacher is not None and self.lessons > 0 else 0.0

    @property
    def correlation(self) -> float:
        """How much of its exploration an environment carries over from one control step to the next, now.

        The likelihood ratio takes it for independent of the step before, as in Hollenstein et al. 2024
        (arXiv:2312.11091).
        """
        return self.lasting * self._narrowed(self.config.correlation)

    @property
    def narrow(self) -> bool:
        """Exploration and steps are as they are to stay."""
        config = self.config
        ends = (config.noise[-1], config.target_kl[-1], self.lasting * config.correlation[-1])
        return (self.noise, self._narrowed(config.target_kl), self.correlation) == ends

    def _fresh(self) -> Float[Tensor, "n a"]:
        """Independent normal numbers."""
        env = self.env
        return torch.randn(env.num_envs, env.action_size, generator=self.generator, device=env.device)

    def _narrowed(self, ends: tuple[float, ...]) -> float:
        """From the first number to the next in a straight line over `narrowing` samples, and so on to the last."""
        done = self.narrowed / self.config.narrowing
        if (first := int(done)) >= len(ends) - 1:
            return ends[-1]
        return ends[first] + (ends[first + 1] - ends[first]) * (done - first)

    def iterate(self) -> None:
        """One iteration: collect, learn, and move the averaged policy a little towards the new one."""
        self.settling, self.lasting = self.group.told((self.settling, self.lasting))
        rollout = self._collect()
        self._update(rollout)
        self.policy.normaliser.merge(*self.group.moments(rollout.obs.flatten(0, 1)))
        self._follow()

    @torch.no_grad()
    def _collect(self) -> Rollout:
        env, config, policy = self.env, self.config, self.policy
        shape = (config.steps, env.num_envs)
        obs = torch.empty(*shape, env.obs_size, device=env.device)
        action, mean = (torch.empty(*shape, env.action_size, device=env.device) for _ in range(2))
        reward = torch.empty(*shape, device=env.device)
        terminated, truncated = (torch.empty(*shape, dtype=torch.bool, device=env.device) for _ in range(2))
        taught = torch.empty_like(mean) if self.teacher is not None and self.heard > 0 else None
        timed_out: list[Tensor] = []
        ages: list[Tensor] = []
        terms: list[Mapping[str, Tensor]] = []
        weights: list[Tensor] = []
        policy.log_std.fill_(math.log(self.noise))
        carried = self.correlation
        for t in range(config.steps):
            obs[t] = self.obs
            mean[t] = policy.actor(policy.normaliser(self.obs), self.half)  # as the update computes it
            if taught is not None and self.teacher is not None:
                taught[t] = self.teacher(self.obs)
            self.exploration = carried * self.exploration + math.sqrt(1.0 - carried**2) * self._fresh()
            action[t] = mean[t] + self.noise * self.exploration
            step = env.step(action[t])
            reward[t], terminated[t], truncated[t] = step.reward, step.terminated, step.truncated
            timed_out.append(step.final_obs[step.truncated])
            ages.append(step.info.age[step.terminated | step.truncated])
            terms.append(step.info.terms)
            if step.info.weight is not None:
                weights.append(step.info.weight)
            self.obs = step.obs
        self.samples += self.batch
        self.narrowed += self.batch * self.settling

        everything = torch.cat((obs.flatten(0, 1), self.obs, *timed_out))
        values = policy.critic(policy.normaliser(everything))
        count = config.steps * env.num_envs
        value = values[: count + env.num_envs].unflatten(0, (config.steps + 1, env.num_envs))
        scaled = (1.0 - config.gamma) * reward  # so that a perfect return is worth 1
        scaled[truncated] += config.gamma * values[count + env.num_envs :]  # a time-out is not an end
        advantage = gae(scaled, value, terminated | truncated, config.gamma, config.lam)
        self.log = {"reward": float(reward.mean()), "value": float(value.mean())}
        self.log |= {f"reward_{name}": float(torch.stack([t[name] for t in terms]).mean()) for name in terms[0]}
        if len(ended := torch.cat(ages)):
            self.log["episode_steps"] = float(ended.float().mean())
        weight = torch.stack(weights) if weights else None
        return Rollout(obs, action, mean, advantage, value[:-1], weight, taught)

    def _update(self, rollout: Rollout) -> None:
        config = self.config
        with torch.no_grad():
            normal = self.policy.normaliser(rollout.obs.flatten(0, 1))
        action, mean = rollout.action.flatten(0, 1), rollout.mean.flatten(0, 1)
        advantage, value = rollout.advantage.flatten(), rollout.value.flatten()
        target = advantage + value
        advantage = self.group.standardised(advantage)
        if rollout.weight is not None:  # the objective stays that of the starts that were meant
            advantage = advantage * rollout.weight.flatten()
        mirrored: Tensor | None = None
        if self.mirror is not None:
            with torch.no_grad():
                mirrored = self.policy.normaliser(self.mirror.obs(rollout.obs.flatten(0, 1)))
        noise = torch.tensor(self.noise, device=normal.device)
        heard = torch.tensor(self.heard, device=normal.device)
        taught = None if rollout.taught is None else rollout.taught.flatten(0, 1)
        divergences: list[Tensor] = []
        losses: list[Tensor] = []
        for _ in range(config.epochs):
            order = torch.randperm(len(normal), generator=self.generator, device=normal.device)
            for part in order.split(self.group.share(config.minibatch)):
                samples = (normal[part], action[part], mean[part], advantage[part], target[part], noise)
                image = None if mirrored is None else mirrored[part]
                lesson = None if taught is None else (taught[part], heard)
                loss, divergence = self._loss(*samples, image, lesson)
                self.optimizer.zero_grad()
                loss.backward()
                weights = self.optimizer.weights
                self.group.average(weight.grad for weight in weights if weight.grad is not None)
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                self.optimizer.step()
                divergences.append(divergence.detach())
                losses.append(loss.detach())
        divergence = torch.stack(divergences[-len(divergences) // config.epochs :]).mean()
        self.group.average([divergence])
        kl = float(divergence)
        optimizer, target_kl = self.optimizer, self._narrowed(config.target_kl)
        follows = self.heard <= FREE  # what is told needs no caution, and the way to it is long
        if follows and kl > 2.0 * target_kl:
            optimizer.step_size = max(optimizer.step_size / 1.3, 1e-5)
        elif follows and kl < 0.5 * target_kl:
            optimizer.step_size = min(optimizer.step_size * 1.3, 2e-3)
        self.log |= {"kl": kl, "learning_rate": optimizer.step_size, "loss": float(torch.stack(losses).mean())}
        self.log["noise"] = float(noise)

    def _minibatch_loss(
        self,
        normal: Tensor,
        action: Tensor,
        old_mean: Tensor,
        advantage: Tensor,
        target: Tensor,
        noise: Tensor,
        mirrored: Tensor | None = None,
        lesson: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The clipped surrogate (Schulman et al. 2017, eq. 7) plus twice the value error; and KL(old || new).

        With mirror images of the observations, also MIRROR |pi(s) - M_a pi(M_s s)|^2 (Yu et al. 2018, eq. 6). With a
        lesson, the teacher's actions and its share of the loss, the surrogate gives that share to KL(teacher || new),
        for a teacher of the same noise (kickstarting, Schmitt et al. 2018, arXiv:1803.03835).
        """
        mean = self.policy.actor(normal, self.half)
        old, new = (action - old_mean) / noise, (action - mean) / noise
        ratio = torch.exp(0.5 * (old.square() - new.square()).sum(-1))
        clipped = ratio.clamp(1.0 - self.config.clip_range, 1.0 + self.config.clip_range)
        surrogate = torch.minimum(ratio * advantage, clipped * advantage).mean()
        value_error = (self.policy.critic(normal, self.half) - target).square().mean()
        kl = 0.5 * ((mean - old_mean) / noise).square().sum(-1).mean()
        loss = 2.0 * value_error - surrogate
        if lesson is not None:
            taught, heard = lesson
            wrong = 0.5 * ((mean - taught) / noise).square().sum(-1).mean()
            loss = loss + heard * (wrong + surrogate)
        if mirrored is not None and self.mirror is not None:
            image = self.mirror.action(self.policy.actor(mirrored, self.half))
            loss = loss + MIRROR * (mean - image).square().sum(-1).mean()
        return loss, kl

    @torch.no_grad()
    def _follow(self) -> None:
        """Exponential moving average of weights and normaliser, over about `average` samples, shorter at the start."""
        share = max(self.batch / self.config.average, self.batch / (0.2 * self.samples + self.batch))
        mine, theirs = ([*p.parameters(), *p.buffers()] for p in (self.average, self.policy))
        for old, new in zip(mine, theirs, strict=True):
            old.lerp_(new, min(1.0, share))

    def state(self) -> dict[str, Tensor]:
        """Everything that the next iteration depends on, as named tensors on the processor."""
        out = {f"policy.{name}": tensor for name, tensor in self.policy.state_dict().items()}
        out |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        out |= self.optimizer.state()
        out |= {f"env.{name}": tensor for name, tensor in self.env.state().items()}
        out |= {
            "obs": self.obs,
            "exploration": self.exploration,
            "generator": self.generator.get_state(),
            "samples": torch.tensor(self.samples),
            "narrowed": torch.tensor(self.narrowed, dtype=torch.float64),
            "settling": torch.tensor(self.settling, dtype=torch.float64),
            "lasting": torch.tensor(self.lasting, dtype=torch.float64),
            "learning_rate": torch.tensor(self.optimizer.step_size, dtype=torch.float64),
        }
        return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in out.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`, bit for bit."""

        def part(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}

        self.optimizer.restore(state)
        self.policy.load_state_dict(part("policy."))
        self.average.load_state_dict(part("average."))
        self.env.restore(part("env."))
        self.obs, self.exploration = (state[name].clone().to(self.env.device) for name in ("obs", "exploration"))
        self.generator.set_state(state["generator"])
        self.samples, self.narrowed = int(state["samples"]), float(state["narrowed"])
        self.settling, self.lasting = float(state["settling"]), float(state["lasting"])
        self.optimizer.step_size = float(state["learning_rate"])


def gae(
    reward: Float[Tensor, "t n"],
    value: Float[Tensor, "t1 n"],
    done: Tensor,
    gamma: float,
    lam: float,
) -> Float[Tensor, "t n"]:
    """Generalised advantage estimation (Schulman et al. 2016, eq. 16).

    A_t = delta_t + gamma lam A_{t+1},  delta_t = r_t + gamma V(s_{t+1}) - V(s_t), where nothing follows a `done`;
    what a time-out still had to come is already in its reward. `value` has one row more than `reward`.
    """
    advantage = torch.zeros_like(reward)
    after = torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        goes_on = (~done[t]).to(reward.dtype)
        delta = reward[t] + gamma * goes_on * value[t + 1] - value[t]
        after = delta + gamma * lam * goes_on * after
        advantage[t] = after
    return advantage


def _mirror(env: VecEnv) -> Mirror:
    """The environment's mirror.

    Raises:
        InputError: it has none.
    """
    if not isinstance(env, Mirrored):
        raise InputError(f"{type(env).__name__} does not say how it looks in a mirror; train with --no-mirror")
    return env.mirror()


def _compiled(function: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, Tensor]]:
    """torch.compile where it can work: it needs a C++ compiler."""
    if shutil.which("g++") or shutil.which("clang++"):
        return torch.compile(function)
    log.info("no C++ compiler here, so the update is not compiled")
    return function
