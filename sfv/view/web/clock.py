"""The clock of what acts live: how many steps are due, and how many were left out since there was no time for them.

It asks no time of the machine; it is told what has passed.
"""

BEHIND = 3
"""Steps that are caught up with at once; what is due beyond is left out, and counted."""


class Clock:
    """What is due for one watcher."""

    def __init__(self, hz: float) -> None:
        self.hz = hz
        self.speed, self.playing = 1.0, True
        self.restart()

    def restart(self) -> None:
        """Count anew."""
        self.taken = self.dropped = 0
        self._due, self._asked = 0.0, 0

    def step(self, count: int) -> None:
        """Stop, and take so many steps more."""
        self.playing = False
        self._asked += max(count, 0)

    def tick(self, passed: float) -> int:
        """How many steps are to be taken, when `passed` seconds of the watcher's time have passed."""
        asked, self._asked = self._asked, 0
        if not self.playing:
            self.taken += asked
            return asked
        self._due += passed * self.speed * self.hz
        due = int(self._due + 1e-9)
        self._due -= due
        count = min(due, BEHIND)
        self.dropped += due - count
        self.taken += count
        return count

    @property
    def wait(self) -> float:
        """Seconds until the next step is due; while it stands, a moment in which it may be told to go on."""
        return max(0.0, (1.0 - self._due) / (self.speed * self.hz)) if self.playing else 1.0 / self.hz
