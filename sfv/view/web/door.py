"""Who may look in: without it any website could reach the page in its visitor's browser, and drive what acts there.

A browser says from which page a request comes (Origin) and which name it called (Host). Both must be this server's: of
another page the first is not, and of a name that was pointed here the second is not. Served to other machines, a token
is asked as well.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

COOKIE = "sfv_token"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Door:
    """What is asked of whoever comes.

    Attributes:
        token: what others than this machine's must know; None where only this machine can reach it.
    """

    token: str | None = None

    def refusal(self, path: str, headers: Mapping[str, str], socket: bool) -> str:
        """Why a request is not let in; "" if it is. `socket`: it opens one, through which policies are driven."""
        host = headers.get("Host", "")
        if self.token is None and urlsplit(f"//{host}").hostname not in LOCAL:
            return "this page is for this machine alone; call it by 127.0.0.1 or localhost"
        if socket and urlsplit(headers.get("Origin", "")).netloc != host:
            return "this socket is for the page of this server alone"
        if self.token is not None and not self._known(path, headers):
            return "this page wants its token; open the address that sfv view printed"
        return ""

    def welcome(self, path: str) -> str | None:
        """The cookie to give to whoever comes with the token in the address; None for all others."""
        if self.token is None or not _same(self._asked(path), self.token):
            return None
        return f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/"

    def _known(self, path: str, headers: Mapping[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        return any(_same(said, self.token or "") for said in (self._asked(path), cookie.value if cookie else ""))

    def _asked(self, path: str) -> str:
        return parse_qs(urlsplit(path).query).get("token", [""])[0]


def _same(said: str, token: str) -> bool:
    return hmac.compare_digest(said.encode(), token.encode())
