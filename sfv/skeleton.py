"""A skeleton is a kinematic tree: a MuJoCo model without dynamics.

MuJoCo itself does the forward kinematics, differences and interpolation, so a skeleton from BVH, SMPL or a robot's MJCF
is treated alike. It knows names, parents, offsets and joint kinds, and nothing of masses, motors or meshes.
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np

from sfv.errors import InputError, blamed

KINDS = {
    mujoco.mjtJoint.mjJNT_FREE: "free",
    mujoco.mjtJoint.mjJNT_BALL: "ball",
    mujoco.mjtJoint.mjJNT_HINGE: "hinge",
}
_COLUMNS = {"free": ("x", "y", "z", "qw", "qx", "qy", "qz"), "ball": ("qw", "qx", "qy", "qz"), "hinge": ("",)}

MOST, DEEPEST = 1000, 200
"""Bodies in a skeleton, and how many may hang on each other in a row."""
LARGEST = 1 << 22
"""Letters in a skeleton's MJCF."""
WORDS = frozenset(
    {"mujoco", "compiler", "option", "worldbody", "body", "joint", "freejoint", "geom", "inertial", "site"}
)


@dataclass(frozen=True)
class Skeleton:
    """A tree of named bodies joined by free, ball and hinge joints, as MJCF text (offsets in metres)."""

    xml: str

    @classmethod
    def of(cls, model: mujoco.MjModel) -> "Skeleton":
        """The skeleton of a compiled model: its bodies, joints and joint ranges; everything else is dropped.

        Raises:
            InputError: the model has slide joints, or not exactly one free joint at its root.
        """
        bare = mujoco.MjSpec()
        bare.modelname = "skeleton"
        bare.compiler.degree = False
        bare.option.gravity = [0.0, 0.0, 0.0]
        bodies = {0: bare.worldbody}
        for i in range(1, model.nbody):
            body = model.body(i)
            name = body.name or f"body{i}"
            copy = bodies[int(model.body_parentid[i])].add_body(name=name, pos=body.pos, quat=body.quat)
            # MuJoCo compiles no moving body without mass
            copy.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0], mass=1.0, contype=0, conaffinity=0)
            for j in range(int(model.body_jntadr[i]), int(model.body_jntadr[i] + model.body_jntnum[i])):
                joint, kind = model.joint(j), mujoco.mjtJoint(int(model.jnt_type[j]))
                copy.add_joint(
                    name=joint.name or f"joint{j}",
                    type=kind,
                    ref=float(joint.qpos0[0]) if kind == mujoco.mjtJoint.mjJNT_HINGE else 0.0,
                    pos=joint.pos,
                    axis=joint.axis,
                    range=joint.range,
                    limited=int(model.jnt_limited[j]),
                )
            bodies[i] = copy
        bare.compile()
        skeleton = cls(bare.to_xml())
        skeleton.check()
        return skeleton

    def check(self) -> None:
        """Raise InputError unless the first joint is free and all others are ball or hinge."""
        if not self.joint_kinds or self.joint_kinds[0] != "free" or "free" in self.joint_kinds[1:]:
            raise InputError(
                f"a skeleton needs one free joint, at its root, but the joints are: {', '.join(self.joint_kinds)}; "
                'give the root body <freejoint/> (or <joint type="free"/>)'
            )

    @classmethod
    def read(cls, xml: str) -> "Skeleton":
        """The skeleton whose MJCF a file holds.

        Such text is somebody else's: one line of it can ask MuJoCo for a million bodies, or for other files. What
        `Skeleton.of` writes has a few words, and others are refused.

        Raises:
            InputError: it holds other words, is too large, or no skeleton.
        """
        if len(xml) > LARGEST:
            raise InputError(f"the skeleton's MJCF has {len(xml)} letters, and {LARGEST} are allowed; check the file")
        with blamed("the skeleton's MJCF cannot be read", "export the motion again"):
            words = [element.tag for element in ElementTree.fromstring(xml).iter()]
            if strange := sorted(set(words) - WORDS):
                raise InputError(f"the skeleton's MJCF holds <{strange[0]}>, and skeletons have bodies and joints only")
            if words.count("body") > MOST:
                raise InputError(f"the skeleton has {words.count('body')} bodies, and {MOST} are allowed")
            skeleton = cls(xml)
            skeleton.check()
        return skeleton

    @cached_property
    def model(self) -> mujoco.MjModel:
        """The compiled model: bodies and joints, a 1 kg sphere for each body, no gravity, no contacts."""
        try:
            return mujoco.MjModel.from_xml_string(self.xml)
        except ValueError as error:
            raise InputError(f"the skeleton's MJCF cannot be read ({error}); export the motion again") from error

    @cached_property
    def body_names(self) -> tuple[str, ...]:
        """Names of all bodies but the world, parents before children."""
        return tuple(self.model.body(i).name for i in range(1, self.model.nbody))

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """For each of body_names the index of its parent in body_names, -1 for the root."""
        return tuple(int(p) - 1 for p in self.model.body_parentid[1:])

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the joints in qpos order."""
        return tuple(self.model.joint(i).name for i in range(self.model.njnt))

    @cached_property
    def joint_kinds(self) -> tuple[str, ...]:
        """'free', 'ball' or 'hinge' for each joint.

        Raises:
            InputError: there is a slide joint.
        """
        kinds = [KINDS.get(mujoco.mjtJoint(t)) for t in self.model.jnt_type]
        for name, kind in zip(self.joint_names, kinds, strict=True):
            if kind is None:
                raise InputError(f"joint {name!r} slides, but skeletons have free, ball and hinge joints; replace it")
        return tuple(kind for kind in kinds if kind is not None)

    @property
    def nq(self) -> int:
        """Length of qpos."""
        return int(self.model.nq)

    @property
    def nv(self) -> int:
        """Length of qvel."""
        return int(self.model.nv)

    @cached_property
    def qpos_columns(self) -> tuple[str, ...]:
        """A name for each number of qpos: 'root.x', 'neck.qw', 'right_knee'."""
        columns = []
        for name, kind in zip(self.joint_names, self.joint_kinds, strict=True):
            columns += [f"{name}.{part}" if part else name for part in _COLUMNS[kind]]
        return tuple(columns)

    @cached_property
    def qpos0(self) -> np.ndarray:
        """The zero pose, (nq,)."""
        return np.array(self.model.qpos0)

    def difference_to(self, other: "Skeleton", tolerance: float = 1e-4) -> str | None:
        """What differs from another skeleton, as half a sentence, or None when motions of one fit the other."""
        for what, mine, theirs in (
            ("bodies", self.body_names, other.body_names),
            ("joints", self.joint_names, other.joint_names),
            ("joint kinds", self.joint_kinds, other.joint_kinds),
        ):
            if mine != theirs:
                return f"{what} are {_listed(mine)} against {_listed(theirs)}"
        if self.parents != other.parents:
            return "bodies have other parents"
        for what, mine, theirs in (
            ("offsets", self.model.body_pos[2:], other.model.body_pos[2:]),  # the root's place is the free joint's
            ("body orientations", self.model.body_quat[2:], other.model.body_quat[2:]),
            ("joint anchors", self.model.jnt_pos, other.model.jnt_pos),
            ("joint axes", self.model.jnt_axis, other.model.jnt_axis),
            ("joint zeros", self.model.qpos0[7:], other.model.qpos0[7:]),
        ):
            if (gap := float(np.abs(mine - theirs).max(initial=0.0))) > tolerance:
                return f"{what} differ by {gap:.3g}"
        return None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names if len(names) <= 20 else (*names[:19], f"and {len(names) - 19} more"))
