"""Codecs beside principal components on persons whom they never saw: one line for each kind, seed and split.

    python benchmarks/codecs.py MOTION ... --captions FILE --corpus FOLDER --out codecs.csv

An autoencoder, a variational one, a VQ-VAE and one of residual codes, each fitted to the takes of split train, by those
of val the best of those that were met. Mean distance of bodies from where they were, seen from the heading, in mm.
Beside it that of principal components of four frames, as many as there are numbers (of codes one for each level); the
jerk of what comes out over that of what went in; and of codes the share that is used and what they would be worth.
"""

import csv

import numpy as np
import torch
from gates import asking, drawn, of_codec

from sfv.character import load_character
from sfv.kinematics import motion_state
from sfv.metrics import mean_jerk
from sfv.pipeline.corpus import takes
from sfv.priors.captions import read_captions
from sfv.priors.cycles import gone_on
from sfv.priors.dataset import MotionDataset
from sfv.priors.features import Features
from sfv.priors.fitting import FitConfig
from sfv.priors.latent.bottlenecks import perplexity
from sfv.priors.latent.codec import Codec, CodecConfig, fit_codec

KINDS = {
    "ae": CodecConfig("ae", width=96),
    "vae": CodecConfig("vae", width=96, beta=1e-5),
    "vqvae": CodecConfig("vqvae", width=96, codes=512),
    "rvq": CodecConfig("rvq", width=96, codes=256, levels=4),
}
FIELDS = ("kind", "seed", "split", "mm", "PCA", "PCA mm", "jerk share", "codes used", "worth")
JERKS = 32
"""Windows whose jerk is measured."""


def jerk_share(codec: Codec, data: MotionDataset) -> float:
    """Jerk of what comes out over that of what went in."""
    z = drawn(data, JERKS).z
    means = []
    for rows in (codec(z)[0], z):
        motions = (data.features.decode(row) for row in data.normaliser.back(rows).double().numpy())
        means.append(np.mean([mean_jerk(motion_state(one).xpos[:, 1:], one.fps) for one in motions]))
    return float(means[0] / means[1])


def main() -> None:
    parser = asking(__doc__)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1200)
    args = parser.parse_args()
    character = load_character("humanoid")
    features = Features(character)
    found = takes(args.motions, read_captions(args.captions), args.corpus, character, args.character)
    known = [take for take in found if take.split == "train"]
    train = MotionDataset([*known, *gone_on(known, character)], features)
    held = {split: MotionDataset([take for take in found if take.split == split], features, train.normaliser)
            for split in ("val", "test")}  # fmt: skip
    with open(args.out, "w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(FIELDS)
        for kind in args.kinds:
            for seed in range(args.seeds):
                how = FitConfig(steps=args.steps, batch=32, rate=2e-3, every=100, seed=seed)
                codec = fit_codec(train, held["val"], KINDS[kind], how).eval()
                with torch.no_grad():
                    for split, data in (("train", train), *held.items()):
                        _, mm, components, theirs = of_codec(codec, train, data)
                        used: tuple[float | str, ...] = ("", "")
                        if kind in ("vqvae", "rvq"):
                            used = perplexity(codec.codes(drawn(data, 128).z)[..., 0], KINDS[kind].codes)
                        row = (kind, seed, split, mm, components, theirs, jerk_share(codec, data), *used)
                        cells = [f"{x:.3g}" if isinstance(x, float) else str(x) for x in row]
                        table.writerow(cells)
                        stream.flush()
                        print(" | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
