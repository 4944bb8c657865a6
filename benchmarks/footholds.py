"""Where the soles of a walk's reference are on uneven ground, with footholds and lifted by the ramp over it.

    python benchmarks/footholds.py MOTION [OUT.png]

Of 12 s in 16 places a kind: the share of frames and feet in which a corner of a sole is below the true ground by more
than a centimetre, and how far at most; of feet that stand, how far their lowest corner is from the ground, on average.
The picture shows the raised reference at eight moments of some kinds.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw

from envs.config import TrackingConfig
from envs.limbs import TOUCHING
from envs.soles import bridged
from envs.tracking import TrackingEnv
from sfv.character import load_character
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.surface import surface_points, surface_track
from sfv.terrain.kinds import parse_terrain
from sfv.terrain.world import Tile
from sfv.view.person import PERSON
from sfv.view.render import Floor, Renderer, scene
from sfv.view.viewpoint import Viewpoint

KINDS = (
    "rough:6cm", "slope_up:10deg", "slope_down:10deg", "slope_across:10deg", "stairs_up:10cm", "stairs_down:10cm",
    "stones:0.3", "gaps:0.3", "bumps:0.5", "beam:0.3", "waves:0.5", "hurdles:0.5",
)  # fmt: skip
SHOWN = ("stairs_up:10cm", "stairs_down:10cm", "rough:6cm", "slope_up:10deg", "stones:0.3", "hurdles:0.5")
PLACES, SECONDS, EVERY = 16, 12, 8
SIZE, MOMENTS = (300, 230), 8
BODY = load_character("humanoid")


def task(motion: Motion, ground: str, places: int) -> TrackingEnv:
    """References of a motion in so many places of a ground."""
    kind, difficulty = parse_terrain(ground)
    tiles = [Tile(kind, difficulty or 0.0, 100 + seed) for seed in range(4)]
    env = TrackingEnv([motion], BODY, TrackingConfig(threads=1), places, 5, tiles, float(SECONDS))
    assert env.ground is not None
    env.ground.tile[:] = env.everyone % 4
    env.reset_to(0 * env.everyone, 0 * env.everyone)
    return env


def soles(qpos: Float[np.ndarray, "T nq"], foot: str) -> Float[np.ndarray, "T p 3"]:
    """Corners of a foot in these poses."""
    points = surface_track(BODY.model, motion_state(Motion(BODY.skeleton, 30.0, qpos), BODY.model))
    return points[:, surface_points(BODY.model)[0] == BODY.model.body(foot).id]


def row(motion: Motion, ground: str) -> str:
    """A line of the table."""
    env = task(motion, ground, PLACES)
    assert env.ground is not None
    relief, footing = bridged(env.terrain).relief, env.terrain.relief.footing
    over: dict[str, list[np.ndarray]] = {"ramp": [], "footholds": []}
    stood = []
    for tick in range(0, SECONDS * 240, EVERY):
        at = torch.full((PLACES,), tick)
        level = env.library.at(env.clip, at).qpos.double().numpy().copy()
        level[:, :2] += env.ground.offset.double().numpy()
        ours = env.reference(at, env.everyone).qpos.double().numpy()
        for foot in BODY.feet:
            flat = soles(level, foot)
            low = np.minimum(flat[..., 2].min(1), 0.0)  # what the clip's own soles are in level ground by
            ramp = flat.copy()
            ramp[..., 2] += footing(torch.tensor(flat[..., :2].mean(1))).numpy()[:, None]
            for name, points in (("ramp", ramp), ("footholds", soles(ours, foot))):
                heights = relief.heights(points[..., 0], points[..., 1])
                over[name].append((points[..., 2] - heights).min(1) - low)
            stood.append(flat[..., 2].min(1) < 0.5 * TOUCHING)
    cells = []
    for name in over:
        found = np.array(over[name])
        cells += [f"{(found < -0.01).mean():.3f}", f"{-100 * min(found.min(), 0.0):.1f}"]
        cells.append(f"{100 * np.abs(found[np.array(stood)]).mean():.1f}")
    return f"| {ground} | " + " | ".join(cells) + " |"


def picture(motion: Motion, out: Path) -> None:
    """The sheet."""
    sheet = Image.new("RGB", (MOMENTS * SIZE[0], len(SHOWN) * SIZE[1]))
    for line, ground in enumerate(SHOWN):
        env = task(motion, ground, 1)
        with Renderer(scene([(BODY, PERSON)], Floor(square=0.1), terrain=env.terrain), *SIZE) as renderer:
            for column in range(MOMENTS):
                tick = torch.tensor([312 + 29 * column])
                qpos = env.reference(tick, env.everyone).qpos[0].double().numpy()
                x, y, z = qpos[:3]
                view = Viewpoint((x - 0.3, y - 2.6, z + 0.15), (x + 0.15, y, z - 0.35))
                tile = Image.fromarray(renderer.frame(qpos, view))
                ImageDraw.Draw(tile).text((6, 4), ground, fill=(20, 24, 30))
                sheet.paste(tile, (column * SIZE[0], line * SIZE[1]))
    sheet.resize((sheet.width * 2 // 3, sheet.height * 2 // 3)).quantize(128).save(out, optimize=True)


def main() -> None:
    torch.set_num_threads(1)
    motion = Motion.load(Path(sys.argv[1]))
    print("| ground | ramp: sunk | deepest, cm | standing off, cm | footholds: sunk | deepest, cm | standing off, cm |")
    print("| --- " * 7 + "|")
    for ground in KINDS:
        print(row(motion, ground), flush=True)
    if len(sys.argv) > 2:
        picture(motion, Path(sys.argv[2]))


if __name__ == "__main__":
    main()
