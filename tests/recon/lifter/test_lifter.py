"""The lifter: its file, what it sees, and that it learns by how much an estimator is wrong."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from recon.lifter.borrowed import VIEWS, borrowed
from recon.lifter.films import Shard
from recon.lifter.lessons import lessons, varied
from recon.lifter.lifter import INPUTS, REACH, Lifter, foreshortened
from recon.lifter.lifter_fit import fit_lifter
from recon.lifter.points import BONES, NAMES, POINTS, RATE
from recon.lifter.sight import sight
from sfv.errors import InputError
from sfv.priors.fitting import FitConfig
from sfv.work.tensors import load_tensors, save_tensors


def noisy(width: int = 16) -> Lifter:
    torch.manual_seed(0)
    network = Lifter(width)
    torch.nn.init.normal_(network.last.weight, std=0.1)
    return network.eval()


def test_a_new_one_says_what_the_estimator_says():
    own = torch.rand(2, 40, len(POINTS), 3)
    given = (torch.rand(2, 40, len(POINTS), 2), own, torch.rand(2, 40, len(POINTS)), torch.rand(2, 40))
    torch.testing.assert_close(Lifter(16)(*given), own[:, REACH:-REACH])
    # 15 points of 2 tangents, 3 metres and a confidence, the nearness, and three lengths of 16 bones
    assert INPUTS == 15 * 6 + 1 + 3 * 16
    assert sum(p.numel() for p in Lifter().parameters()) < 2_000_000


def test_a_bone_that_looks_short_is_told_to_point_away():
    """A thigh of .22 statures whose ends are .132 apart in the picture go .176 to the estimator's side."""
    seen, own = torch.zeros(1, 1, len(POINTS), 2), torch.zeros(1, 1, len(POINTS), 3)
    hip, knee = POINTS.index("left_hip"), POINTS.index("left_knee")
    assert BONES[0] == (hip, knee)
    seen[..., knee, 0] = 0.132
    own[..., knee, :] = torch.tensor([0.132, 0.0, -0.1])
    flat, deep, away = foreshortened(seen, own)[0, 0].reshape(3, -1)[:, 0] / 5.0
    torch.testing.assert_close(
        torch.stack((flat, deep, away)), torch.tensor([0.132, 0.1656, -0.176]), atol=2e-4, rtol=0.0
    )


def test_the_file_gives_the_same_network_up_to_half_precision_and_others_are_refused(tmp_path):
    network, path = noisy(), tmp_path / "it.safetensors"
    network.save(path, {"people": 3})
    again = Lifter.load(path)
    assert again.about["people"] == 3
    given = (torch.rand(2, 40, len(POINTS), 2), torch.rand(2, 40, len(POINTS), 3), torch.rand(2, 40, len(POINTS)),
             torch.rand(2, 40))  # fmt: skip
    torch.testing.assert_close(again(*given), network(*given), atol=5e-3, rtol=0.0)
    tensors, about = load_tensors(path, "")
    save_tensors(path, tensors, about | {"format": 1})
    with pytest.raises(InputError, match=r"no lifter of this sfv.*sfv fit"):
        Lifter.load(path)
    save_tensors(path, {name: tensor for name, tensor in tensors.items() if name != "last.bias"}, about)
    with pytest.raises(InputError, match=r"tensors do not fit.*sfv fit"):
        Lifter.load(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"no safetensors file.*sfv fit"):
        Lifter.load(path)
    with pytest.raises(InputError, match=r"there is no file.*sfv fit"):
        Lifter.load(tmp_path / "nowhere.safetensors")


def test_what_is_seen_of_exact_points_is_their_projection(shards):
    film = shards(1, 1, depth=1.0)[0].films[0]
    known = lessons(shards(1, 1, depth=1.0))
    # the estimator is right, so its points are the truth but for the size it takes a person for
    torch.testing.assert_close(known.own[0], known.truth[0], atol=0.04, rtol=0.0)
    given = sight(film.seen, film.metres, film.confidence, RATE)
    flat = given.own[..., :2] / (1.0 + given.own[..., 2:] * given.nearness[:, None, None])
    np.testing.assert_allclose(given.seen, flat, atol=0.04)
    # hips are in the middle, and whoever is 4 m away is 4 / 1.7 statures away
    np.testing.assert_allclose(given.seen[:, :2].mean(1), 0.0, atol=2e-3)
    assert 1.0 / np.median(given.nearness) == pytest.approx(4.0 / 1.7, rel=0.1)


def test_a_focal_length_that_is_wrong_moves_people_away_and_changes_nothing_else(shards):
    film = shards(1, 1)[0].films[0]
    one, two = (sight(film.seen / factor, film.metres, film.confidence, RATE) for factor in (1.0, 1.3))
    np.testing.assert_allclose(two.nearness, one.nearness / 1.3)
    np.testing.assert_allclose(two.seen, one.seen, atol=0.02)


def test_left_and_right_that_were_taken_for_each_other_are_put_right(shards):
    shard = shards(1, 1)[0]
    other = [NAMES.index(name.replace("left", "X").replace("right", "left").replace("X", "right")) for name in NAMES]
    film = shard.films[0]
    seen = film.seen.copy()
    seen[5:9] = seen[5:9][:, other]
    spoilt = Shard((replace(film, seen=seen),), shard.clips, False)
    torch.testing.assert_close(lessons([spoilt]).seen, lessons([shard]).seen)


def test_variations_keep_what_is_between_saying_and_being(shards, monkeypatch):
    """Of an estimator that is right, every variation is right too, but for the errors that are made up."""
    for made_up in ("ELSEWHERE", "FLATTER", "LEAN"):
        monkeypatch.setattr(f"recon.lifter.lessons.{made_up}", 0.0)
    known = lessons(shards(2, 2, depth=1.0))
    one, two = (varied(known, 8, torch.Generator().manual_seed(3)) for _ in range(2))
    torch.testing.assert_close(one.seen, two.seen)
    sure = one.confidence.amin(-1) > 0  # what is bridged is a guess
    torch.testing.assert_close(one.own[sure], one.truth[sure], atol=0.04, rtol=0.0)


def test_errors_are_borrowed_whole_and_turned_with_the_person(shards, humanoid, jump, monkeypatch):
    """What is off in space in each frame is as much as in one of the films, joint by joint."""
    pytest.importorskip("anny", reason="bodies of people come with pip install 'sfv[people]'")
    monkeypatch.setattr("recon.lifter.borrowed.BODIES", 1)
    known = lessons(shards(6, 2))
    made = borrowed([jump], known, 2, humanoid, np.random.default_rng(0))
    assert len(made) == 2 * VIEWS
    both = known.beside(known.mirrored())
    off, lent = ((one.own - one.truth).norm(dim=-1).flatten(1) for one in (made, both))
    torch.testing.assert_close(torch.cdist(off, lent).amin(1), torch.zeros(len(made)), atol=1e-3, rtol=0.0)
    # as large as the people of the films
    thighs = [float((one.truth[:, :, 0] - one.truth[:, :, 2]).norm(dim=-1).mean()) for one in (made, known)]
    assert thighs[0] == pytest.approx(thighs[1], rel=0.1)
    # where nothing is off, nothing is borrowed
    exact = borrowed([jump], lessons(shards(6, 2, depth=1.0)), 2, humanoid, np.random.default_rng(0))
    torch.testing.assert_close(exact.own, exact.truth, atol=0.04, rtol=0.0)


def test_it_learns_that_depth_is_halved_and_goes_on_where_it_was_stopped(shards, humanoid, tmp_path):
    config = FitConfig(steps=30, batch=6, rate=4e-3, warm=5, decay=0.9, every=10)

    def stopped(steps: float, text: str | None = None) -> None:
        done.append(steps)
        if sum(done) == 15:
            raise KeyboardInterrupt

    done: list[float] = []
    people = shards(4, 4)
    with pytest.raises(KeyboardInterrupt):
        fit_lifter(people, [], humanoid, 0, config, stopped, tmp_path)
    done.clear()
    network, judged = fit_lifter(people, [], humanoid, 0, config, lambda steps, text=None: done.append(steps), tmp_path)
    assert done[0] == 10
    assert judged.lifted < 0.7 * judged.own
    assert judged.lifted_depth < 0.7 * judged.own_depth
    assert not network.training
    with pytest.raises(InputError, match="too few to learn from"):
        fit_lifter(people[:3], [], humanoid, 0, config)
