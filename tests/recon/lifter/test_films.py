"""People who are filmed: that the truth beside a film is what is in its pictures, and that a stopped making goes on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from recon.lifter import acting, films
from recon.lifter import human as bodies
from recon.lifter.acting import FRAMES, act, sitting
from recon.lifter.clothing import outfit, wearing
from recon.lifter.figure import figure, some_figure, some_look
from recon.lifter.figure import wearing as figure_wearing
from recon.lifter.filming import SEEN, cameras, film
from recon.lifter.films import ACROBATS, FIGURES, PEOPLE, folder_of, make_films, read_shard
from recon.lifter.human import PARTS, Build, human
from recon.lifter.points import POINTS
from recon.lifter.studio import SIDE, Studio, View
from recon.pose.people import Sighting
from recon.scorecard import landmark_positions
from sfv.errors import InputError
from sfv.interfaces import Take

pytest.importorskip("anny", reason="bodies of people come with pip install 'sfv[people]'")
AVERAGE = Build(0.5, 0.65, 0.5, 0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def somebody():
    return human(AVERAGE)


class Fixed:
    """An estimator that sees somebody in the middle, whatever there is."""

    def look(self, image, window):
        points = np.random.default_rng(0).uniform(0.4, 0.6, (33, 2)) * SEEN
        return [Sighting(points, np.zeros((33, 3)), np.full(33, 0.9))]


def test_somebody_whose_parts_are_not_turned_stands_with_hanging_arms(somebody):
    heads, turns = somebody.posed(np.array([[0.0, 0, 1]]), {part: np.eye(3)[None] for part in PARTS})
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hip, knee, ankle, shoulder, elbow, wrist, toe = (
            somebody.landmark(f"{side}_{name}", heads, turns)[0]
            for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "foot_index")
        )
        for above, below in ((knee, ankle), (shoulder, elbow), (elbow, wrist)):
            np.testing.assert_allclose((below - above)[:2], 0.0, atol=1e-6)
            assert 0.2 < above[2] - below[2] < 0.5
        assert sign * hip[1] > 0.05
        assert toe[0] - ankle[0] > 0.1  # feet point forward
    # the skin hangs on the bones: at rest it is as it was
    rest = somebody.skin(somebody.heads, np.tile(np.eye(3), (len(somebody.bones), 1, 1)))
    np.testing.assert_allclose(rest, somebody.vertices, atol=1e-9)


def test_the_truth_is_where_the_picture_shows_it(somebody):
    """The outline of the skin as MuJoCo draws it, off the middle of a camera's picture, and as we project it."""
    rng = np.random.default_rng(0)
    worn = outfit(somebody, rng)
    heads, turns = somebody.posed(np.array([[0.0, 0, 1]]), {part: np.eye(3)[None] for part in PARTS})
    back = np.array([0.8, 0.6, 0.0])
    turn = np.stack((np.array([-0.6, 0.8, 0.0]), np.array([0.0, 0.0, 1.0]), back), 1)
    view = View(np.array([0.0, 0.0, 1.3]) + 4.0 * back, turn, np.array([0.1, -0.06]), 0.9)
    with Studio(somebody.bones, wearing(somebody, worn)) as studio:
        studio.model.geom_pos[:, 2] -= 50.0  # nothing but somebody before the sky
        with_them = studio.picture(heads[0], turns[0], view).astype(int)
        alone = studio.picture(heads[0] + [0, 0, 40.0], turns[0], view).astype(int)
    rows, columns = np.nonzero(np.abs(with_them - alone).sum(-1))
    skin = view.pixels(view.inside(somebody.skin(heads[0], turns[0])))
    drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    # clothes and hair stand off by up to 6 cm: 6 px of the 384 that are 3.6 m wide there
    np.testing.assert_allclose(drawn, [*skin.min(0), *skin.max(0)], atol=7.0)
    np.testing.assert_allclose(view.tangents(view.pixels(np.array([0.3, 0.2, 2.0]))), [0.15, 0.1])


def test_the_figure_is_the_humanoid_itself(humanoid, jump):
    """Posed by its parts, its landmarks are the character's; and who is drawn has the leg of its bones."""
    body, qpos = figure(humanoid), jump.qpos[::15]
    places, parts = acting._parts(qpos, humanoid)
    heads, turns = body.posed(places, parts)
    theirs = landmark_positions(humanoid, replace(jump, qpos=qpos, contacts=None, contact_names=()), POINTS[:-1])
    own = np.stack([body.landmark(name, heads, turns) for name in POINTS[:-1]], 1)
    np.testing.assert_allclose(own, theirs, atol=1e-9)
    assert body.leg == pytest.approx(acting.LEG, abs=1e-3)
    rng = np.random.default_rng(3)
    others = [some_figure(rng) for _ in range(4)]
    assert len({round(one.leg, 3) for one in others}) > 1
    done = act([jump], others[0], humanoid, rng)
    view = cameras(done, rng)[0]
    with Studio(body.bones, figure_wearing(body, some_look(rng))) as studio:
        studio.model.geom_pos[: studio.model.geom("thing6").id + 1, 2] -= 50.0
        there = studio.picture(done.heads[0], done.turns[0], view).astype(int)
        gone = studio.picture(done.heads[0] + [0, 0, 40.0], done.turns[0], view).astype(int)
    rows, columns = np.nonzero(np.abs(there - gone).sum(-1))
    pixels = view.pixels(view.inside(done.points[0]))
    # every joint is within what is drawn, which the widest part of the body, a palm's breadth, goes beyond
    assert (pixels.min(0) > [columns.min() - 3, rows.min() - 3]).all()
    assert (pixels.max(0) < [columns.max() + 3, rows.max() + 3]).all()


def test_a_film_holds_the_true_joints_and_what_was_said(somebody, humanoid, jump):
    rng = np.random.default_rng(1)
    done = act([jump], somebody, humanoid, rng)
    with Studio(somebody.bones, wearing(somebody, outfit(somebody, rng))) as studio:
        views = cameras(done, np.random.default_rng(2))
        made, pictures = film(studio, done, Fixed(), np.random.default_rng(2))
    assert len(pictures) == FRAMES
    assert pictures[0].shape == (SEEN, SEEN, 3)
    for t in (0, FRAMES - 1):
        np.testing.assert_allclose(made.truth[t], views[t].inside(done.points[t]))
        np.testing.assert_allclose(views[t].pixels(np.pad(made.seen[t], ((0, 0), (0, 1)), constant_values=1), SEEN),
                                   Fixed().look(None, None)[0].points_2d, atol=1e-9)  # fmt: skip
        # everybody is in the window
        inside = views[t].pixels(made.truth[t])
        assert ((inside > 0) & (inside < SIDE)).all()
        np.testing.assert_allclose(np.linalg.norm(made.up[t]), 1.0)
    assert made.found.all()


def test_who_sits_has_hips_in_place_and_knees_bent(jump, humanoid):
    rng = np.random.default_rng(0)
    qpos = sitting(jump.qpos[:FRAMES], humanoid, rng)
    # arms as they were
    at = humanoid.model.jnt_qposadr[humanoid.model.joint("left_shoulder").id]
    np.testing.assert_array_equal(qpos[:, at : at + 4], jump.qpos[:FRAMES, at : at + 4])
    assert np.ptp(qpos[:, 2]) == 0.0
    assert 0.4 <= qpos[0, 2] <= 0.6
    knee = humanoid.model.jnt_qposadr[humanoid.model.joint("left_knee").id]
    assert (np.abs(qpos[:, knee]) > 0.5).all()


def test_a_stopped_making_goes_on_to_the_same_bytes(humanoid, jump, tmp_path, monkeypatch):
    monkeypatch.setattr(acting, "FRAMES", 5)
    monkeypatch.setattr(films, "WINDOWS", 1)
    monkeypatch.setattr(films, "HELD_OUT", 2)
    takes = [Take(jump, (), split="train"), Take(jump, (), split="val")]
    place = folder_of(tmp_path, takes, humanoid, 0)
    casts = {PEOPLE: 2, ACROBATS: 1, FIGURES: 1}
    paths = make_films(takes, place, casts, 0, humanoid, Fixed())
    kept = [path.read_bytes() for path in paths]
    first, second, acrobat, own = (read_shard(path) for path in paths)
    assert (first.held_out, second.held_out) == (False, True)
    # another cast is other people
    assert not np.allclose(first.films[0].truth, acrobat.films[0].truth)
    assert not np.allclose(first.films[0].truth, own.films[0].truth)
    assert [path.name for path in paths] == ["00000.npz", "00001.npz", "acrobats-00000.npz", "figures-00000.npz"]
    assert first.films[0].truth.shape == (5, len(POINTS), 3)
    paths[1].unlink()
    before = paths[0].stat().st_mtime_ns
    make_films(takes, place, casts, 0, humanoid, Fixed())
    assert [path.read_bytes() for path in paths] == kept
    assert paths[0].stat().st_mtime_ns == before
    assert folder_of(tmp_path, takes, humanoid, 1) != place
    with pytest.raises(InputError, match="splits train and val"):
        make_films(takes[:1], place, casts, 0, humanoid, Fixed())
    paths[0].write_bytes(kept[0][:500])
    with pytest.raises(InputError, match="broken archive"):
        read_shard(paths[0])


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(bodies, "importlib", SimpleNamespace(import_module=missing))
    monkeypatch.setattr(bodies, "_anny", bodies._anny.__wrapped__)  # what was found before is kept
    with pytest.raises(InputError, match=r"sfv\[people\]"):
        human(AVERAGE)
