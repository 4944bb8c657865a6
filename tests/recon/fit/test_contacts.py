import numpy as np
import torch

from recon.fit.contacts import _settled, airborne, kept_places, lasting, rolling_feet, runs, seated, sideways
from recon.fit.scaled_body import ScaledBody
from recon.fit.terms import Stance


def test_runs_by_hand():
    assert runs(np.array([1, 1, 0, 0, 1], bool)) == [(0, 2), (4, 5)]
    assert runs(np.zeros(3, bool)) == []


def test_brief_stretches_do_not_last():
    mask = np.zeros(60, bool)
    mask[5:16] = mask[20:32] = True  # 0.37 and 0.4 s at 30 Hz
    assert runs(lasting(mask, 0.4, 30.0)) == [(20, 32)]


def test_a_long_low_stay_is_a_seat_and_a_crouch_is_not():
    height = np.ones(200)
    height[20:40] = 0.5  # 0.67 s
    height[100:160] = 0.5  # 2 s
    assert runs(seated(height, np.zeros(200), 30.0)) == [(100, 160)]


def test_who_bends_over_before_sitting_down_still_stands():
    height = np.full(200, 0.6)
    height[:20] = 1.0
    lean = np.radians(np.where(np.arange(200) < 70, 50.0, 10.0))
    assert runs(seated(height, lean, 30.0)) == [(70, 200)]
    assert runs(seated(height - 0.2, lean, 30.0)) == [(20, 200)]  # hips low: bent or not


def test_sideways_is_across_the_way_however_the_hips_sway():
    time = np.arange(90) / 30.0
    way, across = np.array([1.0, 1.0, 0.0]) / np.sqrt(2), np.array([-1.0, 1.0, 0.0]) / np.sqrt(2)
    path = time[:, None] * way + 0.03 * np.sin(2 * np.pi * time / 1.1)[:, None] * across  # 3 cm with each stride
    found = sideways(path, 30.0)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0)
    assert (found @ across[:2] > np.cos(np.radians(6))).all()  # at the ends half a stride is seen
    assert (found[30:60] @ across[:2] > np.cos(np.radians(1))).all()


def test_a_foot_that_shuffles_stands_twice_and_one_that_stays_once():
    fps, times = 30.0, np.arange(90) / 30.0
    moved = 0.14 / (1.0 + np.exp(-(times - 1.5) / 0.1))  # 14 cm in half a second: slow, but it goes on to a new place
    path = np.stack((moved, np.zeros_like(moved)), 1)
    speed = np.abs(np.gradient(moved)) * fps
    everywhere = np.ones(len(times), bool)
    stands = runs(kept_places(everywhere, path, speed, fps))
    assert len(stands) == 2
    assert stands[0][1] < 45 < stands[1][0]
    assert runs(kept_places(everywhere, 0.2 * path, 0.2 * speed, fps)) == [(0, 90)]


def test_a_foot_at_half_a_metre_per_second_stands_if_the_body_is_quick():
    """Threshold 0.3 m/s for who stays; 0.6 for who runs at 3 m/s."""
    speed = np.where((np.arange(60) > 20) & (np.arange(60) < 30), 0.5, 4.0)
    low = np.zeros(60)
    assert runs(_settled(speed, low, np.full(60, 0.3), 0.07, 30.0)) == []
    assert runs(_settled(speed, low, np.full(60, 0.6), 0.07, 30.0)) == [(21, 30)]


def test_a_foot_rolls_where_it_is_near_the_floor_and_not_fast(humanoid):
    """The left foot moves on at 0.5, then at 2 m/s, on the floor; the right one at 0.5 m/s, 5 cm above it."""
    body, frames = ScaledBody(humanoid), 60
    surface = np.zeros((frames, len(body.surface_body), 3))
    surface[..., 2] = 0.05
    left = [i for i, b in enumerate(body.surface_body) if body.names[b] == "left_ankle"]
    surface[:, left, 2] = 0.0
    surface[..., 0] = np.cumsum(np.where(np.arange(frames) < 30, 0.5, 2.0))[:, None] / 30.0
    rolls = dict(zip(humanoid.feet, rolling_feet(body, humanoid, surface, 30.0).T, strict=True))
    assert set(rolls) == {"left_ankle", "right_ankle"}
    ((start, stop),) = runs(rolls["left_ankle"] > 0)
    assert start == 0
    assert abs(stop - 30) <= 2
    assert not rolls["right_ankle"].any()


def test_a_jump_is_a_flight_from_the_last_to_the_first_foot_and_a_handstand_is_none():
    """Feet stand in frames 0 to 9, 25 to 34 and 60 to 69; all is off the floor in 12 to 22, and hands in 45 to 49."""
    stands = np.zeros(70, bool)
    stands[:10] = stands[25:35] = stands[60:] = True
    lowest = np.zeros(70)
    lowest[12:23], lowest[45:50] = 0.2, 0.03
    on = torch.tensor(stands)[:, None]
    given = Stance(torch.tensor([0]), on.double(), on.long())
    falling = -0.5 * 9.81 * ((np.arange(70) - 17) / 30.0) ** 2
    assert runs(airborne(given, lowest, falling, 30.0) > 0) == [(10, 25)]
    lowest[45:50] = 0.1
    assert runs(airborne(given, lowest, falling, 30.0) > 0) == [(10, 25), (45, 50)]
    assert not airborne(given, lowest, 0.2 * falling, 30.0).any(), "who does not fall does not fly"
