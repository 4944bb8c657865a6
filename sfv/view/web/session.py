"""Policies that act for one watcher: what a page asks for, done, and what becomes of it, told.

It knows neither sockets nor browsers: it is given words and says words, dicts that JSON holds.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sfv.errors import InputError, did_you_mean
from sfv.view.live import Conditions, Live, Player, Seen
from sfv.view.web.clock import Clock
from sfv.view.web.timeline import names_of, values_of
from sfv.view.web.wardrobe import Wardrobe

RANGES = {
    "difficulty": (0.0, 1.0), "friction": (0.02, 5.0), "strength": (0.0, 5.0), "mass": (0.2, 5.0),
    "delay": (0.0, 200.0), "noise": (0.0, 1.0),
}  # fmt: skip
"""What conditions may be."""
KEPT = 1800
"""Moments that can be looked at again: a minute."""
Words = Mapping[str, Any]
Tell = Callable[[Words], None]


class Session:
    """A stage of one watcher's own.

    Args:
        live: who acts.
        tell: says something to the page.
    """

    def __init__(self, live: Live, tell: Tell) -> None:
        self._live, self._tell = live, tell
        self.clock = Clock(live.hz)
        self._past: deque[list[Seen]] = deque(maxlen=KEPT)
        self._start = 0.0

    def heard(self, said: Words) -> None:
        """Do what a page asks for: the name of one of `_DOES`, and what it is given.

        Raises:
            InputError: it cannot be done.
        """
        for name, value in said.items():
            if does := self._DOES.get(name):
                does(self, value)

    def turn(self, passed: float) -> None:
        """Let `passed` seconds of the watcher's time pass."""
        steps = self.clock.tick(passed)
        if steps and self._live.over:
            self._past.clear()
            self._past.append(self._live.begin(self._start))
            self._tell({"anew": True})
            self._show(self._past[-1], [self._values(self._past[-1])])
        seen: list[list[Seen]] = [self._live.step() for _ in range(steps)]
        self._past.extend(seen)
        if seen:
            self._show(seen[-1], [self._values(moment) for moment in seen])

    def begin(self, seconds: float) -> None:
        """Let all begin anew at a time of their clips."""
        self._start = min(max(float(seconds), 0.0), self._live.seconds)
        seen = self._live.begin(self._start)
        self._cast, players = Wardrobe.of(self._live.players)
        self._keys = [player["body"] for player in players]
        self._past.clear()
        self._past.append(seen)
        self.clock.restart()
        from sfv.terrain.kinds import KINDS  # half a second, which only who acts live waits for

        self._tell(
            {
                "live": True, "kinds": list(KINDS), "players": players,
                "bodies": self._cast.bodies, "grounds": self._cast.grounds,
                "curves": names_of(self._live.players), "start": self._start, "hz": self.clock.hz,
            }
        )  # fmt: skip
        self._show(seen, [self._values(seen)])

    def _values(self, seen: list[Seen]) -> list[float]:
        return [round(value, 4) for value in (seen[0].seconds, *values_of(self._live.players, seen))]

    def _show(self, seen: list[Seen], values: list[list[float]]) -> None:
        clock = self.clock
        self._tell(
            {
                "seen": [self._drawn(key, now) for key, now in zip(self._keys, seen, strict=True)],
                "values": values, "at": seen[0].seconds, "phase": round(seen[0].phase, 4),
                "taken": clock.taken, "dropped": clock.dropped, "playing": clock.playing,
            }
        )  # fmt: skip

    def _drawn(self, key: str, now: Seen) -> dict[str, Any]:
        """A moment of one player, to draw."""
        return {
            "pose": self._cast.pose(key, now.qpos).ravel().round(4).tolist(),
            "ghost": self._cast.pose(key, now.wanted).ravel().round(4).tolist(),
            "effort": now.effort.round(3).tolist(),
            "contacts": now.contacts.reshape(-1, 6).round(3).tolist(),
            "com": now.com.round(4).tolist(),
            "capture": now.capture.round(4).tolist(),
            "boxes": [box.round(4).tolist() for box in now.boxes],
            "fell": now.fell,
        }

    def _begin(self, seconds: Any) -> None:
        self.begin(_number(seconds, 0.0, 1e6))

    def _push(self, said: Any) -> None:
        names = {player.character.model.body(body).name for player in self._live.players for body in _bodies(player)}
        body = str(_of(said, "body"))
        if body not in names:
            raise InputError(f"{body!r} is no body of who acts here{did_you_mean(body, sorted(names))}")
        force = _number(_of(said, "force"), 0.0, 5000.0)
        self._live.push(body, force, _number(_of(said, "way"), -360.0, 360.0))
        self._tell({"mark": f"push of {body}, {force:.0f} N", "at": self._past[-1][0].seconds})

    def _throw(self, said: Any) -> None:
        speed = _number(_of(said, "speed"), 0.5, 30.0)
        self._live.throw(speed, _number(_of(said, "way"), -360.0, 360.0))
        self._tell({"mark": f"box, {speed:.0f} m/s", "at": self._past[-1][0].seconds})

    def _arrange(self, said: Any) -> None:
        ground = [player.terrain for player in self._live.players]
        numbers = {name: _number(_of(said, name), low, high) for name, (low, high) in RANGES.items()}
        self._live.arrange(
            Conditions(str(_of(said, "terrain")), seed=int(_number(_of(said, "seed"), 0.0, 1e6)), **numbers)
        )
        if any(now.terrain is not was for now, was in zip(self._live.players, ground, strict=True)):
            self.begin(self._start)

    def _look(self, seconds: Any) -> None:
        """Stand at a moment that was lived through."""
        self.clock.playing = False
        at = _number(seconds, -1e6, 1e6)
        self._show(min(self._past, key=lambda seen: abs(seen[0].seconds - at)), [])

    def _play(self, on: Any) -> None:
        self.clock.playing = bool(on)
        self._show(self._past[-1], [])

    def _speed(self, speed: Any) -> None:
        self.clock.speed = _number(speed, 0.05, 4.0)

    def _step(self, count: Any) -> None:
        self.clock.step(int(_number(count, 0.0, 30.0)))

    _DOES: Mapping[str, Callable[["Session", Any], None]] = {
        "push": _push, "throw": _throw, "arrange": _arrange, "look": _look, "play": _play, "speed": _speed,
        "step": _step, "begin": _begin,
    }  # fmt: skip


def _bodies(player: Player) -> range:
    return range(1, player.character.model.nbody)


def _of(said: Any, name: str) -> Any:
    """What a page says under a name."""
    if not isinstance(said, dict) or name not in said:
        raise InputError(f"the page did not say its {name}; load it again")
    return said[name]


def _number(said: Any, low: float, high: float) -> float:
    """A number that a page sent, within what there is."""
    number = float(said) if isinstance(said, int | float) else float("nan")
    if not low <= number <= high:
        raise InputError(f"{said} is not between {low:g} and {high:g}")
    return number
