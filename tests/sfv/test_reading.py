import numpy as np
import pytest

from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.formats.files import read_asked, read_motion, write_motion
from sfv.reading import Reading


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fps": np.inf}, "--fps inf is no rate"),
        ({"fps": np.nan}, "--fps nan is no rate"),
        ({"fps": 0.0}, "--fps 0 is no rate"),
        ({"fps": -30.0}, "--fps -30 is no rate"),
        ({"speed": 0.0}, "--speed 0 is out of bounds"),
        ({"speed": np.nan}, "--speed nan is out of bounds"),
        ({"unit": "feet"}, "there are: cm, inches, m, mm"),
        ({"unit": "nan"}, "--unit nan is no length"),
        ({"unit": "0"}, "--unit 0 is no length"),
        ({"format": "bhv"}, "did you mean 'bvh'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_before_the_file_is_read(given, words):
    with pytest.raises(InputError, match=words):
        read_motion("absent.bvh", reading=Reading(**given))


def test_units_are_named_or_numbers():
    assert [Reading(unit=unit).metres for unit in (None, "m", "inches", "0.0564")] == [None, 1.0, 0.0254, 0.0564]


def test_rate_speed_and_part(tmp_path, wave):
    """30 fps and 1 s long. Played at a quarter of its speed it happened at 120 fps; the part is in played seconds."""
    write_motion(wave, tmp_path / "wave.bvh")
    slow = read_asked(tmp_path / "wave.bvh", Reading(speed=0.25), Excerpt(0.2, 0.8))
    assert slow.fps == pytest.approx(120.0)
    assert len(slow) == 19  # frames 6 to 24
    assert "played at 0.25 of its speed" in slow.source
    fast = read_asked(tmp_path / "wave.bvh", Reading(fps=60.0), Excerpt(0.2, 0.4))
    assert (fast.fps, len(fast)) == (60.0, 13)  # frames 12 to 24
    assert "60 fps given" in fast.source


def test_what_does_nothing_for_a_file_is_refused(tmp_path, wave):
    wave.save(tmp_path / "wave.npz")
    for given in ({"up": "z"}, {"unit": "cm"}):
        with pytest.raises(InputError, match=f"--{next(iter(given))} does nothing"):
            read_motion(tmp_path / "wave.npz", reading=Reading(**given))
    with pytest.raises(InputError, match="--character does nothing"):
        read_asked(tmp_path / "wave.npz", Reading(character="humanoid"))
    # the check does it as that body
    assert read_asked(tmp_path / "wave.npz", Reading(character="humanoid"), body=True).fps == 30.0


def test_what_was_guessed_is_said_and_follows_the_option(tmp_path, wave, caplog):
    write_motion(wave, tmp_path / "wave.bvh")
    guessed = read_asked(tmp_path / "wave.bvh", Reading())
    assert "y up, unit taken for cm" in caplog.text
    metres = read_asked(tmp_path / "wave.bvh", Reading(unit="m"))
    np.testing.assert_allclose(metres.qpos[:, :3], 100.0 * guessed.qpos[:, :3], atol=1e-6)
    # a person of 163 m
    assert "measures" in caplog.text
    assert "--unit" in caplog.text
    lying = read_asked(tmp_path / "wave.bvh", Reading(up="z"))
    # y of the file, its up, taken for our y
    np.testing.assert_allclose(lying.qpos[:, 1], guessed.qpos[:, 2], atol=1e-6)


def test_what_a_format_does_not_hold_is_said(tmp_path, wave, caplog):
    from dataclasses import replace

    write_motion(replace(wave, loop=True), tmp_path / "wave.bvh")
    assert "wave.bvh does not hold of the motion: that it is a loop; an .npz does" in caplog.text
    caplog.clear()
    write_motion(wave, tmp_path / "wave.bvh")  # nothing is lost of this one
    write_motion(replace(wave, loop=True), tmp_path / "wave.npz")
    assert not caplog.records
