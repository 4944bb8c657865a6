"""The report of one run in a real browser: read by everybody, at every width, with the network off."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sfv.report import Number, Report
from sfv.view.page.files import BodyErrors, Download
from sfv.view.page.page import Compared, write_comparison, write_page
from sfv.view.page.robustness import write_robustness
from sfv.view.video import write_video

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Faults = Callable[[Page], list[str]]

NUMBERS = (
    Number("success", 0.97, "share of rollouts from the start", "higher"),
    Number("normalised_return", 0.62, "0..1", "higher"),
    Number("mpjpe_global", 260.4, "mm", "lower"),
    Number("mpjpe_root_relative", float("nan"), "mm", "lower"),
    Number("rollouts", 32.0, "from the start", "none"),
)
SERIES = {"error over time": {"time_s": [0.0, 0.1, 0.2], "mpjpe_global_mm": [60.0, None, 80.0]}}
MADE = {"command": f"sfv run clip.mp4 --out {'very-' * 40}long", "config": {"train": {"seed": 3}}, "seed": 3}
REPORT = Report("evaluation of a clip with a long name.mp4", NUMBERS, SERIES, MADE)  # type: ignore[arg-type]
CURVE = {"samples": [1e5, 2e5], "success": [0.1, 0.9], "normalised_return": [0.2, 0.6]}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    picture = np.zeros((20, 64, 96, 3), np.uint8)
    picture[:, :, :48, 1] = np.linspace(0, 255, 20)[:, None, None]
    write_video(tmp_path / "film.mp4", list(picture), 10.0)
    return tmp_path / "film.mp4"


@pytest.fixture
def report(tmp_path: Path, film: Path) -> str:
    bodies = BodyErrors(("root", "left_wrist"), np.array([0.0, 0.1]), np.array([[10.0, 40.0], [20.0, 80.0]]))
    media = {"rollout": film, "worst": film, "overlay": film, "source": film, "preview": film}
    files = [Download("video of the first try", film, "film.mp4")]
    scorecard = Report("reference", (Number("foot slide", 7.0, "cm/s", "lower"),))
    failures = ["floating is 5 cm"]
    write_page(tmp_path / "index.html", REPORT, scorecard, media, CURVE, (REPORT, "r.html"), failures, bodies, files)
    return (tmp_path / "index.html").as_uri()


@pytest.mark.parametrize(("width", "colours"), [(1100, "light"), (400, "dark")])
def test_readable_by_everybody(page: "Page", report: str, width: int, colours: str, faults: "Faults") -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(report)
    assert page.locator("video").count() == 4
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_still_for_who_asks_for_it_and_moving_for_others(page: "Page", report: str) -> None:
    page.goto(report)
    assert page.evaluate("[...document.querySelectorAll('video')].every(video => video.paused)")
    page.emulate_media(reduced_motion="no-preference")
    page.reload()
    page.wait_for_function("document.querySelector('video').currentTime > 0.2")
    before = page.locator("video").first.screenshot()
    page.wait_for_function("document.querySelector('video').currentTime > 1.2")
    assert page.locator("video").first.screenshot() != before


def test_what_can_be_taken_away(page: "Page", report: str, film: Path, tmp_path: Path) -> None:
    page.goto(report)
    with page.expect_download() as told:
        page.get_by_role("link", name="error of every body").click()
    told.value.save_as(tmp_path / "errors.csv")
    # two bodies 10 and 40 mm off, then 20 and 80: means of 25 and 50
    lines = ["time_s,mean_mm,root_mm,left_wrist_mm", "0,25,10,40", "0.1,50,20,80", ""]
    assert (tmp_path / "errors.csv").read_text() == "\n".join(lines)
    assert page.get_by_role("link", name="video of the first try").get_attribute("href") == "film.mp4"
    bodies = page.locator(".bodies tbody tr").all_inner_texts()
    assert [row.split() for row in bodies] == [["left", "wrist", "60", "80"], ["root", "15", "20"]]


def test_everything_is_reached_by_keys(page: "Page", report: str) -> None:
    page.goto(report)
    every = "[...document.querySelectorAll('a[href], summary, video, [tabindex]')]"
    missing = set(range(page.evaluate(f"{every}.length")))
    assert len(missing) > 8
    for _ in range(12 * len(missing)):  # a video's own controls are stops, too
        page.keyboard.press("Tab")
        missing.discard(page.evaluate(f"{every}.indexOf(document.activeElement)"))
        if not missing:
            break
    assert missing == set()


def test_other_pages_are_readable_too(page: "Page", film: Path, tmp_path: Path, faults: "Faults") -> None:
    runs = [Compared(name, REPORT, {"rollout": film}, CURVE) for name in ("one", "two")]
    write_comparison(tmp_path / "comparison.html", runs)
    share = {"success": [0.0, 0.5, 1.0], "low": [0.0] * 3, "high": [1.0] * 3, "rollouts": [8.0] * 3}
    series = {
        "terrain rough": {"difficulty": [0.0, 0.5, 1.0], "size": [0.1, 0.2, 0.3], **share},
        "push forward": {"force": [0.0, 100.0, 200.0], **share},
        "friction and strength": {"friction": [1.0] * 3, "strength": [0.5, 1.0, 1.5], **share},
        "mass": {"mass": [0.5, 1.0, 1.5], **share},
    }
    numbers = (Number("success undisturbed", 1.0, "", "higher"), Number("success on terrain", 0.5, "", "higher"))
    firm = Report("robustness", numbers, series, MADE)
    write_robustness(tmp_path / "robustness.html", {"one": firm, "two": firm})
    for name in ("comparison", "robustness"):
        page.goto((tmp_path / f"{name}.html").as_uri())
        assert faults(page) == []
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
