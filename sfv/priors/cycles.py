"""Short takes of a gait, gone on with: a take of a second shows a whole stride, and priors make motions of four.

It knows no rows. The sentences of a take are true of what goes on as well.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sfv.character import Character
from sfv.check.cycle import find_cycle
from sfv.interfaces import Take
from sfv.motion import Motion

LASTING = 4.2
"""s that a stride goes on for, where the take is shorter."""
STRIDE = 1.6
"""s: what repeats itself faster is a gait; a jump from standing to standing takes longer."""


def gone_on(takes: Sequence[Take], character: Character) -> list[Take]:
    """What is to be learnt from besides the takes: of each that is short and of a gait, its stride again and again."""
    out = []
    for take in takes:
        motion = take.motion
        cycle = find_cycle(motion, character) if motion.duration < LASTING else None
        if cycle is None or (cycle.stop - cycle.start) / motion.fps > STRIDE:
            continue
        cut = replace(motion, qpos=motion.qpos[cycle.start : cycle.stop + 1], contacts=None, contact_names=())
        times = np.arange(round(LASTING * motion.fps) + 1) / motion.fps
        qpos = cut.closed().at(times)
        out.append(replace(take, motion=Motion(motion.skeleton, motion.fps, qpos, source=f"{motion.source}, gone on")))
    return out
