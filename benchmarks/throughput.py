"""How fast the trainer is, against raw physics and against Stable-Baselines3, all in one run, as ratios.

    python benchmarks/throughput.py MOTION.npz [--seconds 8] [--repeats 3]

Rows alternate (A B A B ...), each timed over `seconds`; the table gives medians and the ratio to the first row.
"""

import argparse
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from datetime import date

import gymnasium
import mujoco.batch
import numpy as np
import torch

import envs.gym  # noqa: F401 (registers sfv/Tracking-v0)
from envs.config import TrackingConfig
from envs.tracking import TrackingEnv
from policies.config import TrainConfig
from policies.ppo import PPO
from sfv.character import load_character
from sfv.motion import Motion

Row = Callable[[float], float]


def raw_physics(motion: Motion) -> Row:
    """Control steps per second of mujoco.batch alone: 512 characters held at poses of the clip by their servos."""
    env = TrackingEnv([motion], load_character("humanoid"), TrackingConfig(), 512)
    batch = mujoco.batch.Batch(env.model, 512, 0)

    def row(seconds: float) -> float:
        steps, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            if steps % 10 == 0:
                env.reset()
                batch.bind("qpos")[:] = env.sim.qpos.numpy()
                batch.bind("qvel")[:] = env.sim.qvel.numpy()
                batch.bind("ctrl")[:] = env.library.at(env.clip, env.tick).target.numpy()
            batch.step(nstep=4)
            steps += 1
        return 512 * steps / spent

    return row


def ours(motion: Motion, split: dict[str, list[float]]) -> Row:
    """Samples per second of training, end to end; also notes the split."""
    env = TrackingEnv([motion], load_character("humanoid"), TrackingConfig(), 512)
    learner = PPO(env, TrainConfig())
    for _ in range(2):
        learner.iterate()  # compiles
    advance, collect, update = env.advance, learner._collect, learner._update
    spent = {"physics": 0.0, "collect": 0.0, "update": 0.0}

    def timed(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            start = time.perf_counter()
            result = function(*args)
            spent[name] += time.perf_counter() - start
            return result

        return call

    env.advance = timed("physics", advance)  # type: ignore[method-assign, assignment]
    learner._collect = timed("collect", collect)  # type: ignore[method-assign, assignment]
    learner._update = timed("update", update)  # type: ignore[method-assign, assignment]

    def row(seconds: float) -> float:
        before, start = learner.samples, time.perf_counter()
        for name in spent:
            spent[name] = 0.0
        while time.perf_counter() - start < seconds:
            learner.iterate()
        samples = learner.samples - before
        rest = spent["collect"] - spent["physics"]
        parts = {"physics": spent["physics"], "task and policy": rest, "update": spent["update"]}
        for name, value in parts.items():
            split.setdefault(name, []).append(1e6 * value / samples)
        return samples / (time.perf_counter() - start)

    return row


def sb3(make: Callable[[], gymnasium.Env], count: int, batch: int, epochs: int) -> Row:
    """Samples per second of Stable-Baselines3's PPO on `count` environments in one process."""
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        steps = max(2048 // count, 16)
        model = stable_baselines3.PPO(
            "MlpPolicy", DummyVecEnv([make] * count), n_steps=steps, batch_size=batch, n_epochs=epochs, device="cpu",
            policy_kwargs={"net_arch": [512, 256]},
        )  # fmt: skip

    def row(seconds: float) -> float:
        start, samples = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            model.learn(steps * count, reset_num_timesteps=False)
            samples += steps * count
        return samples / (time.perf_counter() - start)

    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motion")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    motion = Motion.load(args.motion)
    split: dict[str, list[float]] = {}
    rows: dict[str, Row] = {
        "sfv, end to end": ours(motion, split),
        "mujoco.batch alone, 512 x 4 steps of 120 Hz": raw_physics(motion),
        "SB3 PPO on Humanoid-v5, its defaults": sb3(lambda: gymnasium.make("Humanoid-v5"), 1, 64, 10),
        "SB3 PPO on Humanoid-v5, 16 envs, minibatch 512, 5 epochs": sb3(
            lambda: gymnasium.make("Humanoid-v5"), 16, 512, 5
        ),
        "SB3 PPO on sfv/Tracking-v0, 16 envs, minibatch 512, 5 epochs": sb3(
            lambda: gymnasium.make("sfv/Tracking-v0", motion=motion), 16, 512, 5
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(args.repeats):
        for name, row in rows.items():
            rates[name].append(row(args.seconds))
    ours_rate = statistics.median(rates["sfv, end to end"])
    print(f"{date.today()}, {platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print("| what | samples/s (median) | spread | sfv is faster by |\n| --- | --- | --- | --- |")
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"| {name} | {median:,.0f} | {min(values):,.0f} to {max(values):,.0f} | {ours_rate / median:.2f} |")
    print("\nsfv's split, us per sample: " + ", ".join(f"{k} {np.median(v):.0f}" for k, v in split.items()))


if __name__ == "__main__":
    main()
