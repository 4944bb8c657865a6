"""What nobody saw of a video, made up by a prior."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recon.config import ReconstructConfig
from recon.gaps import filler, made_anew, unseen
from recon.reconstruct import reconstruct
from recon.shipped import AUTO, NONE
from sfv.character import load_character
from sfv.errors import InputError
from sfv.motion import Motion
from sfv.priors.gaits import STYLES, gait


def without(track, begin, stop):
    """The track with nobody in it from a frame on up to another."""
    fields = {name: getattr(track, name).copy() for name in ("points_2d", "points_3d", "confidence")}
    fields["points_2d"][begin:stop] = fields["points_3d"][begin:stop] = np.nan
    fields["confidence"][begin:stop] = 0.0
    return replace(track, **fields)


class Raising:
    """A prior that fills with what is a metre higher, and stands there on both feet."""

    name = "raising"
    labels: tuple[str, ...] = ()

    def alike(self, text):
        return []

    def sample(self, condition, seed, n):
        raise AssertionError("nobody asked for a sample")

    def save(self, path):
        raise AssertionError("nobody asked to save it")

    def fill(self, motion, keep, condition, seed):
        qpos = motion.qpos.copy()
        qpos[~keep, 2] += 1.0
        return replace(motion, qpos=qpos, contacts=None, contact_names=())


def test_a_gap_is_what_lies_between_two_frames_that_are_sure(humanoid, jump, camera, filmed):
    track = filmed(jump, camera)
    assert not unseen(track, jump).any()
    assert np.flatnonzero(unseen(without(track, 30, 60), jump)).tolist() == list(range(30, 60))
    assert not unseen(without(track, 30, 35), jump).any()  # 0.2 s leave no choice
    assert not unseen(without(track, 10, 80), jump).any()  # and 2.3 s too much
    assert not unseen(without(without(track, 0, 20), 70, len(track)), jump).any()  # nothing is known before, or after
    # a face in a window is no person
    hardly = replace(track, confidence=track.confidence.copy())
    hardly.confidence[30:60, 5:] = 0.1
    assert unseen(hardly, jump)[30:60].all()
    # of a motion at another rate
    slower = jump.resampled(20.0)
    assert np.flatnonzero(unseen(without(track, 30, 60), slower)).tolist() == list(range(20, 40))


@pytest.mark.parametrize("rate", [30.0, 50.0])
def test_only_the_gap_is_made_anew(humanoid, jump, rate):
    motion = replace(jump.resampled(rate), contacts=None, contact_names=())
    touching = np.tile([0.25, 0.75], (len(motion), 1))
    motion = replace(motion, contacts=touching, contact_names=humanoid.feet)
    gaps = (motion.times > 1.0) & (motion.times < 2.0)
    made = made_anew(motion, gaps, Raising(), humanoid)
    np.testing.assert_array_equal(made.qpos[~gaps], motion.qpos[~gaps])
    np.testing.assert_array_equal(made.contacts[~gaps], touching[~gaps])
    inner = (motion.times > 1.05) & (motion.times < 1.95)
    np.testing.assert_allclose(made.qpos[inner, 2], motion.qpos[inner, 2] + 1.0, atol=0.01)
    assert not made.contacts[inner].any()  # nobody stands in the air
    assert made_anew(motion, np.zeros(len(motion), bool), Raising(), humanoid) is motion


def test_a_walk_is_gone_on_with_through_a_gap(humanoid):
    """By straight ways the legs do not swing."""
    walk = gait(humanoid, STYLES[0], 4.0).motion
    gaps = (walk.times > 1.5) & (walk.times < 2.5)
    frozen = walk.qpos.copy()
    frozen[gaps, 7:] = walk.qpos[np.flatnonzero(gaps)[0] - 1, 7:]
    made = made_anew(
        replace(walk, qpos=frozen, contacts=None, contact_names=()), gaps, filler(AUTO, humanoid), humanoid
    )
    knees = [int(humanoid.model.joint(f"{side}_knee").qposadr[0]) for side in ("left", "right")]
    assert (np.ptp(made.qpos[gaps][:, knees], axis=0) > 0.5 * np.ptp(walk.qpos[gaps][:, knees], axis=0)).all()
    steps = np.abs(np.diff(made.qpos[:, 7:], axis=0)).max(1)
    assert steps.max() < 2.0 * np.abs(np.diff(walk.qpos[:, 7:], axis=0)).max()


def test_a_reconstruction_says_what_is_made_up(humanoid, jump, camera, filmed, caplog):
    track = without(filmed(jump, camera), 30, 60)
    few = ReconstructConfig(iterations=20)
    with caplog.at_level(logging.WARNING):
        plain = reconstruct(track, humanoid, replace(few, gaps=NONE)).motion
        assert "nobody was seen" not in caplog.text
        filled = reconstruct(track, humanoid, few).motion
    assert "nobody was seen from 1.0 to 2.0 s; what is done there is made up by mdm" in caplog.text
    np.testing.assert_array_equal(filled.qpos[:30], plain.qpos[:30])
    np.testing.assert_array_equal(filled.qpos[60:], plain.qpos[60:])
    assert np.abs(filled.qpos[30:60] - plain.qpos[30:60]).max() > 0.05
    # a term of one's own decides by itself
    own = reconstruct(track, humanoid, few, lambda candidate: candidate.qpos.square().mean() * 0.0).motion
    np.testing.assert_allclose(own.qpos, plain.qpos, atol=1e-6)


def test_who_fills_is_chosen(humanoid, tmp_path):
    assert filler(NONE, humanoid) is None
    assert filler(AUTO, load_character("smpl22")) is None  # nobody knows its motions
    with pytest.raises(InputError, match="there is no file nowhere"):
        filler(Path("nowhere.safetensors"), humanoid)
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"no\.safetensors"):
        filler(tmp_path / "no.safetensors", humanoid)


def test_what_cannot_fill_says_who_can(humanoid, jump):
    from sfv.priors.rows import load_prior

    gaps = (jump.times > 1.0) & (jump.times < 2.0)
    with pytest.raises(InputError, match="t2m-gpt cannot fill; those that can: mdm"):
        made_anew(Motion(jump.skeleton, jump.fps, jump.qpos), gaps, load_prior("t2m-gpt", humanoid), humanoid)
