import gzip
import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv.character import load_character
from sfv.errors import InputError
from sfv.formats.deepmimic import read_deepmimic, write_deepmimic
from sfv.kinematics import motion_state
from sfv.motion import Motion

# name, parent, place on the parent (m; x forward, y up, z right), numbers in the file, as in DeepMimic's own character
TREE = [
    ("root", None, (0, 0, 0), 4),
    ("chest", "root", (0, 0.236151, 0), 4),
    ("neck", "chest", (0, 0.223894, 0), 4),
    ("right_hip", "root", (0, 0, 0.084887), 4),
    ("right_knee", "right_hip", (0, -0.421546, 0), 1),
    ("right_ankle", "right_knee", (0, -0.40987, 0), 4),
    ("right_shoulder", "chest", (-0.02405, 0.2435, 0.18311), 4),
    ("right_elbow", "right_shoulder", (0, -0.274788, 0), 1),
    ("left_hip", "root", (0, 0, -0.084887), 4),
    ("left_knee", "left_hip", (0, -0.421546, 0), 1),
    ("left_ankle", "left_knee", (0, -0.40987, 0), 4),
    ("left_shoulder", "chest", (-0.02405, 0.2435, -0.18311), 4),
    ("left_elbow", "left_shoulder", (0, -0.274788, 0), 1),
]
WRISTS = [("right_wrist", "right_elbow", (0, -0.258947, 0)), ("left_wrist", "left_elbow", (0, -0.258947, 0))]


def frame(rng, duration=0.02, size=1.0):
    """One frame with random joints, the trunk upright."""
    numbers = [duration, *rng.normal(size=3) * 0.1 + [0, 0.85, 0]]
    for name, _, _, count in TREE:
        angles = rng.normal(size=3) * (0.1 if name == "root" else size)
        numbers += list(Rotation.from_rotvec(angles).as_quat(scalar_first=True)) if count == 4 else [angles[0]]
    return [float(x) for x in numbers]


def oracle(numbers):
    """World positions (m, y up) and orientations of the bodies by DeepMimic's own definition."""
    position, rotation, column = {}, {}, 4
    for name, parent, offset, count in TREE:
        values = numbers[column : column + count]
        column += count
        turn = Rotation.from_quat(values, scalar_first=True) if count == 4 else Rotation.from_rotvec([0, 0, values[0]])
        position[name] = position[parent] + rotation[parent].apply(offset) if parent else np.array(numbers[1:4])
        rotation[name] = rotation[parent] * turn if parent else turn
    for name, parent, offset in WRISTS:
        position[name] = position[parent] + rotation[parent].apply(offset)
    return position, rotation


def write(path, frames, loop="none", **more):
    path.write_text(json.dumps({"Loop": loop, "Frames": frames} | more))
    return path


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    return [frame(rng) for _ in range(6)]


def test_bodies_are_where_deepmimic_has_them(tmp_path, frames):
    motion = read_deepmimic(write(tmp_path / "m.txt", frames))
    state = motion_state(motion)
    assert motion.fps == 50.0
    names = motion.skeleton.body_names
    for t, numbers in enumerate(frames):
        position, rotation = oracle(numbers)
        for name, (x, y, z) in position.items():
            np.testing.assert_allclose(state.xpos[t, 1 + names.index(name)], (x, -z, y), atol=1e-5, err_msg=name)
        for name in ("root", "neck", "right_ankle", "left_ankle"):  # frames that agree in the zero pose
            x, y, z = rotation[name].apply([1, 0, 0])
            body = Rotation.from_quat(state.xquat[t, 1 + names.index(name)], scalar_first=True)
            np.testing.assert_allclose(body.apply([1, 0, 0]), (x, -z, y), atol=1e-6, err_msg=name)


def test_there_and_back(tmp_path, frames):
    motion = read_deepmimic(write(tmp_path / "m.txt", frames, "wrap"))
    write_deepmimic(motion, tmp_path / "n.json")
    again = read_deepmimic(tmp_path / "n.json")
    np.testing.assert_allclose(again.qpos, motion.qpos, atol=1e-9)
    assert (again.fps, again.loop) == (motion.fps, True)
    written = np.array(json.loads((tmp_path / "n.json").read_text())["Frames"])
    np.testing.assert_allclose(written[-1, 0], 0.0)
    for row, original in zip(written, frames, strict=True):
        for name, turn in oracle(row)[1].items():
            assert (turn.inv() * oracle(original)[1][name]).magnitude() < 1e-6


def test_gzipped_too(tmp_path, frames):
    path = write(tmp_path / "m.txt", frames)
    (tmp_path / "m.txt.gz").write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_deepmimic(tmp_path / "m.txt.gz").qpos, read_deepmimic(path).qpos)
    write_deepmimic(read_deepmimic(path), tmp_path / "n.txt.gz")
    np.testing.assert_allclose(read_deepmimic(tmp_path / "n.txt.gz").qpos, read_deepmimic(path).qpos, atol=1e-9)


def test_uneven_frames_become_even(tmp_path):
    """The root goes 1 m/s; one frame of five lasts twice as long as the others."""
    rest = frame(np.random.default_rng(0))
    durations = [0.1, 0.1, 0.2, 0.1, 0.0]
    places = np.concatenate(([0.0], np.cumsum(durations[:-1])))
    frames = [[d, x, *rest[2:]] for d, x in zip(durations, places, strict=True)]
    motion = read_deepmimic(write(tmp_path / "m.txt", frames))
    assert motion.fps == 10.0
    np.testing.assert_allclose(motion.qpos[:, 0], [0, 0.1, 0.2, 0.3, 0.4, 0.5], atol=1e-9)


def test_quaternions_that_are_too_short_or_flip_are_mended(tmp_path, frames):
    still = [list(frames[0]) for _ in range(4)]
    for row in still[1::2]:
        row[12:16] = [-0.6 * x for x in row[12:16]]
    motion = read_deepmimic(write(tmp_path / "m.txt", still))
    np.testing.assert_allclose(np.diff(motion.qpos, axis=0), 0.0, atol=1e-12)


def test_a_file_with_z_up_is_refused(tmp_path):
    """A standing person in a file whose world has z up: root 1 m along z, turned by a quarter about x."""
    rng = np.random.default_rng(0)
    upright = [frame(rng, size=0.1) for _ in range(8)]
    assert read_deepmimic(write(tmp_path / "m.txt", upright))
    for row in upright:
        x, y, z = row[1:4]
        turn = Rotation.from_rotvec([np.pi / 2, 0, 0]) * Rotation.from_quat(row[4:8], scalar_first=True)
        row[1:8] = [x, -z, y, *turn.as_quat(scalar_first=True)]
    with pytest.raises(InputError, match="z is up"):
        read_deepmimic(write(tmp_path / "m.txt", upright))


def test_somebody_who_lies_on_the_ground_is_not(tmp_path):
    rng = np.random.default_rng(0)
    lying = [frame(rng, size=0.1) for _ in range(8)]
    for row in lying:  # on the right side, the head to the right
        row[2] = 0.2
        row[4:8] = Rotation.from_rotvec([np.pi / 2, 0, 0]).as_quat(scalar_first=True)
    assert read_deepmimic(write(tmp_path / "m.txt", lying))


def broken(frames, change):
    content = {"Loop": "none", "Frames": [list(row) for row in frames]}
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.pop("Loop"), "no DeepMimic motion"),
        (lambda c: c["Frames"][2].pop(), "not lists of 44 numbers"),
        (lambda c: [row.pop() for row in c["Frames"]], r"shape \(6, 43\)"),
        (lambda c: c.update(Frames=c["Frames"][:1]), "at least 2 frames"),
        (lambda c: c["Frames"][3].__setitem__(9, float("nan")), "NaN or infinity in frame 3"),
        (lambda c: c["Frames"][3].__setitem__(0, 0.0), "frame 3 lasts 0 s"),
        (lambda c: [row.__setitem__(4, 3.0) for row in c["Frames"]], "root's quaternion"),
        (lambda c: c.update(Frames="none"), "not lists of 44 numbers"),
    ],
)
def test_broken_files_are_refused(tmp_path, frames, change, words):
    (tmp_path / "m.txt").write_text(broken(frames, change))
    with pytest.raises(InputError, match=words):
        read_deepmimic(tmp_path / "m.txt")


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\x1f\x8b broken", b"\xff\xfe\xfd"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "m.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"m\.txt"):
        read_deepmimic(tmp_path / "m.txt")


def test_another_skeleton_cannot_be_written(tmp_path, frames):
    from sfv.skeleton import Skeleton

    body = Skeleton(load_character("humanoid").skeleton.xml.replace("0 0 -0.40987", "0 0 -0.5"))
    with pytest.raises(InputError, match="humanoid of DeepMimic's files: offsets"):
        write_deepmimic(Motion(body, 30.0, np.tile(body.qpos0, (2, 1))), tmp_path / "m.txt")
    assert not (tmp_path / "m.txt").exists()


@pytest.mark.data
def test_the_published_clips(data_folder):
    """They stand on the ground, keep within the humanoid's joint ranges, and no joint nears a half turn."""
    clips = sorted((data_folder / "mocap" / "deepmimic").glob("humanoid3d_*.txt"))
    assert len(clips) == 15
    for clip in clips:
        motion = read_deepmimic(clip)
        lowest = motion_state(motion).xpos[:, 1:, 2].min(1)
        assert -0.03 < np.median(lowest) < 0.1, clip.name
        for joint, kind in enumerate(motion.skeleton.joint_kinds):
            address = int(motion.skeleton.model.jnt_qposadr[joint])
            low, high = motion.skeleton.model.jnt_range[joint]
            if kind == "hinge":
                angle = motion.qpos[:, address]
            elif kind == "ball":
                angle = 2 * np.arccos(np.abs(motion.qpos[:, address]).clip(0, 1))
            else:
                continue
            name = f"{clip.name} {motion.skeleton.joint_names[joint]}"
            assert angle.min() > low - 0.08, name  # spin overstretches a knee by 0.12 rad
            assert angle.max() < high + 0.2, name  # dance_a bends the neck by 1.39 rad
