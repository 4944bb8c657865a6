"""Files of every kind that sfv reads, small and whole, and ways of damaging them."""

import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

FRAMES = 12
Maker = Callable[[Path], Path]


def _save(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _pickled(path: Path, content: object) -> Path:
    path.write_bytes(pickle.dumps(content, 4))
    return path


def _still():  # type: ignore[no-untyped-def]
    from sfv.character import load_character
    from sfv.motion import Motion

    skeleton = load_character("humanoid").skeleton
    return Motion(skeleton, 30.0, np.tile(skeleton.qpos0, (FRAMES, 1)), source="still")


def own(folder: Path) -> Path:
    _still().save(folder / "m.npz")
    return folder / "m.npz"


def grounded(folder: Path) -> Path:
    from sfv.terrain.terrain import NO_BLOCK, Terrain

    level, tops = np.zeros((4, 5)), np.full((3, 4), NO_BLOCK)
    tops[1, 1:3] = 0.4
    replace(_still(), ground=Terrain(level, tops, level, 0.1, (-0.2, -0.2), thick=0.2)).save(folder / "m.npz")
    return folder / "m.npz"


def written(suffix: str) -> Maker:
    def make(folder: Path) -> Path:
        from sfv.formats.files import write_motion

        write_motion(_still(), folder / f"m{suffix}")
        return folder / f"m{suffix}"

    return make


def amc(folder: Path) -> Path:
    bones = "".join(
        f"begin\n id {i}\n name {name}\n direction 0 -1 0\n length {length}\n axis 0 0 0 XYZ\n dof rx ry rz\nend\n"
        for i, (name, length) in enumerate((("lfemur", 7.0), ("ltibia", 7.0), ("lfoot", 2.0), ("head", 10.0)), 1)
    )
    tree = "begin\nroot lfemur head\nlfemur ltibia\nltibia lfoot\nend\n"
    _text(
        folder / "m.asf",
        ":version 1.10\n:name x\n:units\n mass 1.0\n length 0.45\n angle deg\n:documentation\n none\n:root\n"
        " order TX TY TZ RX RY RZ\n axis XYZ\n position 0 0 0\n orientation 0 0 0\n"
        f":bonedata\n{bones}:hierarchy\n{tree}",
    )
    frame = "root 0 17 0 0 0 0\nlfemur 1 2 3\nltibia 4 5 6\nlfoot 0 0 0\nhead 0 0 0\n"
    body = "".join(f"{t + 1}\n{frame}" for t in range(FRAMES))
    return _text(folder / "m.amc", f":FULLY-SPECIFIED\n:DEGREES\n{body}")


def amass(folder: Path) -> Path:
    poses = np.zeros((FRAMES, 156))
    poses[:, :3] = [np.pi / 2, 0, 0]
    return _save(folder / "m.npz", poses=poses, trans=np.tile([0, 0, 1.2], (FRAMES, 1)), betas=np.zeros(16),
                 gender="female", mocap_framerate=120.0)  # fmt: skip


def humanml3d(folder: Path) -> Path:
    from sfv.formats.smpl import mean_joints

    np.save(folder / "m.npy", np.tile(mean_joints() + np.array([0, 1.2, 0]), (FRAMES, 1, 1)).astype(np.float32))
    return folder / "m.npy"


def wham(folder: Path) -> Path:
    person = {"pose_world": np.zeros((FRAMES, 72)), "trans_world": np.zeros((FRAMES, 3)),
              "betas": np.zeros((FRAMES, 10)), "frame_ids": np.arange(FRAMES)}  # fmt: skip
    return _pickled(folder / "m.pkl", {0: person})


def humans4d(folder: Path) -> Path:
    body = {"global_orient": np.eye(3)[None], "body_pose": np.tile(np.eye(3), (23, 1, 1)), "betas": np.zeros(10)}
    return _pickled(folder / "m.pkl", {
        f"{t:04d}.jpg": {"tid": [1], "smpl": [body], "camera": [np.array([0, 0, 20.0])]} for t in range(FRAMES)
    })  # fmt: skip


def mimickit(folder: Path) -> Path:
    return _pickled(folder / "m.pkl", {"fps": 30, "loop_mode": 1, "frames": [[0.0, 0, 0.9] + [0.01] * 31] * FRAMES})


def tram(folder: Path) -> Path:
    content = {"pred_rotmat": np.tile(np.eye(3), (FRAMES, 24, 1, 1)), "pred_trans": np.zeros((FRAMES, 1, 3)),
               "pred_shape": np.zeros((FRAMES, 10)), "frame": np.arange(FRAMES)}  # fmt: skip
    np.save(folder / "m.npy", np.array(content, dtype=object), allow_pickle=True)
    return folder / "m.npy"


def gvhmr(folder: Path) -> Path:
    import torch

    found = {"body_pose": torch.zeros(FRAMES, 63), "global_orient": torch.zeros(FRAMES, 3),
             "transl": torch.zeros(FRAMES, 3), "betas": torch.zeros(FRAMES, 10)}  # fmt: skip
    torch.save({"smpl_params_global": found}, folder / "m.pt")
    return folder / "m.pt"


def phc(folder: Path) -> Path:
    clip = {"pose_aa": np.zeros((FRAMES, 24, 3)), "root_trans_offset": np.zeros((FRAMES, 3)), "fps": 30,
            "trans_orig": np.zeros((FRAMES, 3)), "beta": np.zeros(16)}  # fmt: skip
    return _pickled(folder / "m.pkl", {"clip": clip})


def romp(folder: Path) -> Path:
    results = {f"{t:04d}.jpg": {"smpl_thetas": np.zeros((1, 72)), "cam_trans": np.zeros((1, 3)),
                                "smpl_betas": np.zeros((1, 10))} for t in range(FRAMES)}  # fmt: skip
    return _save(folder / "m.npz", results=np.array(results, dtype=object))


def poselib(folder: Path) -> Path:
    tree = {"node_names": ["hips", "foot"], "parent_indices": {"arr": np.array([-1, 0])},
            "local_translation": {"arr": np.array([[0, 0, 0.9], [0, 0, -0.9]])}}  # fmt: skip
    content = {"rotation": {"arr": np.tile([0.0, 0, 0, 1], (FRAMES, 2, 1))}, "is_local": True, "fps": 30,
               "root_translation": {"arr": np.zeros((FRAMES, 3))}, "skeleton_tree": tree}  # fmt: skip
    np.save(folder / "m.npy", np.array(content, dtype=object), allow_pickle=True)
    return folder / "m.npy"


def kimodo(folder: Path) -> Path:
    from sfv.formats.kimodo import SKELETONS

    joints = SKELETONS[30][1]
    names = [name for name, _ in joints]
    rest = np.zeros((30, 3))
    for i, (_, parent) in enumerate(joints):
        rest[i] = rest[names.index(parent)] + [0.01 * i, 0.05, 0.0] if parent else [0, 1, 0]
    return _save(folder / "m.npz", posed_joints=np.tile(rest, (FRAMES, 1, 1)),
                 global_rot_mats=np.tile(np.eye(3), (FRAMES, 30, 1, 1)),
                 foot_contacts=np.ones((FRAMES, 4), bool))  # fmt: skip


def track(folder: Path) -> Path:
    from sfv.formats.keypoints import MEDIAPIPE
    from sfv.pose import PoseTrack

    PoseTrack(MEDIAPIPE, np.arange(FRAMES) / 30, np.full((FRAMES, 33, 2), 50.0), np.zeros((FRAMES, 33, 3)),
              np.ones((FRAMES, 33)), (100, 100), "fuzz", 0).save(folder / "track.npz")  # fmt: skip
    return folder / "track.npz"


def keypoints(folder: Path) -> Path:
    people = [{"pose_keypoints_2d": [float(x) for k in range(25) for x in (10 + k, 20 + 3 * k, 0.9)]}]
    return _text(folder / "a_keypoints.json", json.dumps({"version": 1.3, "people": people}))


def video(folder: Path) -> Path:
    from sfv.view.video import write_video

    write_video(folder / "clip.mp4", (np.full((48, 64, 3), 10 * t, np.uint8) for t in range(20)), 20.0)
    return folder / "clip.mp4"


def settings(folder: Path) -> Path:
    return _text(folder / "config.yaml", "pose:\n  person: 1\n  model: full\ntrain:\n  seed: 3\n  hidden: [64, 64]\n")


def mjcf(folder: Path) -> Path:
    return _text(
        folder / "robot.xml",
        '<mujoco><worldbody><body name="pelvis" pos="0 0 1"><freejoint name="root"/><geom size=".1"/>\n'
        '<body name="leg" pos="0 0 -.4"><joint name="knee" axis="0 1 0" range="-1 1"/><geom size=".1"/></body></body>\n'
        '</worldbody><actuator><position joint="knee" kp="10" kv="1"/></actuator></mujoco>',
    )


def policy(folder: Path) -> Path:
    from policies.export import save_policy
    from policies.networks import make_policy

    save_policy(folder, make_policy(8, 2, (16,)), {"control_hz": 30.0})
    return folder / "policy.safetensors"


def progress(folder: Path) -> Path:
    return _text(folder / "progress.csv", "samples,minutes,success\n" + "1000,0.5,0.25\n2000,1.0,\n" * 4)


MOTIONS: dict[str, Maker] = {
    "npz": own, "ground": grounded, "bvh": written(".bvh"), "bvh.gz": written(".bvh.gz"), "deepmimic": written(".json"),
    "csv": written(".csv"), "amc": amc, "amass": amass, "humanml3d": humanml3d, "wham": wham, "humans4d": humans4d,
    "mimickit": mimickit, "tram": tram, "gvhmr": gvhmr, "phc": phc, "romp": romp, "poselib": poselib, "kimodo": kimodo,
}  # fmt: skip
OTHERS: dict[str, Maker] = {
    "track": track, "keypoints": keypoints, "video": video, "settings": settings, "mjcf": mjcf, "policy": policy,
    "progress": progress,
}  # fmt: skip


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The same file with one to four things wrong with it."""
    for _ in range(rng.randint(1, 4)):
        content = rng.choice(DAMAGES)(content, rng)
    return content


def _flip(content: bytes, rng: random.Random) -> bytes:
    out = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    piece = content[start : start + rng.randint(1, 400)]
    return content[:start] + piece * rng.randint(2, 50) + content[start:]


def _drop(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[start + rng.randint(1, 200) :]


def _word(content: bytes, rng: random.Random) -> bytes:
    """Another number, or something that is none, in place of a number of a text."""
    words = content.split(b" ")
    strange = (b"nan", b"inf", b"-1", b"0", b"1e308", b"9" * 20, b"", b"x", b"\x00", b"1e-320", "\u00e9".encode())
    words[rng.randrange(len(words))] = rng.choice(strange)
    return b" ".join(words)


def _inside(content: bytes, rng: random.Random) -> bytes:
    """Of an archive: an array of other numbers, shape or kind, so that checksums still agree."""
    if content[:2] != b"PK":
        return _flip(content, rng)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # it was damaged before, in whatever way; what is tested are sfv's readers, not zipfile
        return _flip(content, rng)
    if not files:
        return content
    name = rng.choice(sorted(files))
    kind = rng.randrange(4)
    if kind == 0:
        del files[name]
    elif kind == 1:
        files[name] = damaged(files[name], rng)
    else:
        files[name] = _npy(rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for key, value in files.items():
            archive.writestr(key, value)
    return out.getvalue()


def _npy(rng: random.Random) -> bytes:
    stream = io.BytesIO()
    shape = tuple(rng.choice((0, 1, 2, 3, 12, 22)) for _ in range(rng.randrange(4)))
    fill = rng.choice((0.0, 1.0, np.nan, np.inf, 1e38, -1e300, 1e-320))
    with np.errstate(all="ignore"):
        np.save(stream, np.full(shape, fill).astype(rng.choice(("f8", "f4", "i8", "?", "U3"))))
    return stream.getvalue()


DAMAGES = (_flip, _flip, _cut, _repeat, _drop, _word, _inside)
