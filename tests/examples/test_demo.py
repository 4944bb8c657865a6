import importlib
import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest
from scipy.optimize import nnls

from sfv import metrics
from sfv.character import Character, load_character
from sfv.check.support import slide_of
from sfv.clip import Clip
from sfv.kinematics import MotionState, motion_state
from sfv.motion import Motion
from sfv.work.files import read_json

GRAVITY = 9.81
FRICTION = 0.9
SOLE = np.array([[x, y, -0.05] for x in (-0.0435, 0.1335) for y in (-0.045, 0.045)])


@pytest.fixture(scope="module")
def character() -> Character:
    return load_character("humanoid")


@pytest.fixture(scope="module")
def truth(root: Path) -> Motion:
    return Motion.load(root / "examples" / "demo_truth.npz")


@pytest.fixture(scope="module")
def state(truth: Motion, character: Character) -> MotionState:
    return motion_state(truth, character.model)


def test_the_clip_shows_the_truth_frame_by_frame(root: Path, truth: Motion, character: Character) -> None:
    path = root / "examples" / "demo.mp4"
    assert path.stat().st_size < 1_000_000
    clip = Clip.open(path)
    camera = read_json(root / "examples" / "demo_camera.json")
    assert (len(clip), list(clip.size)) == (len(truth), camera["size"])
    assert clip.fps == pytest.approx(truth.fps)
    assert truth.skeleton.difference_to(character.skeleton) is None


def test_the_shirt_is_where_the_camera_sees_the_chest(root: Path, truth: Motion, state: MotionState) -> None:
    camera = read_json(root / "examples" / "demo_camera.json")
    chosen = [0, 45, 90]
    chest = state.xpos[chosen, truth.skeleton.model.body("chest").id] + (0.0, 0.0, 0.1)
    seen = (chest - camera["position"]) @ np.array(camera["R_camera_world"]).T
    pixels = camera["focal_px"] * seen[:, :2] / seen[:, 2:] + camera["principal_point_px"]
    for frame, pixel in zip(Clip.open(root / "examples" / "demo.mp4").frames(chosen), pixels, strict=True):
        red = (frame[..., 0].astype(int) - frame[..., 1] > 70) & (frame[..., 0].astype(int) - frame[..., 2] > 70)
        assert np.linalg.norm(np.argwhere(red).mean(0)[::-1] - pixel) < 25.0


def test_standing_feet_stand_on_the_ground_and_do_not_slide(
    truth: Motion, state: MotionState, character: Character
) -> None:
    model, feet = character.model, character.feet
    assert truth.contact_names == feet
    assert truth.contacts is not None
    assert slide_of(truth, character) < 0.7  # cm/s: they turn on their toes a little at lift-off
    assert metrics.penetration(model, state).max() < 0.1  # cm
    assert metrics.stance_height(model, state, truth.contacts).max() < 0.6  # cm
    assert metrics.joint_limit_violation(model, truth.qpos).max() < 1e-6


def test_in_the_air_the_centre_of_mass_falls_freely(truth: Motion, state: MotionState) -> None:
    assert truth.contacts is not None
    air = np.flatnonzero(truth.contacts.sum(1) == 0)
    assert len(air) in (11, 12)  # 0.38 s
    inner = air[1:-1]
    acceleration = (state.com[inner + 1] - 2 * state.com[inner] + state.com[inner - 1]) * truth.fps**2
    np.testing.assert_allclose(acceleration, np.tile((0.0, 0.0, -GRAVITY), (len(inner), 1)), atol=0.02)
    assert state.com[air, 2].max() - state.com[0, 2] > 0.2


def test_it_turns_half_round_and_stands_still_over_its_feet_at_both_ends(truth: Motion, state: MotionState) -> None:
    np.testing.assert_allclose(np.abs(truth.qpos[[0, -1], 3]), (1.0, 0.0), atol=1e-6)
    assert np.abs(state.qvel[[0, 1, -2, -1]]).max() < 0.01
    feet = [truth.skeleton.model.body(name).id for name in ("left_ankle", "right_ankle")]
    for frame, ahead in ((0, 1.0), (-1, -1.0)):
        offset = state.com[frame] - state.xpos[frame, feet].mean(0)
        np.testing.assert_allclose(offset[:2], (0.045 * ahead, 0.0), atol=1e-3)  # the middle of the soles


@pytest.mark.slow
def test_the_ground_and_the_motors_can_do_it(
    root: Path, truth: Motion, character: Character, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inverse dynamics at 240 Hz: forces at the soles' corners (not pulling, in the friction cone) that explain the
    motion best, what of it they leave unexplained at the root, and the torques that the joints then need."""
    monkeypatch.syspath_prepend(root / "examples")
    fps = 240.0
    _, qpos = importlib.import_module("half_turn_jump").half_turn_jump(fps)
    sys.modules.pop("half_turn_jump")
    np.testing.assert_allclose(qpos[::8], truth.qpos, atol=1e-6)
    model = character.model
    data = mujoco.MjData(model)
    qvel, qacc = np.zeros((2, len(qpos), model.nv))
    for t in range(1, len(qpos) - 1):
        mujoco.mj_differentiatePos(model, qvel[t], 2 / fps, qpos[t - 1], qpos[t + 1])
    qacc[1:-1] = (qvel[2:] - qvel[:-2]) * fps / 2
    unexplained, torque = np.zeros(len(qpos)), np.zeros((len(qpos), model.nv))
    for t in range(2, len(qpos) - 2):
        data.qpos[:], data.qvel[:], data.qacc[:] = qpos[t], qvel[t], qacc[t]
        mujoco.mj_inverse(model, data)
        needed, forces = data.qfrc_inverse.copy(), _ground_forces(model, data, character.feet)
        if len(forces):
            share, _ = nnls(
                np.vstack((forces[:, :6].T, 1e-3 * np.eye(len(forces)))), np.r_[needed[:6], 0 * forces[:, 0]]
            )
            needed -= forces.T @ share
        unexplained[t], torque[t] = np.linalg.norm(needed[:3]), needed
    limits = _limits(model)
    impact = np.abs(np.arange(len(qpos)) / fps - 1.69) < 0.012
    weight = character.mass * GRAVITY
    assert (unexplained[~impact] < 0.2 * weight).all()
    assert np.mean(unexplained[~impact] < 0.02 * weight) > 0.85
    assert (np.abs(torque[~impact])[:, 6:] < limits[6:]).all()


def _ground_forces(model: mujoco.MjModel, data: mujoco.MjData, feet: tuple[str, ...]) -> np.ndarray:
    """Generalised forces: a row for each edge of the friction pyramid at each corner of a sole on the ground."""
    rows = []
    edges = np.array([[FRICTION, 0, 1], [-FRICTION, 0, 1], [0, FRICTION, 1], [0, -FRICTION, 1]])
    for foot in feet:
        body = data.body(foot)
        for corner in SOLE:
            point = body.xpos + body.xmat.reshape(3, 3) @ corner
            if point[2] < 0.006:
                jacobian = np.zeros((3, model.nv))
                mujoco.mj_jac(model, data, jacobian, None, point, body.id)
                rows.append(edges @ jacobian)
    return np.concatenate(rows) if rows else np.zeros((0, model.nv))


def _limits(model: mujoco.MjModel) -> np.ndarray:
    out = np.zeros(model.nv)
    for actuator in range(model.nu):
        joint = int(model.actuator_trnid[actuator, 0])
        ball = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_BALL
        axis = int(np.abs(model.actuator_gear[actuator, :3]).argmax()) if ball else 0
        out[int(model.jnt_dofadr[joint]) + axis] = model.actuator_forcerange[actuator, 1]
    return out
