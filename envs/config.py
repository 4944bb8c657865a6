"""The settings of the tracking task. Light: imports neither torch nor MuJoCo."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from sfv.errors import InputError
from sfv.limits import COMMON, SEED, Within

TICKS = 240
"""Moments per second at which references are kept: control and physics take whole numbers of them, or parts of one."""


@dataclass(frozen=True)
class TrackingConfig:
    """The tracking task: how the character is driven, judged, started and stopped."""

    reward: Literal["deepmimic", "tracking"] = "tracking"
    """Table of reward terms: 'deepmimic' is the paper's; 'tracking' adds body positions in the world."""
    control_hz: Annotated[float, Within(1, TICKS)] = 30.0
    """Actions per second."""
    decimation: Annotated[int, Within(1, 64)] = 4
    """Physics steps per action: 4 x 30 Hz = 120 Hz."""
    action_scale: Annotated[float, Within(0, 10)] = 0.4
    """Radians of servo target per unit of action, added to the reference."""
    max_deviation: Annotated[float, Within(0, 100, above=True)] = 0.5
    """An episode fails when any body is farther than this from the reference, in metres, in the world."""
    episode_seconds: Annotated[float, Within(0, 3600, above=True)] = 10.0
    """Time limit of a training episode; the return bootstraps through it."""
    start: Literal["fixed", "random", "failures", "asi", "asi-weighted"] = "failures"
    """Where episodes start: the clip's first frame, uniformly (RSI), more often where they failed, or uniformly in
    states that are learnt (SFV's ASI), 'asi-weighted' with learnt moments too."""
    velocity_noise: Annotated[float, Within(0, 10)] = 0.05
    """Standard deviation of the noise on start velocities, m/s and rad/s."""
    terrain: Annotated[tuple[str, ...], COMMON] = ()
    """Kinds of ground instead of level ground, such as 'rough:6cm' or 'stairs_up:0.3' (difficulty 0 to 1). Of a kind
    alone, training raises the difficulty as episodes succeed, and judging takes all difficulties."""
    terrain_seed: Annotated[int, Within(0, SEED)] = 0
    """Seed of what is left to chance in the ground."""
    scan: bool = False
    """Let the policy see the ground about it: 11 x 11 heights, 10 cm apart."""
    ahead: bool = False
    """Let the policy see by how much the ground will move its limbs in 1/6, 1/3 and 1/2 s: where they are to stand."""
    object: Annotated[str, COMMON] = ""
    """A box for the hands to push along: 'box:10kg', as high as they are, or 'box:10kg,1.5m' with its side. For a
    motion that walks with its arms held out, on level ground."""
    randomise: Annotated[tuple[str, ...], COMMON] = ()
    """Disturb episodes by friction, mass, balance, hands, strength, gains, delay, noise, start, push or box, or 'all'.
    Each is drawn from a range of its own or one that is given, as 'push:0:200'."""
    gradual: bool = False
    """Let training draw pushes and boxes from a tenth of their ranges first, and from more of them as episodes last.
    Judging takes the whole range."""
    recovery: Annotated[float, Within(0, 60)] = 0.0
    """Seconds that an episode waits for a body that lost its reference, to get up or catch itself. The reference stands
    still, moved and turned to where the body is, and goes on once they are together. 0: the episode ends at once."""
    along: Annotated[float, Within(0, 60)] = 0.0
    """Seconds from a push or box on in which the reference goes along: it is where the body is, and faces where that
    faces. After them it stays where it came to. 0: it keeps its place."""
    falls: bool = False
    """An episode also fails by a fall: a body touches the ground that the clip keeps off it (DeepMimic's early
    termination). Training's judge counts falls too, reports do not."""
    simulator: Annotated[Literal["mujoco", "warp", "warp-cpu"], COMMON] = "mujoco"
    """'mujoco' on the processor, 'warp' on an NVIDIA GPU; 'warp-cpu', which is slow, is for tests."""
    threads: Annotated[int, Within(0, 256), COMMON] = 0
    """Threads for the physics and the learner on the processor; 0 = all cores."""

    def check(self) -> None:
        """Raise InputError unless control and physics fit the reference's ticks, and the words name what exists."""
        physics_hz = self.control_hz * self.decimation
        if TICKS % self.control_hz or (TICKS % physics_hz and physics_hz % TICKS):
            raise InputError(
                f"--control-hz {self.control_hz:g} with --decimation {self.decimation} does not divide {TICKS} Hz; "
                "choose two whose product is 60, 80, 120, 240, 480 or 960"
            )
        if self.terrain:
            from sfv.terrain.kinds import parse_terrain

            for text in self.terrain:
                parse_terrain(text)
        if self.object:
            from envs.box import parse_object

            parse_object(self.object)
            if self.terrain:
                raise InputError("an object is pushed on level ground; leave out --terrain, or --object")
            if self.wanders:
                raise InputError(
                    f"who finds back to the clip has lost what was pushed; leave out {self.wanders} or --object"
                )
        if self.terrain and self.wanders:
            raise InputError(
                f"{self.wanders} lets a reference go wherever the body went, but kinds of terrain end beside it; leave "
                f"out one of {self.wanders} and --terrain"
            )
        events = {}
        if self.randomise:
            from envs.events import parse_events

            events = parse_events(self.randomise)
        for option, given in (("--along", self.along), ("--gradual", self.gradual)):
            if given and not events.keys() & {"push", "box"}:
                raise InputError(f"{option} is for who is pushed or hit; add --randomise push, or box, or leave it out")
        if self.falls and self.recovery:
            raise InputError(
                "--falls ends the episode of who touches the ground, and --recovery waits for him; leave out one"
            )

    @property
    def wanders(self) -> str:
        """The option by which a reference leaves its place, '' where it keeps it."""
        return "--recovery" if self.recovery else "--along" if self.along else ""

    def in_place(self) -> "TrackingConfig":
        """The same task as all are measured in: the reference keeps its time and its place, pushes have their whole
        range, and falls are not counted."""
        return replace(self, recovery=0.0, along=0.0, gradual=False, falls=False)

    def undisturbed(self) -> "TrackingConfig":
        """The same task in place, without events: some settings make no sense without those, and go with them."""
        return replace(self.in_place(), randomise=())


def at_rate(config: TrackingConfig, physics_hz: float) -> TrackingConfig:
    """The same task with physics at another rate.

    Raises:
        InputError: control steps are no whole number of such physics steps.
    """
    decimation = round(physics_hz / config.control_hz)
    if decimation < 1 or abs(decimation * config.control_hz - physics_hz) > 1e-6:
        raise InputError(
            f"physics at {physics_hz:g} Hz does not fit control at {config.control_hz:g} Hz; "
            "give --physics-hz 120, 240, 480 or 960"
        )
    return replace(config, decimation=decimation)
