"""The files that the viewer's page is made of. It knows no show."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("shapes.js", "camera.js", "light.js", "scene.js", "timeline.js", "keep.js", "prompt.js", "page.js")
"""In the order in which the page needs them."""
_SCRIPT = "text/javascript; charset=utf-8"
FILES = {
    "/": ("view.html", "text/html; charset=utf-8"),
    "/view.css": ("view.css", "text/css; charset=utf-8"),
    **{f"/{name}": (name, _SCRIPT) for name in SCRIPTS},
}
"""Path -> file and kind."""


def page_file(path: str) -> bytes:
    """What is at a path of FILES."""
    return (STATIC / FILES[path][0]).read_bytes()
