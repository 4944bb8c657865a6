"""A box that lies in the world: its size, mass and friction, and what it is to MuJoCo.

It knows nobody who throws or pushes it.
"""

from dataclasses import dataclass

import mujoco


@dataclass(frozen=True)
class Parcel:
    """A cube that moves freely.

    Attributes:
        name: of its body.
        half: half a side, m.
        mass: kg.
        friction: of all that it touches; None leaves that to the rougher of the two.
    """

    name: str
    half: float
    mass: float
    friction: float | None = None

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Put it into a world, behind all that is there: it collides with bodies, grounds and other boxes."""
        body = spec.worldbody.add_body(name=self.name)
        body.add_freejoint(name=self.name)
        # 1 meets the body, 2 and 1 of conaffinity meet height fields and planes
        geom = body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, size=[self.half] * 3, mass=self.mass, contype=1, conaffinity=3
        )  # fmt: skip
        if self.friction is not None:
            geom.friction[0], geom.priority = self.friction, 1

    @property
    def xml(self) -> str:
        """MJCF of it alone, to be drawn."""
        spec = mujoco.MjSpec()
        spec.modelname = self.name
        self.add_to(spec)
        spec.compile()
        return str(spec.to_xml())
