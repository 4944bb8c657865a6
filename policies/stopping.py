"""Ctrl-C and SIGTERM while a policy is trained: heard at once, obeyed where the training can be gone on from later.

It knows nothing of what is trained.
"""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from jaxtyping import Float
from torch import Tensor

from sfv.interfaces import Policy

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Asked(Exception):
    """It was asked to stop, and this is a good moment."""


class Stopping:
    """Within it, the first Ctrl-C or SIGTERM is noted, and a second one does what it did before: end at once.

    A signal that is ignored stays ignored, and only the main thread hears any.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()

    def check(self) -> None:
        """Raise Asked if it was asked to stop."""
        if self.asked is not None:
            raise Asked

    def through(self, policy: Policy) -> Policy:
        """The policy, with a check before each of its answers."""

        def answer(obs: Float[Tensor, "n o"]) -> Float[Tensor, "n a"]:
            self.check()
            return policy(obs)

        return answer

    def obey(self) -> None:
        """Do what was asked, now that everything is written down."""
        assert self.asked is not None
        self._forget()
        signal.raise_signal(self.asked)
        raise KeyboardInterrupt  # where the signal's own handler did not end anything

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        self._forget()
        log.warning("the training stops as soon as it is written down; Ctrl-C again ends it at once")

    def _forget(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
