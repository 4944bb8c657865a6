"""The pictures of docs/view.md, taken of `sfv view` by a browser without a window.

    python benchmarks/view_pictures.py OUT.png [--at SECONDS] [--do JAVASCRIPT] [--dark] [--width 1100] WHAT ...

It needs playwright and a chromium; `--do` is run in the page before the picture is taken, once all is read.
"""

import argparse
import shutil
import subprocess
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

SOFTWARE_GL = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def main() -> None:
    """Serve, open, act and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("what", nargs="+")
    parser.add_argument("--at", type=float)
    parser.add_argument("--do", action="append", default=[])
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--height", type=int, default=760)
    asked = parser.parse_args()
    command = [sys.executable, "-m", "sfv", "view", "--no-browser", "--port", "18400", *asked.what]
    viewer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert viewer.stdout
        address = viewer.stdout.readline().split()[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*SOFTWARE_GL])
            page = browser.new_page(
                viewport={"width": asked.width, "height": asked.height},
                color_scheme="dark" if asked.dark else "light",
            )
            page.set_default_timeout(300_000)
            page.goto(address + (f"#t={asked.at}" if asked.at is not None else ""))
            page.wait_for_function("show !== null && !show.news.includes('…') && show.timeline.curves.length > 0")
            for words in asked.do:
                page.evaluate(f"async () => {{ {words} }}")
            page.wait_for_timeout(1000)
            page.screenshot(path=asked.out)
            browser.close()
    finally:
        viewer.terminate()
        viewer.wait()
    with Image.open(asked.out) as picture:
        small = picture.convert("RGB").quantize(128)
    small.save(asked.out, optimize=True)
    print(asked.out)


if __name__ == "__main__":
    main()
