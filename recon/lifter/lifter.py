"""A lifting network: where a person's joints are in space, told from what an estimator says of them over 1.8 seconds.

An estimator that sees one frame is right in the picture and wrong about depth, and mostly wrong in the same way. The
network is fitted to what the estimator says of people who were filmed with the truth known (`recon.lifter.films`), and
corrects its points. Dilated convolutions over time as in VideoPose3D (Pavllo et al. 2019), with layer norms in residual
blocks. It knows neither tracks nor files of pictures.
"""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.lifter.points import BONES, POINTS
from sfv.errors import InputError
from sfv.work.tensors import load_tensors, save_tensors

FORMAT = 3
ADVICE = "make one with: sfv fit MOTION ... --captions CSV --out FILE"
REACH = 13
"""Frames that it sees before and after the one it tells of."""
DROP = 0.1
INPUTS = 6 * len(POINTS) + 1 + 3 * len(BONES)
LENGTHS = (0.22, 0.22, 0.245, 0.245, 0.11, 0.11, 0.15, 0.15, 0.135, 0.135, 0.275, 0.275, 0.125, 0.195, 0.16, 0.16)
"""Statures of BONES, by which foreshortening is told."""


class Taps(nn.Module):
    """A convolution over three frames, `apart` frames from each other; the result is 2 x apart frames shorter."""

    def __init__(self, inputs: int, outputs: int, apart: int) -> None:
        super().__init__()
        self.apart, self.linear = apart, nn.Linear(3 * inputs, outputs)

    def forward(self, x: Float[Tensor, "n t i"]) -> Float[Tensor, "n u o"]:
        """The weighted sum of the three."""
        d = self.apart
        out: Tensor = self.linear(torch.cat((x[:, : -2 * d], x[:, d:-d], x[:, 2 * d :]), -1))
        return out


class Block(nn.Module):
    """x + W relu(T norm(x)); T three taps `apart`, or the frame itself where that is 0. While learning, DROP of what is
    between the two is left out."""

    def __init__(self, width: int, apart: int) -> None:
        super().__init__()
        self.apart, self.norm = apart, nn.LayerNorm(width)
        self.inner = Taps(width, width, apart) if apart else nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "n t c"]) -> Float[Tensor, "n u c"]:
        """The block's frames."""
        kept = x[:, self.apart : -self.apart] if self.apart else x
        inner = torch.relu(self.inner(self.norm(x)))
        return kept + self.outer(nn.functional.dropout(inner, DROP, self.training))


class Lifter(nn.Module):
    """Where POINTS are in space: where the estimator puts them, plus what that is usually off by. As in a `Sight`,
    everything is about the middle of the hips, in axes of a camera that looks at it, in statures.
    """

    def __init__(self, width: int = 160) -> None:
        super().__init__()
        self.width, self.about = width, dict[str, Any]()
        self.first = Taps(INPUTS, width, 1)
        self.blocks = nn.Sequential(*(Block(width, apart) for apart in (0, 3, 0, 9, 0)))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, 3 * len(POINTS))
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(
        self, seen: Float[Tensor, "n t k 2"], own: Float[Tensor, "n t k 3"], confidence: Float[Tensor, "n t k"],
        nearness: Float[Tensor, "n t"],
    ) -> Float[Tensor, "n u k 3"]:  # fmt: skip
        """The points in space, of all frames but REACH at both ends."""
        n, t = nearness.shape
        parts = (3.0 * seen, 3.0 * own, confidence[..., None])
        x = torch.cat(
            (*(part.reshape(n, t, -1) for part in parts), 4.0 * nearness[..., None], foreshortened(seen, own)), -1
        )
        x = self.norm(self.blocks(torch.relu(self.first(x))))
        kept = own[:, REACH : t - REACH]
        return kept + 0.3 * self.last(x).reshape(*kept.shape)

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Write the network, in half precision, and a record of what it was fitted to."""
        halves = {name: tensor.half() for name, tensor in self.state_dict().items()}
        save_tensors(path, halves, {"kind": "lifter", "format": FORMAT, "width": self.width} | about)

    @classmethod
    def load(cls, path: Path) -> "Lifter":
        """Read what `save` wrote.

        Raises:
            InputError: there is no such file, or it is none of these.
        """
        tensors, about = load_tensors(path, ADVICE)
        if about.get("kind") != "lifter" or about.get("format") != FORMAT:
            raise InputError(f"{path} is no lifter of this sfv; {ADVICE}")
        try:
            network = cls(int(about["width"]))
            network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{path} is a lifter whose tensors do not fit it; {ADVICE}") from error
        network.about = about
        return network.eval()


def foreshortened(seen: Float[Tensor, "n t k 2"], own: Float[Tensor, "n t k 3"]) -> Float[Tensor, "n t f"]:
    """Of BONES, in fifths of a stature: how long they are in the picture, how long in the estimator's space, and how
    much farther away their second end is if they are as long as most people's, LENGTHS.

    The picture tells that depth up to its sign, sqrt(LENGTHS^2 - flat^2); the estimator tells the sign, surely from two
    hundredths of a stature on.
    """
    a, b = torch.tensor(BONES, device=seen.device).T
    flat, deep = (seen[..., b, :] - seen[..., a, :]).norm(dim=-1), own[..., b, :] - own[..., a, :]
    usual = torch.tensor(LENGTHS, device=seen.device)
    away = torch.tanh(deep[..., 2] / 0.02) * (usual.square() - flat.square()).clamp_min(1e-6).sqrt()
    return torch.cat((5.0 * flat, 5.0 * deep.norm(dim=-1), 5.0 * away), -1)
