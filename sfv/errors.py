"""The one error that a user can cause.

Whatever reads files, options or video raises `InputError`; the command line prints its sentence and exits with 2.
"""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one sentence that names the thing, says what exists and what to do next.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`" (did you mean 'x'? there are: x, y)"`, to end a sentence about an unknown name."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f" ({hint}there are: {', '.join(names)})"
