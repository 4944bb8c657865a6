import math

import pytest

from sfv.errors import InputError
from sfv.report import Number, Report
from sfv.work.files import read_json, write_json

REPORT = Report(
    "a walk",
    (Number("success", 1.0, "", "higher"), Number("mpjpe_global", 31.5, "mm", "lower")),
    {"error": {"time_s": [0.0, 0.1], "error_mm": [1.0, 2.0]}},
    {"seed": 3, "versions": {"mujoco": "4"}},
    {"slow": Report("slow", (Number("success", 0.5, "", "higher"),))},
)


def test_there_and_back(tmp_path):
    REPORT.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == REPORT


def test_numbers_are_found_by_name():
    assert REPORT["mpjpe_global"] == 31.5
    with pytest.raises(KeyError, match="there are: success, mpjpe_global"):
        REPORT["nr"]


def test_nan_survives(tmp_path):
    Report("x", (Number("slide", math.nan, "m/s", "lower"),)).save(tmp_path / "r.json")
    assert math.isnan(Report.load(tmp_path / "r.json")["slide"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "else"}, "not a report of sfv"),
        ({"version": 99}, "version 99"),
        ({"numbers": [{"name": "a"}]}, "damaged"),
        ({"numbers": 3}, "damaged"),
        ({"clips": [1]}, "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path, change, words):
    REPORT.save(tmp_path / "r.json")
    write_json(tmp_path / "r.json", read_json(tmp_path / "r.json") | change)
    with pytest.raises(InputError, match=words):
        Report.load(tmp_path / "r.json")


def test_a_list_is_no_report(tmp_path):
    write_json(tmp_path / "r.json", [1])
    with pytest.raises(InputError, match="not a report"):
        Report.load(tmp_path / "r.json")


def test_figures_of_another_stand_in_place_of_those_of_the_same_names():
    other = Report(
        "y", (Number("mpjpe_global", 7.0, "mm", "lower"), Number("jerk", 1.0, "m/s^3", "lower")), {"more": {}}
    )
    over = REPORT.over(other)
    assert (over["success"], over["mpjpe_global"], len(over.numbers)) == (1.0, 7.0, 2)
    assert set(over.series) == {"error", "more"}
    assert over.title == "a walk"
