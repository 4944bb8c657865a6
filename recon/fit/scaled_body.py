"""A character's tree in torch with adjustable proportions: where landmarks and surface are in many poses at once.

The person in a clip has other limb lengths than the character. A `ScaledBody` scales offsets and sizes, left and right
alike, and walks the tree level by level, which is several times faster than body by body. It knows no camera and no
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sfv import rotation
from sfv.character import Character
from sfv.surface import surface_points

CORNERS = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
"""Of a tetrahedron."""


@dataclass(frozen=True)
class Placed:
    """A body in poses: everything in world axes, metres.

    Attributes:
        xpos: (..., B, 3) body origins (the world is not among the B bodies).
        xmat: (..., B, 3, 3) body axes in columns.
        landmarks: (..., K, 3) the character's landmarks.
        surface: (..., H, 3) the lowest point of each of the balls that cover the body.
        com: (..., 3) centre of mass.
        lumps: (..., 4 B, 3) point masses that have the bodies' masses and inertias.
    """

    xpos: Float[Tensor, "*n B 3"]
    xmat: Float[Tensor, "*n B 3 3"]
    landmarks: Float[Tensor, "*n K 3"]
    surface: Float[Tensor, "*n H 3"]
    com: Float[Tensor, "*n 3"]
    lumps: Float[Tensor, "*n L 3"]


@dataclass(frozen=True)
class _Node:
    """One joint (or a body without joints) in the tree of nodes."""

    parent: int
    joint: int
    body: int
    pre: np.ndarray
    """Offset of the anchor in the parent's frame."""
    turn: np.ndarray
    """(3, 3) fixed rotation before the joint's."""
    post: np.ndarray
    """Offset of the frame's origin from the anchor, after the joint's rotation."""
    first: bool
    """Whether `pre` is the body's offset, which proportions scale."""


class ScaledBody:
    """A character's tree, landmarks and surface in torch (double precision).

    Proportions are logarithms of scale, `(S, 2, 3)`: for each of S stems (body names without left_ and right_) the
    scale of the offset to the parent, and the scale of what is fixed on the body, along the axes of the frame that
    they are given in. Zero is the character itself.
    """

    def __init__(self, character: Character) -> None:
        model = character.model
        self.model = model
        self.names = character.skeleton.body_names
        self.landmark_names = tuple(character.keypoints)
        self.stems = tuple(dict.fromkeys(_stem(name) for name in self.names))
        stem_of_body = [self.stems.index(_stem(name)) for name in self.names]
        nodes, self._levels = _by_level(_nodes(model))
        last = [max(i for i, n in enumerate(nodes) if n.body == b) for b in range(1, model.nbody)]
        self._node_of_body = torch.tensor(last)
        self._pre = torch.tensor(np.stack([n.pre for n in nodes]))
        self._post = torch.tensor(np.stack([n.post for n in nodes]))
        self._turn = torch.tensor(np.stack([n.turn for n in nodes]))
        self._scaled = torch.tensor([[1.0 if n.first and n.parent >= 0 else 0.0] for n in nodes]).double()
        self._stem_of_node = [stem_of_body[n.body - 1] for n in nodes]

        index = {name: i for i, name in enumerate(self.names)}
        landmark_body = [index[body] for body, _ in character.keypoints.values()]
        marks = np.array([offset for _, offset in character.keypoints.values()]).reshape(-1, 3)
        bodies, surface, radii = surface_points(model)
        self.surface_body = [int(b) - 1 for b in bodies]
        self.surface_radius = torch.tensor(radii)
        lumps, shares = _lumps(model)
        self._lump_share = torch.tensor(shares)
        # points fixed on bodies: landmarks, surface, lumps
        self._counts = [len(marks), len(surface), len(lumps)]
        lump_body = [b for b in range(len(self.names)) for _ in CORNERS]
        self._fixed_body = torch.tensor([*landmark_body, *self.surface_body, *lump_body])
        self._fixed_offset = torch.tensor(np.concatenate((marks, surface, lumps)))
        self._fixed_stem = torch.tensor([stem_of_body[b] for b in self._fixed_body.tolist()])

        kinds = [int(t) for t in model.jnt_type]
        self.balls = [j for j, t in enumerate(kinds) if t == mujoco.mjtJoint.mjJNT_BALL]
        self.hinges = [j for j, t in enumerate(kinds) if t == mujoco.mjtJoint.mjJNT_HINGE]
        self.ball_qpos = torch.tensor([[int(model.jnt_qposadr[j]) + i for i in range(4)] for j in self.balls])
        self.ball_qpos = self.ball_qpos.long().reshape(-1, 4)  # a robot has no balls
        self.hinge_qpos = [int(model.jnt_qposadr[j]) for j in self.hinges]
        self.ball_dofs = [[int(model.jnt_dofadr[j]) + i for i in range(3)] for j in self.balls]
        self.hinge_dofs = [int(model.jnt_dofadr[j]) for j in self.hinges]
        quats = [3, 4, 5, 6] + [i for column in self.ball_qpos.tolist() for i in column]
        self._quat_qpos, self._sum_qpos = torch.tensor(quats), torch.tensor([0, 1, 2, *self.hinge_qpos])
        self._quat_dofs = torch.tensor([3, 4, 5] + [i for column in self.ball_dofs for i in column])
        self._sum_dofs = torch.tensor([0, 1, 2, *self.hinge_dofs])
        self._back = torch.argsort(torch.cat((self._quat_qpos, self._sum_qpos)))
        self._hinge_qpos = torch.tensor(self.hinge_qpos, dtype=torch.long)
        self._axes = torch.tensor(np.array(model.jnt_axis[self.hinges]))
        self._hinge_zero = torch.tensor(np.array(model.qpos0[self.hinge_qpos]))
        # where each node finds its joint's rotation in [identity, root, balls, hinges]
        slots = {-1: 0, 0: 1} | {j: 2 + i for i, j in enumerate((*self.balls, *self.hinges))}
        self._slots = torch.tensor([slots[n.joint] for n in nodes])

    @cached_property
    def limbs(self) -> Int[Tensor, "3 L"]:
        """Upper body, lower body and qpos address of each hinge under a ball: knees and elbows, for a humanoid."""
        model, balls = self.model, {int(self.model.jnt_bodyid[j]) for j in self.balls}
        lower = [int(model.jnt_bodyid[j]) for j in self.hinges]
        rows = [(int(model.body_parentid[b]) - 1, b - 1, at) for b, at in zip(lower, self.hinge_qpos, strict=True)
                if int(model.body_parentid[b]) in balls]  # fmt: skip
        return torch.tensor(rows, dtype=torch.long).reshape(-1, 3).T

    def borne(self, names: Sequence[str]) -> Int[Tensor, "2 F"]:
        """These bodies, and what each of them hangs on."""
        bodies = [self.names.index(name) for name in names]
        return torch.tensor([bodies, [int(self.model.body_parentid[b + 1]) - 1 for b in bodies]], dtype=torch.long)

    def unscaled(self) -> Float[Tensor, "S 2 3"]:
        """The proportions of the character itself."""
        return torch.zeros(len(self.stems), 2, 3, dtype=torch.float64)

    def scaled_by(self) -> Float[Tensor, "S 2 3"]:
        """1 for the proportions that move a landmark or a joint at all, else 0."""
        used = torch.zeros_like(self.unscaled())
        for stem, offset, scaled in zip(self._stem_of_node, self._pre, self._scaled, strict=True):
            used[stem, 0] = torch.maximum(used[stem, 0], (offset.abs() > 1e-6) * scaled)
        for stem, offset in zip(self._fixed_stem[: self._counts[0]], self._fixed_offset, strict=False):
            used[stem, 1] = torch.maximum(used[stem, 1], (offset.abs() > 1e-6).double())
        return used

    def surface_offset(self, index: int) -> Float[np.ndarray, "3"]:
        """Where a ball of the surface has its centre in its body's frame, m."""
        return self._fixed_offset[self._counts[0] + index].numpy()

    def moved(self, qpos: Float[Tensor, "*#n nq"], step: Float[Tensor, "*#n nv"]) -> Float[Tensor, "*n nq"]:
        """qpos moved by a tangent vector, as mj_integratePos for one second; differentiable in both."""
        # quaternions of the root and the balls, then all that adds: the root's place and the hinges
        quats = qpos.index_select(-1, self._quat_qpos).unflatten(-1, (-1, 4))
        turns = rotation.exp(step.index_select(-1, self._quat_dofs).unflatten(-1, (-1, 3)))
        sums = qpos.index_select(-1, self._sum_qpos) + step.index_select(-1, self._sum_dofs)
        return torch.cat((rotation.quat_mul(quats, turns).flatten(-2), sums), -1).index_select(-1, self._back)

    def place(self, qpos: Float[Tensor, "*n nq"], proportions: Float[Tensor, "S 2 3"]) -> Placed:
        """Where the body is in the poses `qpos` (unit quaternions)."""
        scale = torch.exp(proportions)
        pre = self._pre * (1 + self._scaled * (scale[self._stem_of_node, 0] - 1))
        turns = self._turn @ self._turns(qpos).index_select(-3, self._slots)
        rot, pos = [turns.narrow(-3, 0, 1)], [qpos[..., None, :3]]
        for level in self._levels[1:]:
            r = rot[-1].index_select(-3, level.above)
            p = pos[-1].index_select(-2, level.above) + _turned(r, pre.narrow(0, level.start, level.count))
            r = r @ turns.narrow(-3, level.start, level.count)
            if level.off_centre:
                p = p + _turned(r, self._post.narrow(0, level.start, level.count))
            rot.append(r)
            pos.append(p)
        xmat = torch.cat(rot, -3).index_select(-3, self._node_of_body)
        xpos = torch.cat(pos, -2).index_select(-2, self._node_of_body)

        landmarks, surface, lumps = self._fixed(xpos, xmat, scale).split(self._counts, -2)
        down = torch.stack((torch.zeros_like(self.surface_radius),) * 2 + (self.surface_radius,), -1)
        com = (self.lump_share[:, None] * lumps).sum(-2)
        return Placed(xpos, xmat, landmarks, surface - down, com, lumps)

    @property
    def lump_share(self) -> Float[Tensor, " L"]:
        """The share of the whole mass that each of `Placed.lumps` has."""
        return self._lump_share

    def _fixed(self, xpos: Tensor, xmat: Tensor, scale: Tensor) -> Tensor:
        """(..., P, 3) all points fixed on bodies, as one product: each is linear in its body's place and axes."""
        offset = self._fixed_offset * scale[self._fixed_stem, 1]
        share = torch.zeros(len(offset), len(self.names), 4, dtype=offset.dtype)
        share = share.index_put(
            (torch.arange(len(offset)), self._fixed_body), torch.cat((torch.ones_like(offset[:, :1]), offset), -1)
        )
        frames = torch.cat((xpos.unsqueeze(-1), xmat), -1).movedim(-3, -2).flatten(-2)  # (..., 3, 4 B)
        return (frames @ share.flatten(1).T).transpose(-1, -2)

    def _turns(self, qpos: Tensor) -> Tensor:
        """(..., 2 + balls + hinges, 3, 3): identity, root, balls, hinges."""
        half = 0.5 * (qpos.index_select(-1, self._hinge_qpos) - self._hinge_zero).unsqueeze(-1)
        hinges = torch.cat((torch.cos(half), torch.sin(half) * self._axes), -1)
        identity = torch.zeros_like(qpos[..., None, :4])
        identity[..., 0] = 1.0
        quats = qpos.index_select(-1, self._quat_qpos).unflatten(-1, (-1, 4))
        return rotation.matrix(torch.cat((identity, quats, hinges), -2))


def _lumps(model: mujoco.MjModel) -> tuple[Float[np.ndarray, "L 3"], Float[np.ndarray, " L"]]:
    """Four equal point masses per body that have its mass, centre and inertia: offsets in its frame (m), mass shares.

    At the corners of a tetrahedron, (s_1 a_1, s_2 a_2, s_3 a_3) on the principal axes with s_1 s_2 s_3 = 1, m / 4 each:
    m a_i^2 = (I_j + I_k - I_i) / 2, and what is mixed of two axes is zero.
    """
    offsets, shares = [], []
    for body in range(1, model.nbody):
        mass, inertia, axes = model.body_mass[body], model.body_inertia[body], np.zeros(9)
        mujoco.mju_quat2Mat(axes, model.body_iquat[body])
        # a hand may be a mark in a forearm, without mass
        reach = np.sqrt(np.maximum(0.5 * inertia.sum() - inertia, 0.0) / (mass or 1.0))
        offsets += [model.body_ipos[body] + axes.reshape(3, 3) @ (corner * reach) for corner in CORNERS]
        shares += [mass / len(CORNERS)] * len(CORNERS)
    return np.array(offsets), np.array(shares) / np.sum(shares)


def _stem(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_")


def _nodes(model: mujoco.MjModel) -> list[_Node]:
    nodes: list[_Node] = []
    last = {0: -1}
    for body in range(1, model.nbody):
        flat = np.zeros(9)
        mujoco.mju_quat2Mat(flat, model.body_quat[body])
        turn, offset = flat.reshape(3, 3), np.array(model.body_pos[body])
        parent, start, count = last[int(model.body_parentid[body])], model.body_jntadr[body], model.body_jntnum[body]
        for i, joint in enumerate(range(start, start + count) if count else [-1]):
            anchor = np.array(model.jnt_pos[joint]) if joint > 0 else np.zeros(3)
            fixed = np.eye(3) if i or joint == 0 else turn
            nodes.append(_Node(parent, joint, body, (0 if i else offset) + fixed @ anchor, fixed, -anchor, i == 0))
            parent = len(nodes) - 1
        last[body] = parent
    return nodes


@dataclass(frozen=True)
class _Level:
    """Nodes start to start + count, all equally deep, and where in the level above their parents are."""

    start: int
    count: int
    above: Tensor
    off_centre: bool


def _by_level(nodes: list[_Node]) -> tuple[list[_Node], list[_Level]]:
    """The nodes in order of depth, and their levels."""
    depth: list[int] = []
    for node in nodes:
        depth.append(0 if node.parent < 0 else depth[node.parent] + 1)
    order = sorted(range(len(nodes)), key=lambda i: depth[i])
    levels = []
    for d in range(max(depth) + 1):
        mine, higher = [i for i in order if depth[i] == d], [i for i in order if depth[i] == d - 1]
        above = torch.tensor([higher.index(nodes[i].parent) if d else 0 for i in mine])
        off_centre = any(bool(np.any(nodes[i].post)) for i in mine)
        levels.append(_Level(order.index(mine[0]), len(mine), above, off_centre))
    return [nodes[i] for i in order], levels


def _turned(turn: Tensor, offsets: Tensor) -> Tensor:
    return (turn * offsets.unsqueeze(-2)).sum(-1)
