"""Held-out gates: does each part of a prior beat its baseline on persons whom it never saw? One line each.

    python benchmarks/gates.py MOTION ... --captions FILE --corpus FOLDER --priors mdm t2m-gpt FILE ... --out gates.csv

Of codecs the mean distance of bodies (mm) beside that of as many principal components of four frames as there are
numbers: of a vector its size, of codes one for each level. Of what writes or guesses codes the cross-entropy (nats)
beside a bigram of the train windows' codes; of denoisers the squared error of normalised rows or vectors beside their
mean; of `fill` the distance of bodies in GAPS beside interpolation; of what goes frame by frame the distance of bodies
after one frame (told by its encoder) and after LATER (by chance), beside the last velocity, again and again.
Train, val and test persons are those of the captions' splits. Smaller is better, but for correlations of what is
steered: turns and speeds of true windows are asked for, over SECONDS, and they have to be over STEERED.
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
from sfv.priors.stepwise.rollout import AHEAD, steered
from sfv.priors.stepwise.stepping import Steer
from sfv.priors.tokens.guesser import masked

FIELDS = ("prior", "split", "of", "measure", "it has", "baseline", "the baseline has", "holds")
FRAMES, WINDOWS, FIT = 64, 128, 1024
"""Frames of a window, windows of a split, and windows of train that baselines are fitted to."""
GAPS, AROUND, FILLED = (9, 30, 45), 96, 40
"""Frames of gaps that are filled, each in the middle of a window of so many; and windows that have one."""
TIMES = (0.3, 0.5, 0.7, 0.9)
"""How far noise has come where denoisers are asked."""
LATER = 10
"""Frames after which what goes frame by frame is judged, from the true ones."""
SECONDS, STEERED = 3.2, 0.9
"""s for which rates are asked for, of as many as FILLED windows; and the least correlation that holds."""


def drawn(data: MotionDataset, count: int, least: int = FRAMES, most: int = FRAMES) -> Described:
    """Windows of a split, the same for all priors."""
    return data.described(torch.Generator().manual_seed(0), count, least, most)


def of_codec(codec: Codec, train: MotionDataset, held: MotionDataset) -> tuple[str, float, str, float]:
    """A codec beside as many principal components as it has numbers."""
    z, known = drawn(held, WINDOWS).z, drawn(train, FIT).z
    config, back = codec.config, train.normaliser.back
    size = {"vqvae": 1, "rvq": config.levels}.get(config.kind, config.size)
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
        ends = Motion(true.skeleton, 1.0, true.qpos[[first - 1, first + gap]])
        between = true.qpos.copy()
        between[~keep] = ends.at(np.arange(1, gap + 1) / (gap + 1))
        filled = prior.fill(true, keep, Condition(text=caption), number)
        for qpos, errors in ((filled.qpos, mine), (between, theirs)):
            off = (places(true, qpos) - places(true, true.qpos))[~keep]
            errors.append(1000 * np.linalg.norm(off, axis=-1).mean())
    return f"fill of {gap / features.fps:.1f} s, mm", float(np.mean(mine)), "SLERP", float(np.mean(theirs))


def of_steps(prior: Any, train: MotionDataset, held: MotionDataset, later: int) -> tuple[str, float, str, float]:
    """What goes frame by frame, one frame after true ones or some, beside the last velocity."""
    z, text = (batch := drawn(held, WINDOWS)).z, batch.text
    torch.manual_seed(0)
    before, now, memory = z[:, 0], z[:, 1], None
    generator = torch.Generator().manual_seed(0)
    steering = steered(text, z[:, 2 : 2 + AHEAD, :3].mean(1))
    for frame in range(2, 2 + later):
        truth = z[:, frame] if later == 1 else None
        row, memory, _ = prior.network.step(now, now - before, steering, memory, truth, generator)
        before, now = now, row
    kept = z[:, 1] + later * (z[:, 1] - z[:, 0])
    true = train.features.places(train.normaliser.back(z[:, 1 + later]))[0]
    mine, theirs = (train.features.places(train.normaliser.back(rows))[0] - true for rows in (now, kept))
    mm = [1000.0 * float(off.norm(dim=-1).mean()) for off in (mine, theirs)]
    return f"after {later} frames, mm", mm[0], "the last velocity", mm[1]


def of_steering(prior: Any, train: MotionDataset, held: MotionDataset) -> Iterator[tuple[str, float, str, float]]:
    """Correlations of the rates that are asked for, those of true windows, with those that come."""
    frames = round(SECONDS * train.features.fps)
    batch = drawn(held, FILLED, frames, frames)
    rows = train.normaliser.back(batch.z)
    wanted = rows[..., :3].mean(1).double().numpy()
    walker = prior.controller(Condition(), FILLED)
    state = walker.begun(batch.z[:, :2], 0)
    steers = [Steer(text, rate) for text, rate in zip(batch.text.numpy(), wanted, strict=True)]
    made = []
    for _ in range(frames):
        state = walker.step(state, steers)
        made.append(train.normaliser.back(state.now)[:, :3].double().numpy())
    came = np.mean(made, 0)
    for name, axis in (("turn", 0), ("speed forward", 1)):
        yield f"{name}, correlation", float(np.corrcoef(wanted[:, axis], came[:, axis])[0, 1]), "asked", STEERED


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
    if hasattr(prior, "network"):
        yield of_steps(prior, train, held, 1)
        yield of_steps(prior, train, held, LATER)
        yield from of_steering(prior, train, held)


def asking(about: str | None) -> argparse.ArgumentParser:
    """What a benchmark of priors has to know: motions, what is said of them, and where tables go."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", nargs="+", type=Path)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--character", type=Path, default=None, help="MJCF of the robot whose .csv files there are")
    parser.add_argument("--out", type=Path, required=True)
    return parser


@torch.no_grad()
def main() -> None:
    parser = asking(__doc__)
    parser.add_argument("--priors", nargs="*", default=["mdm", "t2m-gpt"])
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
                    holds = has > theirs if "correlation" in measure else has < theirs
                    row = (name, split, prior.name, measure, f"{has:.3g}", baseline, f"{theirs:.3g}", holds)
                    table.writerow(row)
                    stream.flush()
                    print(" | ".join(map(str, row)), flush=True)


if __name__ == "__main__":
    main()
