"""What a run can be told: its settings, and a run itself, which is a source, a folder and settings.

Presets (`configs/`) make settings, `sfv run` and `sfv batch` take them, and neither copies a field. Light to import.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import OmitArgPrefixes, arg

from envs.config import TrackingConfig
from policies.config import TrainConfig
from recon.config import PoseConfig, ReconstructConfig
from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.pipeline.policy_file import SCRATCH, in_words_of_today
from sfv.reading import Reading
from sfv.work.config import plain


@dataclass(frozen=True)
class Settings:
    """How a clip becomes a policy and a report, whatever the clip and wherever they go."""

    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    reading: OmitArgPrefixes[Reading] = field(default_factory=Reading)
    performer: str = "humanoid"
    """Who does it: humanoid, heavy-robot, smpl22, an MJCF file, or say person:height=1.2,weight=30."""
    map: Path | None = None
    """Which bodies of a motion file are whose hip, knee or hand, where their names do not say: a YAML file with lines
    such as `left_knee: BODY`."""
    pose: OmitArgPrefixes[PoseConfig] = field(default_factory=PoseConfig)
    reconstruct: OmitArgPrefixes[ReconstructConfig] = field(default_factory=ReconstructConfig)
    tracking: OmitArgPrefixes[TrackingConfig] = field(default_factory=TrackingConfig)
    train: OmitArgPrefixes[TrainConfig] = field(default_factory=TrainConfig)
    begun_from: Annotated[Path, arg(name="from")] = SCRATCH
    """A run or policy whose skill training begins with, or "scratch". "tracker" comes with sfv and has seen many clips;
    "auto" is the tracker if it follows half of the motion untrained, which succeeds sooner. What it did not see, as a
    --scan, is learnt."""
    mend: bool = True
    """Let sfv repair mend what the physics check finds: feet in the floor or sliding, a rough seam, force from nowhere.
    The reference then differs from a motion file by a few centimetres; from what is seen in a video only where the
    check fails. A motion for which a scene was found is not mended."""
    anyway: bool = False
    """Go on though the physics check says that the clip was read wrongly."""
    scene: Literal["none", "auto"] = "none"
    """What there is besides level ground: 'auto' finds the seats and steps that must have been there."""
    preview: bool = False
    """Before training, let the character perform the reference by planning ahead, as sfv preview does, for a first page
    to look at while training runs. It takes 10 to 40 CPU seconds per second of the clip."""
    robustness: bool = False
    """Measure as well how robust the policy is, as sfv robustness --quick does, and link it from the page."""
    rollouts: Annotated[int, Within(1, 10_000)] = 32
    """Rollouts from the clip's start by which the policy is measured, and as many from random phases."""

    @classmethod
    def of_today(cls, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a file says, in today's words: before 0.2.0 `character` was who is to do it, `performer` whose motion it
        is."""
        content = in_words_of_today(content)
        if "character" not in content:
            return content
        kept = {name: value for name, value in content.items() if name not in ("character", "performer")}
        return kept | {"performer": content["character"], "reading": {"character": content.get("performer")}}


@dataclass(frozen=True)
class Run:
    """One clip on its way to a policy.

    Attributes:
        source: a video of a person, or a motion file, which is then the reference itself.
        out: the run folder.
        settings: how.
    """

    source: Path
    out: Path
    settings: Settings = field(default_factory=Settings)

    def record(self) -> dict[str, Any]:
        """What is written beside its result, and read again by --config: the settings, and the clip that they were for.
        Where results go is said anew each time."""
        return {"clip": str(self.source.absolute())} | dict(plain(self.settings))
