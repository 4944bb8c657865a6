"""Make the demo clip: a person crouches, jumps with a half turn in the air, lands and stands up again.

Writes demo.mp4, demo_truth.npz (the motion behind it) and demo_camera.json beside this file or to --out; the same
machine writes the same motion and pictures each time.
"""

import argparse
from pathlib import Path

import numpy as np
from half_turn_jump import Body, half_turn_jump

from sfv.motion import Motion
from sfv.view.person import PERSON
from sfv.view.render import Floor, Renderer, scene
from sfv.view.video import write_video
from sfv.view.viewpoint import Viewpoint
from sfv.work.files import write_json

FPS = 30.0
SIZE = (720, 540)
CAMERA = Viewpoint(position=(3.45, -1.2, 1.15), target=(0.06, 0.0, 0.98), fovy=37.0)
ROOM = Floor(
    light=(0.66, 0.64, 0.61), dark=(0.62, 0.60, 0.57), sky_top=(0.80, 0.84, 0.86), sky_bottom=(0.90, 0.91, 0.90)
)


def contacts(body: Body, qpos: np.ndarray) -> np.ndarray:
    """(T, F) 1 where the lowest point of a foot's sole is on the ground (within 5 mm), in the character's order."""
    corners = np.array([[x, y, -0.05] for x in (-0.0435, 0.1335) for y in (-0.045, 0.045)])
    out = np.zeros((len(qpos), len(body.character.feet)))
    for t, pose in enumerate(qpos):
        body.com(pose)
        for i, foot in enumerate(body.character.feet):
            at = body.data.body(foot)
            out[t, i] = (at.xpos + corners @ at.xmat.reshape(3, 3).T)[:, 2].min() < 0.005
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    out = parser.parse_args().out
    body, qpos = half_turn_jump(FPS)
    motion = Motion(
        skeleton=body.character.skeleton,
        fps=FPS,
        qpos=qpos,
        contacts=contacts(body, qpos),
        contact_names=body.character.feet,
        source="examples/make_demo.py",
    )
    motion.save(out / "demo_truth.npz")
    write_json(out / "demo_camera.json", CAMERA.record(SIZE))
    model = scene([(body.character, PERSON)], ROOM)
    with Renderer(model, *SIZE) as renderer:
        write_video(out / "demo.mp4", (renderer.frame(pose, CAMERA) for pose in qpos), FPS, crf=20)


if __name__ == "__main__":
    main()
