"""Held-out gates: does each part of a prior beat its baseline on persons whom it never saw? One line each.

    python benchmarks/gates.py MOTION ... --captions FILE --corpus FOLDER --priors mdm t2m-gpt FILE ... --out gates.csv

Of codecs the mean distance of bodies (mm) beside that of as many principal components of four frames; of what writes
or guesses codes the cross-entropy (nats) beside a bigram of the train windows' codes; of denoisers the squared error of
normalised rows or vectors beside their mean; of `fill` the distance of bodies in GAPS beside interpolation.
Train, val and test persons are those of the captions' splits. Smaller is better throughout.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sfv.character import load_character
from sfv.interfaces import Condition, MotionPrior
from sfv.kinematics import motion_state
from sfv.motion import Motion
from sfv.pipeline.corpus import takes
from sfv.priors.captions import read_captions
from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.diffusion.schedule import noised
from sfv.priors.features import Features
from sfv.priors.latent.codec import FACTOR, Codec, error_mm
from sfv.priors.rows import ROWS, load_prior
from sfv.priors.tokens.guesser import masked

FIELDS = ("prior", "split", "of", "measure", "it has", "baseline", "the baseline has", "holds")
FRAMES, WINDOWS, FIT = 64, 128, 1024
"""Frames of a window, windows of a split, and windows of train that baselines are fitted to."""
GAPS, AROUND, FILLED = (9, 30, 45), 96, 40
"""Frames of gaps that are filled, each in the middle of a window of so many; and windows that have one."""
TIMES = (0.3, 0.5, 0.7, 0.9)
"""How far noise has come where denoisers are asked."""


def drawn(data: MotionDataset, count: int, least: int = FRAMES, most: int = FRAMES) -> Described:
    """Windows of a split, the same for all priors."""
    return data.described(torch.Generator().manual_seed(0), count, least, most)


def of_codec(codec: Codec, train: MotionDataset, held: MotionDataset) -> tuple[str, float, str, float]:
    """A codec beside principal components at equal floats."""
    z, known = drawn(held, WINDOWS).z, drawn(train, FIT).z
    size, back = codec.config.size, train.normaliser.back
    pieces = known.unflatten(1, (-1, FACTOR)).flatten(2).flatten(0, 1)
    mean = pieces.mean(0)
    _, _, parts = torch.pca_lowrank(pieces - mean, size, niter=4)
    seen = z.unflatten(1, (-1, FACTOR)).flatten(2) - mean
    again = (seen @ parts @ parts.T + mean).unflatten(2, (FACTOR, -1)).flatten(1, 2)
    off = train.features.places(back(again))[0] - train.features.places(back(z))[0]
    return "codec, mm", error_mm(codec, z, train.features, back), f"PCA, {size}", 1000 * float(off.norm(dim=-1).mean())


def bigram(codec: Codec, train: MotionDataset) -> Tensor:
    """Log of the share of each code after each, of train windows, one more than counted."""
    codes, count = codec.codes(drawn(train, FIT).z)[..., 0], codec.config.codes
    seen = torch.ones(count, count)
    seen.index_put_((codes[:, :-1].flatten(), codes[:, 1:].flatten()), torch.ones(()), accumulate=True)
    return (seen / seen.sum(1, keepdim=True)).log()


def of_codes(prior: Any, train: MotionDataset, held: MotionDataset) -> tuple[str, float, str, float]:
    """A writer, all but the first code of a window; or a guesser of half of a window's codes."""
    batch = drawn(held, WINDOWS)
    codes, after = prior.codec.codes(batch.z)[..., 0], bigram(prior.codec, train)
    likely = after[codes[:, :-1], codes[:, 1:]]
    if hasattr(prior, "writer"):
        scores = prior.writer(batch.text, codes)[:, 1:-1]
        nats = nn.functional.cross_entropy(scores.mT, codes[:, 1:])
        return "next code, nats", float(nats), "bigram", float(-likely.mean())
    torch.manual_seed(0)
    base, lengths = prior.guessers.base, torch.full((len(codes),), codes.shape[1])
    there = torch.ones_like(codes, dtype=torch.bool)
    shown, hidden = masked(codes, there, base.unknown, torch.full((len(codes),), 0.5))
    hidden[:, 0] = False
    scores = base(batch.text, shown[..., None], 0, lengths)
    nats = nn.functional.cross_entropy(scores[hidden], codes[hidden])
    return "masked code, nats", float(nats), "bigram of the true code before", float(-likely[hidden[:, 1:]].mean())


def of_denoiser(prior: Any, train: MotionDataset, held: MotionDataset) -> tuple[str, float, str, float]:
    """A denoiser of rows or of vectors, over TIMES, beside the mean."""
    batch = drawn(held, WINDOWS)
    x, denoiser = batch.z, getattr(prior, "denoiser", None)
    if denoiser is None:
        latents = prior.latents
        denoiser, x = latents.denoiser, (prior.codec.encode(x).vectors - latents.mean) / latents.scale
    lengths, generator = torch.full((len(x),), x.shape[1]), torch.Generator().manual_seed(0)
    errors = []
    for time in TIMES:
        t = torch.full((len(x),), time)
        made = denoiser(noised(x, t, torch.randn(x.shape, generator=generator)), t, batch.text, lengths)
        errors.append(float((made - x).square().mean()))
    return "clean from noisy, squared", float(np.mean(errors)), "the mean", float(x.square().mean())


def of_fill(prior: MotionPrior, train: MotionDataset, held: MotionDataset, gap: int) -> tuple[str, float, str, float]:
    """Gaps beside interpolation (SLERP) between the frames around them."""
    batch, features = drawn(held, FILLED, AROUND, AROUND), train.features
    rows = train.normaliser.back(batch.z).double().numpy()
    mine, theirs = [], []
    for number, (row, caption) in enumerate(zip(rows, batch.captions, strict=True)):
        true, keep = features.decode(row), np.ones(len(row), bool)
        first = (len(row) - gap) // 2
        keep[first : first + gap] = False
        ends = Motion(true.skeleton, features.fps / (gap + 1), true.qpos[[first - 1, first + gap]])
        between = true.qpos.copy()
        between[~keep] = ends.at(np.arange(1, gap + 1) / features.fps)
        filled = prior.fill(true, keep, Condition(text=caption), number)
        for qpos, errors in ((filled.qpos, mine), (between, theirs)):
            off = (places(true, qpos) - places(true, true.qpos))[~keep]
            errors.append(1000 * np.linalg.norm(off, axis=-1).mean())
    return f"fill of {gap / features.fps:.1f} s, mm", float(np.mean(mine)), "SLERP", float(np.mean(theirs))


def places(like: Motion, qpos: np.ndarray) -> np.ndarray:
    """Bodies' places in the world, m."""
    out: np.ndarray = motion_state(Motion(like.skeleton, like.fps, qpos)).xpos[:, 1:]
    return out


def gates(prior: Any, train: MotionDataset, held: MotionDataset) -> Iterator[tuple[str, float, str, float]]:
    """All that a prior has a baseline for."""
    if hasattr(prior, "codec"):
        yield of_codec(prior.codec, train, held)
    if hasattr(prior, "writer") or hasattr(prior, "guessers"):
        yield of_codes(prior, train, held)
    if hasattr(prior, "denoiser") or hasattr(prior, "latents"):
        yield of_denoiser(prior, train, held)
    if "fill" in ROWS[prior.name].able:
        for gap in GAPS:
            yield of_fill(prior, train, held, gap)


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", nargs="+", type=Path)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--character", type=Path, default=None, help="MJCF of the robot whose .csv files there are")
    parser.add_argument("--priors", nargs="*", default=["mdm", "t2m-gpt"])
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    character = load_character("humanoid")
    found = takes(args.motions, read_captions(args.captions), args.corpus, character, args.character)
    with open(args.out, "w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(FIELDS)
        for name in args.priors:
            prior: Any = load_prior(name, character)
            features = Features(character)
            data = {
                split: MotionDataset([t for t in found if t.split == split], features, prior.basis.normaliser)
                for split in ("train", "val", "test")
            }
            for split in ("val", "test"):
                for measure, has, baseline, theirs in gates(prior, data["train"], data[split]):
                    row = (name, split, prior.name, measure, f"{has:.3g}", baseline, f"{theirs:.3g}", has < theirs)
                    table.writerow(row)
                    stream.flush()
                    print(" | ".join(map(str, row)), flush=True)


if __name__ == "__main__":
    main()
