import pytest

from sfv.character import load_character
from sfv.errors import InputError
from sfv.mjcf import require_model

BODY = (
    "<mujoco><asset>{asset}</asset><worldbody>{world}"
    '<body><freejoint/><geom size=".1" {more}/></body></worldbody></mujoco>'
)


@pytest.mark.parametrize(
    ("asset", "world"),
    [
        ("", '<replicate count="200000" offset="1 0 0"><geom size="1"/></replicate>'),
        # 1000 x 1000 in two steps, neither of which is large
        ("", '<replicate count="1000"><replicate count="1000"><geom size="1"/></replicate></replicate>'),
        ('<hfield name="h" nrow="30000" ncol="30000" size="1 1 1 1"/>', ""),
    ],
)
def test_a_line_that_asks_for_too_much_is_refused_before_it_is_compiled(tmp_path, monkeypatch, asset, world):
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("compiled"))
    path = tmp_path / "robot.xml"
    path.write_text(BODY.format(asset=asset, world=world, more=""))
    with pytest.raises(InputError, match=r"robot\.xml .* make what weighs as [\d,]+ geoms"):
        require_model(path)


def test_what_cannot_be_counted_is_compiled_in_a_process_that_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("sfv.mjcf.SECONDS", 1)
    (tmp_path / "part.xml").write_text(
        '<mujoco><worldbody><replicate count="3000000"><geom size="1"/></replicate></worldbody></mujoco>'
    )
    path = tmp_path / "robot.xml"
    path.write_text(BODY.format(asset="", world='<include file="part.xml"/>', more=""))
    with pytest.raises(InputError, match=r"cannot be compiled by MuJoCo in 1 s|not a model"):
        require_model(path)


def test_a_model_goes_through_and_a_broken_one_is_one_line(tmp_path):
    path = tmp_path / "robot.xml"
    path.write_text(BODY.format(asset="", world="", more=""))
    require_model(path)
    path.write_text(BODY.format(asset="", world="", more='type="nothing"'))
    with pytest.raises(InputError, match="not a model that MuJoCo reads") as error:
        require_model(path)
    assert "\n" not in str(error.value)


def test_a_character_that_touches_nothing_is_refused(tmp_path):
    path = tmp_path / "ghost.xml"
    path.write_text(BODY.format(asset="", world="", more='contype="0" conaffinity="0"'))
    with pytest.raises(InputError, match=r"ghost\.xml has no shape that touches anything"):
        load_character(path)
