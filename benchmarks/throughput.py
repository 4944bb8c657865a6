"""How fast the trainer is, against raw physics and against Stable-Baselines3, all in one run, as ratios.

    python benchmarks/throughput.py MOTION.npz [--seconds 8] [--repeats 3]
    python benchmarks/throughput.py MOTION.npz --device cuda [--envs 1024 2048 4096 8192 16384]

Rows alternate (A B A B ...), each timed over `seconds`; the table gives medians and the ratio to the first row. With a
device, the rows are mujoco_warp alone and ours, each at every number of environments; --device cpu is warp's slow CPU
device, to try the command.
"""

import argparse
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
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


def raw_warp(motion: Motion, config: TrackingConfig, count: int) -> Row:
    """Control steps per second of mujoco_warp alone: characters held at poses of the clip by their servos."""
    env = TrackingEnv([motion], load_character("humanoid"), config, count)

    def row(seconds: float) -> float:
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            if steps % 10 == 0:
                env.reset()
                env.sim.ctrl[:] = env.library.at(env.clip, env.tick).target
            env.sim.step(config.decimation)
            steps += 1
            finished(env.device)
        return count * steps / (time.perf_counter() - start)

    row(0.0)  # compiles
    return row


def finished(device: str) -> None:
    """Wait for what the device still has to do."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def ours(motion: Motion, split: dict[str, list[float]], task: TrackingConfig, config: TrainConfig) -> Row:
    """Samples per second of training, end to end; also notes the split."""
    env = TrackingEnv([motion], load_character("humanoid"), task, config.num_envs)
    learner = PPO(env, config)
    for _ in range(2):
        learner.iterate()  # the first is slower
    advance, collect, update, move = env.advance, learner._collect, learner._update, learner.optimizer.step
    spent = {"physics": 0.0, "collect": 0.0, "update": 0.0, "optimiser": 0.0}

    def timed(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            finished(env.device)
            start = time.perf_counter()
            result = function(*args)
            finished(env.device)
            spent[name] += time.perf_counter() - start
            return result

        return call

    env.advance = timed("physics", advance)  # type: ignore[method-assign, assignment]
    learner._collect = timed("collect", collect)  # type: ignore[method-assign, assignment]
    learner._update = timed("update", update)  # type: ignore[method-assign, assignment]
    learner.optimizer.step = timed("optimiser", move)  # type: ignore[method-assign, assignment]

    def row(seconds: float) -> float:
        before, start = learner.samples, time.perf_counter()
        for name in spent:
            spent[name] = 0.0
        while time.perf_counter() - start < seconds:
            learner.iterate()
        samples = learner.samples - before
        rest, gradients = spent["collect"] - spent["physics"], spent["update"] - spent["optimiser"]
        parts = {"physics": spent["physics"], "task and policy": rest, "gradients": gradients}
        parts["optimiser"] = spent["optimiser"]
        for name, value in parts.items():
            split.setdefault(name, []).append(1e6 * value / samples)
        return samples / (time.perf_counter() - start)

    return row


def sb3(make: Callable[[], gymnasium.Env], count: int, batch: int, epochs: int) -> Row:
    """Samples per second of Stable-Baselines3's PPO, of networks like ours, on `count` environments in one process."""
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        steps = max(2048 // count, 16)
        model = stable_baselines3.PPO(
            "MlpPolicy", DummyVecEnv([make] * count), n_steps=steps, batch_size=batch, n_epochs=epochs, device="cpu",
            policy_kwargs={"net_arch": list(TrainConfig.hidden)},
        )  # fmt: skip

    def row(seconds: float) -> float:
        start, samples = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            model.learn(steps * count, reset_num_timesteps=False)
            samples += steps * count
        return samples / (time.perf_counter() - start)

    return row


Split = dict[str, list[float]]


def on_processor(motion: Motion) -> tuple[dict[str, Split], dict[str, Row]]:
    """Ours with either optimiser, raw physics and Stable-Baselines3; and ours by parts."""
    name, before = "sfv, end to end", "sfv with Adam, 4 epochs, minibatch 1,536"
    splits: dict[str, Split] = {name: {}, before: {}}
    config = TrainConfig()
    adam = replace(config, optimizer="adam", epochs=4, minibatch=1536)
    rows: dict[str, Row] = {
        name: ours(motion, splits[name], TrackingConfig(), config),
        before: ours(motion, splits[before], TrackingConfig(), adam),
        "mujoco.batch alone, 512 x 4 steps of 120 Hz": raw_physics(motion),
        "SB3 PPO on Humanoid-v5, its defaults": sb3(lambda: gymnasium.make("Humanoid-v5"), 1, 64, 10),
        "SB3 PPO on Humanoid-v5, 16 envs, minibatch 512, 5 epochs": sb3(
            lambda: gymnasium.make("Humanoid-v5"), 16, 512, 5
        ),
        "SB3 PPO on Humanoid-v5, 16 envs, minibatch 2048, 2 epochs": sb3(
            lambda: gymnasium.make("Humanoid-v5"), 16, 2048, 2
        ),
        "SB3 PPO on sfv/Tracking-v0, 16 envs, minibatch 512, 5 epochs": sb3(
            lambda: gymnasium.make("sfv/Tracking-v0", motion=motion), 16, 512, 5
        ),
    }
    return splits, rows


def on_device(motion: Motion, device: str, counts: list[int]) -> tuple[dict[str, Split], dict[str, Row]]:
    """mujoco_warp alone and ours, at each number of environments; and ours by parts. A minibatch is a third."""
    task = TrackingConfig(simulator="warp" if device == "cuda" else "warp-cpu")
    splits: dict[str, Split] = {}
    rows: dict[str, Row] = {}
    for count in counts:
        config = TrainConfig(num_envs=count, minibatch=TrainConfig.steps * count // 3)
        name = f"sfv, end to end, {count} environments"
        splits[name] = {}
        rows[name] = ours(motion, splits[name], task, config)
        rows[f"mujoco_warp alone, {count} environments"] = raw_warp(motion, task, count)
    return splits, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motion")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", choices=["cuda", "cpu"], help="mujoco_warp's, instead of mujoco.batch")
    parser.add_argument("--envs", type=int, nargs="+", default=[1024, 2048, 4096, 8192, 16384])
    args = parser.parse_args()
    motion = Motion.load(args.motion)
    if args.device:
        splits, rows = on_device(motion, args.device, args.envs)
    else:
        splits, rows = on_processor(motion)
    rates: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(args.repeats):
        for name, row in rows.items():
            rates[name].append(row(args.seconds))
    first = statistics.median(next(iter(rates.values())))
    machine = torch.cuda.get_device_name() if args.device == "cuda" else platform.machine()
    print(f"{date.today()}, {machine}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print("| what | samples/s (median) | spread | the first row is faster by |\n| --- | --- | --- | --- |")
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"| {name} | {median:,.0f} | {min(values):,.0f} to {max(values):,.0f} | {first / median:.2f} |")
    for name, split in splits.items():
        print(f"\n{name}, us per sample: " + ", ".join(f"{k} {np.median(v):.2f}" for k, v in split.items()))


if __name__ == "__main__":
    main()
