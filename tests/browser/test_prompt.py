"""Asking a prior in a real browser: a sentence, a path on the ground, and what is said of the samples."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.motion import Motion
from sfv.view.web.show import Actor, Asking, Show
from sfv.view.web.timeline import Timeline
from sfv.view.web.viewer import Viewer
from sfv.view.web.wish import Sample, Wish

if TYPE_CHECKING:
    from playwright.sync_api import Page

READY = "typeof show !== 'undefined' && show !== null && socket.readyState === 1"


class Prior:
    """One that waves whatever it is asked, refuses to fly, and keeps what it was asked."""

    def __init__(self, wave: Motion) -> None:
        self.wave, self.wishes = wave, list[Wish]()
        asking = Asking("waver", frozenset({"path", "label"}), self.make, ("walk", "wave"))
        self.show = Show("waver", (Actor("", wave),), Timeline(1.0), asking=asking)

    def make(self, wish: Wish, tell: Callable[[str], None]) -> Show:
        self.wishes.append(wish)
        if "fly" in wish.text:
            raise InputError("nobody can fly; ask for a wave")
        tell("waving …")
        actors = tuple(Actor(f"{i}: passes", self.wave, beside=i) for i in range(wish.count))
        samples = tuple(Sample(str(i), i == 0, "1.0 s", (f"sfv run {i}.npz",)) for i in range(wish.count))
        return replace(self.show, title=wish.text, actors=actors, samples=samples, news="nearest caption: a wave")


@pytest.fixture(scope="module")
def prior(wave: Motion) -> Iterator[tuple[Prior, str]]:
    pytest.importorskip("websockets")
    made = Prior(wave)
    with Viewer(made.show, port=18380) as viewer:
        yield made, viewer.address


def test_a_sentence_becomes_samples_beside_each_other(
    prior: tuple[Prior, str], wired: "Page", faults: "Callable[[Page], list[str]]"
) -> None:
    (made, address), page = prior, wired
    page.goto(address, wait_until="commit")
    page.wait_for_function(READY)
    page.get_by_label("sentence").fill("a person   waves")
    page.get_by_label("how many").fill("2")
    page.get_by_label("seed").fill("7")
    page.get_by_label("sentence").press("Enter")
    page.get_by_text("nearest caption: a wave").wait_for()
    wish = made.wishes[-1]
    assert (wish.text, wish.count, wish.seed, wish.seconds, wish.path) == ("a person waves", 2, 7, 4.0, None)
    places = page.evaluate("scene.places")
    assert len(places) == 2
    assert abs(places[0][1] - places[1][1]) > 1.0
    cards = page.locator(".sample")
    assert [text.split(" ")[1] for text in cards.all_inner_texts()] == ["passes", "fails"]
    page.get_by_text("Train this").nth(1).click()
    assert page.locator(".sample pre").nth(1).inner_text() == "sfv run 1.npz"
    assert faults(page) == []
    page.get_by_label("sentence").fill("a person flies: fly")
    page.get_by_role("button", name="Generate").click()
    page.get_by_text("nobody can fly; ask for a wave").wait_for()
    assert page.locator(".sample").count() == 2  # what was there stays


def test_a_kind_of_movement_is_chosen_in_place_of_a_sentence(prior: tuple[Prior, str], wired: "Page") -> None:
    (made, address), page = prior, wired
    page.goto(address, wait_until="commit")
    page.wait_for_function(READY)
    page.get_by_label("sentence").fill("a person waves")
    kind = page.get_by_label("or a kind of movement")
    assert kind.locator("option").all_inner_texts() == ["none", "walk", "wave"]
    kind.select_option("wave")
    assert page.get_by_label("sentence").is_disabled()
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function("show.samples.length > 0")
    assert (made.wishes[-1].text, made.wishes[-1].label) == ("", "wave")
    assert kind.input_value() == "wave"  # stays chosen beside what came of it
    kind.select_option("")
    assert page.get_by_label("sentence").is_enabled()
    assert page.get_by_label("sentence").input_value() == "a person waves"


def test_a_path_is_drawn_on_the_ground_or_written(prior: tuple[Prior, str], wired: "Page") -> None:
    (made, address), page = prior, wired
    page.goto(address, wait_until="commit")
    page.wait_for_function(READY)
    page.get_by_role("button", name="Draw it on the ground").click()
    corners = [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0)]
    box = page.locator("#scene canvas").bounding_box()
    assert box
    where = "([x, y]) => scene.onPage(scene.matrix, [x, y, 0])"
    page.evaluate("scene.camera.lift = 1.2; scene.camera.away = 9; get('follow').click(); playing = false; draw()")
    for number, corner in enumerate([(0.0, 0.0), *corners]):
        x, y = page.evaluate(where, corner)
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
        if number == 0:
            page.mouse.down()
    angle = page.evaluate("scene.camera.angle")
    page.mouse.up()
    written = np.array([line.split(",") for line in page.get_by_label("path").input_value().split("\n")], float)
    np.testing.assert_allclose(written[0], 0.0, atol=0.01)
    np.testing.assert_allclose(written[-1], corners[-1], atol=0.12)
    steps = np.linalg.norm(np.diff(written, axis=0), axis=1)
    assert np.ptp(steps) < 0.05  # gone at one speed: but at corners they are as long as each other
    assert steps.sum() == pytest.approx(3.0, abs=0.2)
    assert (
        page.evaluate("scene.camera.angle") == angle == page.evaluate("new Camera().angle")
    )  # the drag turned nothing
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function("show.samples.length > 0")
    path = made.wishes[-1].path
    assert path is not None
    np.testing.assert_allclose(path, written)
    with page.expect_download() as told:
        page.get_by_role("button", name="Save path.csv").click()
    assert told.value.suggested_filename == "path.csv"
    page.get_by_label("path").fill("0,0\n1,zero")
    count = len(made.wishes)
    page.get_by_role("button", name="Generate").click()  # the browser says what is wrong with it
    assert not page.evaluate("get('wish').checkValidity()")
    page.get_by_label("path").fill("0,0\n3,0")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function("get('path-length').textContent === '3.0 m'")
    for _ in range(100):
        if len(made.wishes) > count:
            break
        page.wait_for_timeout(50)
    found = made.wishes[count].path
    assert found is not None
    np.testing.assert_allclose(found, [[0, 0], [3, 0]])
