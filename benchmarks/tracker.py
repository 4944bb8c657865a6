"""The tracker that comes with sfv: how it is trained, what it follows, and how it becomes a file of half precision.

    python benchmarks/tracker.py MOCAP --captions FILE --robot G1.xml --work runs/tracker [--train 80M] [--ship]

Rows of the captions whose source is in FREE are put on the humanoid once, without climbing and what the check fails.
`--train` then trains one policy on the takes of split train (`sfv train --together`), in two parts, of which the second
has this budget; it goes on where it was stopped. The third part is for a GPU: `benchmarks/tracker_gpu.py` on what is in
WORK/motions, from WORK/second, into WORK/policy. The policy there, or sfv's own without one, is judged on all splits: a
row for each category.
`--ship` writes the policy with its record to sfv/assets/weights.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import torch

from envs.config import TrackingConfig
from envs.judge.following import Following, follow
from policies.export import load_policy
from sfv.character import ASSETS, load_character
from sfv.pipeline.corpus import RATE, Entry, Source, corpus
from sfv.pipeline.policy_file import TRACKER, policy_file
from sfv.work.files import fingerprint, replacing, write_json
from sfv.work.tensors import load_tensors, save_tensors

FREE = ("cmu_", "asf_amc", "g1_moves")
"""Folders whose data may be in what is given away: CMU's and G1 Moves'."""
CMU = (
    "CMU Graphics Lab Motion Capture Database: free for all uses. The data used in this project was obtained from "
    "mocap.cs.cmu.edu. The database was created with funding from NSF EIA-0196217."
)
G1 = (
    "G1 Moves: Motion Capture Dataset for the Unitree G1 Humanoid Robot, Mitch Chaiet, 2026 "
    "(github.com/experientialtech/g1-moves; performers Mitch Chaiet, Jasmine Coro, Mike Gassaway), CC BY 4.0; its "
    "motions were put on another body."
)
LICENCES = {"cmu_": CMU, "asf_amc": CMU, "g1_moves": G1}
SETTINGS = (
    "--num-envs 1024 --steps 16 --minibatch 4096 --narrowing 6000000 --average 1000000 "
    "--evaluate-every 2000000 --checkpoint-every 1000000 --threads 1"
)
"""Of the training: batches and noise for a hundred clips, where one clip needs less."""
FIRST = f"--hidden 512 256 {SETTINGS} --budget 14M"
SECOND = f"--noise 0.2 0.1 0.1 {SETTINGS}"
"""Begun from the first, with noise that stays wide: the first hardly gained once its own had narrowed to .05."""
THIRD = "--minutes 8"
"""Begun from the second, whose best policy was that of 8 M samples, by which it had learnt from 22 M."""
BEFORE = 22_000_000
"""Samples of the first two parts."""
HALF = 0.5
"""Of its tries, from which a take counts as followed beside the check's verdict."""
Entries = dict[str, Entry]
LEAST = 1.0
"""Seconds of a take that is trained on."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mocap", type=Path)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--robot", type=Path, required=True, help="the G1's MJCF, whose motions G1 Moves' are")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sources", nargs="+", default=list(FREE), help="what the folders of the data begin with")
    parser.add_argument("--train", metavar="BUDGET")
    parser.add_argument("--ship", action="store_true")
    parser.add_argument("--verdicts", type=Path, help="a CSV of every take of these sources, with the check's verdict")
    args = parser.parse_args()
    rows = [row for row in read_rows(args.captions) if row["file"].startswith(tuple(args.sources))]
    found = {row["file"]: entry for row in rows for entry in entries(row, args)}
    usable = {name: entry for name, entry in found.items() if not entry.failed and entry.motion.duration >= LEAST}
    about = {row["file"]: row for row in rows}
    train = [name for name in usable if about[name]["split"] == "train"]
    place, first = args.work / "policy", args.work / "first"
    motions = [str(motion_file(usable[name], args.work)) for name in train]
    if args.train:
        command = [sys.executable, "-m", "sfv", "train", *motions, "--together"]
        subprocess.run([*command, *FIRST.split(), "--out", str(first)], check=True)
        second = [*SECOND.split(), "--from", str(first), "--budget", args.train]
        subprocess.run([*command, *second, "--out", str(args.work / "second")], check=True)
    policy = policy_file(place if (place / "policy.safetensors").exists() else TRACKER)
    if args.ship:
        ship(policy, [(name, usable[name]) for name in train])
    actor, _ = load_policy(policy)
    humanoid, task = load_character("humanoid"), TrackingConfig()
    asked = found if args.verdicts else usable
    judged = dict(follow(actor, {name: entry.motion for name, entry in asked.items()}, humanoid, task))
    show({name: judged[name] for name in usable}, about, usable)
    if args.verdicts:
        write_verdicts(args.verdicts, judged, about, found)


def read_rows(captions: Path) -> list[dict[str, str]]:
    """The rows that may be learnt or judged: no duplicates, nobody who climbs on what is not there."""
    with captions.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if not row["duplicate_of"] and row["category"] != "climb"]


def entries(row: dict[str, str], args: argparse.Namespace) -> list[Entry]:
    """The take of a row on the humanoid, made once."""
    robot = args.robot if row["file"].startswith("g1_moves") else None
    source = Source(args.mocap / row["file"], float(row["fps"]), robot)
    return list(corpus([source], args.work / "corpus", load_character("humanoid"), RATE))


def motion_file(entry: Entry, work: Path) -> Path:
    """A file of the take's own name, for the training."""
    place = work / "motions" / f"{entry.source.path.parent.name}-{entry.source.path.name.split('.')[0]}.npz"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        entry.motion.save(place)
    return place


def ship(policy: Path, train: list[tuple[str, Entry]]) -> None:
    """The policy in half precision with its moments whole, and its record beside it."""
    tensors, about = load_tensors(policy, "train it first")
    half = {name: t.half() if t.dim() > 1 else t for name, t in tensors.items()}
    place = ASSETS / "weights" / "tracker.safetensors"
    keep = {key: value for key, value in about.items() if key != "config"}
    save_tensors(place, half, keep)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    record = {
        "policy": "tracker",
        "parameters": sum(tensor.numel() for tensor in tensors.values()),
        "data": {"train": [name for name, _ in train],
                 "minutes_train": round(sum(entry.motion.duration for _, entry in train) / 60, 1)},
        "licences": sorted({LICENCES[start] for start in LICENCES for name, _ in train if name.startswith(start)}),
        "command": [f"sfv train MOTIONS... --together {FIRST} --out first",
                    f"sfv train MOTIONS... --together {SECOND} --from first --budget 10M --out second",
                    f"python benchmarks/tracker_gpu.py MOTIONS... --from second {THIRD}"],
        "samples": BEFORE + about["samples"], "seed": about["config"]["seed"], "sha256": fingerprint(place),
        "commit": commit.stdout.strip(), "date": date.today().isoformat(),
    }  # fmt: skip
    write_json(place.with_suffix(".json"), record)
    print(json.dumps({key: record[key] for key in ("parameters", "samples", "sha256")}))


def show(judged: dict[str, Following], about: dict[str, dict[str, str]], usable: dict[str, Entry]) -> None:
    """A row for each split and category, and one for all of a split."""
    groups = defaultdict[tuple[str, str], list[str]](list)
    for name in judged:
        groups[about[name]["split"], about[name]["category"]].append(name)
        groups[about[name]["split"], "all"].append(name)
    print(
        "| split | category | takes | minutes | tries to the end | time followed | error, mm |\n" + "| --- " * 7 + "|"
    )
    for split in ("train", "val", "test"):
        rows = sorted((kind, names) for (of, kind), names in groups.items() if of == split)
        for kind, names in rows:
            some = [judged[name] for name in names]
            whole = sum(one.duration for one in some)
            share = sum(one.seconds for one in some) / whole
            error = torch.tensor([one.error for one in some]).nanmean()
            success = sum(one.success for one in some) / len(some)
            minutes = sum(usable[name].motion.duration for name in names) / 60
            print(f"| {split} | {kind} | {len(some)} | {minutes:.1f} | {success:.2f} | {share:.2f} | {error:.0f} |")


def write_verdicts(out: Path, judged: dict[str, Following], about: dict[str, dict[str, str]], found: Entries) -> None:
    """A row for each take; and printed, how many the check passes and fails of those that are followed and are not."""
    columns = ("file", "split", "category", "seconds", "check fails", "tries to the end", "time followed", "error, mm")
    counts = Counter[tuple[bool, bool]]()
    with replacing(out) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for name, one in sorted(judged.items()):
            failed = found[name].failed
            counts[not failed, one.success >= HALF] += 1
            share = one.seconds / one.duration
            figures = (f"{one.success:.2f}", f"{share:.2f}", f"{one.error:.0f}")
            row = (name, about[name]["split"], about[name]["category"], f"{one.duration:.1f}", "; ".join(failed))
            writer.writerow((*row, *figures))
    print("| | followed to the end by half of the tries | not |\n| --- | --- | --- |")
    for passes, said in ((True, "the check passes"), (False, "the check fails")):
        print(f"| {said} | {counts[passes, True]} | {counts[passes, False]} |")


if __name__ == "__main__":
    main()
