"""Which weights a reconstruction is to use: those that come with sfv, none, or a file. Light: none are read here."""

from pathlib import Path

from sfv.errors import InputError

AUTO, NONE = Path("auto"), Path("none")
"""sfv's own weights where they fit, and none at all."""
LIFTER, FILLER = "lifter", "mdm"
"""What corrects depth, and what fills gaps."""


def weights_file(choice: Path | None, name: str) -> Path | None:
    """The file of the weights called `name` that is chosen, None where none is.

    Raises:
        InputError: there is no such file.
    """
    if choice is None or choice == NONE:
        return None
    if choice == AUTO:
        from sfv.character import ASSETS  # brings MuJoCo, which help does not wait for

        return ASSETS / "weights" / f"{name}.safetensors"
    if not choice.is_file():
        raise InputError(f"there is no file {choice} for the {name}; check the name, or say {AUTO} or {NONE}")
    return choice
