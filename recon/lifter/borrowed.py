"""More motion than was filmed: people who are not drawn, with the estimator's errors borrowed from films.

Filming costs hundreds of times what moving a body does. Each window of somebody who was not filmed takes over what was
off, in the picture and in space, in a film that shows nearly the same; what depends on the posture stays about right.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from recon.camera import view_rotations
from recon.lifter.acting import FRAMES, act
from recon.lifter.filming import cameras
from recon.lifter.human import Human, anybody, human
from recon.lifter.lessons import Lessons
from recon.lifter.points import BONES, POINTS
from sfv.character import Character
from sfv.motion import Motion

VIEWS = 3
"""Cameras for each act."""
BODIES = 12
"""People between whom the acts are shared."""
LIKE = 6
"""Of so many films that show nearly the same, one lends its errors."""
TUMBLING = 0.1
"""Share of the acts in which somebody turns over: films have few, since estimators lose such people."""
SHOULDERS = [POINTS.index(f"{side}_shoulder") for side in ("left", "right")]
LONG = [BONES.index(pair) for pair in BONES[:2] + BONES[2:4] + BONES[10:12]]
"""Thighs, shins and trunk, by whose lengths sizes are compared."""


def borrowed(
    motions: Sequence[Motion], known: Lessons, acts: int, character: Character, rng: np.random.Generator
) -> Lessons:
    """Lessons of so many acts from VIEWS sides each, with errors of the films `known`."""
    bodies = [human(anybody(rng)) for _ in range(BODIES)]
    truths = np.concatenate([_seen(motions, bodies[k % BODIES], character, rng) for k in range(acts)])
    new = torch.tensor(truths, dtype=torch.float32)
    both = known.beside(known.mirrored())
    nearest = _alike(_upright(new / _size(new)), _upright(both.truth / _size(both.truth)))
    lender = nearest[torch.arange(len(new)), torch.tensor(rng.integers(0, LIKE, len(new)))]
    one = both.picked(lender, torch.arange(FRAMES).expand(len(new), -1))
    truth = new * (_size(one.truth) / _size(new))
    # the estimator turns people upright before it looks at them: errors turn with them
    turn = _turns(truth) - _turns(one.truth)
    seen, own = one.seen - _projected(one.truth, one.nearness), one.own - one.truth
    return Lessons(_projected(truth, one.nearness) + _turned(seen, turn), truth + _turned(own, turn), one.confidence,
                   one.nearness, truth, one.weight)  # fmt: skip


def _turns(points: Float[Tensor, "B t K 3"]) -> Float[Tensor, "B t"]:
    """rad, by which the shoulders are turned about the camera's axis from straight above the hips."""
    x, y, _ = points[:, :, SHOULDERS].mean(2).unbind(-1)
    return torch.atan2(x, -y)


def _upright(points: Float[Tensor, "B t K 3"]) -> Float[Tensor, "B t K 3"]:
    return _turned(points, -_turns(points))


def _turned(points: Float[Tensor, "B t K d"], angle: Float[Tensor, "B t"]) -> Float[Tensor, "B t K d"]:
    """Points turned about the camera's axis."""
    c, s = angle.cos(), angle.sin()
    turn = torch.stack((torch.stack((c, -s), -1), torch.stack((s, c), -1)), -2)
    return torch.cat((torch.einsum("btij,btkj->btki", turn, points[..., :2]), points[..., 2:]), -1)


def _seen(
    motions: Sequence[Motion], body: Human, character: Character, rng: np.random.Generator
) -> Float[np.ndarray, "n T K 3"]:
    """POINTS of one act about the hips, in the axes of cameras that look there, m."""
    done, out = act(motions, body, character, rng, TUMBLING), []
    for _ in range(VIEWS):
        points = np.stack([view.inside(p) for view, p in zip(cameras(done, rng), done.points, strict=True)])
        hips = points[:, :2].mean(1)
        turn = view_rotations(hips[:, :2] / hips[:, 2:], 1.0, (0, 0))
        out.append(np.einsum("tji,tkj->tki", turn, points - hips[:, None]))
    return np.stack(out)


def _size(points: Float[Tensor, "B t K 3"]) -> Float[Tensor, "B 1 1 1"]:
    """The mean length of what does not hang on how somebody holds a limb."""
    a, b = torch.tensor([BONES[k] for k in LONG]).T
    return (points[:, :, a] - points[:, :, b]).norm(dim=-1).mean((1, 2))[:, None, None, None]


def _projected(points: Float[Tensor, "B t K 3"], nearness: Float[Tensor, "B t"]) -> Float[Tensor, "B t K 2"]:
    return points[..., :2] / (1.0 + points[..., 2:] * nearness[..., None, None]).clamp_min(0.2)


def _alike(new: Float[Tensor, "B t K 3"], films: Float[Tensor, "F t K 3"]) -> Int[Tensor, "B n"]:
    """The LIKE films nearest to each window, by where POINTS are in every third frame."""
    flat = films[:, ::3].reshape(len(films), -1)
    rows = [torch.cdist(part[:, ::3].reshape(len(part), -1), flat).topk(LIKE, largest=False).indices
            for part in new.split(1024)]  # fmt: skip
    return torch.cat(rows)
