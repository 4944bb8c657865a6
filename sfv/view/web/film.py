"""A show as one file: the viewer's page with everything inside, which plays without a server and without a network."""

import json
from dataclasses import replace
from pathlib import Path

from sfv.view.web.page_files import SCRIPTS, page_file
from sfv.view.web.show import Show
from sfv.view.web.wardrobe import record
from sfv.work.files import replacing


def write_film(path: Path, show: Show) -> None:
    """Write it.

    Raises:
        InputError: it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(film(show), encoding="utf-8")


def film(show: Show) -> str:
    """The page."""
    page = page_file("/").decode()
    style = page_file("/view.css").decode()
    page = _put(page, '<link rel="stylesheet" href="/view.css">', f"<style>\n{style}</style>")
    # in JSON a "<" stands in strings only; written so, no text in it can end the script
    data = json.dumps(record(replace(show, asking=None), pictures=True)).replace("<", "\\u003c")
    scripts = [f"const FILM = {data};", *(page_file(f"/{name}").decode() for name in SCRIPTS)]
    for number, name in enumerate(SCRIPTS):
        inside = "\n".join(scripts[:2]) if number == 0 else scripts[number + 1]
        page = _put(page, f'<script src="/{name}"></script>', f"<script>\n{inside}\n</script>")
    return page


def _put(page: str, place: str, content: str) -> str:
    assert page.count(place) == 1, f"the page has one {place}"
    return page.replace(place, content)
