"""The one error that a user can cause.

Whatever reads files, options or video raises `InputError`; the command line prints its sentence and exits with 2, and
with SFV_DEBUG=1 in the environment shows where it came from.
"""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

LONGEST = 2000
"""Letters in a sentence: a file's names can be as long as it likes."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one sentence that names the thing, says what exists and what to do next. What a file says in it
    reaches the terminal as plain text.
    """

    def __init__(self, message: str) -> None:
        text = printable(message)
        super().__init__(text if len(text) <= LONGEST else f"{text[: LONGEST - 200]} ... {text[-200:]}")


def printable(text: str) -> str:
    """One line of plain text: a file's line ends become spaces, and what would drive a terminal question marks."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in text)


@contextmanager
def blamed(what: str, advice: str) -> Iterator[None]:
    """Blame what goes wrong inside on `what`, something that the user gave, in one sentence that ends in `advice`.

    Libraries raise many kinds of errors over a broken file, and which is not their contract. Sentences that are made
    already pass.
    """
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{what}: it needs more memory than there is; {advice}") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(f"{what} ({reason}); {advice}") from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`" (did you mean 'x'? there are: x, y)"`, to end a sentence about an unknown name."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f" ({hint}there are: {', '.join(names)})"
