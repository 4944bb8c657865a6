"""The entry point: finds the verb, lets it work, and turns what went wrong into one sentence.

Only the chosen verb's module is imported, and no verb's module imports anything heavy before it works, so help is
shown at once.
"""

import errno
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence

from sfv import __version__
from sfv.errors import InputError, did_you_mean, printable
from sfv.limits import require

VERBS = {
    "run": "from a clip of a person to a trained policy and a report: all stages",
    "pose": "clip -> where the person's body points are",
    "reconstruct": "body points -> motion of the character",
    "fit": "mocap -> a network that tells depth from how a person moves, for reconstruct; or a prior, for generate",
    "generate": "sentence or path -> motion",
    "check": "motion -> whether physics allows it, in numbers with limits",
    "repair": "motion -> the nearest motion that keeps to the floor and to gravity",
    "preview": "motion -> what physics makes of it, before any training",
    "train": "motion -> policy",
    "distill": "policies of a clip each -> one policy of all the clips",
    "evaluate": "policy -> how well it does",
    "robustness": "policy -> how well it does on rough ground, pushed, weakened; several side by side",
    "report": "run, or several -> a page to look at",
    "batch": "many clips -> a run of each, and one page of all",
    "retarget": "motion -> motion of another body",
    "convert": "motion file -> motion file of another format",
    "view": "motion, policy or run -> a moving picture",
}
OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG)
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 + SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code: 0, 2 for what the user can put right, 130 for Ctrl-C.

    SFV_DEBUG=1 shows where a sentence came from.
    """
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Plain("sfv: %(message)s"))
    cause: Exception
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
    except KeyboardInterrupt:
        print("\nsfv: stopped; type the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    if os.environ.get("SFV_DEBUG"):
        traceback.print_exception(cause)
    print(f"sfv: {sentence}", file=sys.stderr)
    return 2


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
    if verb not in VERBS:
        raise InputError(f"{verb!r} is not a verb of sfv{did_you_mean(verb, VERBS)}; see sfv --help")
    module = importlib.import_module(f"sfv.cli.{verb}")
    try:
        presets = getattr(module, "PRESETS", {})
        program = importlib.import_module("sfv.cli.parse").parse(module.Program, verb, argv[1:], presets)
        require(program)
    except SystemExit as stop:  # help or a complaint was printed
        return int(stop.code or 0)
    module.main(program)
    return 0


def _print_help() -> None:
    width = max(map(len, VERBS)) + 2
    verbs = "\n".join(f"  {verb:<{width}}{what}" for verb, what in VERBS.items())
    print(
        "sfv turns a video of a person into a physically simulated character that can do what the person did.\n\n"
        "usage: sfv VERB [OPTIONS]\n\n"
        f"{verbs}\n\n"
        "  sfv VERB --help       the options of a verb\n"
        "  sfv --version         the version\n\n"
        "example: sfv run clip.mp4 --out runs/clip"
    )


if __name__ == "__main__":
    sys.exit(main())
