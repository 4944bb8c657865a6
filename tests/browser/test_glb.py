"""Khronos' validator and three.js judge the .glb files: as animators' programs will read them."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sfv.character import Character, load_character
from sfv.formats.conventions import AXES
from sfv.formats.files import read_motion
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.reading import Reading
from sfv.view.animated import write_animated

NEAR = 1e-3
"""m."""


def judged(files: list[Path], node: dict[str, str]) -> list[dict[str, Any]]:
    """What the validator and three.js say of each file."""
    script = Path(__file__).with_name("judge_glb.mjs")
    told = subprocess.run(["node", script, *files], env=node, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def shortened(motion: Motion) -> Motion:
    """Its first 200 frames."""
    return replace(motion, qpos=motion.qpos[:200], contacts=None, contact_names=(), loop=False)


def assert_as_ours(found: dict[str, Any], motion: Motion) -> None:
    """No error, no warning, and every bone within a millimetre at every frame."""
    assert (found["errors"], found["warnings"]) == (0, 0), found["messages"]
    names = [name.replace(".", "") for name in motion.skeleton.body_names]  # three.js drops what its paths mean
    assert [name.replace(".", "") for name in found["names"]] == names
    ours = motion_state(motion).xpos[:, 1:]
    theirs = np.array(found["bodies"]) @ AXES.T
    assert theirs.shape == ours.shape
    assert np.abs(theirs - ours).max() < NEAR


def test_three_js_moves_the_bones_as_we_do(wave: Motion, tmp_path: Path, node: dict[str, str]) -> None:
    write_animated(wave, tmp_path / "wave.glb")
    (found,) = judged([tmp_path / "wave.glb"], node)
    assert_as_ours(found, wave)
    # the skin goes with them: the first point of the first coat is the pelvis', and stays as far from its middle
    points, bodies = np.array(found["points"]), np.array(found["bodies"])
    apart = np.linalg.norm(points[:, 0] - bodies[:, 0], axis=-1)
    assert 0.05 < apart[0] < 0.3
    assert np.ptp(apart) < 1e-4


@pytest.mark.slow
@pytest.mark.data
def test_twenty_motions_and_a_robot(tmp_path: Path, data_folder: Path, node: dict[str, str]) -> None:
    mocap = data_folder / "mocap"
    people = sorted((mocap / "deepmimic").glob("humanoid3d_*.txt"))[:10]
    people += sorted((mocap / "cmu_bvh").glob("*.bvh.gz"))[:4] + sorted((mocap / "cmu_amc").glob("*.amc.gz"))[:2]
    people += sorted((mocap / "asap_smpl").glob("*.npz"))[:3] + sorted((mocap / "kimodo").rglob("*.npz"))[:1]
    assert len(people) == 20
    path = data_folder / "robots" / "unitree_g1" / "g1.xml"
    g1 = load_character(path)
    cases: list[tuple[Motion, Character | None]] = [(shortened(read_motion(file)), None) for file in people]
    for table in sorted((mocap / "g1_kimodo_generated").glob("*.csv"))[:2]:
        cases.append((shortened(read_motion(table, reading=Reading(character=str(path)))), g1))
    files = []
    for number, (motion, body) in enumerate(cases):
        files.append(tmp_path / f"{number}.glb")
        write_animated(motion, files[-1], body)
    for found, (motion, _) in zip(judged(files, node), cases, strict=True):
        assert_as_ours(found, motion)
