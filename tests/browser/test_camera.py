"""The clip's own camera in a real browser, a link to what is seen, and pictures and videos of it."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from recon.camera import Camera
from sfv.motion import Motion
from sfv.view.web.show import Actor, Pictures, Shot, Show
from sfv.view.web.timeline import Timeline
from sfv.view.web.viewer import Viewer

if TYPE_CHECKING:
    from playwright.sync_api import Page

CAMERA = Camera((640, 480), 700.0, np.array([-3.0, 0.4, 1.2]), 0.1, 0.15, 0.05)
"""Three metres behind the figure and to its left, looking down a little, and tilted."""
READY = "typeof show !== 'undefined' && show !== null && scene.items.length > 0"


@pytest.fixture(scope="module")
def seen(wave: Motion) -> Iterator[str]:
    """The address of a wave with a clip of two pictures, red and blue; the camera had turned in the second."""
    import cv2

    pytest.importorskip("websockets")
    colours = np.array([[0, 0, 255], [255, 0, 0]], np.uint8)  # blue, green, red
    files = [cv2.imencode(".jpg", np.tile(colour, (48, 64, 1)))[1].tobytes() for colour in colours]
    away = np.eye(3)
    away[0, 2] = 320.0  # px of the shot are half a picture further left in it
    shot = Shot(CAMERA.image_size, CAMERA.focal, CAMERA.position, CAMERA.rotation)
    pictures = Pictures(np.array([0.0, 0.5]), tuple(files), shot, np.stack([np.eye(3), away]))
    show = Show("a wave", (Actor("reference", wave),), Timeline(1.0), pictures)
    with Viewer(show, port=18280) as viewer:
        yield viewer.address


def pixels(page: "Page", x: float, y: float) -> list[int]:
    """Red, green and blue of the scene at a share of its width and height."""
    found: list[int] = page.evaluate(
        """([x, y]) => { scene.draw(); const gl = scene.gl, out = new Uint8Array(4);
        const at = [x * gl.drawingBufferWidth, (1 - y) * gl.drawingBufferHeight];
        gl.readPixels(...at, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, out);
        return [...out].slice(0, 3); }""",
        [x, y],
    )
    return found


def test_what_the_camera_saw_is_where_it_saw_it(seen: str, wired: "Page") -> None:
    page = wired
    page.set_viewport_size({"width": 1000, "height": 560})
    page.goto(f"{seen}#t=0", wait_until="commit")
    page.wait_for_function(READY)
    page.check("#through")
    page.wait_for_function("scene.behind.image.complete")
    points = np.array([[0.0, 0.0, 0.0], [0.3, -0.5, 1.8], [1.0, 0.4, 0.9]])
    wide, high = page.evaluate("[scene.canvas.clientWidth, scene.canvas.clientHeight]")
    scale = min(wide / 640, high / 480)
    wanted = np.array([wide, high]) / 2 + scale * (CAMERA.project(points) - CAMERA.centre)
    found = [page.evaluate("point => scene.onPage(scene.matrix, point)", point) for point in points.tolist()]
    np.testing.assert_allclose(found, wanted, atol=0.05)
    # the picture fills the canvas from top to bottom, and beside it is paper: 0.5 +- half of 4/3 of the height
    edge = 0.5 - 0.5 * 640 * scale / wide
    assert edge > 0.05
    red, green, blue = pixels(page, edge + 0.03, 0.05)
    assert red > 200
    assert max(green, blue) < 60
    red, green, blue = pixels(page, max(edge - 0.03, 0.0), 0.05)
    assert min(red, green, blue) > 200
    # half a picture to the left of where it was: what is to the right of the middle is none of its
    page.evaluate("seek(0.6)")
    page.wait_for_function("scene.behind.image.complete && scene.behind.image.src.endsWith('1.jpg')")
    assert pixels(page, edge + 0.05, 0.05)[2] > 200
    assert min(pixels(page, 0.6, 0.05)) > 200
    # a drag leaves it
    page.locator("#scene canvas").press("ArrowLeft")
    assert not page.is_checked("#through")
    assert page.evaluate("scene.behind === null && scene.camera.own === null")


def test_a_link_opens_at_this_time_and_camera(seen: str, wired: "Page") -> None:
    page = wired
    page.goto(f"{seen}#t=0.4", wait_until="commit")
    page.wait_for_function(READY)
    page.locator("#scene canvas").press("ArrowUp")
    page.locator("#scene canvas").press("+")
    words = page.evaluate("scene.camera.words")
    page.click("#link")
    page.wait_for_function("location.hash.includes('camera')")
    address = page.url
    page.goto("about:blank")
    page.goto(address, wait_until="commit")
    page.wait_for_function(READY)
    assert page.evaluate("time") == pytest.approx(0.4)
    assert page.evaluate("scene.camera.words") == words


def test_a_picture_and_a_video_of_what_is_seen(seen: str, wired: "Page", tmp_path: Path) -> None:
    from PIL import Image

    from sfv.clip import Clip

    page = wired
    page.goto(f"{seen}#t=0.4", wait_until="commit")
    page.wait_for_function(READY)
    with page.expect_download() as told:
        page.click("#still")
    assert told.value.suggested_filename == "a wave.png"
    content = Path(told.value.path()).read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == tuple(page.evaluate("[scene.canvas.width, scene.canvas.height]"))
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 100
    page.click("#play")
    page.click("#film")
    assert page.inner_text("#film") == "Stop the video"
    page.wait_for_timeout(2500)
    with page.expect_download() as told:
        page.click("#film")
    place = tmp_path / f"film{Path(told.value.suggested_filename).suffix}"
    told.value.save_as(place)
    clip = Clip.open(place)
    assert clip.duration > 1.0
    frames = [frame.astype(int) for frame in clip]
    assert max(np.abs(frame - frames[0]).max() for frame in frames) > 100  # the arms swing
    assert page.inner_text("#film") == "Video"
