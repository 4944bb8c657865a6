"""The lifter: its geometry with exact depths, its file, and that it learns what mocap shows and pixels do not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from recon.config import ReconstructConfig
from recon.lifter import lifter, lifter_fit
from recon.lifter.lifter import LIMBS, POINTS, RATE, REACH, Lifter, deepened, lift_input, lifter_input
from recon.lifter.lifter_fit import fit_lifter
from recon.lifter.synthetic_views import HEAD, HIPS, KNEES, LENGTH, MIRRORED, SyntheticViews, points_of
from recon.reconstruct import reconstruct
from sfv.cli.main import main
from sfv.errors import InputError
from sfv.metrics import pa_mpjpe
from sfv.motion import Motion
from sfv.skeleton import Skeleton
from sfv.work.tensors import load_tensors, save_tensors


def limbs(track) -> np.ndarray:
    return track.points_3d[:, [track.index(name) for name in LIMBS]]


def test_depths_that_are_right_put_the_points_where_they_are(jump, camera, filmed, monkeypatch):
    """A track whose depths are flattened to a half, and a network that knows them."""
    true = filmed(jump, camera, pixels=0.0, metres=0.0, lean=0.0)
    flat = replace(true, points_3d=true.points_3d * [1.0, 1.0, 0.5])
    exact = lifter_input(true, camera.focal).own
    assert pa_mpjpe(limbs(flat), limbs(true)) > 40.0  # mm
    monkeypatch.setattr(lifter, "lift_input", lambda network, given: exact)
    monkeypatch.setattr(lifter, "SHARE", 1.0)
    found = deepened(Lifter(), flat, camera.focal)
    assert pa_mpjpe(limbs(found), limbs(true)) < 15.0
    # hands move along with their wrists
    for part in ("left_index", "right_heel"):
        joint = lifter.LED[part]
        moved = (found.points_3d - flat.points_3d)[:, [found.index(part), found.index(joint)]]
        np.testing.assert_allclose(moved[:, 0], moved[:, 1], atol=1e-9)


def test_a_track_of_another_rate_with_a_gap_keeps_its_frames_and_its_gap(jump, camera, filmed):
    track = filmed(jump, camera, fps=50.0)
    track.points_3d[20:23], track.points_2d[20:23] = np.nan, np.nan
    found = deepened(Lifter(), track, camera.focal)
    assert found.points_3d.shape == track.points_3d.shape
    np.testing.assert_array_equal(np.isnan(found.points_3d), np.isnan(track.points_3d))


def test_the_mirror_image_is_lifted_to_the_mirror_image(jump, camera, filmed):
    given = lifter_input(filmed(jump, camera), camera.focal)
    torch.manual_seed(0)
    network = Lifter(16)
    torch.nn.init.normal_(network.last.weight)
    other = replace(given, seen=given.seen[:, MIRRORED] * [-1.0, 1.0], confidence=given.confidence[:, MIRRORED])
    found, mirrored = lift_input(network, given), lift_input(network, other)
    np.testing.assert_allclose(mirrored[:, MIRRORED] * [-1.0, 1.0, 1.0], found, atol=1e-5)


def test_the_file_gives_the_same_network_and_others_are_refused(tmp_path):
    torch.manual_seed(0)
    network = Lifter(16)
    torch.nn.init.normal_(network.last.weight)
    network.save(tmp_path / "it.safetensors", {"steps": 3})
    again = Lifter.load(tmp_path / "it.safetensors")
    given = (torch.rand(2, 40, len(POINTS), 2), torch.rand(2, 40, len(POINTS)), torch.rand(2, 40))
    assert again(*given).shape == (2, 40 - 2 * REACH, len(POINTS), 3)
    torch.testing.assert_close(again(*given), network(*given))
    save_tensors(tmp_path / "policy.safetensors", {"w": torch.ones(1)}, {"format": 1})
    with pytest.raises(InputError, match=r"no lifter of this sfv.*sfv fit"):
        Lifter.load(tmp_path / "policy.safetensors")
    with pytest.raises(InputError, match=r"there is no file.*sfv fit"):
        Lifter.load(tmp_path / "nowhere.safetensors")


def test_points_of_a_motion_are_about_the_hips_in_statures(jump):
    points = points_of(jump.resampled(60.0), "jump")
    assert len(points) == len(jump.resampled(RATE))
    np.testing.assert_allclose(points[:, HIPS].mean(1), 0.0, atol=1e-6)
    # crouching or standing, a thigh is a quarter of a stature
    np.testing.assert_allclose(np.linalg.norm(points[:, HIPS] - points[:, KNEES], axis=-1), 0.25, atol=0.02)
    assert points[0, HEAD, 2] > 0.3
    xml = jump.skeleton.xml.replace("neck", "antenna")
    with pytest.raises(InputError, match="without a head"):
        points_of(Motion(Skeleton(xml), 30.0, jump.qpos), "robot.csv")


def test_views_without_errors_are_projections_of_the_truth(jump, monkeypatch):
    monkeypatch.setattr(SyntheticViews, "_normal", lambda self, *shape: torch.zeros(shape))
    views = SyntheticViews([points_of(jump, "jump")], seed=0)
    monkeypatch.setattr(views, "_spoilt", lambda seen: (seen, torch.ones(seen.shape[:3])))
    monkeypatch.setattr(views, "_cut", lambda *values: values)
    batch = views.batch(6)
    truth, inner = batch.truth, slice(REACH, LENGTH - REACH)
    away = 1.0 + truth[..., 2] * batch.nearness[:, inner, None]
    torch.testing.assert_close(batch.seen[:, inner], truth[..., :2] / away[..., None])
    # bones are as long in all frames of a window
    thigh = (truth[:, :, HIPS[0]] - truth[:, :, KNEES[0]]).norm(dim=-1)
    torch.testing.assert_close(thigh, thigh[:, :1].expand_as(thigh), atol=2e-3, rtol=0.0)


def test_views_are_spoilt_differently_and_the_same_for_the_same_seed(jump):
    clips = [points_of(jump, "jump")]
    one, two, other = (SyntheticViews(clips, seed).batch(4) for seed in (0, 0, 1))
    torch.testing.assert_close(one.seen, two.seen)
    assert not torch.allclose(one.seen, other.seen)
    assert one.confidence.min() >= 0.0
    assert one.confidence.max() <= 1.0


@pytest.mark.slow
def test_a_lifter_learns_the_depth_that_one_frame_does_not_show(jump, monkeypatch):
    monkeypatch.setattr(lifter_fit, "WINDOWS", 8)
    clips = {"jump": jump}
    flat = SyntheticViews([points_of(jump, "jump")], 7).batch(64)
    guess = (flat.truth * torch.tensor([0.0, 0.0, 1.0])).norm(dim=-1).mean()  # of somebody who takes all to be flat
    network, error = fit_lifter(clips, 100)
    found = network(flat.seen, flat.confidence, flat.nearness)
    depth = (found - flat.truth)[..., 2].abs().mean()
    assert depth < 0.7 * guess
    assert error < 0.15


def test_a_fit_that_is_stopped_goes_on_to_the_same_network(jump, tmp_path, monkeypatch):
    monkeypatch.setattr(lifter_fit, "WINDOWS", 2)
    monkeypatch.setattr(lifter_fit, "EVERY", 2)
    clips, checkpoint, told = {"jump": jump}, tmp_path / "lifter.checkpoint.safetensors", []

    def stopped(steps: float, text: str) -> None:
        told.append(text)
        if len(told) == 4:
            raise KeyboardInterrupt

    whole, error = fit_lifter(clips, 6)
    with pytest.raises(KeyboardInterrupt):
        fit_lifter(clips, 6, advance=stopped, checkpoint=checkpoint)
    done = []
    other, again = fit_lifter(clips, 6, advance=lambda steps, text: done.append(steps), checkpoint=checkpoint)
    assert done == [2, 1, 1, 1, 1]
    assert again == error
    for a, b in zip(whole.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert len(load_tensors(checkpoint, "")[0]["errors"]) == 6
    done.clear()
    fit_lifter(clips, 6, seed=1, advance=lambda steps, text: done.append(steps), checkpoint=checkpoint)
    assert done == [1] * 6  # of another fit


def test_too_little_mocap_is_refused(jump):
    with pytest.raises(InputError, match="minutes of mocap"):
        fit_lifter({"short": replace(jump, qpos=jump.qpos[:30], contacts=None, contact_names=())}, 1)


def test_fitting_and_using_it_from_the_command_line(humanoid, jump, camera, filmed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lifter_fit, "WINDOWS", 2)
    longer = replace(jump, qpos=np.concatenate((jump.qpos, jump.qpos)), contacts=None, contact_names=())
    longer.save(tmp_path / "jump.npz")
    out = tmp_path / "lifter.safetensors"
    assert main(["fit", str(tmp_path / "jump.npz"), "--steps", "2", "--out", str(out)]) == 0
    assert "fitted to 1 motions, 0.1 minutes" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jump.npz", "lifter.safetensors"]
    assert main(["fit", str(tmp_path / "jump.npz"), "--steps", "0", "--out", str(out)]) == 2
    track = filmed(jump, camera)
    asked = []
    monkeypatch.setattr("recon.reconstruct.deepened", lambda network, track, focal: asked.append(focal) or track)
    reconstruct(track, humanoid, ReconstructConfig(focal=camera.focal, lifter=out, iterations=2))
    assert asked == [camera.focal]
