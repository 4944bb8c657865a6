"""What a judge found of a policy: figures that code decides by, a report of them all, and what there is to look at.

Every figure that is asked for by name stands here as a field, and only here; the rest of a report is for people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float
from torch import Tensor

from sfv.interfaces import Policy
from sfv.motion import Motion
from sfv.report import Better, Number, Report
from sfv.terrain.parcel import Parcel
from sfv.terrain.terrain import FLAT, Terrain
from sfv.work.files import write_arrays


def _figure(unit: str, better: Better) -> Any:
    """A field without default, with what a report says of it."""
    return field(metadata={"unit": unit, "better": better})


@dataclass(frozen=True)
class Figures:
    """How well a policy did: means over its rollouts.

    Those named `random_phase` are of rollouts from anywhere in the clip, `survival` of all, the others of rollouts from
    its start.
    """

    success: float = _figure("share of rollouts from the start", "higher")
    success_random_phase: float = _figure("share of rollouts", "higher")
    strict_success: float = _figure("share", "higher")
    normalised_return: float = _figure("0..1", "higher")
    normalised_return_random_phase: float = _figure("0..1", "higher")
    survival: float = _figure("share of the time", "higher")
    time_to_fall: float = _figure("s", "higher")
    mpjpe_global: float = _figure("mm", "lower")
    mpjpe_root_relative: float = _figure("mm", "lower")

    def numbers(self, *names: str) -> tuple[Number, ...]:
        """All, or those named, as a report has them."""
        return tuple(
            Number(f.name, getattr(self, f.name), f.metadata["unit"], f.metadata["better"])
            for f in fields(self)
            if f.name in names or not names
        )

    @classmethod
    def of(cls, row: Mapping[str, float]) -> "Figures":
        """Those in the row of a log."""
        return cls(**{f.name: row[f.name] for f in fields(cls)})


@dataclass(frozen=True)
class Pushed:
    """A box that was pushed along: what it is, where it was and where it was to be, as place and quaternion, frame by
    frame at the control rate."""

    parcel: Parcel
    simulated: Float[np.ndarray, "k 7"]
    reference: Float[np.ndarray, "T 7"]


@dataclass(frozen=True)
class Shown:
    """What one rollout from the clip's first frame looked like.

    Attributes:
        simulated: what the character did, at the control rate.
        reference: what it was to follow, over the same time.
        terrain: the ground that both are on.
        pushed: the box before them, where there is one.
    """

    simulated: Motion
    reference: Motion
    terrain: Terrain = FLAT
    pushed: Pushed | None = None


@dataclass(frozen=True)
class Broken:
    """Episodes in which the physics went to NaN.

    Attributes:
        count: how many.
        state: an mjSTATE_INTEGRATION row from which one of them broke.
        model: whose state it is.
    """

    count: int
    state: Tensor
    model: mujoco.MjModel

    def save(self, path: Path) -> None:
        """Write state, model and count as .npz."""
        compiled = np.empty(mujoco.mj_sizeModel(self.model), np.uint8)
        mujoco.mj_saveModel(self.model, None, compiled)
        row = self.state.numpy(force=True)
        arrays = {"state": row, "kind": "mjSTATE_INTEGRATION", "model_mjb": compiled, "count": self.count}
        write_arrays(path, arrays)


@dataclass(frozen=True)
class Judged:
    """What a judge found of a policy.

    Attributes:
        figures: over all clips.
        report: these and more, for people; those of each clip in its `clips`, where there are several.
        broken: the episodes in which the physics broke, if it did.
        shown: the first rollout, whose start has no noise, where one was kept.
        worst: that which failed first or, where none did, followed least well, where all were watched.
    """

    figures: Figures
    report: Report
    broken: Broken | None = None
    shown: Shown | None = None
    worst: Shown | None = None


Judge = Callable[[Policy], Judged]
