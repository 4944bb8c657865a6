"""MuJoCo's warnings: one line of a kind, and no log in the folder of the user."""

import subprocess
import sys
from pathlib import Path

BREAKS = """
import logging, torch
logging.basicConfig(format="%(message)s")
from envs.config import TrackingConfig
from envs.sim.cpu import CpuSim
from envs.sim.scene import build_scene
from sfv.character import load_character
sim = CpuSim(build_scene(load_character("humanoid"), 120.0), 8, 1)
sim.qvel[:, 0] = torch.arange(8) * 1e20
sim.step(20)
"""


def test_a_simulation_that_diverges_says_so_once(tmp_path: Path, root: Path) -> None:
    environment = {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", BREAKS], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    said = done.stderr.splitlines()
    assert len(said) == len({line.split("DOF")[0] for line in said}), "each kind once"
    assert said[0].startswith("MuJoCo warns: Nan, Inf or huge value in QVEL")
    assert list(tmp_path.iterdir()) == []
