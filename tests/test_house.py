"""The house: what the package, its dependencies and its description promise, whatever the code in it does."""

import ast
import importlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import metadata, packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import sfv
from sfv.cli.main import VERBS
from sfv.cli.parse import unfinished
from sfv.limits import settings_of


@pytest.fixture(scope="session")
def pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def project_files(root: Path) -> list[Path]:
    """Files that are in the repository or could be added to it, relative to its root."""
    git = shutil.which("git")
    command = [git or "git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, capture_output=True, text=True) if git else None
    if listing is None or listing.returncode != 0:
        pytest.skip("no git or not a git checkout, so there is no saying which files are the project's")
    return [Path(line) for line in listing.stdout.splitlines() if (root / line).is_file()]


# ---- floors


def test_imports_go_down_the_stairs(root: Path) -> None:
    # in a process of its own: it switches off the loggers that exist, which other tests listen to
    command = [Path(sys.executable).with_name("lint-imports"), "--config", root / "pyproject.toml", "--no-cache"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_every_module_has_its_floor(root: Path, pyproject: dict[str, Any]) -> None:
    (contract,) = pyproject["tool"]["importlinter"]["contracts"]
    on_a_floor = set(re.findall(r"[\w.]+", " ".join(contract["layers"])))
    modules = {path.stem for path in (root / "sfv").iterdir() if path.suffix == ".py" and path.stem != "__init__"}
    packages = {path.parent.name for path in (root / "sfv").glob("*/__init__.py")}
    assert {f"sfv.{name}" for name in modules | packages} <= on_a_floor


PACKAGES = ("sfv", "recon", "envs", "policies", "configs")
ROOT_MODULES = 22
"""Of sfv/ itself: more are no vocabulary, but a room."""
LONGEST_FILE, LONGEST_FUNCTION = 350, 60
TWICE = {"Program"}
"""Names that two classes share: Program is every verb's. Nothing is added here."""


@pytest.fixture(scope="session")
def sources(root: Path) -> dict[str, ast.Module]:
    """Every module of the packages by its dotted name."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    assert len(paths) > 150
    return {".".join(path.relative_to(root).with_suffix("").parts): ast.parse(path.read_text()) for path in paths}


def test_files_and_functions_are_short(root: Path, sources: dict[str, ast.Module]) -> None:
    long = set()
    for name, tree in sources.items():
        if len((root / f"{name.replace('.', '/')}.py").read_text().splitlines()) > LONGEST_FILE:
            long.add(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION:
                long.add(f"{name}.{node.name}")
    assert long == set()


def test_a_class_name_means_one_thing(sources: dict[str, ast.Module]) -> None:
    names = [node.name for tree in sources.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    public = Counter(name for name in names if not name.startswith("_"))
    assert {name for name, count in public.items() if count > 1} <= TWICE


def test_sfv_itself_is_a_short_list(root: Path) -> None:
    modules = [path.stem for path in (root / "sfv").glob("*.py") if not path.stem.startswith("__")]
    assert len(modules) <= ROOT_MODULES, sorted(modules)


def test_agents_has_a_line_for_every_room(root: Path) -> None:
    listed = (root / "AGENTS.md").read_text().split("## Rooms")[1].split("##")[0]
    named = re.findall(r"^- `([\w/]+)/`: .{10,}", listed, re.MULTILINE)
    rooms = [path.parent.relative_to(root).as_posix() for package in PACKAGES
             for path in (root / package).rglob("__init__.py")]  # fmt: skip
    assert sorted(named) == sorted(rooms)


# ---- imports and the command line

HEAVY = ["torch", "mujoco", "mujoco_warp", "warp", "mediapipe", "cv2", "av", "stable_baselines3", "matplotlib"]


@pytest.mark.parametrize("module", ["sfv", "recon.config", "envs.config", "envs.preview.config", "policies.config"])
def test_import_is_light(module: str) -> None:
    # in a process of its own: this one has imported everything already
    code = f"import sys, {module}; print(*({HEAVY!r} & sys.modules.keys()))".replace("[", "{").replace("]", "}")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_help_names_every_verb(root: Path) -> None:
    """A verb is a module of sfv/cli with a Program, and no other."""
    modules = (root / "sfv" / "cli").glob("*.py")
    verbs = {path.stem for path in modules if re.search(r"^class Program:", path.read_text(), re.MULTILINE)}
    assert len(verbs) >= 15
    result = subprocess.run([Path(sys.executable).with_name("sfv"), "--help"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert set(re.findall(r"^  (\w+)  +\S", result.stdout, re.MULTILINE)) == verbs


def test_every_number_of_every_verb_has_limits() -> None:
    """And they stand beside it: `steps: Annotated[int, Within(1, 1000)] = 10` (`sfv.limits`)."""
    without = [
        f"sfv {verb} {setting.flag}"
        for verb in VERBS
        for setting in settings_of(unfinished(importlib.import_module(f"sfv.cli.{verb}").Program))
        if setting.number and setting.within is None
    ]
    assert without == []


# ---- dependencies


def test_there_is_one_cv2() -> None:
    assert set(packages_distributions()["cv2"]) == {"opencv-contrib-python"}


def locks(root: Path) -> tuple[list[str], list[str]]:
    """The requirements of the lock, and of torch's, without their hashes."""
    names = ("requirements.lock", "requirements-torch.lock")
    hashed, torch = ((root / name).read_text().splitlines() for name in names)
    return [line.removesuffix(" \\") for line in hashed if line[:1].isalnum()], [
        line for line in torch if line[:1].isalnum()
    ]


def test_every_locked_version_has_hashes(root: Path) -> None:
    text = (root / "requirements.lock").read_text()
    entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locks(root)[0]) > 100
    assert [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_debian_s_python_takes_every_locked_version(root: Path) -> None:
    """Debian 12 has 3.11.2: a package that asks for 3.11.5 cannot be set up there."""
    asks = {name: metadata(name)["Requires-Python"] or "" for name in (line.split("==")[0] for line in locks(root)[0])}
    assert {name: text for name, text in asks.items() if not SpecifierSet(text).contains("3.11.2")} == {}


def test_lock_holds_every_declared_dependency(root: Path, pyproject: dict[str, Any]) -> None:
    hashed, (torch,) = locks(root)
    assert torch.startswith("torch==")
    locked = {}
    for line in [*hashed, torch]:
        requirement = Requirement(line)
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        assert "+" not in pin.version, f"{line}: a local build is not to be had elsewhere"
        locked[canonicalize_name(requirement.name)] = pin.version
    project = pyproject["project"]
    extras = project["optional-dependencies"].values()
    for text in [*project["dependencies"], *(text for extra in extras for text in extra)]:
        declared = Requirement(text)
        assert declared.specifier.contains(locked[canonicalize_name(declared.name)]), text


def test_version_is_the_installed_one() -> None:
    assert version("sfv") == sfv.__version__


def test_the_notice_acknowledges_what_the_weights_were_fitted_to(root: Path, pyproject: dict[str, Any]) -> None:
    notice = (root / "NOTICE").read_text()
    records = [json.loads(path.read_text()) for path in (root / "sfv" / "assets" / "weights").glob("*.json")]
    assert records
    assert [words for record in records for words in record["licences"] if words not in notice] == []
    assert "NOTICE" in pyproject["project"]["license-files"]


# ---- what is written about the code


def test_readme_names_every_folder_and_no_other(root: Path, project_files: list[Path]) -> None:
    tree = (root / "README.md").read_text().split("## Files")[1].split("```")[1]
    entries = {line.split()[0].rstrip("/") for line in tree.splitlines() if re.match(r"\S", line)}
    assert [entry for entry in sorted(entries) if not (root / entry).exists()] == []
    folders = {path.parts[0] for path in project_files if len(path.parts) > 1}
    assert sorted(folders - entries) == []


def test_readme_names_every_room_of_sfv(root: Path, project_files: list[Path]) -> None:
    tree = (root / "README.md").read_text().split("## Files")[1].split("```")[1]
    entries = {line.split()[0].rstrip("/") for line in tree.splitlines() if re.match(r"  \S", line)}
    assert entries == {path.parts[1] for path in project_files if path.parts[0] == "sfv" and len(path.parts) > 2}


def test_no_file_names_a_place_on_one_machine(root: Path, project_files: list[Path]) -> None:
    # written in two halves, so that this file does not name one either
    place = re.compile(r"(?<![\w./~])/(?:" + "|".join(("work", "home", "root", "tmp")) + r")/\w")
    found = []
    for path in project_files:
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path}: {match.group()}" for match in place.finditer(text)]
    assert found == []
