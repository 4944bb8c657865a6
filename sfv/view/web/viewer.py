"""The web viewer: a page with a timeline, a scene that can be turned, and policies that act live in it.

Each browser that looks on has a clock and policies of its own. It serves what a `Show` holds, and runs no simulation.
"""

import json
import secrets
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sfv.errors import InputError
from sfv.view.web.door import LOCAL, Door
from sfv.view.web.page_files import FILES, page_file
from sfv.view.web.show import Show
from sfv.view.web.wardrobe import record

if TYPE_CHECKING:
    from sfv.view.web.session import Session, Tell


class Viewer:
    """A server that shows something: `with Viewer(show) as viewer: ...`.

    Raises:
        InputError: the extra 'viewer' is not installed, or no port is free.
    """

    def __init__(self, show: Show, host: str = "127.0.0.1", port: int = 8080) -> None:
        try:
            import websockets  # noqa: F401
        except ImportError as error:
            raise InputError('the viewer needs websockets, which is absent; type: pip install "sfv[viewer]"') from error
        from sfv.view.web.server import Guests, listen

        self._show = show
        self._token = None if host in LOCAL else secrets.token_urlsafe(16)
        self._guests, self._granting = Guests(self._session, self._grant), threading.Lock()
        self._server = listen(host, port, Door(self._token), self._answer, self._guests.meet)
        self._host, self._port = self._server.socket.getsockname()[:2]
        self._kept: tuple[Show, bytes] | None = None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{self._host}:{self._port}/" + (f"?token={self._token}" if self._token else "")

    def update(self, show: Show) -> None:
        """Show this from now on, everywhere."""
        self._show = show
        self._guests.changed()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._guests.leave()

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _session(self, tell: "Tell") -> "Session":
        from sfv.view.web.session import Session

        if self._show.live is None:
            raise InputError("there is no trained policy here that could act, or it is not loaded yet")
        return Session(self._show.live(), tell)

    def _grant(self, said: Any, tell: "Tell") -> dict[str, Any]:
        """The record of a show of what a page wishes; one after another, since each takes a core."""
        from sfv.view.web.wish import wish_of

        if self._show.asking is None:
            raise InputError("there is no generative prior here to ask; start sfv view --prior mdm")
        wish = wish_of(said)
        with self._granting:
            return record(self._show.asking.make(wish, lambda words: tell({"news": words})), pictures=False)

    def _answer(self, path: str) -> tuple[str, bytes] | None:
        """What is at a path."""
        if path in FILES:
            return FILES[path][1], page_file(path)
        if path == "/show.json":
            return "application/json", self._record(self._show)
        number = path.removeprefix("/picture/").removesuffix(".jpg")
        if path == f"/picture/{number}.jpg" and number.isdecimal() and int(number) < len(self._show.pictures.files):
            return "image/jpeg", self._show.pictures.files[int(number)]
        return None

    def _record(self, show: Show) -> bytes:
        """A show as its page is given it, made once."""
        kept = self._kept
        if kept is None or kept[0] is not show:
            kept = self._kept = show, json.dumps(record(show, pictures=False)).encode()
        return kept[1]
