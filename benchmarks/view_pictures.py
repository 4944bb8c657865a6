"""The pictures of docs/view.md, taken of `sfv view`, or of a page in a file, by a browser without a window.

    python benchmarks/view_pictures.py OUT.png [--at SECONDS] [--do JAVASCRIPT] [--dark] [--width 1100] WHAT ...

WHAT is what `sfv view` is given, options too; or one .html file. It needs playwright and a chromium. `--do` is run in
the page before the picture is taken, once all is read.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

SOFTWARE_GL = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


@contextmanager
def served(what: list[str]) -> Iterator[str]:
    """Where a browser finds it."""
    if what[0].endswith(".html"):
        yield Path(what[0]).absolute().as_uri()
        return
    command = [sys.executable, "-m", "sfv", "view", "--no-browser", "--port", "18400", *what]
    viewer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert viewer.stdout
        yield viewer.stdout.readline().split()[0]
    finally:
        viewer.terminate()
        viewer.wait()


def main() -> None:
    """Serve, open, act and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--at", type=float)
    parser.add_argument("--do", action="append", default=[])
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--height", type=int, default=760)
    asked, what = parser.parse_known_args()
    with served(what) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*SOFTWARE_GL])
        page = browser.new_page(
            viewport={"width": asked.width, "height": asked.height},
            color_scheme="dark" if asked.dark else "light",
        )
        page.set_default_timeout(300_000)
        page.goto(address + (f"#t={asked.at}" if asked.at is not None else ""))
        if address.startswith("http"):
            page.wait_for_function("show !== null && !show.news.includes('…')")
        for words in asked.do:
            page.evaluate(f"async () => {{ {words} }}")
        page.wait_for_timeout(1000)
        page.screenshot(path=asked.out)
        browser.close()
    with Image.open(asked.out) as picture:
        small = picture.convert("RGB").quantize(128)
    small.save(asked.out, optimize=True)
    print(asked.out)


if __name__ == "__main__":
    main()
