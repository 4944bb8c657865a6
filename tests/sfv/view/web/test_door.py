import pytest

from sfv.view.web.door import COOKIE, Door

HERE = {"Host": "127.0.0.1:8080", "Origin": "http://127.0.0.1:8080"}


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:9999", "[::1]:8080"])
def test_the_own_page_comes_in(host: str) -> None:
    # the port is another where ssh carries it
    assert Door().refusal("/live", {"Host": host, "Origin": f"http://{host}"}, socket=True) == ""
    assert Door().refusal("/", {"Host": host}, socket=False) == ""


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "null", "", "http://127.0.0.1:8080.evil.example"]
)
def test_another_page_does_not_open_a_socket(origin: str) -> None:
    assert "this server alone" in Door().refusal("/live", HERE | {"Origin": origin}, socket=True)


def test_a_name_that_was_pointed_here_is_refused() -> None:
    rebound = {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"}
    for socket in (True, False):
        assert "this machine alone" in Door().refusal("/show.json", rebound, socket)


def test_others_need_the_token_once() -> None:
    door = Door("secret")
    there = {"Host": "lab:8080", "Origin": "http://lab:8080"}
    assert "token" in door.refusal("/", there, socket=False)
    assert "token" in door.refusal("/?token=guess", there, socket=False)
    assert door.refusal("/?token=secret", there, socket=False) == ""
    given = door.welcome("/?token=secret")
    assert given is not None
    assert "HttpOnly" in given
    assert door.welcome("/?token=guess") is None
    assert Door().welcome("/?token=") is None
    for socket in (True, False):
        assert door.refusal("/live", there | {"Cookie": f"{COOKIE}=secret"}, socket) == ""
        assert "token" in door.refusal("/live", there | {"Cookie": f"{COOKIE}=guess"}, socket)
    assert door.refusal("/live", there | {"Cookie": f"{COOKIE}=secret", "Origin": "http://evil.example"}, True) != ""
