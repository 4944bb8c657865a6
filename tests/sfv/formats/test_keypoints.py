import json

import numpy as np
import pytest

from sfv.errors import InputError
from sfv.formats.keypoints import BODY_25, COCO, MEDIAPIPE, read_track

SIZE = (640, 480)


def points(count, frames=6, seed=0):
    """(T, K, 3) pixels and confidence of somebody who walks to the right."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(100, 300, size=(1, count, 2)) + np.arange(frames)[:, None, None] * [5.0, 0.0]
    return np.concatenate((place, rng.uniform(0.3, 1, size=(frames, count, 1))), -1)


def check(track, table, first=0, fps=30.0):
    np.testing.assert_allclose(track.points_2d, table[..., :2], atol=1e-9)
    np.testing.assert_allclose(track.confidence, table[..., 2], atol=1e-9)
    np.testing.assert_allclose(track.times, (first + np.arange(len(table))) / fps)
    assert np.isnan(track.points_3d).all()
    assert track.image_size == SIZE


def test_the_names_are_those_of_the_documentation():
    assert (COCO[5], COCO[10], COCO[16]) == ("left_shoulder", "right_wrist", "right_ankle")
    assert (BODY_25[8], BODY_25[11], BODY_25[19], BODY_25[24]) == (
        "mid_hip", "right_ankle", "left_foot_index", "right_heel",
    )  # fmt: skip
    assert (MEDIAPIPE[11], MEDIAPIPE[16], MEDIAPIPE[27], MEDIAPIPE[32]) == (
        "left_shoulder", "right_wrist", "left_ankle", "right_foot_index",
    )  # fmt: skip
    for names in (COCO, BODY_25, MEDIAPIPE):
        assert len(set(names)) == len(names)


def test_openposes_folder(tmp_path):
    table = points(25)
    for t, frame in enumerate(table):
        small = {"person_id": [-1], "pose_keypoints_2d": (frame * [0.1, 0.1, 1]).ravel().tolist()}
        people = [small, {"person_id": [-1], "pose_keypoints_2d": frame.ravel().tolist()}]
        if t in (0, 3):
            people = []
        (tmp_path / f"v_{t:012d}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": people}))
    track = read_track(tmp_path, 30.0, SIZE)
    assert track.names == BODY_25
    assert list(track.found) == [True, True, False, True, True]
    table[3] = np.nan
    table[3, :, 2] = 0
    check(track, table[1:], first=1)
    track.save(tmp_path / "track.npz")


def test_points_that_are_not_seen_are_absent(tmp_path):
    table = points(18)
    table[2, 4] = 0
    frame = {"people": [{"pose_keypoints_2d": table[2].ravel().tolist()}]}
    (tmp_path / "x.json").write_text(json.dumps(frame))
    track = read_track(tmp_path / "x.json", 30.0, SIZE)
    assert np.isnan(track.points_2d[0, 4]).all()
    assert track.confidence[0, 4] == 0


@pytest.mark.parametrize("names", ["number", "file"])
def test_cocos_results(tmp_path, names):
    table = points(17)
    content = []
    for t, frame in enumerate(table):
        image = 40 + t if names == "number" else f"{40 + t}.jpg"
        content.append({"image_id": image, "keypoints": frame.ravel().tolist(), "score": 0.9, "track_id": 7})
        if t < 3:
            content.append({"image_id": image, "keypoints": (frame + 1).ravel().tolist(), "score": 0.95, "track_id": 2})
    (tmp_path / "r.json").write_text(json.dumps(content))
    track = read_track(tmp_path / "r.json", 25.0, SIZE)
    assert track.names == COCO
    assert track.person == 7
    check(track, table, fps=25.0)


def test_cocos_annotations_have_visibility_for_confidence(tmp_path):
    table = points(17, frames=2)
    table[..., 2] = 2
    content = {"annotations": [{"image_id": t, "keypoints": f.ravel().tolist()} for t, f in enumerate(table)]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert (read_track(tmp_path / "a.json", 30.0, SIZE).confidence == 1).all()


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: {"landmarks": f}, lambda f: {"pose_landmarks": [f]}])
def test_mediapipes_landmarks_are_shares_of_the_image(tmp_path, wrap):
    table = points(33)
    frames = [wrap([{"x": x / 640, "y": y / 480, "z": 0.1, "visibility": v} for x, y, v in f]) for f in table]
    (tmp_path / "m.json").write_text(json.dumps({"frames": [wrap([]), *frames]}))
    track = read_track(tmp_path / "m.json", 30.0, SIZE)
    assert track.names == MEDIAPIPE
    check(track, table, first=1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "neither"),
        ("[]", "neither"),
        ("hello", "no keypoint file"),
        ('{"people": []}', "nobody in any frame"),
        ('{"people": [{"pose_keypoints_2d": [1, 2, 1, 30, 4, 1]}]}', "2 points a person"),
        ('{"people": [{"pose": [1, 2, 1]}]}', "pose_keypoints_2d"),
        (json.dumps({"people": [{"pose_keypoints_2d": [0.5, 0.2, 0.9] * 25}]}), "shares of the image"),
        (json.dumps({"people": [{"pose_keypoints_2d": [1900, 1000, 0.9] * 25}]}), "outside of 640 x 480"),
    ],
)
def test_other_files_are_refused(tmp_path, content, words):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=words):
        read_track(tmp_path / "x.json", 30.0, SIZE)


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="--write_json"):
        read_track(tmp_path, 30.0, SIZE)


def test_frames_bear_the_numbers_of_their_files(tmp_path):
    """Ten files that start at 7 and leave out 10 to 12: 1.2 s from the first to the last at 10 fps."""
    for number in [7, 8, 9, *range(13, 20)]:
        people = [{"pose_keypoints_2d": points(25)[0].ravel().tolist()}]
        (tmp_path / f"clip_{number:012d}_keypoints.json").write_text(json.dumps({"people": people}))
    track = read_track(tmp_path, 10.0, SIZE)
    assert list(np.flatnonzero(~track.found)) == [3, 4, 5]
    np.testing.assert_allclose(track.times[[0, -1]], [0.0, 1.2])
    (tmp_path / "other_7_keypoints.json").write_text(json.dumps({"people": people}))
    with pytest.raises(InputError, match="two files of one frame's number"):
        read_track(tmp_path, 10.0, SIZE)


def test_people_are_followed_by_nearness_whatever_their_order(tmp_path):
    """Two people walk towards each other along the picture's sides; one is there in two frames fewer."""
    shape = points(25)[0] * [0.1, 0.1, 1]
    for t in range(20):
        left, right = (shape + np.array([x, y, 0.0]) for x, y in ((10 + 2 * t, 100), (400 - 2 * t, 120)))
        people = [left, right] if t % 2 else [right, left]
        people = [left] if t in (5, 6) else people
        content = {"people": [{"pose_keypoints_2d": person.ravel().tolist()} for person in people]}
        (tmp_path / f"{t}_keypoints.json").write_text(json.dumps(content))
    track = read_track(tmp_path, 30.0, SIZE)
    steps = np.diff(track.points_2d[:, 0], axis=0)
    np.testing.assert_allclose(steps, np.tile([2.0, 0.0], (19, 1)), atol=1e-9)


def test_strange_numbers_are_a_sentence(tmp_path):
    short = '{"people": [{"pose_keypoints_2d": [1, 2]}]}'
    for text in ("[" * 10_000, '{"people": 3}', short, "[1, 2]", '{"frames": [[1]]}'):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InputError, match=r"x\.json"):
            read_track(tmp_path / "x.json", 30.0, SIZE)
    table = points(25)[0] * 1e9
    (tmp_path / "x.json").write_text(json.dumps({"people": [{"pose_keypoints_2d": table.ravel().tolist()}]}))
    with pytest.raises(InputError, match=r"x\.json"):
        read_track(tmp_path / "x.json", 30.0, SIZE)
