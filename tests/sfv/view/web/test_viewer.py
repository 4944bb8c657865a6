import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.motion import Motion
from sfv.view.web.show import Actor, Pictures, Show
from sfv.view.web.timeline import Timeline
from sfv.view.web.viewer import Viewer


@pytest.fixture
def show(wave: Motion) -> Show:
    return Show("a wave", (Actor("wave", wave),), Timeline(1.0), Pictures(np.zeros(1), (b"jpeg",)))


@pytest.fixture
def viewer(show: Show) -> Iterator[Viewer]:
    pytest.importorskip("websockets")
    with Viewer(show, port=18080) as viewer:
        yield viewer


def got(viewer: Viewer, path: str, **headers: str) -> bytes:
    request = urllib.request.Request(viewer.address.rstrip("/") + path, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: bytes = answer.read()
    return content


def test_it_serves_the_page_and_what_it_shows(viewer: Viewer, show: Show) -> None:
    assert viewer.address.startswith("http://127.0.0.1:")
    assert b"<title>sfv view</title>" in got(viewer, "/")
    assert b"class Timeline" in got(viewer, "/timeline.js")
    assert json.loads(got(viewer, "/show.json"))["title"] == "a wave"
    assert got(viewer, "/picture/0.jpg") == b"jpeg"
    viewer.update(replace(show, title="another"))
    assert json.loads(got(viewer, "/show.json"))["title"] == "another"


@pytest.mark.parametrize(
    "path", ["/picture/1.jpg", "/picture/x.jpg", "/../pyproject.toml", "/live.js", "/picture/-1.jpg"]
)
def test_there_is_nothing_else(viewer: Viewer, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        got(viewer, path)


def test_a_name_that_was_pointed_here_gets_nothing(viewer: Viewer) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        got(viewer, "/show.json", Host="evil.example")


def test_another_page_cannot_drive_it(viewer: Viewer) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = viewer.address.replace("http", "ws") + "live"
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, origin="http://evil.example", proxy=None)  # type: ignore[arg-type]
    with connect(address, origin=viewer.address.rstrip("/"), proxy=None) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"act": 1}))
        assert "no trained policy" in json.loads(socket.recv(60))["news"]
        socket.send("no JSON")
        assert "cannot be read" in json.loads(socket.recv(60))["news"]


def test_nobody_is_served_any_more_once_it_is_closed(show: Show) -> None:
    # else a policy's physics, which has threads of its own, acts on while the program ends, and aborts it
    pytest.importorskip("websockets")
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    before = set(threading.enumerate())
    with Viewer(show, port=18080) as viewer:
        address = viewer.address.replace("http", "ws") + "live"
        socket = connect(address, origin=viewer.address.rstrip("/"), proxy=None)  # type: ignore[arg-type]
        socket.send("no JSON")
        assert "cannot be read" in json.loads(socket.recv(60))["news"]
        serving = set(threading.enumerate()) - before - {socket.recv_events_thread}
        assert len(serving) >= 2  # that of the server, and that of the page
    for thread in serving:
        thread.join(30)
        assert not thread.is_alive()
    with pytest.raises(ConnectionClosed):
        socket.recv(60)


def test_the_next_port_is_taken(viewer: Viewer, show: Show) -> None:
    port = int(viewer.address.rstrip("/").rpartition(":")[2])
    with Viewer(show, port=port) as second:
        assert int(second.address.rstrip("/").rpartition(":")[2]) > port


def test_without_websockets_the_extra_is_named(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets", None)
    with pytest.raises(InputError, match=r'pip install "sfv\[viewer\]"'):
        Viewer(show)
