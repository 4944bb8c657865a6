"""What judges pages and files from outside: Node's packages and Debian's chromium, installed here and not by hand.

A page is opened with the network off, and a test fails when its console has an error.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CACHE = Path(platformdirs.user_cache_dir("sfv")) / "tests"
SOFTWARE_GL = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""Root has no sandbox to use, and these machines have no GPU."""


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Tests run in several processes; what is installed, one of them installs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder of the packages in package.json, installed once into the user's cache."""
    if shutil.which("npm") is None:
        pytest.skip("no npm, which installs the validator of glTF, three.js and axe-core")
    wanted = Path(__file__).with_name("package.json")
    folder, done = CACHE / "node", CACHE / "node" / "node_modules"
    with one_at_a_time("node"):
        installed = folder / "package.json"
        if not (done.is_dir() and installed.is_file() and installed.read_text() == wanted.read_text()):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
            shutil.copy(wanted, installed)
            told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
            if told.returncode:
                shutil.rmtree(folder)
                pytest.skip(f"npm could not install what judges: {told.stderr.strip()[-300:]}")
    for name, version in json.loads(wanted.read_text())["dependencies"].items():
        assert json.loads((done / name / "package.json").read_text())["version"] == version
    return done


@pytest.fixture(scope="session")
def node(node_modules: Path) -> dict[str, str]:
    """The environment in which node finds them."""
    return os.environ | {"NODE_MODULES": str(node_modules)}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's chromium, installed where we may."""
    with one_at_a_time("chromium"):
        if (found := shutil.which("chromium")) is None:
            if shutil.which("apt-get") is None or os.geteuid() != 0:
                pytest.skip("no chromium, and installing it takes apt-get and root")
            for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
                told = subprocess.run(["apt-get", *command], capture_output=True, text=True, timeout=600)
                if told.returncode:
                    pytest.skip(f"apt-get could not install chromium: {told.stderr.strip()[-300:]}")
            found = shutil.which("chromium")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> "Iterator[Browser]":
    """One for all tests of a process."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=[*SOFTWARE_GL])
        yield opened
        opened.close()


def watched(context: "BrowserContext") -> "Iterator[Page]":
    """A page in which nothing goes wrong unsaid: its errors fail the test when it is over."""
    opened, wrong = context.new_page(), list[str]()
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A page without a network, in which nothing goes wrong unsaid."""
    context = browser.new_context(viewport={"width": 1100, "height": 800}, offline=True, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield from watched(context)


@pytest.fixture
def wired(browser: "Browser") -> "Iterator[Page]":
    """A page that reaches this machine, in which nothing goes wrong unsaid; small, since software draws the scene."""
    context = browser.new_context(viewport={"width": 660, "height": 560}, accept_downloads=True)
    context.set_default_timeout(120_000)  # machines may have much else to do
    yield from watched(context)


@pytest.fixture
def faults(node_modules: Path) -> "Callable[[Page], list[str]]":
    """What axe-core finds on a page: rule, and the first place."""

    def found(page: "Page") -> list[str]:
        page.add_script_tag(path=node_modules / "axe-core" / "axe.min.js")
        return [f"{fault['id']} {fault['nodes'][0]['target']}" for fault in page.evaluate("axe.run()")["violations"]]

    return found
