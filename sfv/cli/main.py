"""The entry point: finds the verb, lets it work, and turns what went wrong into one sentence.

Only the chosen verb's module is imported, and no verb's module imports anything heavy before it works, so help is
shown at once.
"""

import errno
import importlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout

from sfv import __version__, progress
from sfv.errors import InputError, did_you_mean, printable
from sfv.limits import require

VERBS = {
    "run": "from a clip of a person to a trained policy and a report: all stages",
    "pose": "clip -> where the person's body points are",
    "reconstruct": "body points -> motion of the character",
    "fit": "mocap -> films of people who do it, and a network that corrects depth; or a prior, for generate",
    "generate": "sentence or path -> motion",
    "check": "motion -> whether physics allows it, in numbers with limits",
    "scene": "motion -> the same with the seats and steps that must have borne it",
    "terrain": "motion -> the same fitted to stairs, slopes or other uneven ground",
    "judge": "motions and a policy -> how far it follows each, untrained",
    "repair": "motion -> the nearest motion that keeps to the floor and to gravity",
    "preview": "motion -> what physics makes of it, before any training",
    "train": "motion -> policy",
    "distill": "policies of a clip each -> one policy of all the clips",
    "evaluate": "policy -> how well it does",
    "predict": "photograph and policies -> what happens next, by the policy whose clip passes nearest",
    "robustness": "policy -> how well it does on rough ground, pushed, weakened; several side by side",
    "report": "run, several, or a folder of them -> a page to look at",
    "batch": "many clips -> a run of each, and an index of all",
    "retarget": "motion -> motion of another body",
    "convert": "motion file -> motion file of another format",
    "view": "motion or run -> a moving picture",
    "doctor": "what this machine has of what sfv uses, and what to type for the rest",
}
OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG)
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 + SIGINT."""
QUIET = "--quiet"
TERMINATED = 143
"""The same of one that was told to end: 128 + SIGTERM."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code: 0, 2 for what the user can put right, 130 for Ctrl-C.

    SFV_DEBUG=1 shows where a sentence came from.
    """
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Plain("sfv: %(message)s"))
    cause: Exception
    if argv is None:  # as a program, not called by another
        signal.signal(signal.SIGTERM, _terminate)
        threading.excepthook = _of_a_thread
    try:
        return _dispatch(list(sys.argv[1:] if argv is None else argv))
    except InputError as error:
        sentence, cause = str(error), error
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in OUT_OF_SPACE + REFUSED:
            raise
        place = error.filename or "the result"
        advice = "free space" if error.errno in OUT_OF_SPACE else "choose another place with --out"
        sentence = f"{place} could not be written ({error.strerror}); {advice} and type the same command again"
        cause = error
    except KeyboardInterrupt as stop:
        print("\nsfv: stopped; type the same command again to go on", file=sys.stderr)
        return TERMINATED if isinstance(stop, _Terminated) else INTERRUPTED
    if os.environ.get("SFV_DEBUG"):
        traceback.print_exception(cause)
    print(f"sfv: {sentence}", file=sys.stderr)
    return 2


def _of_a_thread(failed: threading.ExceptHookArgs) -> None:
    """What a thread cannot write its owner hears and says, in one sentence; all else is a mistake of ours."""
    if not isinstance(failed.exc_value, OSError) or os.environ.get("SFV_DEBUG"):
        threading.__excepthook__(failed)


class _Terminated(KeyboardInterrupt):
    """What SIGTERM does: the same as Ctrl-C, so that whoever cleans up after one does after the other."""


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut the cleaning up short
    raise _Terminated


class _Plain(logging.Formatter):
    """What files say reaches the terminal as plain text."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def _dispatch(argv: list[str]) -> int:
    verb = argv[0] if argv else "--help"
    if verb in ("-h", "--help"):
        _print_help()
        return 0
    if verb == "--version":
        print(f"sfv {__version__}")
        return 0
    if verb == "--completion":
        print(importlib.import_module("sfv.cli.completion").script(list(VERBS)), end="")
        return 0
    if verb not in VERBS:
        raise InputError(f"{verb!r} is not a verb of sfv{did_you_mean(verb, VERBS)}; see sfv --help")
    quiet, argv = QUIET in argv, [word for word in argv if word != QUIET]
    module = importlib.import_module(f"sfv.cli.{verb}")
    try:
        presets = getattr(module, "PRESETS", {})
        program = importlib.import_module("sfv.cli.parse").parse(module.Program, verb, argv[1:], presets)
        require(program)
    except SystemExit as stop:  # help or a complaint was printed
        return int(stop.code or 0)
    with _silence(keep_answer=getattr(program, "json", False)) if quiet else nullcontext():
        module.main(program)
    return 0


@contextmanager
def _silence(keep_answer: bool) -> Iterator[None]:
    """Nothing but errors, and what was asked for in JSON."""
    progress.hidden = True
    logging.getLogger().setLevel(logging.ERROR)
    try:
        with open(os.devnull, "w") as nowhere, nullcontext() if keep_answer else redirect_stdout(nowhere):
            yield
    finally:
        progress.hidden = False
        logging.getLogger().setLevel(logging.WARNING)


def _print_help() -> None:
    width = max(map(len, VERBS)) + 2
    verbs = "\n".join(f"  {verb:<{width}}{what}" for verb, what in VERBS.items())
    print(
        "sfv turns a video of a person into a physically simulated character that can do what the person did.\n\n"
        "usage: sfv VERB [OPTIONS]\n\n"
        f"{verbs}\n\n"
        "  sfv VERB --help       the options of a verb\n"
        "  sfv VERB ... --quiet  nothing but errors\n"
        "  sfv --version         the version\n\n"
        "example: sfv run clip.mp4 --out runs/clip"
    )


if __name__ == "__main__":
    sys.exit(main())
