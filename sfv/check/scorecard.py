"""How clean a motion is, in named numbers: what can be said of it without the clip it came from."""

from sfv import metrics
from sfv.character import Character
from sfv.check.support import slide_of
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.report import Number, Report
from sfv.surface import lowest


def motion_scorecard(motion: Motion, character: Character) -> Report:
    """Numbers and series of a motion of `character`; the names are those of a reconstruction's scorecard."""
    model = character.model
    state = motion_state(motion, model)
    under = metrics.penetration(model, state)
    points = state.xpos[:, metrics.limbs(model)]
    numbers = (
        Number("duration", motion.duration, "s", "none"),
        Number("frame rate", motion.fps, "1/s", "none"),
        Number("jerk", metrics.mean_jerk(points, motion.fps), "m/s^3", "lower"),
        Number("peak acceleration", metrics.peak_acceleration(points, motion.fps), "m/s^2", "lower"),
        Number("peak joint speed", metrics.peak_joint_speed(model, motion), "rad/s", "none"),
        Number("foot slide", slide_of(motion, character), "cm/s", "lower"),
        Number("penetration, deepest", float(under.max()), "cm", "lower"),
        Number("penetration, mean", float(under.mean()), "cm", "lower"),
        Number("joint limit violation", float(metrics.joint_limit_violation(model, motion.qpos).max()), "deg", "lower"),
    )
    series = {
        "per motion frame": {
            "time_s": motion.times.tolist(),
            "lowest_cm": (100.0 * lowest(model, state)).tolist(),
            "root_height_m": motion.qpos[:, 2].tolist(),
        }
    }
    return Report(f"motion {motion.source}", numbers, series)
