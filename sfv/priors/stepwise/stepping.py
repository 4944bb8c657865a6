"""What all priors that go frame by frame have in common: they begin in a pose of the mocap, are steered, and stream.

A sentence and rates steer. A path is turned into rates at every frame, seen from where the body is, so what it is off
by is made good. It does not know what makes the next row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sfv.errors import InputError
from sfv.interfaces import Condition
from sfv.motion import Motion
from sfv.priors.basis import Basis
from sfv.priors.dataset import MotionDataset
from sfv.priors.rows import refuse, require
from sfv.priors.stepwise.rollout import AHEAD, Network, steered

STARTS = 256
"""Poses that a motion can begin with."""
LIKELY = 0.9
"""Starts are drawn from those whose windows' sentences are at least so many times as near as the nearest one's."""
SECONDS, PACE = 4.0, 1.1
"""s of a motion whose length nobody said; m/s along a path."""


@dataclass(frozen=True)
class Steer:
    """Where to go from here.

    Attributes:
        text: (512,) a sentence, embedded; zeros where there is none.
        rates: turn (rad/s), forward and left (m/s) over the next half second; None leaves them to the sentence.
    """

    text: Float[np.ndarray, " e"]
    rates: Float[np.ndarray, "3"] | None = None


@dataclass(frozen=True)
class Going:
    """Where n motions are, and what the next frame depends on."""

    now: Float[Tensor, "n D"]
    change: Float[Tensor, "n D"]
    place: Float[np.ndarray, "n 3"]
    memory: Float[Tensor, "n m"] | None
    generator: torch.Generator


@dataclass(frozen=True)
class Starts:
    """Poses to begin with: pairs of normalised rows, and the sentences of their windows, embedded."""

    rows: Float[Tensor, "s 2 D"]
    texts: Float[Tensor, "s e"]

    @classmethod
    def of(cls, dataset: MotionDataset) -> "Starts":
        """The beginnings of windows of a dataset."""
        drawn = dataset.described(torch.Generator().manual_seed(0), STARTS, 2 * AHEAD, 2 * AHEAD)
        return cls(drawn.z[:, :2], drawn.text)

    def drawn(self, text: Float[np.ndarray, " e"], count: int, generator: torch.Generator) -> Float[Tensor, "n 2 D"]:
        """Some that go with a sentence, each another while there are enough."""
        near = self.texts @ torch.tensor(text)
        likely = (near >= LIKELY * near.max()).nonzero()[:, 0]
        order = torch.randperm(len(likely), generator=generator)
        return self.rows[likely[order[torch.arange(count) % len(order)]]]


class Stepwise:
    """The prior whose network has a `step` and a `config`.

    Args:
        name: of its row.
        basis, starts, network: what it is made of.
    """

    def __init__(self, name: str, basis: Basis, starts: Starts, network: Network) -> None:
        self.name, self.basis, self.starts, self.network = name, basis, starts, network.eval()

    @classmethod
    def load(cls, name: str, basis: Basis, tensors: Mapping[str, Tensor], network: Network) -> "Stepwise":
        """That of a file, whose tensors are put into a network of its sizes."""
        parts = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
        network.load_state_dict(parts)
        return cls(name, basis, Starts(tensors["starts.rows"], tensors["starts.texts"]), network)

    def save(self, path: Path) -> None:
        """Write network, starts and basis into one file."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {"starts.rows": self.starts.rows, "starts.texts": self.starts.texts}
        self.basis.save(path, self.name, tensors, asdict(self.network.config))

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories that a condition may name."""
        return self.basis.labels

    def alike(self, text: str) -> list[tuple[str, float]]:
        """The nearest captions."""
        return self.basis.alike(text)

    def controller(self, condition: Condition, count: int = 1) -> "Walker":
        """What streams after a sentence or a label."""
        return Walker(self, self.basis.text(condition), count)

    def sample(self, condition: Condition, seed: int, n: int) -> list[Motion]:
        """n motions of the seconds asked for, 4 unless told, or along a path.

        Raises:
            InputError: a path of one point, or a motion to go on from that is as long as what is asked for.
        """
        require(condition, self.name)
        path, before, fps = condition.path, condition.prefix, self.basis.features.fps
        done = 0.0 if before is None else before.duration
        seconds = condition.seconds or (done + 1.0 if done else SECONDS)
        if path is not None:
            if len(path) < 2:
                raise InputError("a path needs two points at least; give more")
            seconds = condition.seconds or max(1.0, float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()) / PACE)
        if round(seconds * fps) <= round(done * fps):
            raise InputError("the motion to go on from is as long as that; give more seconds")
        walker = self.controller(condition, n)
        states = [walker.start(seed) if before is None else walker.after(before, seed)]
        # what is gone on from lacks its last row, whose rates are a guess
        for frame in range(round((seconds - done) * fps) + (before is not None)):
            control: Steer | list[Steer] = Steer(walker.text)
            if path is not None:
                control = [Steer(walker.text, along(path, seconds, done + frame / fps, place, fps))
                           for place in states[-1].place]  # fmt: skip
            states.append(walker.step(states[-1], control))
        source = f"{self.name}: {condition.text or condition.label or 'anything'}, seed {seed}"
        if before is None:
            return walker.motions(states, source)
        known, rows = self.basis.normalised(before)[:-1], torch.stack([state.now for state in states[1:]], 1)
        return [self.basis.motion(torch.cat((known, r)), source, self.basis.features.start(before)) for r in rows]

    def fill(self, motion: Motion, keep: Bool[np.ndarray, " T"], condition: Condition, seed: int) -> Motion:
        """It goes forward only.

        Raises:
            InputError: always, with those that can.
        """
        raise refuse(self.name, "fill")


class Walker:
    """The controller: n motions at once, after one sentence.

    Args:
        prior: what goes on.
        text: (512,) the sentence, embedded, by which a start is found.
        count: of motions.
    """

    def __init__(self, prior: Stepwise, text: Float[np.ndarray, " e"], count: int = 1) -> None:
        self.prior, self.text, self.count = prior, text, count

    def start(self, seed: int) -> Going:
        """The first frame, of a start that goes with the sentence, at the origin, facing along x."""
        generator = torch.Generator().manual_seed(seed)
        return self._begun(self.prior.starts.drawn(self.text, self.count, generator), (0.0, 0.0, 0.0), generator)

    def begun(self, pairs: Float[Tensor, "n 2 D"], seed: int) -> Going:
        """The second of two normalised rows of each motion, at the origin, facing along x."""
        return self._begun(pairs, (0.0, 0.0, 0.0), torch.Generator().manual_seed(seed))

    def after(self, motion: Motion, seed: int) -> Going:
        """The last frame but one of a motion that is to be gone on from."""
        z, place = self.prior.basis.normalised(motion), self.prior.basis.features.start(motion, len(motion) - 2)
        return self._begun(z[-3:-1].expand(self.count, -1, -1), place, torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def step(self, state: Going, control: Steer | Sequence[Steer]) -> Going:
        """One frame on; of several motions each may be steered in its own way."""
        normaliser, fps = self.prior.basis.normaliser, self.prior.basis.features.fps
        steers = [control] * len(state.now) if isinstance(control, Steer) else control
        text = torch.tensor(np.stack([steer.text for steer in steers]))
        rates, told = None, [steer.rates for steer in steers if steer.rates is not None]
        if len(told) == len(steers):
            wanted = torch.tensor(np.stack(told), dtype=torch.float32)
            rates = (wanted - normaliser.mean[:3]) / normaliser.scale[:3]
        row, memory, _ = self.prior.network.step(
            state.now, state.change, steered(text, rates), state.memory, None, state.generator
        )
        turn, forward, left = normaliser.back(state.now)[:, :3].double().numpy().T
        heading = state.place[:, 2]
        cos, sin = np.cos(heading), np.sin(heading)
        place = state.place + np.stack((cos * forward - sin * left, sin * forward + cos * left, turn), 1) / fps
        return Going(row, row - state.now, place, memory, state.generator)

    def motions(self, states: Sequence[Going], source: str = "") -> list[Motion]:
        """The motions that went through these states."""
        rows = torch.stack([state.now for state in states], 1)
        return [
            self.prior.basis.motion(row, source, (float(x), float(y), float(heading)))
            for row, (x, y, heading) in zip(rows, states[0].place, strict=True)
        ]

    def motion(self, states: Sequence[Going]) -> Motion:
        """The first of them."""
        return self.motions(states)[0]

    def _begun(
        self, pair: Float[Tensor, "n 2 D"], place: tuple[float, float, float], generator: torch.Generator
    ) -> Going:
        """The second of two rows, at x, y (m) and heading (rad)."""
        return Going(pair[:, 1], pair[:, 1] - pair[:, 0], np.tile(place, (len(pair), 1)), None, generator)


def along(
    path: Float[np.ndarray, "P 2"], seconds: float, time: float, place: Float[np.ndarray, "3"], fps: float
) -> Float[np.ndarray, "3"]:
    """The rates by which one at a place is where the path is to be half a second after a time, and faces along it."""
    times, horizon = np.linspace(0.0, seconds, len(path)), AHEAD / fps

    def at(moment: float) -> np.ndarray:
        return np.array([np.interp(moment, times, path[:, axis]) for axis in (0, 1)])

    off = (at(time + horizon) - place[:2]) / horizon
    late = min(time + horizon, seconds - 0.1)
    going = at(late + 0.1) - at(late)
    cos, sin = np.cos(place[2]), np.sin(place[2])
    turned = (np.arctan2(going[1], going[0]) - place[2] + np.pi) % (2.0 * np.pi) - np.pi
    return np.array((turned / horizon, cos * off[0] + sin * off[1], cos * off[1] - sin * off[0]))
