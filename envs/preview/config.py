"""The settings of the physics preview. Light: imports neither torch nor MuJoCo."""

from dataclasses import dataclass
from typing import Annotated, Literal

from sfv.limits import SEED, Within


@dataclass(frozen=True)
class PreviewConfig:
    """How a simulated character is driven along a motion without training: planning again at every control step."""

    horizon: Annotated[int, Within(1, 1000)] = 12
    """Control steps that a plan looks ahead: 12 at 30 Hz = 0.4 s. Landings after long flights want more."""
    iterations: Annotated[int, Within(1, 100)] = 1
    """Improvements of the plan per control step; the first plan gets six."""
    tries: Annotated[int, Within(1, 100)] = 4
    """When the character is lost, planning goes on from a moment before, in another manner: with better derivatives,
    then looking farther ahead, then also with noise. This often, the first try included; the one that came farthest is
    kept."""
    noise: Annotated[int, Within(0, 4096)] = 0
    """Noisy candidates per improvement, beside those of the plan itself; the last manner has 32 at least."""
    lost: Annotated[float, Within(0, 100, above=True)] = 0.5
    """The character is lost when any body is farther than this from the motion, in metres, in the world."""
    assist: Literal["never", "lost", "always"] = "lost"
    """When to measure the force from nowhere that the motion wants: the same planner with six priced motors at the
    root."""
    control_hz: Annotated[float, Within(1, 240)] = 30.0
    """Controls per second."""
    decimation: Annotated[int, Within(1, 64)] = 4
    """Physics steps per control: 4 x 30 Hz = 120 Hz."""
    seed: Annotated[int, Within(0, SEED)] = 0
    """Seed of the noise."""
    threads: Annotated[int, Within(0, 256)] = 1
    """Threads for the physics; 0 = all cores. The result is the same at any number."""
