"""A policy of sfv without sfv: `python play_policy.py FOLDER [--clip 0] [--seconds 5] [--out qpos.npy] [--view]`.

FOLDER holds policy.onnx and policy.json, as a training leaves them (3-policy of a run). Needs numpy, mujoco and
onnxruntime. What the policy observes is computed here as policy.json names it: `observation`, number by number.
"""

import argparse
import json
from pathlib import Path

import mujoco
import mujoco.viewer
import numpy as np
import onnxruntime


def rotated(quat: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, 3) in the world, as seen from a frame turned by `quat` (wxyz)."""
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quat)
    return vectors @ matrix.reshape(3, 3)


def angles(model: mujoco.MjModel, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How far each joint but the root turns from one pose to another: ball joints first, then hinges."""
    change = np.zeros(model.nv)
    mujoco.mj_differentiatePos(model, change, 1.0, start, end)
    kinds = np.repeat(model.jnt_type, [{0: 6, 1: 3, 2: 1, 3: 1}[k] for k in model.jnt_type])
    return np.concatenate((change[kinds == mujoco.mjtJoint.mjJNT_BALL], change[kinds == mujoco.mjtJoint.mjJNT_HINGE]))


def pushed(root: np.ndarray, pose: np.ndarray, speed: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """A box as seen from the root: the way and the turn to where it is to be, and how fast it goes and spins."""
    turn, ahead, spin = np.zeros(3), np.zeros(3), np.zeros(3)
    mujoco.mju_subQuat(turn, goal[3:], pose[3:])  # as the spin, in the box's own frame
    mujoco.mju_rotVecQuat(ahead, turn, pose[3:])
    mujoco.mju_rotVecQuat(spin, speed[3:], pose[3:])
    return rotated(root, np.stack((goal[:3] - pose[:3], ahead, speed[:3], spin))).ravel()


def observe(model: mujoco.MjModel, data: mujoco.MjData, rest: np.ndarray, goal: dict[str, np.ndarray]) -> np.ndarray:
    """What the policy sees of the state and of the reference one control step ahead."""
    box = data.qpos[len(rest) :]  # behind the body there may be one that it pushes
    speeds = model.nv - 6 * (len(box) // 7)
    root, place = data.qpos[3:7], data.qpos[:3]
    turn, matrix, back = np.zeros(4), np.zeros(9), np.zeros(4)
    mujoco.mju_negQuat(back, root)
    mujoco.mju_mulQuat(turn, back, goal["qpos"][3:7])
    mujoco.mju_quat2Mat(matrix, turn)
    mine = (place[2:], rotated(root, np.array([0.0, 0.0, -1.0])), rotated(root, data.qvel[:3]), data.qvel[3:6])
    joints = (angles(model, np.append(rest, box), data.qpos), data.qvel[6:speeds])
    bodies = rotated(root, goal["xpos"] - place).ravel()
    theirs = (bodies, rotated(root, goal["root_velocity"]), matrix.reshape(3, 3)[:, :2].T.ravel())
    parts = (*mine, *joints, *theirs, angles(model, data.qpos, np.append(goal["qpos"], box)))
    if len(box):
        parts += (pushed(root, box, data.qvel[speeds:], goal["box"]),)
    return np.concatenate(parts)


def play(folder: Path, clip: int, seconds: float, view: bool = False) -> np.ndarray:
    """States (T, nq) from the start of a clip on, one per control step."""
    said = json.loads((folder / "policy.json").read_text())
    session = onnxruntime.InferenceSession(str(folder / said["policy"]))
    model = mujoco.MjModel.from_xml_string(said["mjcf"])
    model.opt.timestep = 1.0 / said["physics_hz"]
    data, reference = mujoco.MjData(model), said["reference"][clip]
    rows = {name: np.array(reference[name]) for name in reference if name not in ("loop", "start")}
    start, still = reference["start"], np.zeros(model.nv - len(reference["start"]["qvel"]))
    data.qpos[:] = np.append(start["qpos"], rows["box"][0] if "box" in rows else [])
    data.qvel[:] = np.append(start["qvel"], still)
    window = mujoco.viewer.launch_passive(model, data) if view else None
    states = [data.qpos.copy()]
    for step in range(min(len(rows["target"]), round(seconds * said["control_hz"]))):
        goal = {name: values[step + 1] for name, values in rows.items() if name != "target"}
        obs = np.clip(
            observe(model, data, np.array(said["rest"]), goal), -said["observation_limit"], said["observation_limit"]
        )
        action = session.run(None, {"obs": obs[None].astype(np.float32)})[0][0]
        data.ctrl[:] = rows["target"][step] + said["action_scale"] * action
        mujoco.mj_step(model, data, round(said["physics_hz"] / said["control_hz"]))
        states.append(data.qpos.copy())
        if window:
            window.sync()
    return np.array(states)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clip", type=int, default=0, help="which of the policy's clips")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path, help="write the states as .npy")
    parser.add_argument("--view", action="store_true", help="show a window")
    args = parser.parse_args()
    found = play(args.folder, args.clip, args.seconds, args.view)
    print(f"{len(found) - 1} control steps; the root went from {found[0, :3].round(2)} to {found[-1, :3].round(2)} m")
    if args.out:
        np.save(args.out, found)
