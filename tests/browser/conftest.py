"""What judges pages and files from outside: Node's packages and Debian's chromium, installed here and not by hand."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of the packages in package.json, installed once into the user's cache."""
    if shutil.which("npm") is None:
        pytest.skip("no npm, which installs the validator of glTF, three.js and axe-core")
    wanted = Path(__file__).with_name("package.json")
    folder = Path(platformdirs.user_cache_dir("sfv")) / "tests" / "node"
    installed = folder / "package.json"
    done = folder / "node_modules"
    if not (done.is_dir() and installed.is_file() and installed.read_text() == wanted.read_text()):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(wanted, installed)
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if told.returncode:
            shutil.rmtree(folder)
            pytest.skip(f"npm could not install what judges: {told.stderr.strip()[-300:]}")
    versions = json.loads(wanted.read_text())["dependencies"]
    for name, version in versions.items():
        assert json.loads((done / name / "package.json").read_text())["version"] == version
    return done


@pytest.fixture(scope="session")
def node(node_modules: Path) -> dict[str, str]:
    """The environment in which node finds them."""
    return os.environ | {"NODE_MODULES": str(node_modules)}
