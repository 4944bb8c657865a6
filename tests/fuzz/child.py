"""Read damaged files one after another, as a process whose time and memory somebody else watches.

Each line on standard input is a kind and a path; each answer a line: fine, a sentence, or a raw exception.
"""

import json
import logging
import sys
import warnings
from pathlib import Path


def read(kind: str, path: Path) -> None:
    """What a user's command does with a file of this kind."""
    if kind == "track":
        from sfv.pose import PoseTrack

        PoseTrack.load(path)
    elif kind == "keypoints":
        from sfv.formats.keypoints import read_track

        read_track(path, 30.0, (640, 480))
    elif kind == "video":
        from sfv.clip import Clip

        for _ in Clip.open(path):
            pass
    elif kind == "settings":
        from sfv.pipeline.settings import Settings
        from sfv.work.config import changed, read_yaml

        changed(Settings(), read_yaml(path), str(path))
    elif kind == "mjcf":
        from sfv.character import load_character

        load_character(path)
    elif kind == "policy":
        from policies.export import load_policy

        load_policy(path)
    elif kind == "progress":
        from sfv.work.run_folder import read_columns

        read_columns(path)
    else:
        from sfv.formats.files import read_motion

        read_motion(path)


def main() -> None:
    from sfv.errors import InputError

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        kind, path = json.loads(line)
        answer = {"end": "fine"}
        try:
            read(kind, Path(path))
        except InputError as error:
            answer = {"end": "sentence", "says": str(error)}
        except BaseException as error:
            answer = {"end": "raw", "says": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
