"""Priors beside real motion of persons that none of them saw: one row each, and what the figures can be at all.

    python benchmarks/priors.py MOTION ... --captions FILE --corpus FOLDER --priors mdm t2m-gpt FILE ... --out rows.csv

A ruler (`sfv.priors.ruler`) is fitted to the takes of split train. Windows of val and test with their sentences are the
real motion; each prior makes one motion for each of these sentences, of the same length. Beside the priors stand the
nearest caption's take (retrieval), and rows that bound the figures: other windows of the real motion (floor), the same
with shuffled frames and the mean pose (ceilings). Nothing is mended before it is measured. "tracked" is the share of
tries that the tracker which comes with sfv follows to the end, of the first JUDGED motions, FEW tries each; "shown" is
the share of the sentences' measurable words that motions show.
"""

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from envs.config import TrackingConfig
from sfv.character import Character, load_character
from sfv.check.check import check
from sfv.check.support import slide_of
from sfv.interfaces import Condition, MotionPrior, Take
from sfv.kinematics import motion_state
from sfv.metrics import limit_violations, mean_jerk
from sfv.motion import Motion
from sfv.pipeline.choosing import FEW, answers_of
from sfv.pipeline.corpus import takes
from sfv.pipeline.judging import Judge
from sfv.priors.agreement import agreement
from sfv.priors.captions import read_captions
from sfv.priors.dataset import Described, MotionDataset
from sfv.priors.features import Features
from sfv.priors.fitting import FitConfig
from sfv.priors.measures import diversity, fid, kid, novelty, npss, precision_recall, r_precision
from sfv.priors.rows import WEIGHTS, load_prior
from sfv.priors.ruler import LEAST, MOST, fit_ruler
from sfv.priors.text import embedded
from sfv.progress import bar
from sfv.work.files import fingerprint

FIELDS = ("row", "n", "fid", "kid", "precision", "recall", "R@1", "R@2", "R@3", "diversity", "novelty",
          "npss", "slide_cms", "jerk", "limits_deg", "check_share", "tracked", "shown", "s_per_s")  # fmt: skip
POOL = 16
"""Distinct sentences among which a motion's own is to be found."""
CHECKED, JUDGED = 48, 50
"""Motions of a row that the physics check sees, and that the tracker follows."""


class Bench:
    """What rows are measured by."""

    def __init__(self, found: Sequence[Take], character: Character, count: int, steps: int, seed: int) -> None:
        self.character, self.count, self.seed, self.features = character, count, seed, Features(character)
        self.train = MotionDataset([take for take in found if take.split == "train"], self.features)
        held = [take for take in found if take.split != "train"]
        self.held = MotionDataset(held, self.features, self.train.normaliser)
        how = FitConfig(steps=steps, batch=48, rate=2e-3, every=max(1, steps // 8), seed=seed)
        with bar("ruler", steps, "steps") as advance:
            self.ruler = fit_ruler(self.train, self.held, how, advance)
        self.real = self.held.described(torch.Generator().manual_seed(seed), count, LEAST, 120)
        known = self.train.described(torch.Generator().manual_seed(seed), 4 * count, LEAST, MOST)
        self.known, self.vectors = self.of(known.z, known.lengths), self.of(self.real.z, self.real.lengths)
        self.judge = answers_of(Judge.of(WEIGHTS / "tracker.safetensors", TrackingConfig(threads=1)))
        self.texts = self.ruler.texts(self.real.text).detach().numpy()

    def of(self, z: torch.Tensor, lengths: torch.Tensor) -> np.ndarray:
        """Vectors of rows."""
        with torch.no_grad():
            out: np.ndarray = self.ruler.motions(z, lengths).numpy()
        return out

    def row(self, name: str, motions: Sequence[Motion], cost: float = float("nan")) -> dict[str, object]:
        """The figures of motions, one for each sentence."""
        z, lengths = padded(motions, self.train)
        vectors = self.of(z, lengths)
        first = {caption: i for i, caption in reversed(list(enumerate(self.real.captions)))}
        distinct = sorted(first.values())
        pool = min(POOL, len(distinct))
        precision, recall = precision_recall(self.vectors, vectors)
        hits = r_precision(vectors[distinct], self.texts[distinct], pool, self.seed)
        seen = motions[:CHECKED]
        return {
            "row": name, "n": len(motions), "fid": fid(self.vectors, vectors), "kid": kid(self.vectors, vectors),
            "precision": precision, "recall": recall, "R@1": hits[0], "R@2": hits[1], "R@3": hits[2],
            "diversity": diversity(vectors, self.seed), "novelty": novelty(vectors, self.known),
            "npss": np.mean([npss(self.real.z[i, :n].numpy(), z[i, :n].numpy()) for i, n in enumerate(lengths)]),
            "slide_cms": np.nanmean([slide_of(motion, self.character) for motion in seen]),
            "jerk": np.mean([mean_jerk(motion_state(motion).xpos[:, 1:], motion.fps) for motion in seen]),
            "limits_deg": np.mean([limit_violations(self.character.model, m.qpos).max() for m in seen]),
            "check_share": np.mean([check(motion, self.character).passed for motion in seen]),
            "tracked": np.mean([one.success for one in self.judge(motions[:JUDGED], FEW)]),
            "shown": np.mean([agreement(*pair, self.features)
                              for pair in zip(self.real.captions, motions, strict=True)]), "s_per_s": cost,
        }  # fmt: skip


def padded(motions: Sequence[Motion], data: MotionDataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised rows of motions, all of the ruler's longest length, and how many of each count."""
    z, lengths = torch.zeros(len(motions), MOST, data.features.size), torch.zeros(len(motions), dtype=torch.long)
    for i, motion in enumerate(motions):
        rows = data.normaliser(torch.tensor(data.features.encode(motion), dtype=torch.float32))[:MOST]
        rows = rows[: len(rows) // 4 * 4]
        z[i, : len(rows)], lengths[i] = rows, len(rows)
    return z, lengths


def windows(batch: Described, data: MotionDataset) -> list[Motion]:
    """Windows as motions again."""
    rows = data.normaliser.back(batch.z).double().numpy()
    return [data.features.decode(row[:length]) for row, length in zip(rows, batch.lengths.tolist(), strict=True)]


def made_by(prior: MotionPrior, batch: Described, fps: float, seed: int) -> tuple[list[Motion], float]:
    """A motion for each sentence, and CPU seconds per second of motion."""
    out, begun = [], time.process_time()
    with bar(prior.name, len(batch.captions), "motions") as advance:
        for i, (caption, length) in enumerate(zip(batch.captions, batch.lengths.tolist(), strict=True)):
            out += prior.sample(Condition(text=caption, seconds=(length - 1) / fps), seed + i, 1)
            advance(1)
    return out, (time.process_time() - begun) / sum(motion.duration for motion in out)


def retrieved(batch: Described, data: MotionDataset) -> list[Motion]:
    """The take of the nearest caption, from its beginning, for each sentence."""
    said = [(embedded(clip.captions), clip.bare) for clip in data.clips if clip.captions]
    out = []
    for text, length in zip(batch.text.numpy(), batch.lengths.tolist(), strict=True):
        near = np.array([float((captions @ text).max()) for captions, _ in said])
        rows = said[int(near.argmax())][1][:length]
        out.append(data.features.decode(rows.double().numpy()))
    return out


def bounds(bench: Bench) -> dict[str, Callable[[], list[Motion]]]:
    """Rows that say what figures can be."""
    real = windows(bench.real, bench.train)
    other = bench.held.described(torch.Generator().manual_seed(bench.seed + 1), bench.count, LEAST, 120)
    generator = np.random.default_rng(bench.seed)

    def shuffled() -> list[Motion]:
        rows = [bench.features.encode(motion) for motion in real]
        return [bench.features.decode(generator.permutation(row)) for row in rows]

    def still() -> list[Motion]:
        mean = bench.train.normaliser.mean.double().numpy()
        return [bench.features.decode(np.repeat(mean[None], len(motion), 0)) for motion in real]

    return {
        "real motion": lambda: real,
        "real motion, other windows": lambda: windows(other, bench.train),
        "real motion, frames shuffled": shuffled,
        "mean pose": still,
        "retrieval": lambda: retrieved(bench.real, bench.train),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", nargs="+", type=Path)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument(
        "--character", type=Path, default=None, help="MJCF file of the robot whose .csv files there are"
    )
    parser.add_argument("--priors", nargs="*", default=["mdm", "t2m-gpt"])
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--steps", type=int, default=600, help="of the ruler")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    character = load_character("humanoid")
    found = takes(args.motions, read_captions(args.captions), args.corpus, character, args.character)
    bench = Bench(found, character, args.count, args.steps, args.seed)
    weights = [tensor.tolist() for tensor in bench.ruler.state_dict().values()]
    print(f"ruler {fingerprint(weights)[:12]}; train {bench.train.minutes:.1f} min, held out {bench.held.minutes:.1f}")
    with open(args.out, "w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, FIELDS)
        table.writeheader()

        def write(row: dict[str, object]) -> None:
            table.writerow({key: f"{value:.4g}" if isinstance(value, float) else value for key, value in row.items()})
            stream.flush()
            print(" | ".join(f"{row[key]:.3g}" if isinstance(row[key], float) else str(row[key]) for key in FIELDS))

        for name, make in bounds(bench).items():
            write(bench.row(name, make()))
        for name in args.priors:
            prior = load_prior(name, character)
            motions, cost = made_by(prior, bench.real, bench.features.fps, args.seed)
            write(bench.row(prior.name, motions, cost))


if __name__ == "__main__":
    main()
