"""The prior of docs/your-own-prior.md works as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

from sfv.character import load_character
from sfv.errors import InputError
from sfv.interfaces import Condition, MotionPrior
from sfv.motion import Motion
from sfv.priors import rows
from sfv.priors.features import headings
from sfv.priors.gaits import takes


def turned(motion: Motion) -> float:
    return float(np.diff(headings(motion.qpos[:, 3:7])[[0, -1]])[0])


def test_the_prior_of_the_page_is_a_prior(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, row = re.findall(r"```python\n(.*?)```", (root / "docs/your-own-prior.md").read_text(), flags=re.DOTALL)
    (tmp_path / "linear.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(rows, "ROWS", dict(rows.ROWS))
    exec(compile(row, "docs/your-own-prior.md", "exec"), vars(rows))
    humanoid = load_character("humanoid")
    prior = rows.fit_to("linear", takes(humanoid, 8, 2.5), humanoid, "tiny")
    assert isinstance(prior, MotionPrior)
    left, right = (prior.sample(Condition(text=f"a person walks forward and turns {side}"), 0, 8)
                   for side in ("left", "right"))  # fmt: skip
    # gaits turn by 0.6 rad/s: 1.2 rad in 2 s
    assert np.median([turned(motion) for motion in left]) > 0.6
    assert np.median([turned(motion) for motion in right]) < -0.6
    prior.save(tmp_path / "linear.safetensors")
    again = rows.load_prior(tmp_path / "linear.safetensors", humanoid).sample(Condition(label="walk"), 0, 1)[0]
    assert again.duration == pytest.approx(59 / 30)
    with pytest.raises(InputError, match="linear cannot fill; those that can: mdm"):
        prior.fill(again, np.ones(len(again), bool), Condition(), 0)
    with pytest.raises(InputError, match="makes motions of 2 s"):
        prior.sample(Condition(seconds=3.0), 0, 1)
