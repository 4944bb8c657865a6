"""Any body, larger or smaller all over: geometrically similar, as dense, and as strong for its weight.

Strength follows the body, as in dynamic similarity: lengths go with the size s, masses with s^3, torques and stiffness
with the weight on its levers, s^4, inertias with s^5, and what damps with s^4.5, since everything takes sqrt(s) times
as long. In free flight such a body does at a step of sqrt(s) dt what the other does at dt. It knows no names.
"""

import mujoco
import numpy as np


def scaled(xml: str, size: float) -> str:
    """The MJCF of a body `size` times as tall."""
    spec = mujoco.MjSpec.from_string(xml)
    for mesh in spec.meshes:
        mesh.scale = mesh.scale * size
    for body in spec.bodies[1:]:
        body.pos = body.pos * size
        body.ipos = body.ipos * size
        body.mass *= size**3
        body.inertia, body.fullinertia = body.inertia * size**5, body.fullinertia * size**5
    for shape in (*spec.geoms, *spec.sites):
        shape.pos, shape.size, shape.fromto = shape.pos * size, shape.size * size, shape.fromto * size
    for geom in spec.geoms:
        geom.mass *= size**3
    for joint in spec.joints:
        joint.pos = joint.pos * size
        joint.armature *= size**5
        joint.damping = joint.damping * size**4.5
        joint.stiffness = joint.stiffness * size**4
        joint.frictionloss *= size**4
        joint.actfrcrange = joint.actfrcrange * size**4
    for servo in spec.actuators:
        servo.gainprm = servo.gainprm * size**4
        servo.biasprm = servo.biasprm * size**4 * np.array([1.0, 1.0, np.sqrt(size), *[1.0] * 7])
        servo.forcerange = servo.forcerange * size**4
    spec.compile()
    return str(spec.to_xml())
