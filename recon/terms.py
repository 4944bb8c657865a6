"""The terms of the objective, one small function each; a stage of reconstruction is a table of them with weights.

Every term is a mean over frames (and points) of squared misfits in units of their expected size, so a weight of 1 means
"as likely as not to be off by this much". They know candidates and evidence, and nothing of how the least is found.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from recon.body import Body
from recon.evidence import Evidence
from recon.fit import Candidate
from sfv import rotation

G = 9.81
"""m/s^2."""
LEVER = 0.15
"""m: turns of a body count as the motion of points this far from its origin."""


@dataclass(frozen=True)
class Stance:
    """Which points of the body's surface bear weight when.

    Attributes:
        points: (P,) indices into the surface.
        weight: (T, P) 0..1.
        stretch: (T, P) the number of the uninterrupted contact that a frame belongs to, 0 for none.
    """

    points: Int[Tensor, " P"]
    weight: Float[Tensor, "T P"]
    stretch: Int[Tensor, "T P"]


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
    e = (x.view.project(seen) - evidence.pixels) / (0.01 * evidence.size[:, None, None])
    return (evidence.trust * geman_mcclure((e * e).sum(-1), 4.0)).mean()


def bones(x: Candidate, evidence: Evidence, columns: list[int]) -> Tensor:
    """E_3D = mean_np w_np rho(|b_np - d_np| / 0.15): bones point where the estimator's metric points say.

    b the unit vector of bone p in camera axes, d the estimator's. Directions instead of positions, since the estimator's
    limb lengths are an average person's. SFV keeps the rotations near the initial estimate, weight 100.
    """
    seen = evidence.at_frames(x.placed.landmarks[:, columns])
    bone = seen[:, evidence.pairs[:, 1]] - seen[:, evidence.pairs[:, 0]]
    unit = torch.nn.functional.normalize(bone, dim=-1) @ x.view.rotation.T
    c, s = torch.cos(x.view.lean), torch.sin(x.view.lean)
    right, down, away = evidence.directions.unbind(-1)
    e = (unit - torch.stack((right, c * down - s * away, s * down + c * away), -1)) / 0.15
    return (evidence.bone_trust * geman_mcclure((e * e).sum(-1), 4.0)).mean()


def smooth(x: Candidate, fps: float, ease: Float[Tensor, "T B"]) -> Tensor:
    """E_sm = mean_tb rho(|p'''_tb| / (250 m/s^3 ease_tb)): accelerations change slowly.

    p''' the third difference of each body's origin and of points LEVER along its axes; ease >= 1 where the body moves
    fast, so that quick limbs keep their swing. SFV penalises velocities of joints, weight 25, which shortens every swing;
    the third derivative leaves what is slower than about 4 Hz as it is.
    """
    arms = LEVER * x.placed.xmat.transpose(-1, -2)
    points = x.placed.xpos.unsqueeze(-2) + torch.cat((torch.zeros_like(arms[..., :1, :]), arms), -2)
    jerk = points.diff(n=3, dim=0) * fps**3
    scale = 250.0 * ease[1:-2, :, None]
    return charbonnier((jerk * jerk).sum(-1) / scale**2, 2.0).mean()


def limits(x: Candidate, body: Body) -> Tensor:
    """E_lim = mean_tj (excess_tj / 0.05 rad)^2 over the joints' ranges: a hinge's angle, a ball's rotation from zero."""
    ranges = torch.tensor(body.model.jnt_range)
    hinge, low, high = x.qpos[:, body.hinge_qpos], ranges[body.hinges, 0], ranges[body.hinges, 1]
    excess = [torch.relu(low - hinge) + torch.relu(hinge - high)]
    angle = rotation.log(x.qpos[:, body.ball_qpos]).norm(dim=-1)
    excess.append(torch.relu(angle - ranges[body.balls, 1]))
    return (torch.cat(excess, -1) / 0.05).square().mean()


def rest(x: Candidate, body: Body) -> Tensor:
    """E_rest = mean_tj |log q_tj|^2 over balls: what nothing shows (a straight arm's twist) stays near zero."""
    return rotation.log(x.qpos[:, body.ball_qpos]).square().sum(-1).mean()


def ground(x: Candidate) -> Tensor:
    """E_gr = mean_t sum_h (max(0, -z_th) / 1 cm)^2: no ball of the surface is under the floor."""
    return (torch.relu(-x.placed.surface[..., 2]) / 0.01).square().sum(-1).mean()


def stance(x: Candidate, given: Stance, size: float) -> Tensor:
    """E_st = mean_t sum_p w_tp rho((|p_tp - mean over its stretch|_xy, z_tp) / size): standing feet neither slide nor float.

    rho is Charbonnier, c = 3: a wrong contact pulls, but not with all its might.
    """
    points = x.placed.surface[:, given.points]
    w, held = given.weight.unsqueeze(-1), points[..., :2]
    stretches = int(given.stretch.max()) + 1
    index = given.stretch.flatten()
    total = torch.zeros(stretches, 2, dtype=points.dtype).index_add(0, index, (w * held).flatten(0, 1))
    count = torch.zeros(stretches, dtype=points.dtype).index_add(0, index, given.weight.flatten())
    mean = (total / count.clamp_min(1e-6).unsqueeze(-1))[given.stretch]
    square = (held - mean).square().sum(-1) + points[..., 2].square()
    return (given.weight * charbonnier(square / size**2, 3.0)).sum(-1).mean()


def friction(x: Candidate, soles: list[int], fps: float) -> Tensor:
    """E_fr = mean_t sum_h c_th rho(|v_th|_xy / (5 cm/s)): of the soles' points, what touches the floor does not slide.

    c = exp(-(z / 1 cm)^2) of the higher of two frames, held constant, so that it does not pay to hover.
    """
    points = x.placed.surface[:, soles]
    speed = points[..., :2].diff(dim=0) * fps
    height = points[..., 2].detach().clamp_min(0.0)
    touching = torch.exp(-((torch.maximum(height[1:], height[:-1]) / 0.01) ** 2))
    return (touching * geman_mcclure((speed * speed).sum(-1) / 0.05**2, 10.0)).sum(-1).mean()


def balance(x: Candidate, given: Stance, fps: float) -> Tensor:
    """E_bal = mean_t rho(distance of the zero-moment point from the support / 3 cm), over frames that stand.

    zmp = c_xy - c_z c''_xy / (c''_z + g), c the centre of mass: where the ground's force must act to make this motion
    (Vukobratovic and Borovac 2004). The support is the hull of the standing points, by its widths in 16 directions. A
    clip does not show leaning towards the camera; this does. rho is Charbonnier, c = 2.
    """
    com, points = x.placed.com, x.placed.surface[1:-1, given.points, :2]
    acceleration = com.diff(n=2, dim=0) * fps**2
    push = (acceleration[:, 2:] + G).clamp_min(0.3 * G)
    zmp = com[1:-1, :2] - com[1:-1, 2:] * acceleration[:, :2] / push
    angle = torch.arange(16, dtype=com.dtype) * (2 * torch.pi / 16)
    ways = torch.stack((torch.cos(angle), torch.sin(angle)))
    stands = given.weight[1:-1] > 0
    reach = (points @ ways).masked_fill(~stands.unsqueeze(-1), -1e3).max(1).values
    outside = torch.relu((zmp @ ways - reach).max(-1).values)
    return (stands.any(1) * charbonnier((outside / 0.03) ** 2, 2.0)).mean()


def flight(x: Candidate, airborne: Float[Tensor, " T"], fps: float) -> Tensor:
    """E_fl = mean_t a_t rho(|c'' - (0, 0, -g)| / (2 m/s^2)): in the air the centre of mass falls freely."""
    acceleration = x.placed.com.diff(n=2, dim=0) * fps**2
    e = acceleration + torch.tensor([0.0, 0.0, G], dtype=acceleration.dtype)
    return (airborne[1:-1] * geman_mcclure((e * e).sum(-1) / 2.0**2, 6.0)).mean()


def camera(x: Candidate, prior: Candidate) -> Tensor:
    """E_cam: focal length within 25 %, pitch within 6 degrees and roll within 3 degrees of the first estimate."""
    a, b = x.view, prior.view
    return (torch.log(a.focal / b.focal) / 0.25) ** 2 + ((a.pitch - b.pitch) / 0.1) ** 2 + ((a.roll - b.roll) / 0.05) ** 2 + (a.lean / 0.15) ** 2


def proportions(x: Candidate, prior: Float[Tensor, "S 2 3"]) -> Tensor:
    """E_prop = mean (log scale / 0.15)^2: the person is built about as the character is, but for size."""
    return ((x.proportions - prior) / 0.15).square().mean()


def follow(x: Candidate, target: Candidate) -> Tensor:
    """E_fol = mean_tb |R_tb - R*_tb|^2 / 0.1^2 + mean_t |p_t - p*_t|^2 / (5 cm)^2: bodies turn, and the root goes, as another's."""
    turn = (x.placed.xmat - target.placed.xmat).square().sum((-1, -2)).mean() / (2 * 0.1**2)
    return turn + (x.qpos[:, :3] - target.qpos[:, :3]).square().sum(-1).mean() / 0.05**2
