"""What is shown of a training while it goes on: a bar over its budget, and TensorBoard's curves."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from policies.ppo import PPO
from sfv.progress import TRAINING, bar


@contextlib.contextmanager
def board(folder: Path) -> Iterator[Callable[[dict[str, float], int], None]]:
    """TensorBoard's event file, through Stable-Baselines3's logger."""
    from stable_baselines3.common.logger import configure

    logger = configure(str(folder / "tensorboard"), ["tensorboard"])

    def write(row: dict[str, float], samples: int) -> None:
        for name, value in row.items():
            logger.record(f"sfv/{name}", value)
        logger.dump(samples)

    try:
        yield write
    finally:
        logger.close()


@contextlib.contextmanager
def training_bar(seconds: float, samples: float) -> Iterator[Callable[[float, PPO, dict[str, Any]], None]]:
    """A bar over the budget, whichever it is, with the rate and the success of the last evaluation."""
    by_time = seconds != float("inf")
    done = 0.0
    started: tuple[float, int] | None = None
    with bar(TRAINING, seconds if by_time else samples) as advance:

        def show(spent: float, learner: PPO, row: dict[str, Any]) -> None:
            nonlocal done, started
            started = started or (spent, learner.samples)
            rate = (learner.samples - started[1]) / max(spent - started[0], 1e-9)
            now = spent if by_time else float(learner.samples)
            text = f"{TRAINING} {learner.samples / 1e6:.2f}M, {rate:,.0f} samples/s, success {row['success']:.2f}"
            advance(now - done, text)
            done = now

        yield show
