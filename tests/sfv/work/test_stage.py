"""A stage is done once, noticed when touched, gone on with when killed, and leaves nothing behind when it fails."""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest

from sfv.errors import InputError
from sfv.work import bench
from sfv.work.config import Before
from sfv.work.files import replacing
from sfv.work.stage import At, Stage, perform


class Copying:
    """A stage that writes its input's text, times a factor, into two files and counts how often it works."""

    def __init__(self, folder: Path) -> None:
        self.source, self.folder, self.count = folder / "source.txt", folder / "1-copy", 0
        self.source.write_text("ab")

    def stage(self, factor: int = 1, budget: int = 1, version: int = 1) -> Stage:
        outputs = (self.folder / "a.txt", self.folder / "b.txt")

        def work(at: At) -> None:
            self.count += 1
            for path in outputs:
                with replacing(at(path)) as temporary:
                    temporary.write_text(self.source.read_text() * factor)

        config, mark = {"factor": factor, "budget": budget}, self.folder / "stage.json"
        return Stage("1-copy", version, {"source": self.source}, config, outputs, mark, work)


@pytest.fixture
def copying(tmp_path: Path) -> Copying:
    return Copying(tmp_path)


def test_done_once(copying: Copying) -> None:
    first, second = perform(copying.stage()), perform(copying.stage())
    assert (first.skipped, second.skipped, copying.count) == (False, True, 1)
    assert second.seconds == first.seconds


def test_same_content_elsewhere_is_the_same_input(copying: Copying) -> None:
    perform(copying.stage())
    copying.source = copying.source.rename(copying.source.with_name("other.txt"))
    assert perform(copying.stage()).skipped


@pytest.mark.parametrize("change", ["input", "config", "version", "deleted", "altered", "mark"])
def test_done_again_when_something_changed(copying: Copying, change: str) -> None:
    perform(copying.stage())
    output = copying.folder / "b.txt"
    match change:
        case "input":
            copying.source.write_text("cd")
        case "deleted":
            output.unlink()
        case "altered":
            output.write_text("ac")
        case "mark":
            (copying.folder / "stage.json").write_text('{"half')
    stage = copying.stage(factor=2 if change == "config" else 1, version=2 if change == "version" else 1)
    assert not perform(stage).skipped
    assert output.read_text() == {"input": "cd", "config": "abab"}.get(change, "ab")
    assert perform(stage).skipped


def test_failed_stage_leaves_nothing_but_what_was_there(copying: Copying) -> None:
    stage = copying.stage()

    def work(at: At) -> None:
        at(stage.outputs[0]).write_text("whole")
        raise InputError("the second cannot be made")

    failing = Stage(stage.name, 1, stage.inputs, stage.config, stage.outputs, stage.mark, work)
    with pytest.raises(InputError, match="second"):
        perform(failing)
    assert not copying.folder.exists()
    perform(stage)
    with pytest.raises(InputError):
        perform(Stage(stage.name, 2, stage.inputs, stage.config, stage.outputs, stage.mark, work))
    assert perform(stage).skipped  # what was finished is still there, and is what it was


def test_partial_work_is_kept_while_it_fits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Counts to `budget`, one per go, as a killed trainer does: the budget may grow, the pace may not change."""
    source, counter, out = tmp_path / "source.txt", tmp_path / "counter.txt", tmp_path / "out.txt"
    source.write_text("x")

    def stage(pace: int, budget: int) -> Stage:
        def work(at: At) -> None:
            so_far = at(counter)
            count = int(so_far.read_text()) if so_far.exists() else 0
            so_far.write_text(str(count + pace))
            if count + pace < budget:
                raise KeyboardInterrupt
            at(out).write_text(str(count + pace))

        config = {"pace": pace, "budget": budget}
        return Stage(
            "count", 1, {"s": source}, config, (out,), tmp_path / "stage.json", work, (counter,), {"pace": pace}
        )

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            perform(stage(1, 3))
    with pytest.raises(KeyboardInterrupt):  # of another setting: what is half done stays aside
        perform(stage(5, 9))
    assert "begun with other settings (pace 1, now 5)" in caplog.text
    perform(stage(1, 3))  # went on from 2
    assert out.read_text() == "3"
    perform(stage(1, 4))  # went on from 3
    assert out.read_text() == "4"
    with pytest.raises(KeyboardInterrupt):
        perform(stage(5, 9))
    assert out.read_text() == "4", "a finished result stays until its successor is whole"
    assert perform(stage(1, 4)).skipped
    perform(stage(5, 9))  # went on from 5
    assert out.read_text() == "10"
    assert {path.name for path in tmp_path.iterdir()} == {"source.txt", "counter.txt", "out.txt", "stage.json"}


class Killed(BaseException):
    """Stands in for a kill: nothing is done after it."""


@pytest.mark.parametrize("moves", range(7))
def test_killed_between_any_two_moves_of_a_swap(copying: Copying, moves: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark is taken away, two outputs and a mark are moved, a folder is removed: killed after so many of these."""
    perform(copying.stage())
    done, ready = 0, copying.folder / "making" / "stage.json"

    def counted(act: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **named: object) -> object:
            nonlocal done
            if ready.exists() or done:
                done += 1
            if done > moves:
                raise Killed
            return act(*arguments, **named)

        return wrapped

    copying.source.write_text("new")
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(bench, "_replace", counted(bench._replace))
        patch.setattr(bench, "remove", counted(bench.remove))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        perform(copying.stage())
    assert {path.read_text() for path in copying.stage().outputs} <= {"ab", "new"}, "each is there, old or new"
    count = copying.count
    marked = (copying.folder / "stage.json").exists()
    assert marked == (moves not in (1, 2, 3)), "no mark while files of two makes lie together"
    assert perform(copying.stage()).skipped
    assert copying.count == count, "what was finished is put in its place and not made again"
    assert [path.read_text() for path in copying.stage().outputs] == ["new", "new"]
    assert {path.name for path in copying.folder.iterdir()} == {"a.txt", "b.txt", "stage.json"}


def test_a_failed_stage_leaves_the_finished_result(copying: Copying) -> None:
    perform(copying.stage())
    before = {path: path.read_bytes() for path in copying.folder.iterdir()}

    def work(at: At) -> None:
        at(stage.outputs[0]).write_text("half")
        raise InputError("the clip is damaged")

    stage = replace(copying.stage(factor=2), work=work)
    with pytest.raises(InputError, match="damaged"):
        perform(stage)
    assert {path: path.read_bytes() for path in copying.folder.iterdir()} == before


def test_a_folder_that_is_removed_while_it_is_written(copying: Copying) -> None:
    def work(at: At) -> None:
        shutil.rmtree(copying.folder)
        at(stage.outputs[0]).write_text("whole")

    stage = replace(copying.stage(), work=work)
    with pytest.raises(InputError, match=r"1-copy was removed while 1-copy was being made"):
        perform(stage)


@dataclass(frozen=True)
class Settings:
    pace: int = 1
    late: Annotated[int, Before(7)] = 8
    later: int = 3


@dataclass(frozen=True)
class Earlier:
    pace: int = 1


Earlier.__name__ = "Settings"


@pytest.mark.parametrize(
    ("now", "same"), [(Settings(late=7), True), (Settings(), False), (Settings(late=7, later=4), False)]
)
def test_a_setting_that_is_new_makes_nothing_anew(copying: Copying, now: Settings, same: bool) -> None:
    """`late` came when sfv did as at 7; `later` as at its default."""
    perform(replace(copying.stage(), config={"pace": Earlier()}))
    assert perform(replace(copying.stage(), config={"pace": now})).skipped == same


def test_missing_input_is_named(copying: Copying) -> None:
    copying.source.unlink()
    with pytest.raises(InputError, match=r"source\.txt"):
        perform(copying.stage())


def writing(stage: Stage) -> Stage:
    """It writes a letter into its output."""

    def work(at: At) -> None:
        at(stage.outputs[0]).write_text("c")

    return replace(stage, work=work)


def test_another_stage_does_not_take_a_folder_and_its_mark(copying: Copying) -> None:
    perform(copying.stage())
    other = replace(copying.stage(), name="2-other", outputs=(copying.folder / "c.txt",))
    with pytest.raises(
        InputError, match=r"holds a\.txt and what sfv knows of it, which c\.txt would take the place of"
    ):
        perform(other)
    assert perform(copying.stage()).skipped
    for output in copying.stage().outputs:
        output.unlink()
    assert not perform(writing(other)).skipped  # nothing is lost by it


def test_results_beside_each_other_have_marks_of_their_own_names(copying: Copying) -> None:
    mark = copying.folder / "a.stage.json"
    perform(replace(copying.stage(), mark=mark))
    other = replace(copying.stage(), mark=mark, outputs=(copying.folder / "a.html",))
    assert not perform(writing(other)).skipped
