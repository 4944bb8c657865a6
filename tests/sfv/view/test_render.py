import logging
import sys
from pathlib import Path

import av
import mujoco
import numpy as np
import pytest
from PIL import Image

from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.judged import Pushed
from sfv.motion import Motion
from sfv.skeleton import Skeleton
from sfv.terrain.parcel import Parcel
from sfv.terrain.terrain import NO_BLOCK, Terrain
from sfv.view import backends
from sfv.view.figure import figure, has_dynamics, sticks
from sfv.view.person import GHOST, HIDDEN_GROUP, PERSON, VISIBLE_GROUP, Look
from sfv.view.render import Renderer, scene
from sfv.view.rollout import rollout_video
from sfv.view.sheet import contact_sheet
from sfv.view.viewpoint import Viewpoint, following

SIZE = (160, 120)
BALL = Character(
    "ball",
    "<mujoco><worldbody><body name='ball'><freejoint/><geom size='.1' mass='1'/></body></worldbody></mujoco>",
)
RED = Look(plain=(1.0, 0.0, 0.0))


def red_spot(frame: np.ndarray) -> np.ndarray:
    """Middle of the red pixels, x and y in px."""
    red = (frame[..., 0].astype(int) - frame[..., 1] > 80) & (frame[..., 0].astype(int) - frame[..., 2] > 80)
    y, x = np.nonzero(red)
    return np.array([x.mean() + 0.5, y.mean() + 0.5])


@pytest.mark.parametrize("place", [(0.0, 0.0, 1.0), (0.4, -0.5, 0.7), (-0.6, 0.7, 1.3)])
def test_things_appear_where_the_camera_projects_them(place: tuple[float, float, float]) -> None:
    camera = Viewpoint((3.0, -1.0, 1.5), (0.0, 0.0, 1.0), fovy=45.0)
    with Renderer(scene([(BALL, RED)]), *SIZE) as renderer:
        frame = renderer.frame(np.array([*place, 1.0, 0.0, 0.0, 0.0]), camera)
    assert frame.shape == (120, 160, 3)
    assert frame.dtype == np.uint8
    np.testing.assert_allclose(red_spot(frame), camera.project(np.array(place), SIZE), atol=0.8)


def test_the_camera_s_record_projects_like_the_camera() -> None:
    camera = Viewpoint((3.0, -1.0, 1.5), (0.1, 0.2, 1.0), fovy=45.0)
    record = camera.record(SIZE)
    points = np.random.default_rng(0).normal(size=(5, 3))
    seen = (points - camera.position) @ np.array(record["R_camera_world"]).T
    pixels = record["focal_px"] * seen[:, :2] / seen[:, 2:] + record["principal_point_px"]  # type: ignore[operator]
    np.testing.assert_allclose(pixels, camera.project(points, SIZE), atol=1e-9)


def test_a_following_camera_keeps_its_distance_and_does_not_bounce() -> None:
    time = np.arange(90) / 30
    path = np.stack((1.2 * time, 0 * time, 0.9 + 0.3 * np.sin(9 * time)), 1)
    cameras = following(path, 30.0)
    offsets = np.array([np.subtract(camera.position, camera.target) for camera in cameras])
    assert np.ptp(offsets, axis=0).max() < 1e-12
    targets = np.array([camera.target for camera in cameras])
    assert np.ptp(targets[:, 2]) == 0.0
    assert np.abs(targets[20:70, 0] - path[20:70, 0]).max() < 0.02


def test_a_following_camera_goes_up_a_slope() -> None:
    x = np.linspace(-1.0, 9.0, 101)  # a ramp of 1 in 5
    ramp = Terrain(
        np.tile(0.2 * x[:, None], (1, 11)), np.full((100, 10), NO_BLOCK), np.zeros((101, 11)), 0.1, (-1.0, -0.5)
    )
    time = np.arange(150) / 30
    path = np.stack((1.2 * time, 0 * time, 0.9 + 0.24 * time), 1)
    targets = np.array([camera.target for camera in following(path, 30.0, terrain=ramp)])
    assert np.abs(targets[30:120, 2] - (path[30:120, 2] - 0.05)).max() < 0.02  # 0.85 m over the ground, as on the plane


def test_clothes_have_no_mass_and_touch_nothing() -> None:
    plain = load_character("humanoid").model
    dressed = scene([(load_character("humanoid"), PERSON)])
    assert dressed.body_mass.sum() == pytest.approx(plain.body_mass.sum())
    np.testing.assert_allclose(dressed.body_inertia[1:], plain.body_inertia[1:], atol=1e-9)
    shown = dressed.geom_group == VISIBLE_GROUP
    assert shown.sum() > 40
    assert not (dressed.geom_contype[shown] | dressed.geom_conaffinity[shown]).any()
    assert (dressed.geom_group == HIDDEN_GROUP).sum() == plain.ngeom


def test_left_and_right_are_mirror_images() -> None:
    model = scene([(load_character("humanoid"), PERSON)])
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    shown = model.geom_group == VISIBLE_GROUP
    places = data.geom_xpos[shown]
    for place in places:
        assert np.linalg.norm(places * (1, -1, 1) - place, axis=1).min() < 1e-6


def test_two_figures_share_a_scene() -> None:
    body = load_character("humanoid")
    model = scene([(body, GHOST), (body, PERSON)])
    assert model.nq == 2 * body.model.nq
    assert model.joint("1/root").qposadr[0] == body.model.nq


def test_any_skeleton_has_a_figure() -> None:
    chain = Skeleton(
        "<mujoco><worldbody><body name='a'><freejoint name='root'/><geom size='.02' mass='1'/>"
        "<body name='b' pos='0 0 .3'><joint name='h'/><geom size='.02' mass='1'/></body></body></worldbody></mujoco>"
    )
    assert figure(load_character("humanoid").skeleton).name == "humanoid"
    body = figure(chain)
    assert body.name == "sticks"
    assert body.model.nq == chain.nq
    assert chain.difference_to(sticks(chain).skeleton) is None


def test_an_unknown_renderer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFV_RENDER", "glx")
    with pytest.raises(InputError, match="'glx' is no renderer; set it to one of: egl, warp"):
        Renderer(scene([(BALL, RED)]), *SIZE)


class Painter:
    """Stands in for the ray tracer."""

    name = "warp"

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None: ...

    def picture(self, data: mujoco.MjData, camera: int) -> np.ndarray:
        return np.zeros((120, 160, 3), np.uint8)

    def close(self) -> None: ...


def test_without_gl_the_ray_tracer_steps_in_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SFV_RENDER", raising=False)
    monkeypatch.setitem(sys.modules, "mujoco.egl", None)
    monkeypatch.setattr(backends, "Warp", Painter)
    with caplog.at_level(logging.WARNING), Renderer(scene([(BALL, RED)]), *SIZE) as renderer:
        assert renderer.backend == "warp"
    assert "no OpenGL here" in caplog.text
    with pytest.raises(InputError, match="EGL does not work here"):
        Renderer(scene([(BALL, RED)]), *SIZE, backend="egl")


@pytest.mark.slow
def test_both_renderers_take_the_same_picture() -> None:
    model = scene([(load_character("humanoid"), PERSON)])
    camera = Viewpoint((2.6, -1.6, 1.2), (0.0, 0.0, 0.9))
    pictures = []
    for backend in ("egl", "warp"):
        with Renderer(model, 320, 240, backend) as renderer:  # type: ignore[arg-type]
            pictures.append(renderer.frame(model.qpos0, camera).astype(float))
    assert np.abs(pictures[0] - pictures[1]).mean() < 6.0  # edges and the haze at the horizon differ
    np.testing.assert_allclose(red_spot(pictures[0]), red_spot(pictures[1]), atol=1.0)


def test_a_rollout_video_lasts_as_long_as_the_reference(tmp_path: Path, wave: Motion) -> None:
    short = Motion(wave.skeleton, wave.fps, wave.qpos[:10])
    clip = [np.zeros((60, 80, 3), np.uint8)] * 5
    rollout_video(tmp_path / "r.mp4", wave, short, load_character("humanoid"), clip, fps=10.0, panel=(64, 80))
    with av.open(str(tmp_path / "r.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 11
    # the clip's panel is as high as the others and, here to the limit, as wide as its own picture: 106 + 64 + 64
    assert frames[0].shape == (80, 234, 3)


def test_a_box_that_is_pushed_is_in_the_video(tmp_path: Path, wave: Motion) -> None:
    """A cube of 1 m before the figure is brown in either half; of poses that end the last is shown.

    From 5 m, where 2 x 5 tan 20 degrees = 3.6 m are 100 px, it is 28 px high: a tenth of a panel of 80 x 100.
    """
    poses = np.tile([1.2, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0], (len(wave), 1))
    pushed = Pushed(Parcel("box", 0.5, 10.0), poses[:10], poses)
    rollout_video(tmp_path / "r.mp4", wave, wave, load_character("humanoid"), fps=2.0, panel=(80, 100), pushed=pushed)
    with av.open(str(tmp_path / "r.mp4")) as container:
        *_, last = (frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0))
    brown = (last[..., 0] - last[..., 2] > 40) & (last[..., 1] - last[..., 2] > 15)
    for half in (brown[:, :80], brown[:, 80:]):
        assert 0.06 < half.mean() < 0.2


def test_a_body_of_hidden_shapes_alone_is_drawn_by_them() -> None:
    xml = """<mujoco><worldbody><body name="robot"><freejoint/><geom size="0.1" group="3"/>{}</body></worldbody>
    </mujoco>"""
    bare, whole = (Character("robot", xml.format(more)) for more in ("", '<geom size="0.2" group="2" contype="0"/>'))
    assert scene([(bare, PERSON)]).geom_group[-1] == VISIBLE_GROUP
    assert scene([(whole, PERSON)]).geom_group[-2:].tolist() == [3, 2]


def test_a_contact_sheet_has_a_row_per_motion(tmp_path: Path, wave: Motion) -> None:
    rows = {"reference": wave, "simulated": wave}
    contact_sheet(tmp_path / "s.png", rows, load_character("humanoid"), columns=3, cell=(60, 80))
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (180, 160)


def test_a_person_of_other_measures_is_drawn_in_them() -> None:
    child, robot = load_character("person:height=1.2,weight=30"), load_character("heavy-robot")
    drawn = scene([(child, PERSON)])
    data = mujoco.MjData(drawn)
    mujoco.mj_kinematics(drawn, data)
    seen = (drawn.geom_group <= VISIBLE_GROUP) & (drawn.geom_bodyid > 0)
    tops = data.geom_xpos[seen, 2] + drawn.geom_rbound[seen]
    assert 1.1 < tops.max() < 1.35  # it is 1.2 m tall, and a bound is a ball round an ellipsoid
    assert (scene([(robot, PERSON)]).geom_group < HIDDEN_GROUP).all()  # it says that it shows its shapes


def test_bones_named_like_the_humanoids_are_drawn_as_a_person_without_dynamics() -> None:
    child = load_character("person:height=1.2,weight=30")
    body = figure(child.skeleton)
    assert child.skeleton.difference_to(body.skeleton) is None
    assert not has_dynamics(body)
    assert has_dynamics(figure(load_character("humanoid").skeleton))
    leaning = child.skeleton.xml.replace('name="left_knee" pos="0 0 -', 'name="left_knee" pos="0.1 0 -')
    assert leaning != child.skeleton.xml
    assert figure(Skeleton(leaning)).name == "sticks"  # its halves are not alike


def test_lights_of_a_body_s_own_file_do_not_shine() -> None:
    lit = Character("lit", BALL.xml.replace("<geom", "<light pos='0 0 3'/><geom"))
    assert scene([(lit, RED)]).nlight == scene([(BALL, RED)]).nlight
