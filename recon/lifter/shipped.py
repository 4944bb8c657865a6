"""Which lifter a reconstruction is to use: sfv's own, none, or a file. Light: no weights are read here."""

from pathlib import Path

from sfv.errors import InputError

AUTO, NONE = Path("auto"), Path("none")
"""sfv's own lifter, for tracks of the estimator whose errors it knows; and none at all."""


def lifter_file(choice: Path | None) -> Path | None:
    """The file of the lifter that is chosen, None where none is.

    Raises:
        InputError: there is no such file.
    """
    if choice is None or choice == NONE:
        return None
    if choice == AUTO:
        from sfv.character import ASSETS  # brings MuJoCo, which help does not wait for

        return ASSETS / "weights" / "lifter.safetensors"
    if not choice.is_file():
        raise InputError(f"there is no file {choice} for the lifter; check the name, or say {AUTO} or {NONE}")
    return choice
