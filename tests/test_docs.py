"""The site of docs/ and docstrings: no warning, and every public name in the reference."""

import ast
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

PACKAGES = ("sfv", "recon", "envs", "policies", "configs")


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if made := os.environ.get("SITE"):  # by `make docs`
        return root / made
    pytest.importorskip("sphinx", reason="the extra 'docs' is not installed")
    out = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "-b",
        "html",
        "docs",
        out,
    ]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr[-3000:]
    return out


def public_names(path: Path) -> list[str]:
    """Classes and functions of a module that others may use."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [node.name for node in ast.parse(path.read_text()).body if isinstance(node, kinds) and node.name[0] != "_"]


@pytest.mark.slow
def test_the_reference_has_every_public_name(site: Path, root: Path) -> None:
    # of the inventory, four lines of head and then compressed lines: name, kind, priority, address, title
    body = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    held = {line.split()[0] for line in zlib.decompress(body).decode().splitlines()}
    missing = []
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            if not path.stem.startswith("_") or path.stem == "__init__":
                missing += [
                    name for name in (module, *(f"{module}.{n}" for n in public_names(path))) if name not in held
                ]
    assert len(held) > 1500
    assert missing == []


@pytest.mark.slow
def test_every_page_is_in_the_site(site: Path, root: Path) -> None:
    pages = {path.stem for path in (root / "docs").glob("*.md")} - {"README"}
    assert {path.stem for path in site.glob("*.html")} >= pages
    text = (site / "index.html").read_text()
    assert 'href="changes.html"' in text  # in the repository the link leads out of docs/
    assert "genindex.html" in text
