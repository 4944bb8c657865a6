"""A lifting network: how deep a person's joints are, told from where they are in the picture over a second.

A pose estimator that sees one frame is right in the picture and wrong about depth. Over time the picture tells more:
bones keep their lengths and limbs move as people move them. The network is fitted to mocap seen by simulated cameras
(`recon.lifter.lifter_fit`), so it knows neither an estimator nor a clip. Dilated convolutions over time as in
VideoPose3D (Pavllo et al. 2019), with layer norms in residual blocks. Depths are the mean of the network's and the
estimator's own; either alone was worse on clips with known truth (docs/log.md).
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, median_filter
from torch import Tensor, nn

from recon.camera import view_rotations
from recon.fit.evidence import extent
from recon.fit.lifting import bridge
from recon.scorecard import LIMBS, at_times
from sfv.errors import InputError
from sfv.pose import PoseTrack
from sfv.work.tensors import load_tensors, save_tensors

FORMAT = 1
ADVICE = "make one with: sfv fit MOTION ... --out FILE"
RATE = 30.0
"""Hz of what the network sees."""
REACH = 13
"""Frames that it sees before and after the one it lifts."""
POINTS = (
    *(f"{side}_{joint}" for joint in ("hip", "knee", "ankle", "foot_index", "shoulder", "elbow", "wrist")
      for side in ("left", "right")),
    "head",
)  # fmt: skip
"""Landmarks that it knows; the head is the middle of the ears."""
STATURE = 1.7
"""m: the unit of its coordinates, of a person so tall."""
SHARE, DEEPER = 0.5, 1.3
"""The network's share in a depth; and the factor of the estimator's own, which is too flat on rendered clips."""
LED = {
    f"{side}_{part}": f"{side}_{joint}"
    for side in ("left", "right")
    for part, joint in (("pinky", "wrist"), ("index", "wrist"), ("thumb", "wrist"), ("heel", "ankle"),
                        ("foot_index", "ankle"))
}  # fmt: skip
"""Landmarks that move along with a joint; those of the face go with the shoulders."""


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
    """x + W relu(T norm(x)); T three taps `apart`, or the frame itself where that is 0."""

    def __init__(self, width: int, apart: int) -> None:
        super().__init__()
        self.apart, self.norm = apart, nn.LayerNorm(width)
        self.inner = Taps(width, width, apart) if apart else nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "n t c"]) -> Float[Tensor, "n u c"]:
        """The block's frames."""
        kept = x[:, self.apart : -self.apart] if self.apart else x
        return kept + self.outer(torch.relu(self.inner(self.norm(x))))


class Lifter(nn.Module):
    """Where POINTS are in space, from where they are in the picture.

    Everything is about the middle of the hips, in axes of a camera that looks at it (x right, y down, z away), in
    statures, at RATE.
    """

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.width = width
        self.first = Taps(3 * len(POINTS) + 1, width, 1)
        self.blocks = nn.Sequential(*(Block(width, apart) for apart in (0, 3, 0, 9, 0)))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, 3 * len(POINTS))
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(
        self, seen: Float[Tensor, "n t k 2"], confidence: Float[Tensor, "n t k"], nearness: Float[Tensor, "n t"]
    ) -> Float[Tensor, "n u k 3"]:
        """The points in space, of all frames but REACH at both ends.

        Args:
            seen: tangents of the rays' angles over that of a stature at the hips' distance.
            confidence: 0..1.
            nearness: one over the distance in statures.
        """
        n, t = nearness.shape
        x = torch.cat((3.0 * seen.reshape(n, t, -1), confidence, 4.0 * nearness[..., None]), -1)
        x = self.norm(self.blocks(torch.relu(self.first(x))))
        flat = nn.functional.pad(seen, (0, 1))[:, REACH : t - REACH]
        return flat + 0.3 * self.last(x).reshape(*flat.shape)

    def save(self, path: Path, about: dict[str, object]) -> None:
        """Write the network and a record of what it was fitted to."""
        save_tensors(path, self.state_dict(), {"kind": "lifter", "format": FORMAT, "width": self.width} | about)

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
            network.load_state_dict(tensors)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{path} is a lifter whose tensors do not fit it; {ADVICE}") from error
        return network.eval()


@dataclass(frozen=True)
class LifterInput:
    """A track as a Lifter sees it, at RATE.

    Attributes:
        seen, confidence, nearness: what it takes, (T, K, 2), (T, K) and (T,).
        own: (T, K, 3) the estimator's points, about the hips, in the same axes and units.
        turn: (T, 3, 3) the clip's camera axes from those that look at the hips.
    """

    seen: Float[np.ndarray, "T K 2"]
    confidence: Float[np.ndarray, "T K"]
    nearness: Float[np.ndarray, " T"]
    own: Float[np.ndarray, "T K 3"]
    turn: Float[np.ndarray, "T 3 3"]


def deepened(network: Lifter, track: PoseTrack, focal: float) -> PoseTrack:
    """The track with metric points of which the limbs' are where the pixels and the lifted depths put them.

    Args:
        network: the lifter.
        track: whose pixels are lifted; landmarks that the network does not know move along with their neighbours.
        focal: the camera's focal length, px.
    """
    given = lifter_input(track, focal)
    lifted = lift_input(network, given)
    depth = SHARE * lifted[..., 2] + (1.0 - SHARE) * DEEPER * given.own[..., 2]
    depth -= depth[:, :2].mean(1, keepdims=True)
    flat = given.seen * (1.0 + depth * given.nearness[:, None])[..., None]
    points = np.einsum("tij,tkj->tki", given.turn, np.concatenate((flat, depth[..., None]), -1)) * STATURE

    times = track.times - track.times[0]
    points = at_times(points, RATE, times)
    # the estimator's points are in axes that look at the person's middle
    turn = view_rotations(_middle(track), focal, track.image_size)
    points = np.einsum("nji,nkj->nki", turn, points)
    old = bridge(track.points_3d.reshape(len(track), -1)).reshape(track.points_3d.shape)
    new = old.copy()
    for i, name in enumerate(POINTS):
        if name in LIMBS:
            new[:, track.index(name)] = points[:, i]
    shoulders = [track.index("left_shoulder"), track.index("right_shoulder")]
    for k, name in enumerate(track.names):
        if name not in LIMBS:
            led = [track.index(LED[name])] if name in LED else shoulders
            new[:, k] += (new[:, led] - old[:, led]).mean(1)
    return replace(track, points_3d=np.where(np.isfinite(track.points_3d), new, np.nan))


def lift_input(network: Lifter, given: LifterInput) -> Float[np.ndarray, "T K 3"]:
    """Where the network puts the points: the mean of what it says of what is given and of its mirror image."""
    other = np.array([i ^ 1 if i < len(POINTS) - 1 else i for i in range(len(POINTS))])
    out = []
    for flipped in (False, True):
        sign = np.array([-1.0 if flipped else 1.0, 1.0, 1.0])
        order = other if flipped else np.arange(len(POINTS))
        arrays = (given.seen[:, order] * sign[:2], given.confidence[:, order], given.nearness)
        padded = [np.pad(a, [(REACH, REACH)] + [(0, 0)] * (a.ndim - 1), mode="edge") for a in arrays]
        with torch.no_grad():
            found = network(*(torch.tensor(a[None], dtype=torch.float32) for a in padded))[0].double().numpy()
        out.append(found[:, order] * sign)
    mean = 0.5 * (out[0] + out[1])
    return np.asarray(mean - mean[:, :2].mean(1, keepdims=True))


def lifter_input(track: PoseTrack, focal: float) -> LifterInput:
    """What a lifter sees of a track by a camera of this focal length (px)."""
    count, rate = len(track), 1.0 / float(np.median(np.diff(track.times)))
    pixels = bridge(_points(track, track.points_2d).reshape(count, -1)).reshape(count, len(POINTS), 2)
    own = bridge(_points(track, track.points_3d).reshape(count, -1)).reshape(count, len(POINTS), 3)
    confidence = np.nan_to_num(_points(track, track.confidence[..., None])[..., 0])
    _, size = extent(pixels, own)
    # a person turns faster than they come nearer
    size = median_filter(size, max(3, int(0.4 * rate) | 1), mode="nearest")
    size = gaussian_filter1d(size, 0.3 * rate, mode="nearest")

    span = track.times - track.times[0]
    grid = np.arange(int(np.floor(span[-1] * RATE + 1e-6)) + 1) / RATE

    def resampled(values: np.ndarray) -> np.ndarray:
        columns = [np.interp(grid, span, column) for column in values.reshape(count, -1).T]
        return np.stack(columns, 1).reshape(len(grid), *values.shape[1:])

    pixels, own, confidence, size = (resampled(v) for v in (pixels, own, confidence, size))
    turn = view_rotations(pixels[:, :2].mean(1), focal, track.image_size)
    rays = np.concatenate(((pixels - 0.5 * np.array(track.image_size)) / focal, np.ones((*pixels.shape[:2], 1))), -1)
    rays = np.einsum("tji,tkj->tki", turn, rays)
    seen = rays[..., :2] / rays[..., 2:] * (focal / size)[:, None, None]
    own = (own - own[:, :2].mean(1, keepdims=True)) / STATURE
    return LifterInput(seen, confidence, size / focal, own, turn)


def _middle(track: PoseTrack) -> Float[np.ndarray, "N 2"]:
    return bridge(track.points_2d.reshape(len(track), -1)).reshape(track.points_2d.shape).mean(1)


def _points(track: PoseTrack, values: Float[np.ndarray, "N L d"]) -> Float[np.ndarray, "N K d"]:
    """Values of a track's landmarks, of POINTS."""
    ears = [track.index("left_ear"), track.index("right_ear")]
    columns = [values[:, track.index(name)] for name in POINTS[:-1]]
    return np.stack([*columns, values[:, ears].mean(1)], 1)
