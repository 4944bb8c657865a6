"""Motion: the one currency. A skeleton, a rate and joint positions over time.

Video, mocap files, generative priors and the physics all yield Motions. Velocities and body poses are derived
(`sfv.kinematics`), never stored. Z up, metres, radians, seconds, quaternions wxyz, qpos as MuJoCo lays it out.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float

from sfv.errors import InputError, blamed, printable
from sfv.excerpt import Excerpt
from sfv.quaternions import heading
from sfv.reading import FASTEST, SLOWEST
from sfv.skeleton import Skeleton
from sfv.terrain.terrain import FLAT, Terrain
from sfv.work.contents import array_names, arrays_of, content_of
from sfv.work.files import write_arrays

VERSION = 1
LONGEST = 1_000_000
"""Frames: over two hours at 120 fps."""
FARTHEST = 10_000.0
"""m from the origin to the root."""
WOUND = 10_000.0
"""rad that a joint may be turned by: 1600 times round. Programs count turns on, but not so far."""


@dataclass(frozen=True)
class Motion:
    """Joint positions of one skeleton, sampled at a constant rate.

    Attributes:
        skeleton: the tree that qpos belongs to.
        fps: frames per second.
        qpos: (T, nq) positions; root position (m), root quaternion, then balls (wxyz) and hinges (rad).
        contacts: (T, F) in 0..1, how sure it is that a part of the body touches the ground, or None.
        contact_names: the F bodies.
        loop: the last frame is the first again, moved on (and turned) by one cycle.
        source: where it came from, for people.
        ground: what it is done on.
    """

    skeleton: Skeleton
    fps: float
    qpos: Float[np.ndarray, "T nq"]
    contacts: Float[np.ndarray, "T F"] | None = None
    contact_names: tuple[str, ...] = ()
    loop: bool = False
    source: str = ""
    ground: Terrain = FLAT

    def __post_init__(self) -> None:
        if self.qpos.ndim != 2 or self.qpos.shape[1] != self.skeleton.nq or len(self.qpos) < 2:
            raise InputError(
                f"a motion of this skeleton needs at least 2 frames of {self.skeleton.nq} numbers "
                f"but has the shape {self.qpos.shape}; check the file"
            )
        if len(self.qpos) > LONGEST:
            raise InputError(f"a motion may have {LONGEST} frames but has {len(self.qpos)}; take a part of it")
        if not np.isfinite(self.qpos).all():
            frame = int(np.argwhere(~np.isfinite(self.qpos))[0, 0])
            raise InputError(f"the motion has NaN or infinity in frame {frame}; repair the file")
        if not SLOWEST <= self.fps <= FASTEST:
            raise InputError(
                f"the frame rate is {self.fps:g} but must be from {SLOWEST:g} to {FASTEST:g}; "
                "give the file's rate with --fps"
            )
        self._check_poses()
        object.__setattr__(self, "source", printable(self.source))  # it may say what a file says
        if self.contacts is not None and self.contacts.shape != (len(self.qpos), len(self.contact_names)):
            raise InputError(f"contacts have the shape {self.contacts.shape} for names {self.contact_names}; fix them")

    def _check_poses(self) -> None:
        """Raise InputError unless quaternions have the length 1 and the root is in reach."""
        far = np.abs(self.qpos[:, :3]).max(1)
        if far.max() > FARTHEST:
            raise InputError(
                f"the root is {far.max():.3g} m from the origin in frame {int(far.argmax())}; "
                "name the file's --unit, or repair it"
            )
        names, kinds = self.skeleton.joint_names, self.skeleton.joint_kinds
        for name, kind, start in zip(names, kinds, self.skeleton.model.jnt_qposadr, strict=True):
            if kind == "hinge":
                wound = np.abs(self.qpos[:, start])
                if wound.max() > WOUND:
                    raise InputError(
                        f"the angle of {name!r} is {wound.max():.3g} rad in frame {int(wound.argmax())}, "
                        "which no joint turns; repair the file"
                    )
                continue
            start = int(start) + (3 if kind == "free" else 0)
            with np.errstate(over="ignore"):  # whatever is so large is no length of 1 either
                off = np.abs(np.linalg.norm(self.qpos[:, start : start + 4], axis=1) - 1.0)
            if off.max() > 0.01:
                raise InputError(
                    f"the quaternion of {name!r} has a length that is off by {off.max():.2g} from 1 in frame "
                    f"{int(off.argmax())}, so it is no rotation; repair the file"
                )

    def __len__(self) -> int:
        return len(self.qpos)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last; for a loop, one cycle."""
        return (len(self.qpos) - 1) / self.fps

    @property
    def times(self) -> Float[np.ndarray, "T"]:
        """Seconds of each frame, from 0."""
        return np.arange(len(self.qpos)) / self.fps

    def at(self, times: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N nq"]:
        """qpos at any times (s), by mj_integratePos between frames.

        Before the start and past the end a loop goes on, each cycle moved on by the cycle's displacement; any other
        motion holds its first and last frame.
        """
        times = np.asarray(times, np.float64)
        cycles = np.floor(times / self.duration) if self.loop else np.zeros(len(times))
        local = np.clip(times - cycles * self.duration, 0.0, self.duration) * self.fps
        first = np.minimum(local.astype(int), len(self) - 2)
        model, step = self.skeleton.model, np.zeros(self.skeleton.nv)
        out = self.qpos[first].copy()
        for i, frame in enumerate(first):
            mujoco.mj_differentiatePos(model, step, 1.0, self.qpos[frame], self.qpos[frame + 1])
            mujoco.mj_integratePos(model, out[i], step, local[i] - frame)
        return self._moved(out, cycles)

    def resampled(self, fps: float) -> "Motion":
        """The same motion at another rate.

        A loop's period is kept by fitting a whole number of frames to it, and its last frame by copying it: what it
        misses the first by stays its seam, and does not become a jump between two frames.

        Raises:
            InputError: it is shorter than the time from a frame to the next at that rate.
        """
        count = max(2, round(self.duration * fps) + 1)
        if self.loop:
            fps = (count - 1) / self.duration
            times = np.arange(count - 1) / fps
            qpos = np.concatenate([self.at(times), self.qpos[-1:]])
        else:
            count = int(np.floor(self.duration * fps + 1e-6)) + 1
            if count < 2:
                raise InputError(
                    f"{self.source or 'the motion'} lasts {self.duration:.2g} s, which is less than one step of the "
                    f"{fps:g} frames a second that are needed here; give a longer one, or its true rate with --fps"
                )
            times = np.arange(count) / fps
            qpos = self.at(times)
        contacts = None
        if self.contacts is not None:
            grid = np.clip(np.arange(len(qpos)) / fps, 0, self.duration)
            contacts = np.stack([np.interp(grid, self.times, c) for c in self.contacts.T], 1)
        return replace(self, fps=fps, qpos=qpos, contacts=contacts)

    def part(self, excerpt: Excerpt) -> "Motion":
        """The frames of a part of it; a part of a loop is none.

        Raises:
            InputError: it has no such part, or that is shorter than two frames.
        """
        if excerpt.whole:
            return self
        name = self.source or "the motion"
        frames = excerpt.frames(self.times, name)
        if len(self.qpos[frames]) < 2:
            raise InputError(f"{name} has under two frames there, at {self.fps:g} a second; give a longer part")
        contacts = None if self.contacts is None else self.contacts[frames]
        source = f"{self.source}, from {self.times[frames][0]:.4g} to {self.times[frames][-1]:.4g} s"
        return replace(self, qpos=self.qpos[frames], contacts=contacts, loop=False, source=source.removeprefix(", "))

    def cycle(self) -> tuple[float, np.ndarray]:
        """Of a loop: the turn about z (rad) and the displacement in xy (m) of one cycle."""
        first, last = self.qpos[0], self.qpos[-1]
        turn = float(heading(last[3:7]) - heading(first[3:7]))
        turn = float((turn + np.pi) % (2 * np.pi) - np.pi)
        return turn, last[:2] - _rotate(turn, first[:2])

    def seam(self) -> Float[np.ndarray, "nv"]:
        """What is left over at the end of a loop, (nv,): from the last frame to the first one moved on by a cycle.

        Metres for the root's position (its xy are 0 by definition), rotation vectors and angles (rad) for the rest.
        """
        carried = replace(self, loop=True)._moved(self.qpos[:1].copy(), np.ones(1))[0]
        gap = np.zeros(self.skeleton.nv)
        mujoco.mj_differentiatePos(self.skeleton.model, gap, 1.0, self.qpos[-1], carried)
        return gap

    def closed(self) -> "Motion":
        """A loop without a seam: what is left over at its end is spread evenly over all frames."""
        motion = replace(self, loop=True)
        for _ in range(2):  # turning the root a little changes its heading a little
            gap, qpos = motion.seam(), motion.qpos.copy()
            for t, row in enumerate(qpos):
                mujoco.mj_integratePos(motion.skeleton.model, row, gap, t / (len(qpos) - 1))
            motion = replace(motion, qpos=qpos)
        return motion

    def require(self, skeleton: Skeleton, name: str) -> None:
        """Check that the motion is of the given skeleton, called `name` in the error.

        Raises:
            InputError: it is not, with the first difference.
        """
        difference = self.skeleton.difference_to(skeleton)
        if difference is not None:
            raise InputError(
                f"the motion {self.source or 'given'} does not fit {name}: {difference}; give a motion made for {name}"
            )

    def save(self, path: Path | str) -> None:
        """Write the .npz that `load` reads: names, rate, units, quaternion order, skeleton and version included."""
        arrays: dict[str, Any] = {
            "version": VERSION,
            "kind": "sfv motion",
            "conventions": "z up, metres, radians, seconds, quaternions wxyz",
            "skeleton": self.skeleton.xml,
            "columns": np.array(self.skeleton.qpos_columns),
            "fps": self.fps,
            "qpos": self.qpos,
            "loop": self.loop,
            "source": self.source,
        }
        if self.contacts is not None:
            arrays |= {"contacts": self.contacts, "contact_names": np.array(self.contact_names)}
        if not self.ground.flat:
            arrays |= self.ground.arrays()
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path: Path | str) -> "Motion":
        """Read a motion file. Columns are matched by name.

        Raises:
            InputError: no such file, not a motion of ours, a newer version, or columns that do not fit its skeleton.
        """
        content = content_of(path)
        if not array_names(content):
            raise InputError(f"{path} is no motion file of sfv; turn it into one with: sfv convert {path}")
        with blamed(f"{path} is a damaged motion file", "make it again"):
            return cls._of(arrays_of(content, str(path)), path)

    @classmethod
    def _of(cls, data: dict[str, np.ndarray], path: Path | str) -> "Motion":
        required = {"kind", "version", "skeleton", "columns", "fps", "qpos", "loop", "source"}
        if not required <= data.keys() or str(data["kind"]) != "sfv motion":
            raise InputError(
                f"{path} is an .npz but not a motion of sfv (it holds {', '.join(sorted(data))}); "
                "give a motion that sfv wrote"
            )
        if int(data["version"]) > VERSION:
            raise InputError(f"{path} is of version {data['version']} but this sfv reads up to {VERSION}; update sfv")
        skeleton = Skeleton.read(str(data["skeleton"]))
        columns = [str(name) for name in data["columns"]]
        if sorted(columns) != sorted(skeleton.qpos_columns):
            strange = ", ".join(sorted(set(columns) ^ set(skeleton.qpos_columns)))
            raise InputError(f"{path}: columns and skeleton disagree about {strange}; export it again")
        if data["qpos"].ndim != 2 or data["qpos"].shape[1] != len(columns) or data["qpos"].dtype.kind != "f":
            raise InputError(f"{path}: qpos is {data['qpos'].shape} for {len(columns)} columns; export it again")
        order = [columns.index(name) for name in skeleton.qpos_columns]
        return cls(
            skeleton=skeleton,
            fps=float(data["fps"]),
            qpos=data["qpos"].astype(np.float64)[:, order],
            contacts=data["contacts"].astype(np.float64) if "contacts" in data else None,
            contact_names=tuple(str(name) for name in data.get("contact_names", ())),
            loop=bool(data["loop"]),
            source=str(data["source"]),
            ground=Terrain.of(data) if "ground_heights" in data else FLAT,
        )

    def _moved(self, qpos: np.ndarray, cycles: np.ndarray) -> np.ndarray:
        """Carry frames of the first cycle on by whole cycles."""
        if not self.loop or not cycles.any():
            return qpos
        turn, shift = self.cycle()
        for i, count in enumerate(cycles.astype(int)):
            for _ in range(abs(count)):
                if count > 0:
                    qpos[i, :2] = _rotate(turn, qpos[i, :2]) + shift
                else:
                    qpos[i, :2] = _rotate(-turn, qpos[i, :2] - shift)
            angle = turn * count
            about_z = np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)])
            rotated = np.zeros(4)
            mujoco.mju_mulQuat(rotated, about_z, qpos[i, 3:7])
            qpos[i, 3:7] = rotated
        return qpos


def _rotate(angle: float, xy: np.ndarray) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([c * xy[0] - s * xy[1], s * xy[0] + c * xy[1]])
