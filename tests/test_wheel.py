"""What a person has who installed the wheel alone, into an empty environment: every verb that they meet first works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where pip reaches no package index, without which there is no empty environment to fill."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
    told = subprocess.run([*command, tmp_path_factory.mktemp("index"), "websockets"], capture_output=True, text=True)
    if told.returncode:
        pytest.skip(f"no package index is reached: {told.stderr.strip()[-200:]}")


@pytest.mark.slow
@pytest.mark.usefixtures("index")
def test_the_wheel_does_all_that_its_script_asks(root: Path) -> None:
    environment = os.environ | {"PYTHON": sys.executable}
    command = ["bash", "scripts/check_wheel.sh"]
    told = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-3000:]
    assert told.stdout.rstrip().endswith("the wheel runs: doctor, run, report, convert and view")
