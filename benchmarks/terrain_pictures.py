"""The picture of every kind of ground in docs/robustness.md: python benchmarks/terrain_pictures.py OUT.png"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sfv.character import load_character
from sfv.terrain.kinds import KINDS
from sfv.terrain.world import Tile, make_world
from sfv.view.person import PERSON
from sfv.view.render import Floor, Renderer, scene
from sfv.view.viewpoint import Viewpoint

DIFFICULTIES = (0.3, 1.0)
SIZE = (420, 260)


def main() -> None:
    body = load_character("humanoid")
    tiles = []
    for kind, row in KINDS.items():
        for difficulty in DIFFICULTIES:
            world = make_world([Tile(kind, difficulty)], 7.0, 3.0)
            model = scene([(body, PERSON)], Floor(square=0.25), terrain=world.terrain)
            x, y = world.starts[0]
            qpos = np.array(body.skeleton.qpos0)
            qpos[:3] += [x, y, float(world.terrain.height(np.array([x]), np.array([y]))[0])]
            with Renderer(model, *SIZE) as renderer:
                picture = Image.fromarray(
                    renderer.frame(qpos, Viewpoint((x - 1.8, y - 4.4, qpos[2] + 2.4), (x + 2.6, y, qpos[2] - 0.9)))
                )
            text = f"{kind}, difficulty {difficulty:g}: {row.size(difficulty):.3g} {row.unit}"
            ImageDraw.Draw(picture).text((8, 6), text, fill=(20, 24, 30))
            tiles.append(picture)
            if kind == "flat":
                break
    columns = 5
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * SIZE[0], rows * SIZE[1]), (255, 255, 255))
    for index, picture in enumerate(tiles):
        sheet.paste(picture, (index % columns * SIZE[0], index // columns * SIZE[1]))
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(128).save(out, optimize=True)


if __name__ == "__main__":
    main()
