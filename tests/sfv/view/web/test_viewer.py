import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest

from sfv.errors import InputError
from sfv.motion import Motion
from sfv.view.web.viewer import Viewer, body_mesh, motions_at

SHAPES = """<mujoco><worldbody><body name="a" pos="1 2 3"><freejoint/>
<geom type="box" size=".1 .2 .3" pos="0 0 1" quat="0.7071 0 0.7071 0" mass="1"/>
<geom type="sphere" size=".1" group="5"/>
<geom type="capsule" size=".05 .2" pos="0 1 0"/><geom type="cylinder" size=".05 .2" pos="1 0 0"/>
<geom type="ellipsoid" size=".1 .2 .3" pos="-1 0 0"/></body><body/></worldbody></mujoco>"""


def test_meshes_lie_where_the_geoms_are() -> None:
    pytest.importorskip("trimesh")
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


def test_time_goes_on_while_it_plays_and_starts_again(wave: Motion) -> None:
    pytest.importorskip("viser")
    with Viewer({"reference": wave, "simulated": wave}, port=18080) as viewer:
        viewer.step(0.4)
        assert viewer.time == pytest.approx(0.4)
        viewer.step(0.5)
        viewer.step(0.5)
        assert viewer.time == 0.0
        assert viewer.address.startswith("http://127.0.0.1:")


def test_without_viser_the_extra_is_named(wave: Motion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "viser", None)
    with pytest.raises(InputError, match=r'pip install "sfv\[viewer\]"'):
        Viewer({"wave": wave})


def test_a_run_shows_what_it_has(tmp_path: Path, wave: Motion) -> None:
    with pytest.raises(InputError, match="holds no motion to show"):
        motions_at(tmp_path)
    wave.save(tmp_path / "2-motion" / "motion.npz")
    assert list(motions_at(tmp_path)) == ["reference"]
    wave.save(tmp_path / "4-report" / "reference.npz")
    wave.save(tmp_path / "4-report" / "simulated.npz")
    assert list(motions_at(tmp_path)) == ["reference", "simulated"]
    assert list(motions_at(tmp_path / "2-motion" / "motion.npz")) == ["motion"]
