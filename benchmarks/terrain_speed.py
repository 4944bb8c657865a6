"""How much terrain and events slow the task down: control steps per second, each beside level ground in turns.

    python benchmarks/terrain_speed.py MOTION [ROUNDS]

Prints the median of each case and its ratio to level ground, measured A B A B in one process with one thread; then what
it costs to start some of the episodes anew, beside all of them; then samples per second of training, learner included.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch

from envs.config import TrackingConfig
from envs.tracking import TrackingEnv
from policies.config import TrainConfig
from policies.ppo import PPO
from sfv.character import Character, load_character
from sfv.motion import Motion

NUM_ENVS, STEPS = 512, 12
FEW = 8, 64, 512
"""Of NUM_ENVS, that are started anew at once."""
CASES = {
    "level": {},
    "rough": {"terrain": ("rough",)},
    "rough, scan": {"terrain": ("rough",), "scan": True},
    "stairs_up": {"terrain": ("stairs_up",)},
    "nine kinds, scan": {
        "terrain": (
            "flat", "rough", "slope_up", "slope_down", "slope_across", "stairs_up", "stairs_down", "bumps", "waves",
        ),
        "scan": True,
    },
    "all events": {"randomise": ("all",)},
}  # fmt: skip
TRAININGS = {
    "level": {},
    "six kinds, scan": {
        "terrain": ("rough", "slope_up", "slope_down", "slope_across", "stairs_up", "stairs_down"), "scan": True
    },
}  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    motion, body = Motion.load(Path(sys.argv[1])), load_character("humanoid")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    envs = {name: TrackingEnv([motion], body, TrackingConfig(threads=1, **c), NUM_ENVS) for name, c in CASES.items()}
    spent: dict[str, list[float]] = {name: [] for name in envs}
    generator = torch.Generator().manual_seed(0)
    for number in range(rounds + 1):
        for name, env in envs.items():
            begun = time.process_time()  # of this process alone, whatever else the machine does
            for _ in range(STEPS):
                env.step(0.2 * torch.randn(NUM_ENVS, env.action_size, generator=generator))
            if number:  # the first round warms caches up
                spent[name].append(time.process_time() - begun)
    level = np.array(spent["level"])
    for name, seconds in spent.items():
        rate = NUM_ENVS * STEPS / np.median(seconds)
        print(f"{name:<20} {rate:8,.0f} steps/s   {np.median(level / np.array(seconds)):.2f} of level")
    for name in ("level", "nine kinds, scan", "all events"):
        few = "   ".join(f"{count}: {1e3 * seconds:.2f} ms" for count, seconds in resets(envs[name]).items())
        print(f"{name:<20} resets of {few}")
    rates = trainings(motion, body, rounds)
    for name, rate in rates.items():
        share = np.median(rate / rates["level"])
        print(f"{name:<20} {np.median(rate):8,.0f} samples/s of training   {share:.2f} of level")


def trainings(motion: Motion, body: Character, rounds: int) -> dict[str, np.ndarray]:
    """Samples per second of the processor, learner included, of trainings that take turns by an iteration each."""
    config = TrainConfig(num_envs=NUM_ENVS)
    learners = {
        name: PPO(TrackingEnv([motion], body, TrackingConfig(threads=1, **TRAININGS[name]), NUM_ENVS), config)
        for name in TRAININGS
    }
    found: dict[str, list[float]] = {name: [] for name in learners}
    for number in range(rounds + 2):
        for name, learner in learners.items():
            begun, before = time.process_time(), learner.samples
            learner.iterate()
            if number > 1:  # the first are slower
                found[name].append((learner.samples - before) / (time.process_time() - begun))
    return {name: np.array(rates) for name, rates in found.items()}


def resets(env: TrackingEnv) -> dict[int, float]:
    """Seconds of the processor, in the median, for each of FEW."""
    spent: dict[int, list[float]] = {count: [] for count in FEW}
    for _ in range(20):
        for count in FEW:
            begun = time.process_time()
            env._start(torch.arange(count), *env.starts.sample(count, env.generator))
            spent[count].append(time.process_time() - begun)
    return {count: float(np.median(seconds)) for count, seconds in spent.items()}


if __name__ == "__main__":
    main()
