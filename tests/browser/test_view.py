"""The viewer's page in a real browser: each control does what it says, the page says nothing in its console, and the
file without a server plays with the network off."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from envs.config import TrackingConfig
from sfv.character import load_character
from sfv.motion import Motion
from sfv.pipeline.live import Act, Troupe
from sfv.pipeline.looking import distances
from sfv.view.web.film import write_film
from sfv.view.web.show import Actor, Pictures, Show
from sfv.view.web.timeline import Flag, Timeline
from sfv.view.web.viewer import Viewer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def shown(wave: Motion) -> Show:
    """A reference and who follows it 10 cm beside, a failing row at 0.5 s, and a clip of two pictures."""
    import cv2

    qpos = wave.qpos.copy()
    qpos[:, 1] += 0.1
    beside = replace(wave, qpos=qpos)
    pictures = [cv2.imencode(".jpg", np.full((40, 60, 3), grey, np.uint8))[1].tobytes() for grey in (40, 200)]
    marks = (
        Flag(0.5, 0.5, "jumps", "by 30 cm at 0.50 s; cut it", True),
        Flag(0.2, 0.4, "floating", "from 0.2 to 0.4 s", False),
    )
    return Show(
        "a wave",
        (Actor("reference", wave, ghost=True), Actor("simulated", beside)),
        Timeline(1.0, tuple(distances(wave, beside)), marks),
        Pictures(np.array([0.0, 0.5]), tuple(pictures)),
    )


class Stage:
    """A viewer of a wave whose two policies do nothing but hold the reference, and the troupes that it made."""

    def __init__(self, wave: Motion) -> None:
        character, still = load_character("humanoid"), torch.zeros(1, 28)

        def hold(obs: torch.Tensor) -> torch.Tensor:
            return still[:, : character.model.nu]

        endless = replace(wave, loop=True)
        acts = [Act(name, hold, endless, character, TrackingConfig()) for name in ("first", "second")]
        self.troupes: list[Troupe] = []

        def troupe() -> Troupe:
            self.troupes.append(Troupe(acts))
            return self.troupes[-1]

        self.show = replace(shown(wave), live=troupe)
        self.viewer = Viewer(self.show, port=18180)


@pytest.fixture(scope="module")
def stage(wave: Motion) -> Iterator[Stage]:
    pytest.importorskip("websockets")
    stage = Stage(wave)
    with stage.viewer:
        yield stage


def drawn(page: "Page") -> str:
    """What the scene shows."""
    picture: str = page.evaluate("scene.canvas.toDataURL()")
    return picture


def settled(page: "Page") -> str:
    """What it shows once it shows the same for a while."""
    before = drawn(page)
    for _ in range(40):
        page.wait_for_timeout(250)
        if (now := drawn(page)) == before:
            return now
        before = now
    raise AssertionError("the scene does not come to rest")


def asked(page: "Page", words: str) -> Any:
    """The value of an expression, once it is true."""
    return page.wait_for_function(words).json_value()


def test_a_recording_plays_and_each_control_of_time_acts(stage: Stage, wired: "Page") -> None:
    page = wired
    page.goto(stage.viewer.address, wait_until="commit")
    asked(page, "typeof show !== 'undefined' && show !== null && time > 0")
    assert page.title() == "a wave – sfv view"
    before = drawn(page)
    now = page.evaluate("time")
    asked(page, f"Math.abs(time - {now}) > 0.1")
    assert drawn(page) != before  # the figure has moved
    page.click("#play")
    assert page.inner_text("#play") == "Play"
    settled(page)
    page.evaluate("seek(0.3)")
    page.click("#step")
    assert page.evaluate("time") == pytest.approx(0.3 + 1 / 30)
    page.click("#back")
    assert page.evaluate("time") == pytest.approx(0.3)
    page.get_by_role("button", name="jumps by 30 cm").click()
    assert page.evaluate("time") == 0.5
    assert page.inner_text("#clock").startswith("0.50 s")
    assert page.get_attribute("#picture", "src") == "/picture/1.jpg"
    page.locator(".mark").nth(1).click()
    assert page.evaluate("time") == pytest.approx(0.2)
    page.get_by_label("time in seconds").fill("0.75")
    assert page.evaluate("time") == 0.75
    assert page.url.endswith("#t=0.750")
    assert "10 cm" in str(page.locator("canvas[role=img]").first.get_attribute("aria-label"))
    page.select_option("#speed", "0.1")
    assert page.evaluate("speed") == 0.1
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("time") == pytest.approx(0.75 + 1 / 30)


def test_what_is_drawn_can_be_chosen_and_turned(stage: Stage, wired: "Page") -> None:
    page = wired
    page.goto(f"{stage.viewer.address}#t=0.25", wait_until="commit")
    asked(page, "typeof show !== 'undefined' && show !== null && !playing && time === 0.25")
    pictures = [drawn(page)]
    for control in ("#ghost", "#apart"):
        page.click(control)
        pictures.append(drawn(page))
    box = page.locator("#scene canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 90, steps=3)
    page.mouse.up()
    pictures.append(drawn(page))
    page.mouse.wheel(0, 300)
    page.wait_for_function("scene.camera.away > 4.3")
    pictures.append(drawn(page))
    page.locator("#scene canvas").press("ArrowLeft")
    pictures.append(drawn(page))
    assert len(set(pictures)) == len(pictures)
    asked(page, "scene.gl.getError() === 0")


def test_policies_act_and_all_meet_the_same(stage: Stage, wired: "Page") -> None:
    page = wired
    page.goto(stage.viewer.address, wait_until="commit")
    asked(page, "typeof show !== 'undefined' && show !== null")
    page.click("#act")
    asked(page, "cast !== null && timeline.latest > 0.2")
    troupe = stage.troupes[-1]
    assert [item["name"] for item in page.evaluate("scene.items") if item["name"]] == ["first", "second"]
    page.click("#play")
    asked(page, "!playing")
    taken = page.evaluate("timeline.latest")
    page.click("#step")
    asked(page, f"timeline.latest > {taken} + 0.03")
    assert page.evaluate("timeline.latest") == pytest.approx(taken + 1 / 30, abs=1e-3)

    assert page.evaluate("scene.items[0].seen.contacts.length") > 0  # it stands

    roots = [arena.env.sim.qpos[0, :2].clone() for arena in troupe.arenas]
    page.evaluate("get('push').elements.force.value = 800")
    page.select_option("#push select[name=body]", "chest")
    page.click("#push button")
    asked(page, "timeline.marks.length === 1")
    assert page.locator(".mark").count() <= 1
    for _ in range(8):
        taken = page.evaluate("timeline.latest")
        page.click("#step")
        asked(page, f"timeline.latest > {taken} + 0.03")
    moved = [float((arena.env.sim.qpos[0, :2] - root).norm()) for arena, root in zip(troupe.arenas, roots, strict=True)]
    assert moved[0] > 0.15  # 160 N s are 3.5 m/s for 45 kg
    assert moved[0] == pytest.approx(moved[1], abs=1e-9)

    page.click("#throw button")
    asked(page, "timeline.marks.length === 2")
    page.click("#step")
    asked(page, "scene.items[0].seen.boxes.length === 1")
    for look in ("#mass", "#strain", "#ghost"):
        before = settled(page)
        page.click(look)
        page.wait_for_function("cast.now === null")
        assert settled(page) != before

    page.select_option("#arrange select[name=terrain]", "stairs_up")
    asked(page, "scene.grounds.length === 2")
    assert troupe.arenas[0].conditions.terrain == "stairs_up"
    for name, value in {"friction": 0.5, "strength": 0.8, "mass": 1.2, "delay": 20.0, "noise": 0.05}.items():
        page.locator(f"#arrange input[name={name}]").fill(str(value))
        page.locator(f"#arrange input[name={name}]").dispatch_event("change")
        page.wait_for_timeout(50)
    page.click("#again")
    asked(page, "playing && timeline.latest > 0.1")
    found = troupe.arenas[1].conditions
    assert (found.friction, found.strength, found.mass, found.delay, found.noise) == (0.5, 0.8, 1.2, 20.0, 0.05)
    page.click("#arrange button[type=reset]")
    asked(page, "scene.grounds.length === 0")
    page.click("#act")
    asked(page, "cast === null")
    assert page.inner_text("#act") == "Act live from here"


@pytest.mark.slow
def test_each_page_has_a_clock_and_policies_of_its_own(stage: Stage, browser: "Browser", wired: "Page") -> None:
    other = browser.new_context(viewport=wired.viewport_size).new_page()
    other.set_default_timeout(120_000)
    for page in (wired, other):
        page.goto(stage.viewer.address, wait_until="commit")
        asked(page, "typeof show !== 'undefined' && show !== null")
    before = len(stage.troupes)
    for page in (wired, other):
        page.click("#act")
        asked(page, "cast !== null && timeline.latest > 0")
    assert len(stage.troupes) == before + 2
    wired.click("#play")
    asked(wired, "!playing")
    stood = wired.evaluate("timeline.latest")
    later = other.evaluate("timeline.latest")
    asked(other, f"timeline.latest > {later} + 0.2")
    assert wired.evaluate("timeline.latest") == stood
    other.context.close()


def test_news_come_while_the_page_is_open(stage: Stage, wired: "Page") -> None:
    wired.goto(stage.viewer.address, wait_until="commit")
    asked(wired, "typeof show !== 'undefined' && show !== null && socket.readyState === 1")
    stage.viewer.update(replace(stage.show, news="run/2-motion/check.json is damaged; make it again"))
    wired.get_by_text("check.json is damaged").wait_for()
    stage.viewer.update(stage.show)


def test_the_file_plays_with_the_network_off(wave: Motion, tmp_path: Path, page: "Page") -> None:
    write_film(tmp_path / "wave.html", shown(wave))
    page.goto((tmp_path / "wave.html").as_uri())
    asked(page, "typeof show !== 'undefined' && show !== null && time > 0")
    before = drawn(page)
    now = page.evaluate("time")
    asked(page, f"Math.abs(time - {now}) > 0.1")
    assert drawn(page) != before
    page.get_by_role("button", name="jumps by 30 cm").click()
    assert page.evaluate("time") == 0.5
    assert page.locator("canvas[role=img]").count() == 1
    assert str(page.get_attribute("#picture", "src")).startswith("data:image/jpeg")
    assert page.locator("#act").is_hidden()


@pytest.mark.parametrize(("width", "colours"), [(1100, "light"), (400, "dark")])
def test_readable_by_everybody(
    stage: Stage, wired: "Page", width: int, colours: str, faults: "Callable[[Page], list[str]]"
) -> None:
    page = wired
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(f"{stage.viewer.address}#t=0.5", wait_until="commit")
    asked(page, "typeof show !== 'undefined' && show !== null && !playing")
    assert faults(page) == []
    page.click("#act")
    asked(page, "cast !== null && timeline.latest > 0")
    page.click("#play")
    asked(page, "!playing")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_is_reached_by_keys(stage: Stage, wired: "Page") -> None:
    page = wired
    page.goto(f"{stage.viewer.address}#t=0.5", wait_until="commit")
    asked(page, "typeof show !== 'undefined' && show !== null && !playing")
    page.click("#act")
    asked(page, "cast !== null && timeline.latest > 0")
    page.click("#play")
    asked(page, "!playing")
    kinds = "'button, input, select, summary, canvas[tabindex]'"
    every = f"[...document.querySelectorAll({kinds})].filter(one => one.checkVisibility())"
    missing = set(range(page.evaluate(f"{every}.length")))
    assert len(missing) > 30
    for _ in range(2 * len(missing)):
        page.keyboard.press("Tab")
        missing.discard(page.evaluate(f"{every}.indexOf(document.activeElement)"))
        if not missing:
            break
    assert missing == set()
