from dataclasses import replace

import mujoco
import numpy as np
import pytest

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.motion import Motion
from sfv.skeleton import Skeleton

XML = """<mujoco><compiler angle="radian"/><worldbody>
  <body name="base"><freejoint name="base"/><geom size=".1"/>
    <body name="arm" pos="0 0 1"><joint name="ball" type="ball"/><geom size=".1"/>
      <body name="hand" pos="0 0 -.4"><joint name="hinge" axis="0 1 0"/><geom size=".1"/></body></body></body>
  </worldbody></mujoco>"""
BODY = Skeleton.of(mujoco.MjModel.from_xml_string(XML))


def about_z(angle):
    return np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)])


def wandering(frames=20, fps=10.0, seed=0, **more):
    """A smooth random motion: mj_integratePos with slowly changing velocities."""
    generator = np.random.default_rng(seed)
    qpos, velocity = BODY.qpos0.copy(), np.zeros(BODY.nv)
    rows = []
    for _ in range(frames):
        rows.append(qpos.copy())
        velocity += generator.normal(size=BODY.nv) * 0.8
        mujoco.mj_integratePos(BODY.model, qpos, velocity, 1.0 / fps)
    return Motion(BODY, fps, np.array(rows), **more)


def circling(frames=13, fps=30.0):
    """A loop that goes a quarter turn about z round the point (0, 1) in each cycle, leaning, with a swinging hinge."""
    angle = np.linspace(0.0, np.pi / 2, frames)
    lean = np.array([np.cos(0.1), 0.0, np.sin(0.1), 0.0])
    qpos = np.tile(BODY.qpos0, (frames, 1))
    for t, a in enumerate(angle):
        qpos[t, :3] = np.sin(a), 1.0 - np.cos(a), 0.9
        mujoco.mju_mulQuat(qpos[t, 3:7], about_z(a), lean)
        qpos[t, 11] = np.sin(4 * a)
    return Motion(BODY, fps, qpos, loop=True)


def gap(a, b):
    """The largest difference of two arrays of qpos in the tangent space."""
    out, worst = np.zeros(BODY.nv), 0.0
    for x, y in zip(a, b, strict=True):
        mujoco.mj_differentiatePos(BODY.model, out, 1.0, x, y)
        worst = max(worst, float(np.abs(out).max()))
    return worst


def test_interpolation_goes_through_the_frames():
    motion = wandering()
    assert gap(motion.at(motion.times), motion.qpos) < 1e-9
    assert motion.duration == pytest.approx(1.9)


def test_between_two_frames_the_speed_is_constant():
    qpos = np.tile(BODY.qpos0, (2, 1))
    qpos[1, :3], qpos[1, 3:7], qpos[1, 11] = (1.0, 2.0, 3.0), about_z(1.2), 0.8
    quarter = Motion(BODY, 2.0, qpos).at(np.array([0.125]))[0]  # 0.5 s apart
    np.testing.assert_allclose(quarter[:3], (0.25, 0.5, 0.75), atol=1e-12)
    np.testing.assert_allclose(quarter[3:7], about_z(0.3), atol=1e-12)
    assert quarter[11] == pytest.approx(0.2)


def test_a_motion_holds_its_ends():
    motion = wandering()
    assert gap(motion.at(np.array([-5.0, 99.0])), motion.qpos[[0, -1]]) < 1e-9


def test_resampling_there_and_back():
    motion = wandering()
    finer = motion.resampled(30.0)
    assert len(finer) == 3 * (len(motion) - 1) + 1
    assert gap(finer.resampled(10.0).qpos, motion.qpos) < 1e-9


def test_resampling_a_loop_keeps_its_period():
    loop = circling()  # 12 steps at 30 fps: 0.4 s
    other = loop.resampled(24.0)  # 9.6 steps would be needed, 10 are taken
    assert len(other) == 11
    assert other.fps == pytest.approx(25.0)
    assert other.duration == pytest.approx(loop.duration)
    assert gap(other.qpos[-1:], loop.qpos[-1:]) < 1e-9


def test_resampling_a_loop_keeps_its_seam():
    loop = circling()
    qpos = loop.qpos.copy()
    qpos[:, 2] += np.linspace(0.0, 0.12, len(qpos))  # its end is 12 cm above its start
    loop = replace(loop, qpos=qpos)
    other = loop.resampled(2.5 * loop.fps)
    assert other.seam()[2] == pytest.approx(loop.seam()[2])
    assert np.abs(np.diff(other.qpos[:, 2])).max() < 1.01 * np.abs(np.diff(loop.qpos[:, 2])).max() / 2.5


def test_contacts_are_resampled_too():
    steps = np.array([[0.0], [0.0], [1.0], [1.0]])
    motion = replace(wandering(4), contacts=steps, contact_names=("hand",)).resampled(20.0)
    np.testing.assert_allclose(motion.contacts[:, 0], [0, 0, 0, 0.5, 1, 1, 1], atol=1e-9)


def test_a_part_is_its_frames_and_no_loop():
    loop = circling()  # 12 steps at 30 fps: 0.4 s
    contacts = np.linspace(0.0, 1.0, len(loop))[:, None]
    loop = replace(loop, contacts=contacts, contact_names=("hand",), source="round.bvh")
    part = loop.part(Excerpt(0.1, 0.3))
    np.testing.assert_array_equal(part.qpos, loop.qpos[3:10])
    np.testing.assert_array_equal(part.contacts, contacts[3:10])
    assert not part.loop
    assert part.source == "round.bvh, from 0.1 to 0.3 s"
    assert loop.part(Excerpt()) is loop


def test_a_part_of_under_two_frames_is_refused():
    with pytest.raises(InputError, match="under two frames there, at 30 a second"):
        circling().part(Excerpt(0.11, 0.16))


def test_the_cycle_of_a_loop_is_its_turn_and_displacement():
    turn, shift = circling().cycle()
    assert turn == pytest.approx(np.pi / 2)
    np.testing.assert_allclose(shift, (1.0, 1.0), atol=1e-12)


def test_four_quarter_turns_lead_back_to_the_start():
    loop = circling()
    times = np.array([0.1, 0.1 + 4 * loop.duration, 0.1 - 4 * loop.duration])
    start, after, before = loop.at(times)
    assert gap([start, start], [after, before]) < 1e-9


def test_each_cycle_goes_on_where_the_last_ended():
    loop = circling()
    third = loop.at(np.array([2.5 * loop.duration]))[0]
    angle = 2.5 * np.pi / 2  # on the circle round (0, 1), between two frames by a straight line
    np.testing.assert_allclose(third[:2], (np.sin(angle), 1 - np.cos(angle)), atol=1e-3)
    before, after = loop.at(np.array([loop.duration - 1e-9, loop.duration + 1e-9]))
    assert gap([before], [after]) < 1e-6


def test_a_seamless_loop_has_no_seam_and_a_broken_one_says_where():
    loop = circling()
    np.testing.assert_allclose(loop.seam(), 0.0, atol=1e-9)
    broken = loop.qpos.copy()
    broken[-1, 2] += 0.05
    broken[-1, 11] -= 0.2
    seam = replace(loop, qpos=broken).seam()
    np.testing.assert_allclose(seam[[2, 9]], (-0.05, 0.2), atol=1e-9)


def test_closing_leaves_no_seam_and_the_first_frame_as_it_was():
    loop = circling()
    broken = loop.qpos.copy()
    broken[-1, 2] += 0.05
    broken[-1, 11] -= 0.2
    mujoco.mju_mulQuat(broken[-1, 3:7], loop.qpos[-1, 3:7], np.array([np.cos(0.1), np.sin(0.1), 0.0, 0.0]))
    closed = replace(loop, qpos=broken, loop=False).closed()
    assert closed.loop
    np.testing.assert_allclose(closed.seam(), 0.0, atol=1e-6)
    np.testing.assert_array_equal(closed.qpos[0], loop.qpos[0])
    # what the hinge lacks at the end, 0.2 rad, is half of that in the middle
    assert closed.qpos[6, 11] == pytest.approx(loop.qpos[6, 11] + 0.1, abs=1e-3)


def test_a_file_holds_all_of_a_motion(tmp_path):
    contacts = np.random.default_rng(1).random((20, 2))
    motion = wandering(contacts=contacts, contact_names=("arm", "hand"), source="a test")
    motion.save(tmp_path / "m.npz")
    again = Motion.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(again.qpos, motion.qpos)
    np.testing.assert_array_equal(again.contacts, motion.contacts)
    assert (again.fps, again.loop, again.source) == (10.0, False, "a test")
    assert again.contact_names == ("arm", "hand")
    assert again.skeleton.difference_to(BODY) is None
    circling().save(tmp_path / "m.npz")
    assert Motion.load(tmp_path / "m.npz").loop


def saved(tmp_path, **changes):
    wandering().save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as file:
        arrays = {key: file[key] for key in file.files} | changes
    np.savez(tmp_path / "m.npz", **{key: value for key, value in arrays.items() if value is not None})
    return tmp_path / "m.npz"


def test_columns_are_matched_by_name(tmp_path):
    motion = wandering()
    order = np.random.default_rng(2).permutation(BODY.nq)
    columns = np.array(BODY.qpos_columns)[order]
    np.testing.assert_array_equal(
        Motion.load(saved(tmp_path, columns=columns, qpos=motion.qpos[:, order])).qpos, motion.qpos
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 99}, "version 99"),
        ({"kind": "something"}, "not a motion of sfv"),
        ({"columns": None}, "not a motion of sfv"),
        ({"columns": np.array(["a"] * 12)}, "disagree about a, ball.qw"),
        ({"qpos": np.zeros(12)}, "qpos is"),
        ({"qpos": np.full((5, 12), np.nan)}, "NaN"),
        ({"qpos": np.zeros((1, 12))}, "at least 2 frames"),
        ({"fps": 0.0}, "must be from 1 to 1000"),
        ({"fps": np.inf}, "must be from 1 to 1000"),
        ({"skeleton": "<mujoco"}, "cannot be read"),
        ({"skeleton": "<mujoco><include file='x.xml'/></mujoco>"}, "holds <include>, and skeletons have bodies"),
        (
            {"skeleton": "<mujoco><worldbody><replicate count='9'><body/></replicate></worldbody></mujoco>"},
            "<replicate>",
        ),
        ({"skeleton": "<mujoco><worldbody>" + "<body/>" * 1001 + "</worldbody></mujoco>"}, "1001 bodies, and 1000"),
        ({"qpos": wandering().qpos * ([1.0] * 3 + [3.0] * 4 + [1.0] * 5)}, "off by 2 from 1"),
        ({"qpos": wandering().qpos + np.eye(12)[2] * 1e7}, "1e.07 m from the origin"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        Motion.load(saved(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 and no more"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(InputError):
        Motion.load(tmp_path / "m.npz")


def test_a_file_cut_anywhere_is_refused(tmp_path):
    content = saved(tmp_path).read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        (tmp_path / "cut.npz").write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError, match=r"cut\.npz"):
            Motion.load(tmp_path / "cut.npz")


def test_a_pickle_in_the_file_is_not_opened(tmp_path):
    np.savez(tmp_path / "m.npz", qpos=np.array([{}], dtype=object))
    with pytest.raises(InputError):
        Motion.load(tmp_path / "m.npz")


def test_what_a_file_says_of_itself_is_plain_text(tmp_path):
    assert (
        Motion.load(saved(tmp_path, source="a \x1b[31mred\x07 one\nin two lines")).source
        == "a ?[31mred? one in two lines"
    )


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        Motion.load(tmp_path / "absent.npz")


def test_another_skeleton_is_refused():
    motion = wandering()
    motion.require(BODY, "the arm")
    longer = Skeleton.of(mujoco.MjModel.from_xml_string(XML.replace("0 0 -.4", "0 0 -.5")))
    with pytest.raises(InputError, match=r"does not fit the long arm: offsets differ by 0\.1"):
        motion.require(longer, "the long arm")


def test_a_motion_too_short_for_another_rate_says_its_length():
    """Two frames at 120 a second last 8 ms, and no two frames at 30 are in that."""
    short = Motion(BODY, 120.0, np.tile(BODY.qpos0, (2, 1)), source="short.bvh")
    with pytest.raises(InputError, match=r"short\.bvh lasts 0\.0083 s, .* 30 frames a second"):
        short.resampled(30.0)
    assert len(short.resampled(120.0)) == 2


def test_a_hinge_wound_up_beyond_reason_is_refused():
    qpos = np.tile(BODY.qpos0, (3, 1))
    qpos[1, -1] = 1e300
    with pytest.raises(InputError, match=r"angle of 'hinge' is 1e\+300 rad in frame 1"):
        Motion(BODY, 30.0, qpos)
