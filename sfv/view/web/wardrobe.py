"""A show as a page is given it: triangles, poses and curves as plain values, large ones packed.

The page that is served and the page in a file read the same. It knows no sockets and no time.
"""

import base64
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.character import Character
from sfv.terrain.terrain import Terrain
from sfv.view.figure import figure
from sfv.view.live import Player
from sfv.view.meshes import COARSE, body_mesh
from sfv.view.person import PERSON
from sfv.view.render import scene
from sfv.view.web.ground import ground_surface
from sfv.view.web.show import Show

RATE = 30.0
"""Poses a second at most; a page draws what is between two."""


def record(show: Show, pictures: bool) -> dict[str, Any]:
    """All of a show but its policies; with `pictures` those of the clip as well, else only when each is."""
    cast, actors = Wardrobe(), []
    for actor in show.actors:
        motion = actor.motion if actor.motion.fps <= RATE + 1e-6 else actor.motion.resampled(RATE)
        key = cast.body(actor.body or figure(motion.skeleton))
        poses = np.stack([cast.pose(key, qpos) for qpos in motion.qpos])
        actors.append(
            {
                "name": actor.name, "ghost": actor.ghost, "body": key, "fps": motion.fps, "frames": len(poses),
                "poses": packed(poses, np.float32), "ground": cast.ground(actor.terrain), "beside": actor.beside,
                "width": _width(actor.terrain),
            }
        )  # fmt: skip
    clip: dict[str, Any] = {"times": show.pictures.times.round(4).tolist(), "shot": None, "warps": None}
    if shot := show.pictures.shot:
        clip["shot"] = {"size": shot.size, "focal": shot.focal, "position": shot.position.tolist(),
                        "axes": shot.axes.tolist()}  # fmt: skip
    if show.pictures.warps is not None:
        clip["warps"] = show.pictures.warps.reshape(-1, 9).tolist()
    if pictures:
        clip["files"] = [base64.b64encode(content).decode() for content in show.pictures.files]
    return {
        "title": show.title, "news": show.news, "seconds": show.seconds, "can_act": show.live is not None,
        "actors": actors, "bodies": cast.bodies, "grounds": cast.grounds, "timeline": show.timeline.plain(),
        "pictures": clip,
        "prior": show.asking and {"name": show.asking.name, "heeds": sorted(show.asking.heeds),
                                  "labels": list(show.asking.labels)},
        "samples": [vars(sample) for sample in show.samples],
    }  # fmt: skip


class Wardrobe:
    """Bodies and grounds, each packed once, and where the bodies' parts are.

    Attributes:
        bodies: key -> the parts of a body, each a mesh in the frame of one of MuJoCo's bodies.
        grounds: triangles of those that are not level.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.grounds: list[dict[str, Any]] = []
        self._models: dict[str, mujoco.MjModel] = {}
        self._datas: dict[str, mujoco.MjData] = {}
        self._terrains: list[Terrain] = []

    @classmethod
    def of(cls, players: Sequence[Player]) -> tuple["Wardrobe", list[dict[str, Any]]]:
        """That of policies, and who of it each is."""
        cast = cls()
        return cast, [
            {
                "name": player.name,
                "body": cast.body(player.character),
                "ground": cast.ground(player.terrain),
                "width": _width(player.terrain),
                "servos": _bodies_of_servos(player.character),
            }
            for player in players
        ]

    def body(self, character: Character) -> str:
        """The key of a character's body."""
        key = character.fingerprint
        if key not in self.bodies:
            model = self._models[key] = scene([(character, PERSON)])
            parts = []
            for body in range(1, model.nbody):
                if (mesh := body_mesh(model, body, COARSE)) is not None:
                    visual: Any = mesh.visual
                    colours = visual.vertex_colors[:, :3]
                    parts.append(
                        {
                            "body": body - 1, "points": packed(mesh.vertices, np.float32),
                            "faces": packed(mesh.faces, np.uint32), "colours": packed(colours, np.uint8),
                        }
                    )  # fmt: skip
            names = [model.body(body).name.partition("/")[2] for body in range(1, model.nbody)]
            self.bodies[key], self._datas[key] = {"parts": parts, "names": names}, mujoco.MjData(model)
        return key

    def pose(self, key: str, qpos: Float[np.ndarray, " nq"]) -> Float[np.ndarray, "b 7"]:
        """Place and quaternion of each part of a body."""
        model, data = self._models[key], self._datas[key]
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        return np.concatenate([data.xpos[1:], data.xquat[1:]], 1)

    def ground(self, terrain: Terrain) -> int | None:
        """The number of a ground; None for the plane."""
        if terrain.flat:
            return None
        for number, known in enumerate(self._terrains):
            if known is terrain:
                return number
        surface = ground_surface(terrain)
        self._terrains.append(terrain)
        self.grounds.append({"points": packed(surface.points, np.float32), "faces": packed(surface.faces, np.uint32)})
        return len(self.grounds) - 1


def packed(values: Any, kind: type) -> str:
    """An array as text: its bytes, little end first, in base64."""
    array = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return base64.b64encode(array.tobytes()).decode()


def _bodies_of_servos(character: Character) -> list[int]:
    """The part that each servo moves."""
    model = character.model
    return [int(model.jnt_bodyid[model.actuator_trnid[index, 0]]) - 1 for index in range(model.nu)]


def _width(terrain: Terrain) -> float:
    """m that who stands on it takes up beside others."""
    return 0.0 if terrain.flat else terrain.cell * (terrain.heights.shape[1] - 1) + 0.3
