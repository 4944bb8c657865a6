"""`sfv pose`: clip -> where the person's body points are."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import OmitArgPrefixes, Positional, arg

from recon.config import PoseConfig
from sfv.cli.say import say_account, say_outcome
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.limits import Within
from sfv.pipeline.stages import beside, pose_stage
from sfv.reading import FASTEST, SLOWEST, SPEEDS
from sfv.work.run_folder import alone_for
from sfv.work.stage import perform

if TYPE_CHECKING:
    from sfv.pose import PoseTrack


@dataclass(frozen=True)
class Program:
    """Find the people in a clip, follow one of them, and write 33 named points in pixels and in metres.

    Beside the track goes a video with everybody's points, confidences and numbers: TRACK.overlay.mp4.
    """

    clip: Annotated[Path, Positional, arg(metavar="CLIP")]
    """A video of a person; a folder of pictures, with --fps; or 2D keypoints, with --size and --fps: a folder of
    OpenPose's, or a .json of OpenPose's, COCO's or MediaPipe's."""
    out: Path
    """The track to write, such as track.npz."""
    excerpt: OmitArgPrefixes[Excerpt] = field(default_factory=Excerpt)
    fps: Annotated[float | None, Within(SLOWEST, FASTEST)] = None
    """Frames per second of pictures and keypoints, which do not say it."""
    speed: Annotated[float, Within(*SPEEDS)] = 1.0
    """How fast the clip plays what happened: 0.25 for a slow motion that takes four times as long."""
    size: str | None = None
    """W,H: width and height in pixels of the pictures that keypoints were found in."""
    pose: OmitArgPrefixes[PoseConfig] = field(default_factory=PoseConfig)
    config: Path | None = None
    """Settings to start from: the config.yaml beside an earlier track. Flags override it."""


def main(program: Program) -> None:
    """Do the stage, unless it is done, and say what the track is worth; keypoints are read anew."""
    from sfv.formats.keypoints import are_keypoints

    if are_keypoints(program.clip):
        say_track(keypoints_of(program), program.out)
        return
    if program.size is not None:
        raise InputError(f"--size does nothing for {program.clip}, which holds pictures of a size; leave it out")
    place = beside(program.out)
    with alone_for(program.out):
        stage = pose_stage(program.clip, program.out, place, program.pose, program.excerpt, program.fps, program.speed)
        say_outcome(perform(stage))
    say_account(program.out, place("people.json"))


def keypoints_of(program: Program) -> "PoseTrack":
    """The track in a file or folder of keypoints.

    Raises:
        InputError: rate or size are missing, or it holds nobody.
    """
    from sfv.formats.keypoints import read_track

    words = (program.size or "").replace("x", ",").split(",")
    if program.fps is None or len(words) != 2 or not all(word.strip().isdigit() for word in words):
        raise InputError(
            f"{program.clip} holds keypoints, which say neither the video's rate nor its size; give both: "
            "--fps 30 --size 1280,720"
        )
    track = read_track(program.clip, program.fps, (int(words[0]), int(words[1])))
    part = track.part(program.excerpt.frames(track.times, str(program.clip)))
    return replace(part, speed=program.speed)


def say_track(track: "PoseTrack", out: Path) -> None:
    """Write a track, and say how long it is."""
    track.save(out)
    seconds, seen = float(track.times[-1] - track.times[0]), int(track.found.sum())
    print(f"{out}: {len(track)} frames, {seconds:.2f} s, {seen} of them with the person ({track.estimator})")
    print("it has no depth, which sfv reconstruct needs: that takes a video, or pictures")
