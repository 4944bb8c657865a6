"""Every prior that there is, by name: a new one is a module and a row here.

Modules are imported when they are asked for. A module has SIZES, its configurations by size,
`fit_prior(dataset, held, config, seed, advance, kept)` and `load(basis, tensors, settings)`.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfv.character import ASSETS, Character
from sfv.errors import InputError, did_you_mean
from sfv.interfaces import Condition, MotionPrior, Take
from sfv.progress import Advance

WEIGHTS = ASSETS / "weights"
"""Where the priors are that come with sfv."""


@dataclass(frozen=True)
class Listed:
    """A prior.

    Attributes:
        module: where it is.
        able: which parts of a Condition it heeds, and "fill" where it can fill.
        about: what it is, in a few words.
        longest: seconds of the longest motion that its small size makes.
    """

    module: str
    able: frozenset[str]
    about: str
    longest: float = float("inf")


ROWS = {
    "motion-matching": Listed(
        "sfv.priors.search.matching",
        frozenset({"text", "label", "path", "seconds"}),
        "plays the mocap back, the piece that fits best again and again",
    ),
    "motion-graph": Listed(
        "sfv.priors.search.graph",
        frozenset({"text", "label", "path", "seconds"}),
        "goes ways through mocap that is joined where it is alike",
    ),
    "t2m-gpt": Listed(
        "sfv.priors.tokens.gpt",
        frozenset({"text", "label", "prefix", "seconds"}),
        "writes codes of motion one after another",
        6.4,
    ),
    "momask": Listed(
        "sfv.priors.tokens.momask",
        frozenset({"text", "label", "prefix", "seconds", "fill"}),
        "guesses residual codes, the surest first",
        6.4,
    ),
    "mdm": Listed(
        "sfv.priors.diffusion.mdm",
        frozenset({"text", "label", "keyframes", "prefix", "seconds", "fill"}),
        "takes noise away from all frames at once",
    ),
    "mld": Listed(
        "sfv.priors.diffusion.mld",
        frozenset({"text", "label", "seconds", "fill"}),
        "takes noise away from vectors of four frames each",
        4.8,
    ),
    "motion-vae": Listed(
        "sfv.priors.stepwise.motion_vae",
        frozenset({"text", "label", "path", "prefix", "seconds"}),
        "goes on frame by frame, by chance to one of the frames that may come",
    ),
    "regression": Listed(
        "sfv.priors.stepwise.regression",
        frozenset({"text", "label", "path", "prefix", "seconds"}),
        "goes on frame by frame, to the mean of those that may come: the control beside which the others are seen",
    ),
}

COMING = ("t2m-gpt", "mdm")
"""Those that come with sfv, the one that is asked first before the others."""


def row_of(name: str) -> Listed:
    """The row of a name.

    Raises:
        InputError: there is none.
    """
    if name not in ROWS:
        raise InputError(f"there is no prior {name!r}{did_you_mean(name, ROWS)}")
    return ROWS[name]


def require(condition: Condition, name: str) -> None:
    """Check that a prior heeds all that a condition says.

    Raises:
        InputError: it does not, with those that do.
    """
    condition.require(ROWS[name].able, name, {other: row.able for other, row in ROWS.items()})


def refuse(name: str, what: str) -> InputError:
    """What to raise where a prior cannot do something that others can."""
    others = ", ".join(sorted(other for other, row in ROWS.items() if what in row.able))
    return InputError(f"{name} cannot {what}; those that can: {others}")


def load_prior(name: str | Path, character: Character) -> MotionPrior:
    """A prior that comes with sfv, by name, or one of the user's, by file.

    Raises:
        InputError: there is neither, or it was fitted to another skeleton.
    """
    from sfv.priors.basis import Basis

    path = Path(name)
    if path.suffix != ".safetensors":
        if str(name) not in ROWS and path.exists():
            raise InputError(f"{path} is no prior; name one that comes with sfv, or a .safetensors of sfv fit --prior")
        row_of(str(name))
        path = WEIGHTS / f"{name}.safetensors"
        if not path.exists():
            raise InputError(
                f"{name} comes without weights; fit one to your motions with: "
                f"sfv fit --prior {name} MOTION ... --captions FILE --out {name}.safetensors"
            )
    basis, kind, tensors, settings = Basis.load(path, character)
    prior: MotionPrior = importlib.import_module(row_of(kind).module).load(basis, tensors, settings)
    return prior


def fit_to(
    name: str,
    takes: Sequence[Take],
    character: Character,
    size: str = "small",
    seed: int = 0,
    advance: Advance = lambda steps, text=None: None,
    kept: Path | None = None,
) -> MotionPrior:
    """A prior fitted to the takes whose split is train; those of val say when it is best, those of test are not seen.

    Short takes of gaits are gone on with (`sfv.priors.cycles`), and straight ones are bent too (`sfv.priors.curves`).

    Raises:
        InputError: no such prior or size, or no takes to learn from.
    """
    from sfv.priors.curves import curved
    from sfv.priors.cycles import gone_on
    from sfv.priors.dataset import MotionDataset
    from sfv.priors.features import Features

    module: Any = importlib.import_module(row_of(name).module)
    if size not in module.SIZES:
        raise InputError(f"there is no size {size!r}{did_you_mean(size, module.SIZES)}")
    features = Features(character)
    train = [take for take in takes if take.split == "train"]
    longer = [*train, *gone_on(train, character)]
    dataset = MotionDataset([*longer, *curved(longer, features)], features)
    val = [take for take in takes if take.split == "val"]
    held = MotionDataset(val, features, dataset.normaliser) if val else None
    prior: MotionPrior = module.fit_prior(dataset, held, module.SIZES[size], seed, advance, kept)
    return prior


def steps_of(name: str, size: str) -> float:
    """What `fit_to` advances by in all, at most.

    Raises:
        InputError: no such prior or size.
    """
    from dataclasses import fields

    from sfv.priors.fitting import FitConfig

    sizes = importlib.import_module(row_of(name).module).SIZES
    if size not in sizes:
        raise InputError(f"there is no size {size!r}{did_you_mean(size, sizes)}")
    parts = [getattr(sizes[size], part.name) for part in fields(sizes[size])] if sizes[size] is not None else []
    return float(sum(part.steps for part in parts if isinstance(part, FitConfig)))
