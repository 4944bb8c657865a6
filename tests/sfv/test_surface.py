import mujoco
import numpy as np

from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.skeleton import Skeleton
from sfv.surface import lowest


def test_surface_points_cover_the_lowest_point_of_tilted_shapes():
    model = mujoco.MjModel.from_xml_string(
        """<mujoco><worldbody><body><freejoint/><geom type="capsule" size=".1 .3"/></body></worldbody></mujoco>"""
    )
    qpos = np.array([[0, 0, 1.0, np.cos(np.pi / 8), np.sin(np.pi / 8), 0, 0]] * 2)  # 45 degrees about x
    state = motion_state(Motion(Skeleton.of(model), 30.0, qpos), model)
    # centre 1 m, half length .3 at 45 degrees, radius .1
    assert np.isclose(lowest(model, state)[0], 1.0 - 0.3 * np.sqrt(0.5) - 0.1)
