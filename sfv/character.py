"""A character: a skeleton with dynamics, as one MJCF file that says all there is to know about it.

Motors, gains and limits are MuJoCo's. What MuJoCo has no word for may stand in the file's <custom> block: `key_bodies`
and `feet` (names), `pose_weights` (one number per joint, root first). Sites bear the names of pose landmarks.
"""

import logging
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np

from sfv.bodies.person import EXAMPLE, is_person, person
from sfv.errors import InputError, blamed, did_you_mean
from sfv.joints.joint_map import JointMap, joint_map, known_body
from sfv.joints.part_names import SIDES
from sfv.mjcf import require_model
from sfv.servos import add_servos, servos_of_motors
from sfv.skeleton import Skeleton
from sfv.work.files import fingerprint
from sfv.work.mujoco_log import listen

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parent / "assets"
ASSET_KINDS = ("mesh", "texture", "hfield", "skin")
"""Of MJCF: those that may be in files of their own."""
FOOT_BAND = 0.1
"""m over the lowest of the bodies at the ends of limbs, up to which the others are feet too, in the zero pose."""


@dataclass(frozen=True)
class Character:
    """A body that physics can move.

    Attributes:
        name: 'humanoid', 'person:height=1.2,weight=30', or the stem of the user's file.
        xml: the MJCF text, without ground.
    """

    name: str
    xml: str

    @cached_property
    def model(self) -> mujoco.MjModel:
        """The compiled model of the body alone."""
        return mujoco.MjModel.from_xml_string(self.xml)

    @cached_property
    def skeleton(self) -> Skeleton:
        """Its kinematic tree."""
        return Skeleton.of(self.model)

    @cached_property
    def key_bodies(self) -> tuple[str, ...]:
        """The end effectors, whose places a viewer watches: as the file says, else the bodies at the ends of limbs."""
        names = self._names("key_bodies")
        return names if names is not None else tuple(self.model.body(i).name for i in self._ends)

    @cached_property
    def joint_map(self) -> JointMap:
        """Which of its bodies are whose hip, hand or foot.

        Raises:
            InputError: neither a table nor its bodies' names tell.
        """
        return joint_map(self.skeleton, self.name)

    @cached_property
    def named_feet(self) -> tuple[str, ...]:
        """Bodies meant to touch the ground, as the file or the table of known bodies says; empty where neither does."""
        names = self._names("feet")
        if names is None and (known := known_body(self.skeleton)) is not None:
            names = tuple(known.feet[side][0] for side in SIDES)
        return names or ()

    @cached_property
    def feet(self) -> tuple[str, ...]:
        """Bodies meant to touch the ground: those that are named, else the lowest ends of limbs in the zero pose."""
        if self.named_feet:
            return self.named_feet
        data = mujoco.MjData(self.model)
        mujoco.mj_kinematics(self.model, data)
        height = data.xpos[self._ends, 2]
        return tuple(self.model.body(i).name for i in self._ends[height < height.min() + FOOT_BAND])

    @cached_property
    def pose_weights(self) -> np.ndarray:
        """(njnt,) weight of each joint in pose errors, root first.

        As the file says, else the square root of the share of the mass that it moves: for the humanoid that is near
        DeepMimic's table (hip .43 for .5, knee .30 for .3, ankle .15 for .2, elbow .18 for .2).
        """
        model = self.model
        if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_NUMERIC, "pose_weights") < 0:
            return np.sqrt(model.body_subtreemass[model.jnt_bodyid] / model.body_mass.sum())
        weights = np.array(model.numeric("pose_weights").data)
        if len(weights) != model.njnt:
            raise InputError(
                f"{self.name}: pose_weights has {len(weights)} numbers for {model.njnt} joints; give one per joint"
            )
        return weights

    @cached_property
    def keypoints(self) -> dict[str, tuple[str, tuple[float, float, float]]]:
        """Pose landmark name -> (body, offset in the body frame, m)."""
        out = {}
        for i in range(self.model.nsite):
            site = self.model.site(i)
            x, y, z = (float(v) for v in site.pos)
            out[site.name] = (self.model.body(int(self.model.site_bodyid[i])).name, (x, y, z))
        return out

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what the body is: its model and what is in its meshes and pictures, wherever they lie."""
        root = ElementTree.fromstring(self.xml)
        compiler = root.find("compiler")
        places = {} if compiler is None else {name: compiler.attrib.pop(name, "") for name in ("meshdir", "texturedir")}
        folders = {"texture": places.get("texturedir", "")}
        files = [
            Path(folders.get(asset.tag, places.get("meshdir", "")), name)
            for asset in root.iter()
            for key, name in sorted(asset.attrib.items())
            if asset.tag in ASSET_KINDS and key.startswith("file")
        ]
        if not files:
            return fingerprint(self.xml)
        return fingerprint(ElementTree.tostring(root, encoding="unicode"), *files)

    @cached_property
    def mass(self) -> float:
        """Kilograms."""
        return float(self.model.body_mass.sum())

    @cached_property
    def _ends(self) -> np.ndarray:
        """Bodies that carry no others."""
        bodies = np.arange(1, self.model.nbody)
        return bodies[~np.isin(bodies, self.model.body_parentid)]

    def check_servos(self) -> None:
        """Raise unless every actuator is a position servo, as the tracking task drives it.

        Raises:
            InputError: there are none, or others.
        """
        model = self.model
        servo = (model.actuator_biastype == mujoco.mjtBias.mjBIAS_AFFINE) & (model.actuator_biasprm[:, 1] < 0)
        if model.nu == 0 or not servo.all():
            found = "has no actuators" if model.nu == 0 else f"has {int((~servo).sum())} actuators of another kind"
            raise InputError(
                f"{self.name} {found}, and a policy drives position servos; give each joint "
                '<position joint="..." kp="..." kv="..." forcerange="..."/> in the MJCF file, or a <motor> with a '
                "ctrlrange, and an armature"
            )

    def _names(self, text: str) -> tuple[str, ...] | None:
        index = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_TEXT, text)
        if index < 0:
            return None
        start = int(self.model.text_adr[index])
        data = self.model.text_data[start : start + int(self.model.text_size[index]) - 1]  # without the closing NUL
        names = tuple(bytes(data).decode().split())
        for name in names:
            if name not in self.skeleton.body_names:
                raise InputError(f"{self.name}: {text} names {name!r}{did_you_mean(name, self.skeleton.body_names)}")
        return names


@cache
def _say_servos(path: Path) -> None:
    """Once for a file."""
    log.warning(
        "%s has motors, which become position servos of the same torque, as stiff as 10 Hz makes their armature; other "
        "gains stand in the file as <position .../> instead of <motor .../>",
        path,
    )


def load_character(name: str | Path) -> Character:
    """One of sfv's characters by name, a person by measures, or the user's MJCF file by path.

    A known robot whose file has no actuators gets its servos, and motors become servos (`sfv.servos`).

    Raises:
        InputError: none of them exists, or the file is no model.
    """
    listen()
    if is_person(str(name)):
        return Character(str(name), person(str(name), (ASSETS / "humanoid.xml").read_text()))
    own = {path.stem: path for path in ASSETS.glob("*.xml")}
    path = own.get(str(name), Path(name))
    if not path.is_file():
        known = did_you_mean(str(name), [*own, EXAMPLE])
        raise InputError(f"there is no character {str(name)!r}{known}; or give an MJCF file")
    if path not in own.values():
        require_model(path)
    with blamed(f"{path} is not a model that MuJoCo reads", "check the MJCF file"):
        spec = mujoco.MjSpec.from_file(str(path))
        if spec.meshes or spec.hfields or spec.textures:
            # the text alone no longer knows which folder it stood in
            spec.meshdir, spec.texturedir = (str(path.resolve().parent / d) for d in (spec.meshdir, spec.texturedir))
        if not spec.actuators:
            add_servos(spec)
        elif servos_of_motors(spec):
            _say_servos(path)
        model = spec.compile()
        character = Character(path.stem, spec.to_xml())
        character.skeleton.check()
    if not ((model.geom_contype | model.geom_conaffinity)[model.geom_bodyid > 0] != 0).any():
        raise InputError(
            f"{path} has no shape that touches anything, so it can stand on nothing; give its bodies geoms with a "
            "contype or conaffinity other than 0"
        )
    return character
