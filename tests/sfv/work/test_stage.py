"""A stage is done once, noticed when touched, gone on with when killed, and leaves nothing behind when it fails."""

from pathlib import Path

import pytest

from sfv.errors import InputError
from sfv.work.files import replacing
from sfv.work.stage import Mark, Stage, perform


class Copying:
    """A stage that writes its input's text, times a factor, into two files and counts how often it works."""

    def __init__(self, folder: Path) -> None:
        self.source, self.folder, self.count = folder / "source.txt", folder / "1-copy", 0
        self.source.write_text("ab")

    def stage(self, factor: int = 1, budget: int = 1, version: int = 1) -> Stage:
        outputs = (self.folder / "a.txt", self.folder / "b.txt")

        def work() -> None:
            self.count += 1
            for path in outputs:
                with replacing(path) as temporary:
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

    def work() -> None:
        stage.outputs[0].write_text("whole")
        raise InputError("the second cannot be made")

    failing = Stage(stage.name, 1, stage.inputs, stage.config, stage.outputs, stage.mark, work)
    with pytest.raises(InputError, match="second"):
        perform(failing)
    assert not copying.folder.exists()
    perform(stage)
    with pytest.raises(InputError):
        perform(Stage(stage.name, 2, stage.inputs, stage.config, stage.outputs, stage.mark, work))
    assert not perform(stage).skipped  # outputs of another version were not passed off as this one's


def test_partial_work_is_kept_while_it_fits(tmp_path: Path) -> None:
    """Counts to `budget`, one per go, as a killed trainer does: the budget may grow, the pace may not change."""
    source, counter, out = tmp_path / "source.txt", tmp_path / "counter.txt", tmp_path / "out.txt"
    source.write_text("x")

    def stage(pace: int, budget: int) -> Stage:
        def work() -> None:
            count = int(counter.read_text()) if counter.exists() else 0
            counter.write_text(str(count + pace))
            if count + pace < budget:
                raise KeyboardInterrupt
            out.write_text(str(count + pace))

        config = {"pace": pace, "budget": budget}
        return Stage(
            "count", 1, {"s": source}, config, (out,), tmp_path / "stage.json", work, (counter,), {"pace": pace}
        )

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            perform(stage(1, 3))
    with pytest.raises(InputError, match=r"begun with other settings \(pace 1, now 5\); say those again"):
        perform(stage(5, 9))  # which would lose what is there
    assert (mark := Mark.read(tmp_path / "stage.json")) is not None
    assert mark.state == "begun"
    source.write_text("y")
    with pytest.raises(InputError, match="begun from other inputs"):
        perform(stage(1, 3))
    source.write_text("x")
    perform(stage(1, 3))
    assert out.read_text() == "3"
    perform(stage(1, 4))  # went on from 3
    assert out.read_text() == "4"
    perform(stage(5, 5))  # began anew
    assert out.read_text() == "5"


def test_missing_input_is_named(copying: Copying) -> None:
    copying.source.unlink()
    with pytest.raises(InputError, match=r"source\.txt"):
        perform(copying.stage())
