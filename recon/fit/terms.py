"""The terms of the objective, one small function each; a stage of reconstruction is a table of them with weights.

Every term is a mean over frames (and points) of squared misfits in units of their expected size, so a weight of 1 means
"as likely as not to be off by this much". They know candidates and evidence, and nothing of how the least is found.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from recon.fit.evidence import Evidence
from recon.fit.fit import Candidate
from recon.fit.scaled_body import ScaledBody
from recon.fit.solids import Solids
from recon.fit.stance import Stance
from sfv import rotation
from sfv.kinematics import GRAVITY
from sfv.terrain.relief import Relief

EASE = 0.1
"""How much a weight off the middle of its support counts beside one outside of it: a clip seldom shows which."""
INSIDE = 0.02
"""m: how far inside the edge of its support a body keeps its weight."""
QUICK = 5.0
"""m/s: a body part this fast may have twice the jerk of a slow one. With 2, noise stays in every fast move."""
TWIST = 60.0
"""rad/s^2: half a turn in 0.3 s, as a kick's thigh, asks for 140 at most."""
ANKLE = 100.0
"""rad/s^2: a foot that slaps down after the heel asks for about as much."""
ARM = 0.15
"""m: turns of a body count as the motion of points this far from its origin."""


def geman_mcclure(square: Tensor, c: float) -> Tensor:
    """rho(x) = x^2 / (1 + x^2 / c^2): quadratic near 0, at most c^2, so that an outlier has no say."""
    return square / (1.0 + square / c**2)


def charbonnier(square: Tensor, c: float) -> Tensor:
    """rho(x) = 2 c^2 (sqrt(1 + x^2 / c^2) - 1): quadratic near 0, linear from about c on."""
    return 2.0 * c**2 * (torch.sqrt(1.0 + square / c**2) - 1.0)


def reprojection(x: Candidate, evidence: Evidence, columns: list[int]) -> Tensor:
    """E_2D = mean_nk w_nk rho(|Pi(X_k(t_n)) - u_nk| / (0.01 size_n)): landmarks project onto the points seen.

    Pi the camera, u pixels, w confidence squared, size the body's in px. SFV (Peng et al. 2018, sec. 5) takes L1 of the
    same residual, weight 10; rho is Geman-McClure, c = 4 (4 % of the body).
    """
    seen = evidence.at_frames(x.placed.landmarks[:, columns])
    e = (x.pinhole.project(seen, evidence.shift) - evidence.pixels) / (0.01 * evidence.size[:, None, None])
    return (evidence.trust * geman_mcclure((e * e).sum(-1), 4.0)).mean()


def bones(x: Candidate, evidence: Evidence, columns: list[int]) -> Tensor:
    """E_3D = mean_np w_np rho(|b_np - d_np| / s_np): bones point where the estimator's metric points say.

    b the unit vector of bone p in camera axes, d the estimator's, turned by the pinhole's lean, s how far that is
    expected to be off (`recon.fit.evidence.expected_error`). Directions instead of positions, since the estimator's
    limb lengths are an average person's. SFV keeps the rotations near the initial estimate, weight 100.
    """
    seen = evidence.at_frames(x.placed.landmarks[:, columns])
    bone = seen[:, evidence.pairs[:, 1]] - seen[:, evidence.pairs[:, 0]]
    unit = torch.nn.functional.normalize(bone, dim=-1) @ x.pinhole.rotation.T
    c, s = torch.cos(x.pinhole.lean), torch.sin(x.pinhole.lean)
    right, down, away = evidence.directions.unbind(-1)
    e = (unit - torch.stack((right, c * down - s * away, s * down + c * away), -1)) / evidence.bone_error[..., None]
    return (evidence.bone_trust * geman_mcclure((e * e).sum(-1), 4.0)).mean()


def smooth(x: Candidate, fps: float, ease: Float[Tensor, "T B"]) -> Tensor:
    """E_sm = mean_tb rho(|p'''_tb| / (250 m/s^3 ease_tb)): accelerations change slowly.

    p''' the third difference of each body's origin and of points ARM along its axes; ease >= 1 where the body moves
    fast, so that quick limbs keep their swing. SFV penalises velocities of joints, weight 25, which shortens every
    swing; the third derivative leaves what is slower than about 4 Hz as it is.
    """
    arms = ARM * x.placed.xmat.transpose(-1, -2)
    points = x.placed.xpos.unsqueeze(-2) + torch.cat((torch.zeros_like(arms[..., :1, :]), arms), -2)
    jerk = points.diff(n=3, dim=0) * fps**3
    scale = 250.0 * ease[1:-2, :, None]
    return charbonnier((jerk * jerk).sum(-1) / scale**2, 2.0).mean()


def twist(x: Candidate, limbs: Int[Tensor, "3 L"], fps: float) -> Tensor:
    """E_tw = mean_tl cos(b_tl)^4 rho(|w'_tl| / (60 rad/s^2)): a straight limb does not turn at once about itself.

    w the rate at which limb l's upper bone turns about its own length, b the bend of its hinge: bent by 60 degrees, the
    lower bone shows the twist, and 1/16 is left of this. rho is Charbonnier, c = 2.

    Args:
        limbs: for each, the upper body, the lower body and where in qpos the hinge between them is.
    """
    upper, lower, hinge = limbs
    bone = torch.nn.functional.normalize(x.placed.xpos[1:, lower] - x.placed.xpos[1:, upper], dim=-1)
    rate = (_turned(x.placed.xmat[:, upper]) * bone).sum(-1) * fps
    straight = torch.cos(x.qpos[1:-1, hinge]) ** 4
    return (straight * charbonnier((rate.diff(dim=0) * fps / TWIST) ** 2, 2.0)).mean()


def ankles(x: Candidate, feet: Int[Tensor, "2 F"], fps: float) -> Tensor:
    """E_an = mean_tf rho(|w'_tf| / (100 rad/s^2)): no foot turns at once against its shank.

    w the rate at which it does. rho is Charbonnier, c = 2. `feet` are the bodies of the feet, and what bears them.
    """
    foot, shank = feet
    rate = _turned(x.placed.xmat[:, shank].transpose(-1, -2) @ x.placed.xmat[:, foot]) * fps
    return charbonnier((rate.diff(dim=0) * fps / ANKLE).square().sum(-1), 2.0).mean()


def _turned(axes: Float[Tensor, "T L 3 3"]) -> Float[Tensor, "T-1 L 3"]:
    """By how much axes turn from frame to frame: the sine of the angle, about its axis."""
    turn = axes[1:] @ axes[:-1].transpose(-1, -2)
    return torch.stack([0.5 * (turn[..., i, j] - turn[..., j, i]) for i, j in ((2, 1), (0, 2), (1, 0))], -1)


def ease_of(found: Candidate, fps: float) -> Float[Tensor, "T B"]:
    """How much more jerk than a slow one each body may have: 1 + (speed / QUICK)^2 of its path, averaged over 0.2 s."""
    path = found.placed.xpos
    width = max(1, round(0.1 * fps))
    padded = torch.cat((path[:1].expand(width, -1, -1), path, path[-1:].expand(width, -1, -1)))
    mean = padded.unfold(0, 2 * width + 1, 1).mean(-1)
    speed = torch.gradient(mean, dim=0)[0].norm(dim=-1) * fps
    return 1.0 + (speed / QUICK) ** 2


def limits(x: Candidate, body: ScaledBody) -> Tensor:
    """E_lim = mean_tj (excess_tj / 0.05 rad)^2 over the joints' ranges: a hinge's angle, a ball's whole rotation."""
    ranges = torch.tensor(body.model.jnt_range)
    hinge, low, high = x.qpos[:, body.hinge_qpos], ranges[body.hinges, 0], ranges[body.hinges, 1]
    excess = [torch.relu(low - hinge) + torch.relu(hinge - high)]
    angle = rotation.log(x.qpos[:, body.ball_qpos]).norm(dim=-1)
    excess.append(torch.relu(angle - ranges[body.balls, 1]))
    return (torch.cat(excess, -1) / 0.05).square().mean()


def rest(x: Candidate, body: ScaledBody) -> Tensor:
    """E_rest = mean_tj |log q_tj|^2 over balls: what nothing shows (a straight arm's twist) stays near zero."""
    turned = rotation.log(x.qpos[:, body.ball_qpos]).square().sum(-1)
    return turned.sum() / max(1, turned.numel())  # a robot has no balls


def ground(x: Candidate, relief: Relief | None = None) -> Tensor:
    """E_gr = mean_t sum_h (max(0, -z_th) / 1 cm)^2: no ball of the surface is under the ground, which is at z = 0
    without a `relief`."""
    return (torch.relu(-_height(x.placed.surface, relief)) / 0.01).square().sum(-1).mean()


def _height(points: Float[Tensor, "*n 3"], relief: Relief | None) -> Float[Tensor, "*n"]:
    return points[..., 2] if relief is None else relief.height_above(points)


def solid(x: Candidate, solids: Solids) -> Tensor:
    """E_so = mean_t sum_p (depth_tp / 1 cm)^2: no part of the body is in another that is not its neighbour."""
    return (solids.depths(x.placed) / 0.01).square().sum() / len(x.qpos)


def stance(x: Candidate, given: Stance, size: float, relief: Relief | None = None) -> Tensor:
    """E_st = mean_t sum_p w_tp rho((|p_tp - m_p|_xy, z_tp) / size): standing feet neither slide nor float.

    m_p the mean place over the contact, z the height over the ground (`relief`). rho is Charbonnier, c = 3: a wrong
    contact pulls, but not with all its might.
    """
    points = x.placed.surface[:, given.points]
    w, held = given.weight.unsqueeze(-1), points[..., :2]
    stretches = int(given.stretch.max()) + 1
    index = given.stretch.flatten()
    total = torch.zeros(stretches, 2, dtype=points.dtype).index_add(0, index, (w * held).flatten(0, 1))
    count = torch.zeros(stretches, dtype=points.dtype).index_add(0, index, given.weight.flatten())
    mean = (total / count.clamp_min(1e-6).unsqueeze(-1))[given.stretch]
    square = (held - mean).square().sum(-1) + _height(points, relief).square()
    return (given.weight * charbonnier(square / size**2, 3.0)).sum(-1).mean()


def friction(x: Candidate, points: list[int], touching: Float[Tensor, "T H"], fps: float) -> Tensor:
    """E_fr = mean_t sum_h c_th rho(|v_th|_xy / (5 cm/s)): of soles and palms, what touches the floor does not slide.

    c = exp(-(z / 1 cm)^2) of where the pass began: were it to follow z, hovering would pay. rho is Geman-McClure.
    """
    speed = x.placed.surface[:, points, :2].diff(dim=0) * fps
    both = torch.minimum(touching[1:], touching[:-1])
    return (both * geman_mcclure((speed * speed).sum(-1) / 0.05**2, 10.0)).sum(-1).mean()


def balance(x: Candidate, given: Stance, share: Float[Tensor, " L"], fps: float) -> Tensor:
    """E_bal = mean_t rho(distance of the zero-moment point from the support / 3 cm), over frames that stand.

    zmp = sum_l m_l ((z''_l + g) p_l - z_l p''_l)_xy / sum_l m_l (z''_l + g) over point masses l, so that the limbs'
    and the trunk's angular momentum count: where the ground's force must act to make this motion (Vukobratovic and
    Borovac 2004, eq. 8). A clip does not show leaning towards the camera; this does, and
    what nothing shows stays near the middle (EASE). rho is Charbonnier, c = 2.
    """
    stands = given.weight > 0
    if not stands[1:-1].any():
        return x.qpos.new_zeros(())
    zmp = zero_moment(x, share, fps)
    points, w = x.placed.surface[1:-1, given.points, :2], given.weight[1:-1]
    outside = beyond(zmp, points, stands[1:-1]) / 0.03
    centre = (w[..., None] * points).sum(1) / w.sum(1).clamp_min(1e-6)[:, None]
    off = stands[1:-1].any(1) * (zmp - centre).square().sum(-1) / 0.03**2
    return (charbonnier(outside.square(), 2.0) + EASE * charbonnier(off, 2.0)).mean()


def sway(x: Candidate, given: Stance, share: Float[Tensor, " L"], across: Float[Tensor, "T 2"], fps: float) -> Tensor:
    """E_sw = mean_t rho(how far the zero-moment point is beside the support / 3 cm), over frames that stand.

    Who walks falls forward at every step, but not aside: `across` is at right angles to the way, zero where nothing is
    asked. From the side a camera sees the way well and steps' width hardly. rho is Charbonnier, c = 2.
    """
    stands = given.weight[1:-1] > 0
    where = (zero_moment(x, share, fps) * across[1:-1]).sum(-1)
    points = (x.placed.surface[1:-1, given.points, :2] * across[1:-1, None]).sum(-1)
    above = where - points.masked_fill(~stands, -1e3).max(1).values
    below = points.masked_fill(~stands, 1e3).min(1).values - where
    asked = stands.any(1) & (across[1:-1] != 0).any(1)
    outside = asked * torch.relu(torch.maximum(above, below) + INSIDE) / 0.03
    return charbonnier(outside.square(), 2.0).mean()


def zero_moment(x: Candidate, share: Float[Tensor, " L"], fps: float) -> Float[Tensor, "S 2"]:
    """Where on the floor (m) the ground's force must act in each frame but the first and last (S = T - 2)."""
    lumps = x.placed.lumps
    acceleration = lumps.diff(n=2, dim=0) * fps**2
    push = share * (acceleration[..., 2] + GRAVITY)
    pull = share * lumps[1:-1, :, 2]
    moment = push.unsqueeze(1) @ lumps[1:-1, :, :2] - pull.unsqueeze(1) @ acceleration[..., :2]
    return moment.squeeze(1) / push.sum(1).clamp_min(0.3 * GRAVITY)[:, None]


def poise(x: Candidate, given: Stance, fps: float) -> Tensor:
    """E_poi = sum over both ends of rho(distance of the capture point from the support / 3 cm), where the body stands.

    c + c' / w at the last frame and c - c' / w at the first, w = sqrt(g / c_z): a body whose capture point has left its
    support must step or fall (Pratt et al. 2006). Without it, balance lets the clip's ends topple: falling is physical.
    """
    com, stands = x.placed.com, given.weight > 0
    points = x.placed.surface[:, given.points, :2]
    span = max(2, round(0.1 * fps))
    total = com.new_zeros(())
    for end, velocity in ((-1, com[-1] - com[-1 - span]), (0, com[0] - com[span])):
        w = torch.sqrt(GRAVITY / com[end, 2].clamp_min(0.2))
        capture = com[end, :2] + velocity[:2] * fps / span / w
        outside = beyond(capture[None], points[end][None], stands[end][None]) / 0.03
        total = total + charbonnier(outside.square(), 2.0).sum()
    return total


def beyond(where: Float[Tensor, "T 2"], points: Float[Tensor, "T P 2"], stands: Tensor) -> Float[Tensor, " T"]:
    """How far (m) a place is outside the support less INSIDE; 0 inside, and in frames in which nothing stands.

    The support is the standing points' hull, by its widths in 16 directions.
    """
    angle = torch.arange(16, dtype=where.dtype) * (2 * torch.pi / 16)
    ways = torch.stack((torch.cos(angle), torch.sin(angle)))
    reach = (points @ ways).masked_fill(~stands.unsqueeze(-1), -1e3).max(1).values
    return stands.any(1) * torch.relu((where @ ways - reach).max(-1).values + INSIDE)


def flight(x: Candidate, airborne: Float[Tensor, " T"], share: Float[Tensor, " L"], fps: float) -> Tensor:
    """E_fl = mean_t a_t (rho(|c'' - (0, 0, -g)| / (2 m/s^2)) + rho(|L'| / (0.6 m^2/s^2))): nothing pushes in the air.

    The centre of mass c falls freely and the angular momentum per mass, L' = sum_l m_l (p_l - c) x p''_l, is kept.
    """
    air = torch.nonzero(airborne[1:-1]).squeeze(1)
    lumps, com = x.placed.lumps, x.placed.com[1 + air]
    acceleration = (lumps[air] - 2.0 * lumps[1 + air] + lumps[2 + air]) * fps**2
    mean = share @ acceleration
    fall = mean + torch.tensor([0.0, 0.0, GRAVITY], dtype=mean.dtype)
    spin = share @ torch.linalg.cross(lumps[1 + air] - com[:, None], acceleration)
    misfit = geman_mcclure(fall.square().sum(-1) / 2.0**2, 6.0) + geman_mcclure(spin.square().sum(-1) / 0.6**2, 6.0)
    return (airborne[1 + air] * misfit).sum() / (len(lumps) - 2)


def camera(x: Candidate, prior: Candidate) -> Tensor:
    """E_cam: pitch within 6 degrees, roll 3 degrees, lean 4 degrees of the first estimate."""
    a, b = x.pinhole, prior.pinhole
    pitch, roll, lean = (a.pitch - b.pitch) / 0.1, (a.roll - b.roll) / 0.05, (a.lean - b.lean) / 0.07
    return pitch**2 + roll**2 + lean**2


def proportions(x: Candidate, prior: Float[Tensor, "S 2 3"], used: Float[Tensor, "S 2 3"]) -> Tensor:
    """E_prop = mean_s (l_s / 0.15)^2 + (mean_s l_s / 0.02)^2 over the scales in use: built about as the character.

    l the logarithm of scale over the prior's. A picture does not show size, so the mean size is held.
    """
    change = (x.proportions - prior) * used
    return (change / 0.15).square().sum() / used.sum() + (change.sum() / used.sum() / 0.02) ** 2


def likeness(x: Candidate, target: Candidate) -> Tensor:
    """E_fol = mean_tb |R_tb - R*_tb|^2 / 0.1^2 + mean_t |p_t - p*_t|^2 / (5 cm)^2: like another motion.

    R the bodies' rotations, p the root's place.
    """
    turn = (x.placed.xmat - target.placed.xmat).square().sum((-1, -2)).mean() / (2 * 0.1**2)
    return turn + (x.qpos[:, :3] - target.qpos[:, :3]).square().sum(-1).mean() / 0.05**2
