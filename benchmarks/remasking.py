"""Does it help to make anew the frames at which a judge lost a generated motion? Beside two controls of equal cost.

    python benchmarks/remasking.py MOTION ... --captions FILE --corpus FOLDER --second TRACKER --out rows.csv

Sentences are those of windows of val and test persons. Each gets one sample. Where the judge, the tracker that comes
with sfv, does not follow it to its end in all tries, it is given a number of rounds: frames around the loss made anew
(remasking), as many frames somewhere (random), or a new sample (best of K). The second tracker is never asked in the
loop; what it follows is the result, and beside it stand the words that are shown and how far the root goes.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from envs.config import TrackingConfig
from sfv.character import load_character
from sfv.interfaces import Condition
from sfv.pipeline.choosing import FEW, Answers, answers_of
from sfv.pipeline.corpus import takes
from sfv.pipeline.judging import TRIES, Judge
from sfv.pipeline.remasking import Tried, anywhere, remasked, sampled_again, where_lost
from sfv.priors.agreement import agreement
from sfv.priors.captions import read_captions
from sfv.priors.dataset import MotionDataset
from sfv.priors.features import Features
from sfv.priors.rows import WEIGHTS, load_prior
from sfv.priors.ruler import LEAST

FIELDS = ("seed", "row", "prompts", "judge: followed", "second: followed", "second: low", "second: high", "second: s",
          "words shown", "way m")  # fmt: skip
DRAWS = 2000
"""Of prompts, for the interval of a share (bootstrap, 95 %)."""


def row(name: str, seed: int, tried: Sequence[Tried], sentences: Sequence[str], second: Answers, features: Features
        ) -> dict[str, object]:  # fmt: skip
    """The figures of one way to spend the rounds."""
    motions = [one.motion for one in tried]
    found = second(motions, TRIES)
    shares = np.array([one.success for one in found])
    drawn = np.random.default_rng(0).choice(shares, (DRAWS, len(shares))).mean(1)
    return {
        "seed": seed, "row": name, "prompts": len(tried),
        "judge: followed": np.mean([one.followed.success for one in tried]),
        "second: followed": shares.mean(), "second: low": np.quantile(drawn, 0.025),
        "second: high": np.quantile(drawn, 0.975),
        "second: s": np.mean([one.seconds for one in found]),
        "words shown": np.mean([agreement(s, m, features) for s, m in zip(sentences, motions, strict=True)]),
        "way m": np.mean([np.linalg.norm(np.diff(m.qpos[:, :2], axis=0), axis=1).sum() for m in motions]),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("motions", nargs="+", type=Path)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument(
        "--character", type=Path, default=None, help="MJCF file of the robot whose .csv files are there"
    )
    parser.add_argument("--prior", default="mdm")
    parser.add_argument("--second", type=Path, required=True, help="a policy that the loop does not ask")
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    character = load_character("humanoid")
    found = takes(args.motions, read_captions(args.captions), args.corpus, character, args.character)
    features, task = Features(character), TrackingConfig(threads=args.threads)
    first, second = (answers_of(Judge.of(place, task)) for place in (WEIGHTS / "tracker.safetensors", args.second))
    prior, held = load_prior(args.prior, character), MotionDataset(found, features)
    with open(args.out, "w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, FIELDS)
        table.writeheader()
        for seed in range(args.seeds):
            batch = held.described(torch.Generator().manual_seed(seed), args.prompts, LEAST, 120)
            asked = [
                Condition(text=caption, seconds=(length - 1) / features.fps)
                for caption, length in zip(batch.captions, batch.lengths.tolist(), strict=True)
            ]
            made = [prior.sample(condition, 7919 * seed + k, 1)[0] for k, condition in enumerate(asked)]
            begun = [Tried(motion, one) for motion, one in zip(made, first(made, FEW), strict=True)]
            rows = {"as made": begun} | {
                f"{name}, {args.rounds} rounds": remasked(begun, asked, prior, first, place, args.rounds, seed)
                for name, place in (("where it was lost", where_lost), ("anywhere", anywhere))
            }
            rows[f"best of {args.rounds + 1}"] = sampled_again(begun, asked, prior, first, args.rounds, seed)
            for name, tried in rows.items():
                out = row(name, seed, tried, batch.captions, second, features)
                shown = {key: f"{value:.3g}" if isinstance(value, float) else value for key, value in out.items()}
                table.writerow(shown)
                stream.flush()
                print(" | ".join(str(shown[key]) for key in FIELDS), flush=True)


if __name__ == "__main__":
    main()
