"""A seeded fuzz of every reader: a raw exception, no end within 20 s, or 2 GiB of memory is a failure.

Files are damaged here and read in a child, whose resident memory is watched: limits of address space break torch.
The seed is printed with a failure; SFV_FUZZ_SEED repeats it.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from inputs import MOTIONS, OTHERS, damaged

SECONDS, MEMORY = 20.0, 2 << 30
KINDS = MOTIONS | OTHERS


class Child:
    """A process that reads files, and what has become of it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("child.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.answers: Queue[str] = Queue()
        self.listener = Thread(target=self._listen, args=(self.process.stdout,), daemon=True)
        self.listener.start()

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            self.answers.put(line)
        self.answers.put("")

    def ask(self, kind: str, path: Path, seconds: float) -> dict[str, str]:
        """How the reading ended."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps((kind, str(path))) + "\n")
        self.process.stdin.flush()
        used, start = self.cpu(), time.monotonic()
        while True:
            try:
                line = self.answers.get(timeout=0.05)
                return json.loads(line) if line else {"end": "died", "says": f"code {self.process.wait()}"}
            except Empty:
                if self.resident() > MEMORY:
                    return {"end": "memory", "says": f"{self.resident() >> 20} MiB"}
                # its own time, since a busy machine gives it little; and ten times as long on the clock
                if self.cpu() - used > seconds or time.monotonic() - start > 10 * seconds:
                    return {"end": "hang", "says": f"{self.cpu() - used:.0f} s of CPU"}

    def resident(self) -> int:
        try:
            return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def cpu(self) -> float:
        try:
            words = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return sum(int(word) for word in words[11:15]) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return 0.0

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()


@contextmanager
def child() -> Iterator[list[Child]]:
    """One child in a list, where it can be replaced."""
    held = [Child()]
    try:
        yield held
    finally:
        held[0].end()


def fuzz(kinds: dict[str, object], count: int, seed: int, folder: Path) -> None:
    """Damage and read `count` files of each kind.

    Raises:
        AssertionError: with the seed and what went wrong, of all kinds.
    """
    faults, ends = [], dict[str, int]()
    with child() as held:
        for kind in kinds:
            place = folder / kind
            place.mkdir()
            whole = KINDS[kind](place)
            content = whole.read_bytes()
            assert held[0].ask(kind, whole, 6 * SECONDS)["end"] == "fine", f"{kind}: the whole file is not read"
            for turn in range(count):
                whole.write_bytes(damaged(content, random.Random(f"{seed} {kind} {turn}")))
                answer = held[0].ask(kind, whole, SECONDS)
                ends[answer["end"]] = ends.get(answer["end"], 0) + 1
                if answer["end"] not in ("fine", "sentence"):
                    faults.append(f"{kind} {turn}: {answer['end']}, {answer['says'][:200]}")
                    if answer["end"] != "raw":
                        held[0].end()
                        held[0] = Child()
    assert not faults, f"SFV_FUZZ_SEED={seed}: {ends}\n" + "\n".join(faults)


def fresh_seed() -> int:
    """A new one, unless one is to be repeated."""
    return int(os.environ.get("SFV_FUZZ_SEED", random.SystemRandom().randrange(10**6)))


def test_every_reader_ends_in_a_sentence(tmp_path: Path) -> None:
    fuzz(KINDS, 10, fresh_seed(), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_ends_in_a_sentence_five_hundred_times(tmp_path: Path, kind: str) -> None:
    fuzz({kind: None}, 500, fresh_seed(), tmp_path)


def test_the_fuzz_finds_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is asked for what is no file of a kind gives a raw exception, and one that is killed has died."""
    with child() as held:
        (tmp_path / "x").write_text("x")
        assert held[0].ask("bvh", tmp_path / "x", SECONDS)["end"] == "sentence"
        held[0].process.stdin.write(json.dumps(("bvh", 3)) + "\n")  # type: ignore[union-attr]
        held[0].process.stdin.flush()  # type: ignore[union-attr]
        assert json.loads(held[0].answers.get(timeout=60))["end"] == "raw"  # a path that is a number
        held[0].process.kill()
        held[0].process.wait()
        assert held[0].answers.get(timeout=20) == ""
