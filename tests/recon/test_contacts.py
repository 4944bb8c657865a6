import numpy as np

from recon.contacts import runs, seated


def test_runs_by_hand():
    assert runs(np.array([1, 1, 0, 0, 1], bool)) == [(0, 2), (4, 5)]
    assert runs(np.zeros(3, bool)) == []


def test_a_long_low_stay_is_a_seat_and_a_crouch_is_not():
    height = np.ones(200)
    height[20:40] = 0.5  # 0.67 s
    height[100:160] = 0.5  # 2 s
    assert runs(seated(height, 30.0)) == [(100, 160)]
