"""What MuJoCo warns of: each kind once, in sfv's own words, and nothing in the user's folder.

By itself MuJoCo prints every warning, thousands where a simulation diverges, and writes MUJOCO_LOG.TXT where it was
started. It knows no model.
"""

import logging
import re

import mujoco

log = logging.getLogger(__name__)

_said: set[str] = set()


def listen() -> None:
    """Hear MuJoCo's warnings from now on, unless somebody else does."""
    if mujoco.get_mju_user_warning() is None:
        mujoco.set_mju_user_warning(hear)


def hear(text: str) -> None:
    """Say a warning, unless one of its kind was said: the same but for its numbers."""
    kind = re.sub(r"\d[\d.e+-]*", "N", text)
    if kind not in _said:
        _said.add(kind)
        log.warning("MuJoCo warns: %s Others of this kind are not repeated", " ".join(text.split()))
