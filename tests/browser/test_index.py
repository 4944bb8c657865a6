"""The index of many runs in a real browser: as a file, without a server and with the network off."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sfv.report import Number
from sfv.view.page.index import IndexRow, write_index
from sfv.view.video import write_video

if TYPE_CHECKING:
    from playwright.sync_api import Page


def entry(name: str, success: float, samples: float, **other: object) -> IndexRow:
    numbers = (
        Number("success", success, "share", "higher"),
        Number("normalised_return", 0.9 * success, "0..1", "higher"),
        Number("mpjpe_global", 100.0 - 50 * success, "mm", "lower"),
    )
    learning = {"normalised_return": [(0.1, 0.1), (1.0, success)], "success": [(0.1, 0.0), (1.0, success)]}
    return IndexRow(name, "walk.bvh", f"{name}/index.html", "film.mp4", numbers=numbers, samples=samples, minutes=20.0,
                 curves={"learning": learning, "errors": {}}, **other)  # type: ignore[arg-type]  # fmt: skip


ENTRIES = (
    entry("b <i>", 1.0, 2e6, settings={"train.seed": 0, "train.budget": "2M", "terrain": []}, date="2026-11-02"),
    entry("a10", 0.2, 3e6, settings={"train.seed": 1, "train.budget": "2M", "terrain": ["rough"]}, date="2026-11-03"),
    entry("a9", 0.7, 1e6, settings={"train.seed": 0, "train.budget": "1M"}, robust=0.5),
    IndexRow("c", sentence="It is being worked on."),
)


@pytest.fixture
def index(tmp_path: Path) -> str:
    picture = np.zeros((10, 42, 64, 3), np.uint8)
    picture[:, :, :32, 0] = np.linspace(0, 255, 10)[:, None, None]
    write_video(tmp_path / "film.mp4", list(picture), 10.0)
    write_index(tmp_path / "index.html", "Four runs", ENTRIES)
    return (tmp_path / "index.html").as_uri()


def shown(page: "Page") -> list[str]:
    """Names of the rows, from the top."""
    return [row.get_attribute("data-value") or "" for row in page.locator(".runs tbody th:visible").all()]


def test_sorted_by_a_click_and_by_a_key(page: "Page", index: str) -> None:
    page.goto(index)
    assert shown(page) == ["a9", "a10", "b <i>", "c"]  # as a person counts
    success = page.get_by_role("button", name="Success")
    success.click()
    assert shown(page) == ["b <i>", "a9", "a10", "c"]
    success.focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["a10", "a9", "b <i>", "c"]  # what has no value stays below
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.get_by_label("Order").select_option("samples ascending")
    assert shown(page) == ["a9", "b <i>", "a10", "c"]


def test_filtered_by_words_and_verdict(page: "Page", index: str) -> None:
    page.goto(index)
    page.get_by_label("Search").fill("A10 walk")
    assert shown(page) == ["a10"]
    assert page.locator("#count").inner_text() == "1 of 4 runs"
    page.get_by_label("Search").fill("")
    page.get_by_label("Verdict").select_option("none")
    assert shown(page) == ["c"]


def test_two_runs_beside_each_other(page: "Page", index: str) -> None:
    page.goto(index)
    for name in ("b <i>", "a10"):
        page.get_by_label(f"compare {name}").check()
    compare = page.locator("#compare")
    assert compare.locator("h2").inner_text() == "b <i> and a10"
    settings = compare.get_by_role("region", name="Setting")
    assert [row.all_inner_texts() for row in (settings.locator("tbody th"), settings.locator("tbody td"))] == [
        ["train.seed", "terrain"], ["0", "1", "none", "rough"],
    ]  # fmt: skip
    best = compare.get_by_role("region", name="Figure").locator("td.best").all_inner_texts()
    assert best == ["100 %", "0.90", "50 mm"]
    assert compare.locator("video").count() == 2
    chart = compare.get_by_role("img", name="Success while learning")
    assert chart.get_attribute("aria-label") == "Success while learning: b <i> ends at 1.00, a10 ends at 0.200"
    page.get_by_label("compare a9").check()  # a third takes the place of the first
    assert compare.locator("h2").inner_text() == "a10 and a9"
    page.goto(f"{page.url}")  # the address holds what is compared
    page.reload()
    assert page.locator("#compare h2").inner_text() == "a10 and a9"


def test_pictures_move_when_asked_and_stop(page: "Page", index: str) -> None:
    page.goto(index)
    film = page.locator(".runs video").first
    film.wait_for()
    assert film.evaluate("video => video.paused")  # the system asks for stillness
    page.get_by_role("button", name="Move the pictures").click()
    page.wait_for_function("document.querySelector('.runs video').currentTime > 0.3")
    page.get_by_role("button", name="Stop the pictures").click()
    assert film.evaluate("video => video.paused")


@pytest.mark.parametrize(("width", "colours"), [(1100, "light"), (400, "dark")])
def test_readable_by_everybody(
    page: "Page", index: str, width: int, colours: str, faults: "Callable[[Page], list[str]]"
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(f"{index}#compare=0,1")
    assert page.locator("#compare h2").count() == 1
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_thousand_runs(page: "Page", index: str, tmp_path: Path) -> None:
    many = [entry(f"run{i}", (i % 7) / 6, 1e6 + i) for i in range(1000)]
    write_index(tmp_path / "index.html", "Many", many)
    page.goto(index)
    page.get_by_label("Order").select_option("samples descending")
    assert page.locator(".runs tbody th").first.get_attribute("data-value") == "run999"
    page.get_by_label("Verdict").select_option("good")
    assert page.locator("#count").inner_text() == "142 of 1000 runs"  # 6, 13, ... 993: all tries succeed
    assert page.locator("video").count() < 30  # only those in sight
