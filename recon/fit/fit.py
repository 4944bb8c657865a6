"""The optimiser: finds the motion, the camera and the proportions that make a table of terms least, for a whole clip.

It knows no term by name. A candidate is a motion near a start: increments in the tangent space of qpos (so no gimbal),
written as cosine series in time and scaled by what moving the body costs at its landmarks, its soles and, the faster
the more, in smoothness. So L-BFGS converges in a hundred steps where the plain problem needs thousands.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.fit.scaled_body import Placed, ScaledBody
from sfv.errors import InputError

FEWEST = 4
"""Frames of a motion that can be fitted."""
SAMPLES = 24
"""Frames whose mean curvature stands for all."""
FREE_JOINT = 300.0
"""1/rad^2: curvature lent to joints that no landmark shows."""
SOFT = 4.0
"""Hz: where smoothness begins to outweigh the data; tried 2, 4, 6 and the true balance of the terms."""
BOLD = 8.0
"""First step over the Newton step: tried 0.1 to 10; the terms are robust, so their pull far away is weak."""


@dataclass(frozen=True)
class Stiffness:
    """About how hard the terms hold the body; only the speed of convergence depends on it.

    Attributes:
        landmarks: 1/m^2, pull on each landmark.
        soles: 1/m^2, pull on each of the surface points `points`.
    """

    landmarks: float
    soles: float
    points: tuple[int, ...]


@dataclass(frozen=True)
class Pinhole:
    """The camera while fitting: it stands at (0, 0, height) and looks along X. Scalars; focal in px, rad, m."""

    focal: Float[Tensor, ""]
    pitch: Float[Tensor, ""]
    roll: Float[Tensor, ""]
    height: Float[Tensor, ""]
    lean: Float[Tensor, ""]
    """rad by which the estimator's metric axes are turned about the camera's x: it sees people lean to the camera."""

    @property
    def rotation(self) -> Float[Tensor, "3 3"]:
        """Camera axes from world axes, as `recon.camera.camera_from_world` has them."""
        zero, one = torch.zeros_like(self.pitch), torch.ones_like(self.pitch)
        right = torch.stack((zero, -one, zero))
        down = torch.stack((-torch.sin(self.pitch), zero, -torch.cos(self.pitch)))
        away = torch.stack((torch.cos(self.pitch), zero, -torch.sin(self.pitch)))
        c, s = torch.cos(self.roll), torch.sin(self.roll)
        return torch.stack((c * right + s * down, c * down - s * right, away))

    def to_camera(self, points: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """World points in the camera's axes, m."""
        up = torch.stack((torch.zeros_like(self.height), torch.zeros_like(self.height), self.height))
        return (points - up) @ self.rotation.T

    def project(
        self, points: Float[Tensor, "*n 3"], shift: Float[Tensor, "*#n 3"] | float = 0.0
    ) -> Float[Tensor, "*n 2"]:
        """World points to pixels from the image's centre; the camera has travelled by `shift` (m, in its axes)."""
        seen = self.to_camera(points) - shift
        return self.focal * seen[..., :2] / seen[..., 2:].clamp_min(0.1)


@dataclass(frozen=True)
class Candidate:
    """One guess: a motion (T frames), a pinhole and proportions, and where that puts the body."""

    qpos: Float[Tensor, "T nq"]
    pinhole: Pinhole
    proportions: Float[Tensor, "S 2 3"]
    placed: Placed

    def detached(self) -> "Candidate":
        """The same numbers without their history."""
        placed = Placed(**{k: v.detach() for k, v in vars(self.placed).items()})
        pinhole = Pinhole(**{k: v.detach() for k, v in vars(self.pinhole).items()})
        return Candidate(self.qpos.detach(), pinhole, self.proportions.detach(), placed)


Term = Callable[[Candidate], Tensor]
"""A share of the objective: a candidate to a number >= 0, about 1 when the misfit is at its expected size."""


def candidate(body: ScaledBody, qpos: Tensor, pinhole: Pinhole, proportions: Tensor) -> Candidate:
    """A guess with the body placed."""
    return Candidate(qpos, pinhole, proportions, body.place(qpos, proportions))


def unseen(body: ScaledBody, qpos: Float[np.ndarray, "T nq"]) -> Candidate:
    """A guess that nobody looks at, of the character's own proportions: no term may ask for its pinhole."""
    nowhere = torch.zeros((), dtype=torch.float64)
    return candidate(body, torch.tensor(qpos), Pinhole(nowhere + 1.0, *(nowhere,) * 4), body.unscaled())


def fit(
    body: ScaledBody,
    start: Candidate,
    terms: Mapping[str, tuple[Term, float]],
    fps: float,
    iterations: int,
    stiffness: Stiffness,
    free: tuple[str, ...] = (),
    advance: Callable[[float], None] = lambda steps: None,
) -> Candidate:
    """The candidate near `start` that makes the weighted sum of `terms` least.

    Args:
        body: the tree that moves.
        start: where to begin.
        terms: name -> (function, weight); weight 0 leaves it out.
        fps: the motion's rate.
        iterations: at most so many steps of L-BFGS (Nocedal and Wright, 2006, alg. 7.5, strong Wolfe line search).
        stiffness: the terms' curvature, roughly.
        free: which of "tilt", "height", "lean", "proportions" may change besides the motion.
        advance: called with the number of steps done.

    Raises:
        InputError: there are under four frames, which have no third difference.
    """
    if len(start.qpos) < FEWEST:
        raise InputError(f"the motion has {len(start.qpos)} frames, and smoothness needs {FEWEST}; give a longer one")
    series, scale = _cosines(len(start.qpos)), _scales(body, start, stiffness, fps)
    z = torch.zeros(len(start.qpos), body.model.nv, dtype=torch.float64, requires_grad=True)
    stand = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    shape = torch.zeros_like(start.proportions, requires_grad=True)
    # a step of 1: 0.1 rad of pitch, 0.05 of roll, 0.2 m of height, 0.1 rad of lean, 10 % of size
    sizes = {"tilt": (0.1, 0.05), "height": (0.2,), "lean": (0.1,)}
    unit = torch.tensor([size * (n in free) for n, own in sizes.items() for size in own], dtype=torch.float64)
    parameters = [z, *[stand] * bool(unit.any()), *[shape] * ("proportions" in free)]

    def build() -> Candidate:
        (pitch, roll, height, lean), v = unit * stand, start.pinhole
        pinhole = Pinhole(v.focal, v.pitch + pitch, v.roll + roll, v.height + height, v.lean + lean)
        qpos = body.moved(start.qpos, series @ (scale @ z.unsqueeze(-1)).squeeze(-1))
        return candidate(body, qpos, pinhole, start.proportions + 0.1 * shape)

    optimiser = torch.optim.LBFGS(
        parameters, max_iter=iterations, max_eval=iterations * 5 // 4, history_size=20, tolerance_grad=1e-6,
        tolerance_change=1e-8, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> Tensor:
        optimiser.zero_grad()
        guess = build()
        loss = torch.stack([weight * term(guess) for term, weight in terms.values() if weight]).sum()
        loss.backward()
        advance(0.8)
        return loss

    with one_thread():
        optimiser.step(closure)
        with torch.no_grad():
            found = build()
    return _normalised(body, found.detached())


@contextmanager
def one_thread() -> Iterator[None]:
    """On more threads torch spends its time waiting, as the tensors here are small; and sums become repeatable."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _normalised(body: ScaledBody, found: Candidate) -> Candidate:
    qpos = found.qpos.clone()
    for columns in ([3, 4, 5, 6], *body.ball_qpos.tolist()):
        qpos[:, columns] = torch.nn.functional.normalize(qpos[:, columns], dim=-1)
    return replace(found, qpos=qpos)


def _cosines(frames: int) -> Float[Tensor, "T T"]:
    """Orthonormal cosine series in time, one per column (DCT-II)."""
    k = t = np.arange(frames)
    series = np.cos(np.pi * np.outer(t + 0.5, k) / frames) * np.sqrt(2.0 / frames)
    series[:, 0] *= np.sqrt(0.5)
    return torch.tensor(series)


def _scales(body: ScaledBody, start: Candidate, stiffness: Stiffness, fps: float) -> Float[Tensor, "T nv nv"]:
    """For each frequency f a matrix that makes increments cost alike: H^(-1/2) / sqrt(1 + (f / SOFT)^6).

    H is the mean over SAMPLES frames of the squared movement of landmarks and soles per increment of each degree of
    freedom. Above SOFT smoothness takes over, which goes with the sixth power of frequency.
    """
    frames, nv, step = len(start.qpos), body.model.nv, 1e-4
    chosen = torch.linspace(0, frames - 1, min(SAMPLES, frames)).long()
    steps = step * torch.cat((torch.eye(nv), -torch.eye(nv))).double()
    placed = body.place(body.moved(start.qpos[chosen, None], steps), start.proportions)

    def curvature(points: Tensor) -> Tensor:
        jacobian = (points[:, :nv] - points[:, nv:]).flatten(2) / (2 * step)  # (samples, nv, 3 points)
        return (jacobian @ jacobian.transpose(-1, -2)).mean(0)

    curved = FREE_JOINT * torch.eye(nv).double() + stiffness.landmarks * curvature(placed.landmarks)
    curved = curved + stiffness.soles * curvature(placed.surface[..., list(stiffness.points), :])
    values, vectors = torch.linalg.eigh(curved)
    hertz = 0.5 * torch.arange(frames, dtype=torch.float64) * fps / frames
    slow = BOLD * np.sqrt(frames) / torch.sqrt(1.0 + (hertz / SOFT) ** 6)
    return slow[:, None, None] * (vectors * values.rsqrt().unsqueeze(-2))
