"""The server: a page, what it shows, and for each browser that looks on a session of its own, behind a `Door`.

One thread for each connection, in which its policies act. It knows paths, sockets and no motions.
"""

import http
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from sfv.errors import InputError
from sfv.view.web.door import Door
from sfv.view.web.session import Session, Tell

log = logging.getLogger(__name__)

LIVE = "/live"
"""Where a page's socket is."""
PORTS = 100
"""How many ports are tried, one after another, where they are taken."""
MOST = 8
"""Most browsers at once: each has policies of its own."""
SLOWEST = 120.0
"""s that a browser may take to read an answer, or to say that it is there: a busy one takes over 20 for a show."""
LEAVING = 2.0
"""s that what acts for a page may take to end once the page is turned out; a prior that generates takes longer."""
LARGEST = 64 * 1024
"""Bytes of what a page may say at once."""
Answer = Callable[[str], tuple[str, bytes] | None]
"""Path -> kind and content of what is there."""


def listen(host: str, port: int, door: Door, answer: Answer, meet: Callable[[ServerConnection], None]) -> Server:
    """Open a server: `answer` to pages, `meet` whoever opens a socket.

    Raises:
        InputError: no port is free.
    """

    def request(connection: ServerConnection, asked: Request) -> Response | None:
        socket = asked.headers.get("Upgrade", "").lower() == "websocket"
        path = asked.path.partition("?")[0]
        if words := door.refusal(asked.path, asked.headers, socket):
            return _response(http.HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8", words.encode())
        if socket:
            return None if path == LIVE else _response(http.HTTPStatus.NOT_FOUND, "text/plain", b"no socket is here")
        if cookie := door.welcome(asked.path):
            more = ("Set-Cookie", cookie), ("Location", "/")
            return _response(http.HTTPStatus.SEE_OTHER, "text/plain", b"", *more)
        if found := answer(path):
            return _response(http.HTTPStatus.OK, *found)
        return _response(http.HTTPStatus.NOT_FOUND, "text/plain", b"nothing is here")

    # what the library says of visitors who are turned away is of no use to whoever started sfv
    quiet = logging.getLogger("sfv.view.web.sockets")
    quiet.setLevel(logging.CRITICAL)
    for number in range(port, min(port + PORTS, 65_536)):
        try:
            return serve(
                meet, host, number, process_request=request, max_size=LARGEST, close_timeout=SLOWEST,
                ping_timeout=SLOWEST, logger=quiet,
            )  # fmt: skip
        except OSError as error:
            trouble = error
    raise InputError(f"no port from {port} on is free at {host} ({trouble}); give another with --port")


class Guests:
    """Those who look on: each gets a session when it asks for one.

    Args:
        session: makes one that says its words to a page, or raises an InputError, which the page is told.
        grant: makes the record of a show of what a page wishes, and tells the page how far it is; raises the same.
    """

    def __init__(self, session: Callable[[Tell], Session], grant: Callable[[Any, Tell], Mapping[str, Any]]) -> None:
        self._session, self._grant, self._here = session, grant, set[ServerConnection]()
        self._lock, self._changed = threading.Condition(), 0

    def changed(self) -> None:
        """What is shown has become another; every page is to fetch it."""
        self._changed += 1
        with self._lock:
            here = list(self._here)
        for connection in here:
            _say(connection, {"changed": self._changed})

    def meet(self, connection: ServerConnection) -> None:
        """Be there for one page until it is closed."""
        with self._lock:
            if len(self._here) >= MOST:
                _say(connection, {"news": f"{MOST} pages look on already; close one and load this one again"})
                return
            self._here.add(connection)
        try:
            self._serve(connection)
        except ConnectionClosed:
            log.debug("a page was closed")
        except Exception:
            log.exception("what acts for a page stopped")
            _say(connection, {"news": "what acts here met a fault, which the terminal says; load the page again"})
        finally:
            with self._lock:
                self._here.discard(connection)
                self._lock.notify_all()

    def leave(self) -> None:
        """Turn everybody out, and wait for what acts for them: the threads of physics must not outlive the program."""
        with self._lock:
            for connection in self._here:
                connection.close_socket()
            self._lock.wait_for(lambda: not self._here, LEAVING)

    def _serve(self, connection: ServerConnection) -> None:
        session: Session | None = None
        before = time.monotonic()
        while True:
            try:
                said = _heard(connection, session.clock.wait if session else None)
                if "act" in said:
                    session = self._open_session(connection) if said["act"] else None
                    if session:
                        session.heard({"begin": said.get("from", 0.0)})
                        before = time.monotonic()  # what passed until now was the recording's
                elif "wish" in said:
                    tell = partial(_say, connection)
                    tell({"show": self._grant(said["wish"], tell)})
                    before = time.monotonic()
                elif session:
                    session.heard(said)
                now = time.monotonic()
                if session:
                    session.turn(now - before)
                before = now
            except InputError as error:
                connection.send(json.dumps({"news": str(error)}))

    def _open_session(self, connection: ServerConnection) -> Session:
        return self._session(lambda words: connection.send(json.dumps(words)))


def _heard(connection: ServerConnection, seconds: float | None) -> Mapping[str, Any]:
    """What a page says within so many seconds; nothing if it is silent."""
    try:
        words = connection.recv(seconds)
    except TimeoutError:
        return {}
    try:
        said = json.loads(words)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise InputError("what came from the page cannot be read; load it again")
    return said


def _say(connection: ServerConnection, words: Mapping[str, Any]) -> None:
    try:
        connection.send(json.dumps(words))
    except ConnectionClosed:
        log.debug("a page was closed as it was told something")


def _response(status: http.HTTPStatus, kind: str, content: bytes, *more: tuple[str, str]) -> Response:
    headers = Headers(
        [
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "frame-ancestors 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            *more,
        ]
    )
    return Response(status, status.phrase, headers, content)
