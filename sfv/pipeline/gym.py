"""What `gymnasium.make("sfv/Tracking-v0", motion=...)` makes: the task of `envs.gym`, of any motion file that is read.

`import sfv` registers it. Light to import; it knows no task.
"""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfv.errors import InputError

if TYPE_CHECKING:
    from envs.config import TrackingConfig
    from envs.gym import GymTracking, GymVecTracking
    from sfv.motion import Motion

ROOT = Path(__file__).parents[2]
ROOMS = ("envs", "recon", "policies", "configs")


def one(
    motion: "Motion | str | Path",
    character: str = "humanoid",
    config: "TrackingConfig | None" = None,
    render_mode: str | None = None,
) -> "GymTracking":
    """One character that is to follow a motion: a `Motion` of its own, or a file of any kind that `sfv run` takes.

    Raises:
        InputError: the file is no motion, or its body none that a joint map knows.
    """
    require_rooms()
    from envs.gym import GymTracking

    return GymTracking(_reference(motion, character, config), character, config, render_mode)


def many(
    motion: "Motion | str | Path", num_envs: int = 1, character: str = "humanoid", config: Any = None
) -> "GymVecTracking":
    """Many of them, stepped together; see `one`."""
    require_rooms()
    from envs.gym import GymVecTracking

    return GymVecTracking(_reference(motion, character, config), num_envs, character, config)


def require_rooms() -> None:
    """Raise unless the rooms beside sfv are its own, and not a package of the user's with the same name.

    Raises:
        InputError: one is hidden.
    """
    for room in ROOMS:
        found = importlib.util.find_spec(room)
        where = Path(found.origin) if found and found.origin else None
        if where is None or where.parent.parent.resolve() != ROOT.resolve():
            raise InputError(
                f"sfv's own package {room!r} is hidden by {where.parent if where else 'another'}; rename that, or take "
                "its folder off sys.path"
            )


def _reference(motion: "Motion | str | Path", character: str, config: "TrackingConfig | None") -> "Motion":
    """What is to be followed."""
    from envs.config import TrackingConfig
    from sfv.character import load_character
    from sfv.formats.files import holds_motion
    from sfv.motion import Motion
    from sfv.pipeline.reference import as_it_is, reference_of
    from sfv.pipeline.settings import Settings

    if isinstance(motion, Motion):
        return motion
    body, path = load_character(character), Path(motion)
    if not holds_motion(path):
        raise InputError(f"{path} is no motion file; make one of a video with: sfv run {path} --out FOLDER")
    settings = Settings(performer=character, tracking=config or TrackingConfig())
    return as_it_is(path, body) or reference_of(path, body, settings).motion
