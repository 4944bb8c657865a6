"""What the preview says of motions that a body can and cannot do, and that what it saves replays."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from envs.preview.config import PreviewConfig
from envs.preview.preview import Preview, preview, save_targets
from envs.sim.scene import build_scene
from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.motion import Motion

QUICK = PreviewConfig(horizon=6, tries=1, assist="never")


@pytest.fixture(scope="module")
def character() -> Character:
    return load_character("humanoid")


@pytest.fixture(scope="module")
def standing(wave: Motion, character: Character) -> Preview:
    """Half a second of standing and swinging the arms."""
    return preview(replace(wave, qpos=wave.qpos[:16]), character, QUICK)


def test_swinging_arms_are_followed_to_the_end(standing, wave):
    assert standing.lost_at is None
    assert standing.verdict.startswith("followed to the end")
    assert standing.report["followed"] == 1.0
    assert len(standing.simulated) == len(standing.reference) == len(standing.targets) + 1 == 16
    np.testing.assert_allclose(standing.reference.qpos, wave.qpos[:16], atol=1e-5)
    assert standing.error.max() < 0.1


def test_targets_replay_the_motion_through_mj_step(standing, character, tmp_path):
    save_targets(tmp_path / "targets.npz", standing, character, QUICK)
    with np.load(tmp_path / "targets.npz") as file:
        kept = dict(file)
    model = build_scene(character, float(kept["physics_hz"]))
    assert [model.actuator(i).name for i in range(model.nu)] == kept["actuators"].tolist()
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = kept["qpos"], kept["qvel"]
    for t, target in enumerate(kept["targets"]):
        data.ctrl[:] = target
        mujoco.mj_step(model, data, round(kept["physics_hz"] / kept["control_hz"]))
        assert (data.qpos == standing.simulated.qpos[t + 1]).all()
        assert (data.qvel == standing.qvel[t + 1]).all()


def test_hovering_is_lost_and_wants_to_be_carried(wave, character):
    # nothing holds it: it falls 0.5 m in sqrt(2 * 0.5 / 9.81) = 0.32 s, so it is lost in the 10th control step
    hovering = wave.qpos[:16].copy()
    hovering[:, 2] += 0.7
    shown = preview(replace(wave, qpos=hovering), character, replace(QUICK, assist="lost"))
    assert shown.lost_at == pytest.approx(10 / 30, abs=1.01 / 30)
    assert shown.verdict.startswith("lost at t = 0.3")
    assert shown.report["followed"] == 0.0
    # the price of assistance leaves some of the weight to falling
    assert shown.report["assisting_force_of_weight"] > 0.5


def test_the_same_seed_gives_the_same_result(wave, character):
    short = replace(wave, qpos=wave.qpos[:4])
    noisy = replace(QUICK, horizon=3, noise=8)
    first, second = (preview(short, character, replace(noisy, seed=3)) for _ in range(2))
    assert (first.targets == second.targets).all()
    assert (first.simulated.qpos == second.simulated.qpos).all()


def test_a_loop_is_followed_for_one_cycle(wave, character):
    # 11 frames at 30 Hz are a cycle of 1/3 s = 10 control steps
    still = replace(wave, qpos=np.repeat(wave.qpos[:1], 11, 0), loop=True)
    shown = preview(still, character, replace(QUICK, horizon=3))
    assert len(shown.targets) == 10
    assert shown.report["duration"] == pytest.approx(1 / 3)


def test_a_control_rate_that_does_not_fit_is_refused(wave, character):
    with pytest.raises(InputError, match=r"50 Hz control does not divide 240 Hz; take 20, 30, 40 or 60"):
        preview(wave, character, replace(QUICK, control_hz=50.0))
