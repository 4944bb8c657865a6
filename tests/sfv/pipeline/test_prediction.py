"""Which of several policies takes over from a pose, and when none does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from recon.nearest import camera_axes, landmarks
from recon.pose.people import Sighting
from recon.pose.pose_landmarker import NAMES
from sfv.character import load_character
from sfv.cli.main import main
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.pipeline.live import Act
from sfv.pipeline.prediction import acts_of, predicted

CHARACTER = load_character("humanoid")


def still(obs: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(obs), CHARACTER.model.nu)


def act(name: str, motion: Motion) -> Act:
    return Act(name, still, motion, CHARACTER, TrackingConfig(threads=1))


def bent(angle: float) -> Motion:
    """A second of somebody who stands with both knees bent by so much (rad)."""
    qpos = np.repeat(CHARACTER.model.qpos0[None], 31, 0)
    for side in ("left", "right"):
        qpos[:, int(CHARACTER.model.joint(f"{side}_knee").qposadr[0])] = angle
    return Motion(CHARACTER.skeleton, 30.0, qpos)


def seen(motion: Motion, frame: int, roll: float = 0.0) -> Sighting:
    points = np.zeros((len(NAMES), 3))
    turn = np.array([[np.cos(roll), -np.sin(roll), 0.0], [np.sin(roll), np.cos(roll), 0.0], [0.0, 0.0, 1.0]])
    for name, place in landmarks(motion, CHARACTER).items():
        points[NAMES.index(name)] = turn @ camera_axes(1.0, 0.0) @ place[frame]
    return Sighting(300.0 + 100.0 * points[:, :2], points, np.ones(len(NAMES)))


def test_the_clip_that_passes_nearest_takes_over_where_it_is(wave: Motion) -> None:
    acts = [act("kneels", bent(1.5)), act("waves", wave)]
    found = predicted(seen(wave, 22), acts, 0.2, 2, 0, "photo.jpg")
    assert found.act.name == "waves"
    assert found.time == pytest.approx(22 / 30, abs=0.05)
    assert list(found.found) == ["waves", "kneels"]
    assert found.onward.seconds == pytest.approx(0.2)
    report = found.report()
    assert report["pose_gap"] < 2.0
    assert report["stays_up"] == 1.0
    assert sum(clip["belief"] for clip in report.clips.values()) == pytest.approx(1.0)
    other = predicted(seen(bent(1.5), 3), acts, 0.2, 2, 0, "photo.jpg")
    assert other.act.name == "kneels"


def test_a_pose_of_no_clip_is_refused(wave: Motion) -> None:
    with pytest.raises(InputError, match=r"no clip comes near to the pose in photo\.jpg.*waves \d+"):
        predicted(seen(wave, 5, roll=1.6), [act("waves", wave)], 0.2, 2, 0, "photo.jpg")


def test_runs_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="no policy that could take over"):
        acts_of([])
    out = ["--out", str(tmp_path / "out")]
    assert main(["predict", "me.jpg", "--runs", str(tmp_path), *out]) == 2
    assert "holds no finished policy" in capsys.readouterr().err
