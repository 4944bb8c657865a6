from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from sfv.check.finding import moments, place, stretches
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.pipeline.looking import (
    Thing,
    _boxes,
    _with_rollout,
    distances,
    first_show,
    further_shows,
    marks_of,
    motions_at,
    things_at,
)
from sfv.reading import Reading
from sfv.report import Number, Report
from sfv.skeleton import Skeleton
from sfv.work.mark import Mark


def test_a_run_shows_what_it_has(tmp_path: Path, wave: Motion) -> None:
    with pytest.raises(InputError, match="holds no motion to show"):
        motions_at(tmp_path)
    wave.save(tmp_path / "2-motion" / "motion.npz")
    assert list(motions_at(tmp_path)) == ["reference"]
    wave.save(tmp_path / "4-report" / "reference.npz")
    wave.save(tmp_path / "4-report" / "simulated.npz")
    assert list(motions_at(tmp_path)) == ["reference", "simulated"]
    assert list(motions_at(tmp_path / "2-motion" / "motion.npz")) == ["motion"]


def test_every_body_is_as_far_off_as_all_was_moved(wave: Motion) -> None:
    qpos = wave.qpos.copy()
    qpos[:, 0] += 0.1
    curves = distances(wave, replace(wave, qpos=qpos))
    assert curves[0].name == "mean of bodies"
    assert {curve.name for curve in curves} >= {"worst body", "root", "left_ankle"}
    for curve in curves:
        np.testing.assert_allclose(curve.values, 10.0, atol=1e-9)  # cm


def test_words_of_places_are_read_back() -> None:
    assert moments(place("left_knee", 1.234)) == [(1.23, 1.23)]
    assert moments(f"stands {stretches([(2.1, 5.0), (7.0, 7.6)])}: on what?") == [(2.1, 5.0), (7.0, 7.6)]
    assert moments("") == []


def test_rows_stand_where_they_are_of() -> None:
    rows = {
        "jumps": {"verdict": "fail", "where": "by 30 cm at 0.40 s; by 9 cm at 0.90 s", "repair": "cut it"},
        "floating": {"verdict": "fail", "where": "", "repair": "sfv repair"},
        "peak acceleration": {"verdict": "pass", "where": "left knee at 0.20 s", "repair": ""},
        "upright": {"verdict": "pass", "where": "", "repair": ""},
    }
    report = Report(
        "check", tuple(Number(name, 2.0, "", "none") for name in rows), provenance={"check": {"rows": rows}}
    )
    marks = [(mark.title, mark.start, mark.failing) for mark in marks_of(report)]
    assert marks == [
        ("jumps", 0.4, True), ("jumps", 0.9, True), ("floating", 0.0, True), ("peak acceleration", 0.2, False),
    ]  # fmt: skip
    assert "cut it" in marks_of(report)[0].words


def test_what_cannot_be_had_is_said_and_the_rest_is_shown(tmp_path: Path, wave: Motion) -> None:
    run = tmp_path / "run"
    for name in ("reference", "simulated"):
        wave.save(run / "4-report" / f"{name}.npz")
    (run / "2-motion").mkdir()
    (run / "2-motion" / "check.json").write_text("{ damaged")
    things = things_at([run])
    *_, last = further_shows(things, first_show(things))
    assert "check.json" in last.news
    assert "no finished policy" in last.news
    assert last.live is None
    assert last.timeline.curves[0].values.max() == 0.0
    assert [(actor.name, actor.ghost) for actor in last.actors] == [("reference", True), ("simulated", False)]


def test_the_check_of_a_file_stands_on_its_time(tmp_path: Path, wave: Motion) -> None:
    qpos = wave.qpos.copy()
    qpos[15:, 1] += 0.6  # a cut in the middle, at 0.5 s
    replace(wave, qpos=qpos).save(tmp_path / "cut.npz")
    things = things_at([tmp_path / "cut.npz"])
    *_, last = further_shows(things, first_show(things))
    failing = {mark.title: mark.start for mark in last.timeline.marks if mark.failing}
    assert failing["jumps"] == pytest.approx(0.5, abs=0.05)
    assert {curve.name for curve in last.timeline.curves} == {"lowest point", "root"}


def test_who_moves_is_whom_the_user_names_or_who_performed_the_run(tmp_path: Path, wave: Motion) -> None:
    wave.save(tmp_path / "run" / "2-motion" / "motion.npz")
    assert things_at([tmp_path / "run"])[0].body is None
    mark = Mark("done", "", "", {}, {"character": "humanoid"})
    mark.write(tmp_path / "run" / "2-motion" / "stage.json")
    (thing,) = things_at([tmp_path / "run"])
    assert thing.body is not None
    assert first_show([thing]).actors[0].body is thing.body
    file = tmp_path / "run" / "2-motion" / "motion.npz"
    assert things_at([file], Reading(character="humanoid"))[0].body is not None
    with pytest.raises(InputError, match="holds no motion of person"):
        things_at([file], Reading(character="person:height=1.2"))


def test_a_body_of_sticks_has_a_lowest_joint(tmp_path: Path) -> None:
    # a hip 1 m up and an ankle 0.9 m below it, held still
    xml = "<mujoco><worldbody><body name='hip'><freejoint/><geom size='.1'/><body name='ankle' pos='0 0 -.9'><joint/>"
    xml += "<geom size='.1'/></body></body></worldbody></mujoco>"
    skeleton = Skeleton.of(mujoco.MjModel.from_xml_string(xml))
    qpos = np.tile([0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], (10, 1))
    Motion(skeleton, 30.0, qpos, source="still").save(tmp_path / "still.npz")
    things = things_at([tmp_path / "still.npz"])
    *_, last = further_shows(things, first_show(things))
    assert {curve.name: curve.values[0] for curve in last.timeline.curves} == pytest.approx(
        {"lowest joint": 10.0, "root": 100.0}
    )


def test_a_reference_that_went_along_with_pushes_stands_where_the_rollout_without_them_has_it(
    wave: Motion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qpos = wave.qpos.copy()
    qpos[:, 0] += 1.0
    motions = {"reference": replace(wave, qpos=qpos), "simulated": replace(wave, qpos=qpos)}
    thing = Thing("run", tmp_path, motions)
    now = SimpleNamespace(qpos=wave.qpos[0], wanted=wave.qpos[0], boxes=())
    live = SimpleNamespace(hz=30.0, players=(), begin=lambda seconds: [now], step=lambda: [now])
    monkeypatch.setattr("sfv.view.web.timeline.curves_of", lambda players, seen: ())
    show = _with_rollout([thing], [thing], replace(first_show([thing]), live=lambda: live))
    assert [actor.name for actor in show.actors] == ["reference", "simulated"]
    for actor in show.actors:
        np.testing.assert_array_equal(actor.motion.qpos, np.repeat(wave.qpos[:1], 31, 0))


def test_a_box_that_was_pushed_is_an_actor() -> None:
    """Beside one that was thrown, which comes later in a moment; where nobody pushes there is none."""
    cube = np.array([1.0, 0.0, 0.7, 1.0, 0.0, 0.0, 0.0, 0.7])
    seen = [[SimpleNamespace(boxes=(cube + np.eye(8)[0] * 0.1 * t, cube))] for t in range(3)]
    (box,) = _boxes(seen, 30.0)  # type: ignore[arg-type]
    assert box.motion.qpos[:, 0].tolist() == pytest.approx([1.0, 1.1, 1.2])
    assert box.body is not None
    assert box.body.model.geom_size[0].tolist() == [0.7, 0.7, 0.7]
    assert _boxes([[SimpleNamespace(boxes=())]], 30.0) == ()  # type: ignore[list-item]
