"""Retargeting: a motion of one body becomes that of another, optimised as a whole.

The source's key places are scaled to the target's bones (`recon.retarget.keys`), inverse kinematics poses the target
frame by frame, and one optimisation over all frames then holds standing feet and hands where they stand, keeps
everything out of the floor, parts out of each other and joints in their ranges, and lets the corrections come and go
smoothly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import mujoco
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.fit import terms
from recon.fit.fit import Candidate, Stiffness, Term, fit, unseen
from recon.fit.scaled_body import ScaledBody
from recon.fit.soles import SOLE_THICKNESS
from recon.fit.solids import Solids
from recon.fit.stance import Stance, stance_of
from recon.retarget.ik import FRAME_STEPS, NEAR, misfit_size, pose_frames, turns_at
from recon.retarget.keys import Keys, bearing_weight, keys_of, lifted, on_other_bones, sole_level, t_pose_keys
from recon.retarget.parts import Parts, parts_of
from sfv import rotation
from sfv.character import Character
from sfv.joints.joint_map import joint_map
from sfv.joints.part_names import SIDES
from sfv.kinematics import motion_state, within_limits
from sfv.metrics import contact_slide, joint_limit_violation, penetration
from sfv.motion import Motion
from sfv.skeleton import Skeleton
from sfv.terrain.relief import Relief

PLACES, STANDS = 16.0, 0.2
"""Weights of key bodies' places and of standing points."""
LIMIT_MARGIN = 0.01
"""rad inside the joints' ranges that the optimiser keeps, so that what it leaves over is inside."""
PLANTED = 0.002
"""m: how firmly standing points keep their places."""
HURRY = 3.0
"""m/s^2: size of the acceleration of corrections."""
OVERLAP = 0.3
"""s by which a loop is continued at both ends while it is optimised."""
ITERATIONS = 150
"""Most steps of the optimiser, unless told otherwise."""
KEY = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
"""Parts by which a result is judged, those of both bodies."""


def retarget_steps(motion: Motion, iterations: int = ITERATIONS) -> float:
    """What `retarget` advances by in all, at most."""
    return FRAME_STEPS * len(motion) + iterations


@dataclass(frozen=True)
class Retargeted:
    """A result and how good it is.

    Attributes:
        motion: on the target's skeleton.
        key_error: mean distance of the key bodies from their scaled places, cm.
        slide: mean speed of standing feet, cm/s; NaN where none stands.
        penetration: deepest point under the floor, mean over frames, cm.
        violation: largest excess over a joint's range, degrees.
    """

    motion: Motion
    key_error: float
    slide: float
    penetration: float
    violation: float


def retarget(
    motion: Motion,
    character: Character,
    iterations: int = ITERATIONS,
    advance: Callable[[float], None] = lambda steps: None,
    given: Mapping[str, str] | None = None,
) -> Retargeted:
    """The motion on another body.

    Args:
        motion: of any skeleton that a joint map fits.
        character: whose it is to be.
        iterations: most steps of the optimiser.
        advance: called with the number of steps done, frames of inverse kinematics first.
        given: part -> body of the motion's skeleton, for what its names do not say.

    Raises:
        InputError: no joint map fits the motion's skeleton or the character.
    """
    goal = goal_for(motion, character, given)
    return judged(goal, finished(motion, character, goal, solved(goal, iterations, advance)))


def solved(
    goal: "Goal", iterations: int, advance: Callable[[float], None], relief: Relief | None = None
) -> Float[np.ndarray, "T nq"]:
    """The poses that reach a goal: inverse kinematics frame by frame, then one optimisation over all frames.

    Args:
        goal: where everything is to be.
        iterations: most steps of the optimiser.
        advance: called with the number of steps done.
        relief: the ground, where it is not the plane z = 0.
    """
    body, solid = ScaledBody(goal.solid), goal.solid
    posed = pose_frames(solid, goal.parts, goal.keys, advance)
    surfaces = {part: points for part, points in _surfaces(body, goal.parts).items() if goal.stands[part].any()}
    stance = stance_of(surfaces, goal.stands, edge=0.5, shared=True)
    start = unseen(body, posed)
    count, soles = len(body.landmark_names), tuple(sorted(set(stance.points.tolist())))
    stiffness = Stiffness(PLACES / (count * NEAR**2), STANDS / PLANTED**2, soles)
    table = objective(body, goal, stance, start, relief)
    found = fit(body, start, table, goal.fps, iterations, stiffness, advance=advance)
    return within_limits(goal.character.model, found.qpos.numpy())[goal.window]


@dataclass(frozen=True)
class Goal:
    """What a retargeting is to reach.

    Attributes:
        character: the target as given; its `solid` has only what can touch, and the parts of the map as sites.
        parts: its joint map.
        keys: key places on its bones, a loop continued at both ends.
        stands: part -> (T,) when heels, toes and hands bear weight.
        window: the frames that are the motion's own.
        fps: frames per second.
    """

    character: Character
    solid: Character
    parts: Parts
    keys: Keys
    stands: dict[str, Bool[np.ndarray, " T"]]
    window: slice
    fps: float


def goal_for(motion: Motion, character: Character, given: Mapping[str, str] | None = None) -> Goal:
    """The source's key places on the target's bones, and when what stands."""
    mine = parts_of(motion.skeleton, joint_map(motion.skeleton, "the motion's skeleton", given), motion.qpos)
    theirs = parts_of(character.skeleton, character.joint_map)
    extra = round(OVERLAP * motion.fps) if motion.loop else 0
    grid = np.arange(-extra, len(motion) + extra)
    longer = replace(motion, qpos=motion.at(grid / motion.fps), contacts=_cyclic(motion, grid), loop=False)
    keys = keys_of(longer.skeleton, mine, longer.qpos)
    keys = lifted(keys, -sole_level(keys, motion.fps))
    stands = bearing_weight(longer, keys, mine)
    scaled = on_other_bones(keys, t_pose_keys(motion.skeleton, mine), t_pose_keys(character.skeleton, theirs))
    window = slice(extra, extra + len(motion))
    return Goal(character, solid_of(character, theirs), theirs, scaled, stands, window, motion.fps)


def _cyclic(motion: Motion, grid: np.ndarray) -> np.ndarray | None:
    """Contacts of a loop's frames before its start and past its end."""
    if motion.contacts is None:
        return None
    return motion.contacts[np.where((grid >= 0) & (grid < len(motion)), grid, grid % (len(motion) - 1))]


def solid_of(character: Character, parts: Parts, margin: float = LIMIT_MARGIN) -> Character:
    """The character with nothing but what can touch, the parts as sites, and joints limited `margin` (rad) inside."""
    model, spec = character.model, mujoco.MjSpec.from_string(character.xml)
    spec.compile()  # before which nothing has an id
    for site in list(spec.sites):
        spec.delete(site)
    touching = (model.geom_contype | model.geom_conaffinity) > 0
    for body in spec.bodies[1:]:
        index = body.id
        # what is taken away must not change masses
        body.explicitinertial, body.mass = True, float(model.body_mass[index])
        body.ipos, body.iquat, body.inertia = model.body_ipos[index], model.body_iquat[index], model.body_inertia[index]
        body.fullinertia = [np.nan] * 6
    if touching.any():
        for geom in [g for g in spec.geoms if not touching[g.id]]:
            spec.delete(geom)
    for joint in spec.joints:
        limited, (low, high) = bool(model.jnt_limited[joint.id]), model.jnt_range[joint.id]
        if joint.type == mujoco.mjtJoint.mjJNT_BALL:
            joint.range = [0.0, high - margin if limited else 4.0]
        elif joint.type == mujoco.mjtJoint.mjJNT_HINGE:
            joint.range = [low + margin, high - margin] if limited else [-1e3, 1e3]
        joint.limited = int(joint.type != mujoco.mjtJoint.mjJNT_FREE)
    for part, (body_name, offset) in parts.points.items():
        spec.body(body_name).add_site(name=part, pos=offset)
    spec.compile()
    return Character(character.name, spec.to_xml())


def objective(
    body: ScaledBody, goal: Goal, stance: Stance, start: Candidate, relief: Relief | None = None
) -> dict[str, tuple[Term, float]]:
    """The terms of the whole-trajectory optimisation and their weights."""
    names = list(goal.keys.points)
    columns = [body.landmark_names.index(name) for name in names]
    points = torch.tensor(np.stack([goal.keys.points[name] for name in names], 1))
    rest = turns_at(body.model, goal.parts.t_pose, goal.parts)
    bodies = [body.names.index(goal.parts.frames[part]) for part in goal.keys.frames]
    turns = torch.tensor(np.stack([g @ rest[part] for part, g in goal.keys.frames.items()], 1))
    sizes = torch.tensor([misfit_size(part) for part in goal.keys.frames]).double()
    ranges = torch.tensor(body.model.jnt_range)

    def near(x: Candidate) -> Tensor:
        """E_key = mean_tk |p_tk - p*_tk|^2 / NEAR^2: key bodies are in their scaled places."""
        return (x.placed.landmarks[:, columns] - points).square().sum(-1).mean() / NEAR**2

    def alike(x: Candidate) -> Tensor:
        """E_turn = mean_tb |R_tb - R*_tb|^2 / (2 size_b^2): bodies are turned like the source's."""
        square = (x.placed.xmat[:, bodies] - turns).square().sum((-1, -2))
        return (square / (2.0 * sizes**2)).mean()

    def steady(x: Candidate) -> Tensor:
        """E_st = mean_tk rho(|(p - p*)''_tk| / HURRY): corrections come and go slowly; rho is Charbonnier, c = 3."""
        second = (x.placed.landmarks[:, columns] - points).diff(n=2, dim=0) * goal.fps**2
        return terms.charbonnier(second.square().sum(-1) / HURRY**2, 3.0).mean()

    def neutral(x: Candidate) -> Tensor:
        """E_neu = mean_tj |q_tj|^2: joints that no key place moves stay near the zero pose."""
        return torch.cat((_ball_turns(x, body), x.qpos[:, body.hinge_qpos]), -1).square().mean()

    def within(x: Candidate) -> Tensor:
        """E_lim = mean_t sum_j (excess_tj / 0.05 rad)^2 over the joints' ranges."""
        hinge, ball = x.qpos[:, body.hinge_qpos], _ball_turns(x, body)
        low, high = ranges[body.hinges].unbind(-1)
        excess = (torch.relu(low - hinge), torch.relu(hinge - high), torch.relu(ball - ranges[body.balls, 1]))
        return (torch.cat(excess, -1) / 0.05).square().sum(-1).mean()

    ease = torch.ones(len(start.qpos), len(body.names), dtype=torch.float64)
    table: dict[str, tuple[Term, float]] = {
        "near": (near, PLACES),
        "alike": (alike, 0.1),
        "steady": (steady, 0.04),
        "neutral": (neutral, 0.002),
        "limits": (within, 1.0),
        "ground": (partial(terms.ground, relief=relief), 0.3),
        "smooth": (partial(terms.smooth, fps=goal.fps, ease=ease), 0.001),
        # thighs of one body pass where another's are too thick to
        "solid": (partial(terms.solid, solids=Solids(body.model)), 0.3),
    }
    if len(stance.points):
        table["stance"] = (partial(terms.stance, given=stance, size=PLANTED, relief=relief), STANDS)
    return table


def _ball_turns(x: Candidate, body: ScaledBody) -> Float[Tensor, "T J"]:
    """How far each ball is turned from zero, rad."""
    return torch.sqrt(rotation.log(x.qpos[:, body.ball_qpos]).square().sum(-1) + 1e-12)


def _surfaces(body: ScaledBody, parts: Parts) -> dict[str, list[int]]:
    """'left_heel' and so on -> points of the target's surface that touch the floor when that part stands."""
    placed = body.place(torch.tensor(parts.t_pose)[None], body.unscaled())
    surface = placed.surface[0].numpy()
    marks = {name: placed.landmarks[0, i].numpy() for i, name in enumerate(body.landmark_names)}
    out: dict[str, list[int]] = {}
    for side in SIDES:
        mine = [i for i, b in enumerate(body.surface_body) if body.names[b] in parts.feet[side]]
        for i in mine:
            if surface[i, 2] < surface[mine, 2].min() + SOLE_THICKNESS:
                part = min(("heel", "toe"), key=lambda p: float(np.linalg.norm(marks[f"{side}_{p}"] - surface[i])))
                out.setdefault(f"{side}_{part}", []).append(i)
        hand = parts.points[f"{side}_wrist"][0]
        out[f"{side}_wrist"] = [i for i, b in enumerate(body.surface_body) if body.names[b] == hand]
    return out


def finished(
    motion: Motion, character: Character, goal: Goal, qpos: Float[np.ndarray, "T nq"], close: bool = True
) -> Motion:
    """The result as a Motion: contacts carried over, a loop's seam closed if `close`."""
    feet = [goal.parts.feet[side][0] for side in SIDES]
    stands = [goal.stands[f"{side}_heel"] | goal.stands[f"{side}_toe"] for side in SIDES]
    contacts = np.stack(stands, 1)[goal.window].astype(np.float64)
    out = Motion(
        Skeleton.of(character.model), motion.fps, qpos, contacts, tuple(feet), motion.loop,
        f"{motion.source}, retargeted to {character.name}".removeprefix(", "),
    )  # fmt: skip
    if not motion.loop or not close:
        return out
    closed = out.closed()
    return replace(closed, qpos=within_limits(character.model, closed.qpos))


def judged(goal: Goal, motion: Motion) -> Retargeted:
    """The figures of a result; `motion` is on the goal's character."""
    keys, solid = keys_of(motion.skeleton, goal.parts, motion.qpos), goal.solid.model
    names = [p for p in goal.keys.points if p.removeprefix("left_").removeprefix("right_") in KEY]
    gaps = [np.linalg.norm(keys.points[p] - goal.keys.points[p][goal.window], axis=1).mean() for p in names]
    state = motion_state(motion, solid)
    contacts = np.zeros((len(motion), 0)) if motion.contacts is None else motion.contacts
    return Retargeted(
        motion,
        float(100.0 * np.mean(gaps)),
        contact_slide(solid, state, motion.fps, motion.contact_names, contacts),
        float(penetration(solid, state).mean()),
        float(joint_limit_violation(goal.character.model, motion.qpos).max()),
    )
