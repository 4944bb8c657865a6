"""Where episodes start, learnt: SFV's adaptive state initialisation, beside the distributions of `envs.starts`.

The distribution is an agent of its own that is paid with the return of the episodes it begins.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from envs import starts
from envs.library import MotionLibrary
from envs.moment import Joints
from envs.starts import FixedStart, RandomStart
from sfv import rotation

COMPONENTS = 10
"""Gaussians along a clip (SFV: k = 10)."""
EPISODES = 2000
"""Episodes between two steps of the distribution (SFV: 2000)."""
DISCOUNT = 0.95
"""Per control step, of the return that a start is judged by (SFV: 0.95, also at 30 Hz)."""
STATE_STEP, PHASE_STEP = 0.3, 0.5
"""Step sizes of the Gaussians and of the weights of the phases. SFV's 0.001 is for plain gradients of returns up to 20;
these are for standardised returns and natural gradients. Chosen on toy returns, not studied in training."""
FLOOR = 0.2
"""The part of the phases' weights that stays uniform: no importance weight is above 1 / FLOOR."""
SPREAD = (0.02, 0.05, 0.1, 0.3)
"""First standard deviations: root position (m), rotations (rad), root velocity (m/s), angular velocities (rad/s)."""


class AdaptiveStart(RandomStart):
    """Adaptive state initialisation (Peng et al. 2018b, SFV, arXiv:1810.03599): start states are an agent of their own.

    rho_w(s) = p(phi) p_w(s | phi): the clip's phases are split into k = 10 equal parts, each with a Gaussian over
    states, N(mu_i, diag(sigma_i)^2), of offsets of pose and velocity from the reference there. It follows the policy
    gradient of the return R of the episodes it began,

        grad_w J = E[ (R - b_i) grad_w log p_w(s_0 | phi_i) ],

    as a natural gradient, every 2000 episodes: with z = (s_0 - mu) / sigma and A = (R - b_i) / std(R),
    mu += a sigma E[A z], log sigma += a/2 E[A (z^2 - 1)]. Phases stay uniform.

    The paper itself could not be had. Second-hand (yangfeiyang-123/asi_strengthen_musclemimic, SFV_ASI/docs/asi.md):
    phases that are fixed and uniform, mu_i that begins at the reference, diagonal covariances, k, the discount, 2000
    episodes, SGD with 0.001. Ours: a start lies anywhere in its part instead of at one of 10 points; sigma begins small
    instead of as the clip's covariance, with which a flip begins upside down; R is a mean of rewards that a time-out
    does not cut short, since a sum of them shuns the ends of clips; the baseline b_i; the natural gradient.
    Episodes that began before a step of the distribution and end after it count as begun after it.
    """

    def __init__(self, library: MotionLibrary, num_envs: int = 0) -> None:
        super().__init__(library, num_envs)
        device = library.table.device
        nowhere = torch.zeros(1, dtype=torch.long, device=device)
        self.nv = library.at(nowhere, nowhere).qvel.shape[1]
        parts, width = library.num_clips * COMPONENTS, 2 * self.nv
        place, turn, speed, spin = SPREAD
        spread = torch.tensor(3 * [place] + (self.nv - 3) * [turn] + 3 * [speed] + (self.nv - 3) * [spin])

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(*shape, device=device)

        self.held: dict[str, Tensor] = {
            "mean": zeros(parts, width),
            "log_std": spread.log().to(device).repeat(parts, 1),
            # sums over the finished episodes of each part since the last step
            "count": zeros(parts),
            "returns": zeros(parts),
            "squares": zeros(parts),
            "z": zeros(parts, width),
            "zz": zeros(parts, width),
            "return_z": zeros(parts, width),
            "return_zz": zeros(parts, width),
            # of the episodes in progress
            "part": zeros(num_envs),
            "noise": zeros(num_envs, width),
            "reward": zeros(num_envs),
            "discounted": zeros(num_envs),
            "steps": zeros(num_envs),
        }

    def begin(self, ids: Tensor, clip: Tensor, tick: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 2 nv) offsets: of the pose in the tangent space of qpos (m, rad), and of qvel."""
        held, part = self.held, self._part(clip, tick)
        noise = torch.randn(len(part), 2 * self.nv, generator=generator, device=generator.device)
        held["part"][ids], held["noise"][ids] = part.float(), noise
        for name in ("reward", "discounted", "steps"):
            held[name][ids] = 0.0
        return held["mean"][part] + held["log_std"][part].exp() * noise

    def earned(self, reward: Float[Tensor, "n"], terminated: Bool[Tensor, "n"], truncated: Bool[Tensor, "n"]) -> None:
        """Add a step to the returns; episodes that it ended count towards the next step of the distribution.

        R = (1 - g) sum g^t r_t, and after a time-out, as if all went on like before, + g^T mean(r): between 0 and 1.
        """
        held = self.held
        held["discounted"] += (1.0 - DISCOUNT) * DISCOUNT ** held["steps"] * reward
        held["reward"] += reward
        held["steps"] += 1.0
        done = (terminated | truncated).nonzero()[:, 0]
        if not len(done):
            return
        steps = held["steps"][done]
        rest = DISCOUNT**steps * held["reward"][done] / steps
        gain = held["discounted"][done] + torch.where(truncated[done], rest, 0.0)
        part, z = held["part"][done].long(), held["noise"][done]
        terms = {
            "count": torch.ones_like(gain),
            "returns": gain,
            "squares": gain.square(),
            "z": z,
            "zz": z.square(),
            "return_z": gain[:, None] * z,
            "return_zz": gain[:, None] * z.square(),
        }
        for name, term in terms.items():
            held[name].index_add_(0, part, term)
        if float(held["count"].sum()) >= EPISODES:
            self._climb()
            for name in terms:
                held[name].zero_()

    def state(self) -> Tensor:
        """Parameters, sums and episodes in progress, in one row."""
        return torch.cat([tensor.flatten() for tensor in self.held.values()])

    def restore(self, state: Tensor) -> None:
        """Go on from a `state`."""
        sizes = [tensor.numel() for tensor in self.held.values()]
        for tensor, flat in zip(self.held.values(), state.split(sizes), strict=True):
            tensor.copy_(flat.view_as(tensor))

    def _part(self, clip: Tensor, tick: Tensor) -> Tensor:
        """Which of the parts of all clips these moments are in."""
        ticks = self.library.ticks[clip]
        local = torch.where(self.library.loop[clip], tick % ticks, torch.minimum(tick, ticks - 1))
        return COMPONENTS * clip + torch.div(COMPONENTS * local, ticks, rounding_mode="floor")

    def _climb(self) -> None:
        """One step up the expected return."""
        held = self.held
        total = held["count"].sum()
        mean = held["returns"].sum() / total
        deviation = (held["squares"].sum() / total - mean.square()).clamp_min(1e-8).sqrt()
        n = held["count"].clamp_min(1.0)[:, None]  # a part without an episode has sums of zero and stays
        baseline = held["returns"][:, None] / n
        slope = (held["return_z"] - baseline * held["z"]) / n / deviation
        curve = (held["return_zz"] - baseline * held["zz"]) / n / deviation
        held["mean"] += STATE_STEP * held["log_std"].exp() * slope
        held["log_std"] += 0.5 * STATE_STEP * curve


class WeightedStart(AdaptiveStart):
    """Adaptive state initialisation that also learns how often each tenth of a clip is started in.

    The weights of a clip's parts, p = (1 - FLOOR) softmax(l) + FLOOR / k, follow the policy gradient too. What the
    policy learns from an episode then counts by 1 / (k p): the objective stays that of uniform starts.
    SFV's phases are uniform as far as we know; this is the same idea carried on to them.
    """

    def __init__(self, library: MotionLibrary, num_envs: int = 0) -> None:
        super().__init__(library, num_envs)
        self.weight = torch.ones(num_envs, device=library.table.device)
        self.held |= {"logit": torch.zeros_like(self.held["count"]), "weight": self.weight}

    @property
    def chances(self) -> Tensor:
        """(clips, k) probability of each part of a clip."""
        share = self.held["logit"].view(-1, COMPONENTS).softmax(-1)
        return (1.0 - FLOOR) * share + FLOOR / COMPONENTS

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(n,) clips and (n,) ticks."""
        clip, _ = super().sample(n, generator)
        part = torch.multinomial(self.chances[clip], 1, generator=generator)[:, 0]
        within = torch.rand(n, generator=generator, device=generator.device)
        tick = ((part + within) / COMPONENTS * self.library.ticks[clip]).long()
        return clip, torch.minimum(tick, self.library.ticks[clip] - 1)

    def begin(self, ids: Tensor, clip: Tensor, tick: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 2 nv) offsets."""
        assert self.weight is not None
        self.weight[ids] = self.weights(clip, tick)
        return super().begin(ids, clip, tick, generator)

    def weights(self, clip: Tensor, tick: Tensor) -> Tensor:
        """(n,) importance weights of starts: uniform over actual density. Their expectation is 1."""
        return 1.0 / (COMPONENTS * self.chances.flatten()[self._part(clip, tick)])

    def _climb(self) -> None:
        held = self.held
        super()._climb()
        n, returns = (held[name].view(-1, COMPONENTS) for name in ("count", "returns"))
        total = n.sum(-1, keepdim=True).clamp_min(1.0)
        mean = returns.sum(-1, keepdim=True) / total
        deviation = (held["squares"].view_as(n).sum(-1, keepdim=True) / total - mean.square()).clamp_min(1e-8).sqrt()
        gain = (returns - n * mean) / total / deviation  # (clips, k): E[A 1(part)]; E[A] = 0
        chances = self.chances
        share = held["logit"].view(-1, COMPONENTS).softmax(-1)
        slope = share * (1.0 - FLOOR) * gain / chances
        slope -= share * slope.sum(-1, keepdim=True)
        # by the uniform share, so that a step is alike for any number of parts
        held["logit"] += PHASE_STEP * COMPONENTS * slope.flatten()


def displaced(joints: Joints, qpos: Float[Tensor, "n nq"], move: Float[Tensor, "n nv"]) -> Float[Tensor, "n nq"]:
    """qpos moved along the tangent space, as mj_integratePos: the root first, then balls and hinges."""
    out = qpos.clone()
    out[:, :3] += move[:, :3]
    out[:, 3:7] = rotation.quat_mul(qpos[:, 3:7], rotation.exp(move[:, 3:6]))
    out[:, joints.balls] = rotation.quat_mul(qpos[:, joints.balls], rotation.exp(move[:, joints.ball_dofs]))
    out[:, joints.hinges] += move[:, joints.hinge_dofs]
    return out


STARTS: Mapping[str, type[FixedStart]] = starts.STARTS | {"asi": AdaptiveStart, "asi-weighted": WeightedStart}
"""What `TrackingConfig.start` may name."""
