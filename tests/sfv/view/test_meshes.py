import mujoco
import numpy as np

from sfv.view.meshes import body_mesh

SHAPES = """<mujoco><worldbody><body name="a" pos="1 2 3"><freejoint/>
<geom type="box" size=".1 .2 .3" pos="0 0 1" quat="0.7071 0 0.7071 0" mass="1"/>
<geom type="sphere" size=".1" group="5"/>
<geom type="capsule" size=".05 .2" pos="0 1 0"/><geom type="cylinder" size=".05 .2" pos="1 0 0"/>
<geom type="ellipsoid" size=".1 .2 .3" pos="-1 0 0"/></body><body/></worldbody></mujoco>"""


def test_meshes_lie_where_the_geoms_are() -> None:
    model = mujoco.MjModel.from_xml_string(SHAPES)
    mesh = body_mesh(model, 1)
    assert mesh is not None
    parts = mesh.split()
    assert len(parts) == 4  # the hidden sphere is not drawn
    bounds = {tuple(np.round(part.bounds.mean(0)).astype(int)): np.ptp(part.bounds, axis=0) / 2 for part in parts}
    np.testing.assert_allclose(bounds[0, 0, 1], (0.3, 0.2, 0.1), atol=1e-3)  # turned about y: x and z change places
    np.testing.assert_allclose(bounds[0, 1, 0], (0.05, 0.05, 0.25), atol=2e-3)
    np.testing.assert_allclose(bounds[1, 0, 0], (0.05, 0.05, 0.2), atol=2e-3)
    np.testing.assert_allclose(bounds[-1, 0, 0], (0.1, 0.2, 0.3), atol=2e-3)
    assert body_mesh(model, 2) is None
