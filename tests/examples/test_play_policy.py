"""An exported policy says how to drive it: the player without sfv does what sfv does."""

import importlib.util
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from envs.driving import layout
from envs.tracking import TrackingEnv
from policies.export import DeterministicActor, export_driving, export_onnx
from policies.networks import make_policy
from sfv.character import load_character

CHARACTER = load_character("humanoid")


@pytest.fixture
def player(root):
    spec = importlib.util.spec_from_file_location("play_policy", root / "examples" / "play_policy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_same_five_seconds(wave, tmp_path, player):
    loop = replace(wave, loop=True)
    config = TrackingConfig(threads=1, velocity_noise=0.0, start="fixed", episode_seconds=10.0)
    env = TrackingEnv([loop], CHARACTER, config, 1)
    torch.manual_seed(0)
    policy = make_policy(env.obs_size, env.action_size, (16,))
    with torch.no_grad():
        policy.action_net.weight.mul_(10.0)  # a fresh policy hardly acts; with more it falls, and a fall is chaotic
    actor = DeterministicActor(policy).eval()
    export_driving(tmp_path, env.driving())
    export_onnx(tmp_path, policy, env.describe())

    wanted = [env.sim.qpos[0].numpy().copy()]
    with torch.no_grad():
        for _ in range(150):
            env.advance(actor(env.observe()))
            wanted.append(env.sim.qpos[0].numpy().copy())
    got = player.play(tmp_path, 0, 5.0)
    assert got.shape == (151, 43)
    assert np.ptp(wanted, 0).max() > 0.1, "it moves"
    np.testing.assert_allclose(got, wanted, atol=1e-5)  # a float32 of the one, a float64 of the other; 1e-7 was seen


def test_with_a_box_that_is_pushed(wave, tmp_path, player):
    """Half a second, in which the hands come to it."""
    qpos = wave.qpos.copy()
    for joint in ("right_shoulder", "left_shoulder"):  # from the T-pose to the front
        first = int(CHARACTER.model.joint(joint).qposadr[0])
        qpos[:, first : first + 4] = [np.cos(np.pi / 4), 0.0, -np.sin(np.pi / 4), 0.0]
    qpos[:, 0] += np.linspace(0.0, 0.6, len(qpos))
    walk = replace(wave, qpos=qpos, loop=True)
    config = TrackingConfig(threads=1, velocity_noise=0.0, start="fixed", object="box:3kg")
    env = TrackingEnv([walk], CHARACTER, config, 1)
    torch.manual_seed(0)
    policy = make_policy(env.obs_size, env.action_size, (16,))
    with torch.no_grad():
        policy.action_net.weight.mul_(10.0)
    actor = DeterministicActor(policy).eval()
    export_driving(tmp_path, env.driving())
    export_onnx(tmp_path, policy, env.describe())
    begun = float(env.box.state(env.sim)[0][0, 0])
    with torch.no_grad():
        for _ in range(15):
            env.advance(actor(env.observe()))
    wanted = env.sim.whole("qpos")[0].numpy()
    assert wanted[43] > begun + 0.05, "it is pushed"
    np.testing.assert_allclose(player.play(tmp_path, 0, 0.5)[-1], wanted, atol=1e-4)


def test_every_number_that_is_observed_has_a_name(wave):
    env = TrackingEnv([wave], CHARACTER, TrackingConfig(threads=1, velocity_noise=0.0, start="fixed"), 1)
    names = layout(env.model, env.config, CHARACTER)
    assert layout(env.model, replace(env.config, object="box:10kg"), CHARACTER)[len(names) :: 3] == [
        "box.way.x",
        "box.turn.x",
        "box.velocity.x",
        "box.spin.x",
    ]
    assert len(names) == len(set(names)) == env.obs_size
    obs, qpos, qvel = dict(zip(names, env.observe()[0].tolist(), strict=True)), env.sim.qpos[0], env.sim.qvel[0]
    assert obs["r.height"] == pytest.approx(float(qpos[2]), abs=1e-5)
    knee, shoulder = env.model.joint("right_knee"), env.model.joint("right_shoulder")
    assert obs["right_knee.angle"] == pytest.approx(float(qpos[knee.qposadr[0]]), abs=1e-5)
    assert obs["right_knee.speed"] == pytest.approx(float(qvel[knee.dofadr[0]]), abs=1e-5)
    assert obs["right_shoulder.speed.x"] == pytest.approx(float(qvel[shoulder.dofadr[0]]), abs=1e-5)
    # the wave begins with the right arm turned by 0.6 rad about its x, from the rest pose
    assert obs["right_shoulder.angle.x"] == pytest.approx(0.6, abs=2e-2)


def test_scan_and_ground(wave):
    config = TrackingConfig(threads=1, terrain=("rough:5cm",), scan=True)
    env = TrackingEnv([wave], CHARACTER, config, 1)
    said = env.driving()
    assert len(said["observation"]) == env.obs_size
    assert "mjcf" not in said
    assert json.loads(json.dumps(said)) == said
