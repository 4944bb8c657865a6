import re
from pathlib import Path

import numpy as np
import pytest

from sfv.clip import Clip
from sfv.errors import InputError
from sfv.meaning import grade, shown
from sfv.report import Number, Report
from sfv.view.page import inline
from sfv.view.page.page import Compared, write_comparison, write_page
from sfv.view.page.plots import Curve, plot, svg
from sfv.view.video import write_video

CURVE = {"samples": [1e5, 2e5], "success": [0.1, 0.9], "normalised_return": [0.2, 0.6]}
SCORECARD = Report("reconstruction", (Number("foot slide", 7.0, "cm/s", "lower"),))


def report(success: float = 1.0, error: float = 70.0) -> Report:
    numbers = (
        Number("success", success, "share of rollouts from the start", "higher"),
        Number("normalised_return", 0.7, "0..1", "higher"),
        Number("mpjpe_global", error, "mm", "lower"),
        Number("foot_slide", float("nan"), "cm/s", "lower"),
        Number("rollouts", 32.0, "from the start", "none"),
    )
    series = {"error over time": {"time_s": [0.0, 0.1, 0.2], "mpjpe_global_mm": [60.0, None, 80.0]}}
    made = {"command": "sfv run 'a&b.mp4' --out <x>", "config": {"train": {"seed": 3}}, "versions": {"sfv": "0.1.0"}}
    return Report("clip <b>", numbers, series, made)  # type: ignore[arg-type]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (20, 90, 160, 3)).astype(np.uint8)
    write_video(tmp_path / "film.mp4", list(frames), 30.0, crf=10)
    return tmp_path / "film.mp4"


def test_a_page_needs_nothing_from_elsewhere(tmp_path: Path, film: Path) -> None:
    media, seen = {"rollout": film, "overlay": film}, ["person 0: <b>"]
    write_page(tmp_path / "index.html", report(), SCORECARD, media, CURVE, clip=Clip.open(film), seen=seen)
    text = (tmp_path / "index.html").read_text()
    assert "<li>person 0: &lt;b&gt;</li>" in text
    sources = re.findall(r"""(?:src|href)=['"]([^'"]{0,40})""", text)
    assert len(sources) >= 8
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "url(http" not in text
    assert text.count("<video") == 2
    assert text.count("data:image/jpeg") == 6


def test_what_came_from_outside_is_escaped(tmp_path: Path) -> None:
    write_page(tmp_path / "index.html", report())
    text = (tmp_path / "index.html").read_text()
    assert "clip &lt;b&gt;" in text
    assert "clip <b>" not in text
    assert "&#x27;a&amp;b.mp4&#x27; --out &lt;x&gt;" in text


def test_a_page_says_what_came_out_in_words(tmp_path: Path) -> None:
    write_page(tmp_path / "index.html", report(success=0.75), SCORECARD, curve=CURVE)
    text = (tmp_path / "index.html").read_text()
    assert "24 of 32 tries" in text
    assert "70 mm" in text
    assert "<video" not in text  # a run from mocap has none
    assert "✗ poor" in text  # the reference's feet slide
    assert text.count("<svg") == 2


def test_what_is_wrong_with_the_reference_heads_the_page(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", report(), failures=["floating is 5 cm (<= 3.5); <sfv repair>"])
    text = (tmp_path / "page.html").read_text()
    assert text.index("floating is 5 cm (&lt;= 3.5); &lt;sfv repair&gt;") < text.index("Main figures")
    write_page(tmp_path / "fine.html", report())
    assert "wrong with the reference" not in (tmp_path / "fine.html").read_text()


def test_ids_in_the_page_are_unique(tmp_path: Path) -> None:
    write_page(tmp_path / "index.html", report(), SCORECARD, curve=CURVE)
    clips = re.findall(r'<clipPath id="([^"]+)"', (tmp_path / "index.html").read_text())
    assert len(clips) == len(set(clips)) > 0


def test_a_comparison_marks_the_better_run(tmp_path: Path, film: Path) -> None:
    runs = [Compared("one", report(1.0, 90.0), {"rollout": film}, CURVE), Compared("two", report(0.5, 50.0), {})]
    write_comparison(tmp_path / "c.html", runs)
    text = (tmp_path / "c.html").read_text()
    rows = {re.sub("<.*?>", "", row.split("</th>")[0]): row for row in text.split("<tr>")}
    assert re.findall(r"class='value( best)?'", rows["Success"]) == [" best", ""]
    assert re.findall(r"class='value( best)?'", rows["Position error"]) == ["", " best"]
    assert re.findall(r"class='value( best)?'", rows["Normalised return"]) == ["", ""]  # equal


def test_a_large_video_is_made_smaller(film: Path) -> None:
    whole = len(inline.video(film))
    small = inline.video(film, budget=film.stat().st_size // 2)
    assert small.startswith("data:video/mp4;base64,")
    assert len(small) < whole


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello" * 100)
    with pytest.raises(InputError, match="is not a video"):
        inline.video(tmp_path / "text.mp4", budget=10)
    with pytest.raises(InputError, match="cannot be read"):
        inline.video(tmp_path / "absent.mp4")


@pytest.mark.parametrize(
    ("number", "word", "text"),
    [
        (Number("success", 1.0, "share of rollouts from the start", "higher"), "good", ("100", "%")),
        (Number("success", 0.7, "share of rollouts from the start", "higher"), "fair", ("70", "%")),
        (Number("mpjpe_global", 312.4, "mm", "lower"), "poor", ("312", "mm")),
        (Number("mpjpe_global", float("nan"), "mm", "lower"), "", ("–", "")),
        (Number("power", 21.25, "W", "lower"), "", ("21", "W")),
        (Number("peak joint speed", 5.349, "rad/s", "none"), "", ("5.3", "rad/s")),
        (Number("something new", 0.5, "m", "none"), "", ("0.50", "m")),
    ],
)
def test_numbers_are_judged_and_written_for_people(number: Number, word: str, text: tuple[str, str]) -> None:
    assert grade(number) == word
    assert shown(number) == text


def test_plots_are_the_same_each_time_and_take_the_page_s_colours() -> None:
    curves = [Curve("a", [0.0, 1.0], [1.0, 2.0]), Curve("b", [0.0, 1.0], [None, 1.0], dashed=True)]
    first, second = (svg(plot(curves, "time (s)", "mm"), "name") for _ in range(2))
    assert first == second
    assert "var(--ink-soft)" in first
    strange = svg(plot([Curve("a $^{b", [0.0], [1.0]), Curve("c", [0.0], [1.0])], "x", "y"), "name")
    assert "a $^{b" in strange, "a name is no formula"
