import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sfv.errors import InputError
from sfv.formats.bvh import read_bvh
from sfv.formats.files import read_motion
from sfv.kinematics import motion_state
from sfv.motion import Motion

ASF = """:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name spine
     direction 0 1 0
     length 10
     axis 10 20 30 XYZ
     dof rx ry rz
     limits (-10 10)
            (-10 10)
            (-10 10)
  end
  begin
     name thigh
     direction 0.6 -0.8 0
     length 15
     axis 0 0 20 XYZ
     dof rx rz
  end
  begin
     name shin
     direction 0 -1 0
     length 10
     axis 30 0 0 XYZ
     dof ry
  end
  begin
     name head
     direction 0 0 1
     length 5
     axis 0 0 0 XYZ
  end
:hierarchy
  begin
    root thigh spine
    thigh shin
    spine head
  end
"""
AMC = """#!OML:ASF
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
spine 0 0 0
thigh 0 0
shin 0
2
root 5 6 7 10 20 30
spine 40 -50 60
thigh 15 25
shin 35
3
root 0 15 0 0 90 0
spine 90 0 0
thigh 0 90
shin -20
"""


def put(tmp_path, asf=ASF, amc=AMC, name="01_02.amc"):
    (tmp_path / "01.asf").write_text(asf)
    (tmp_path / name).write_text(amc)
    return tmp_path / name


def test_a_small_file_agrees_with_the_definition_by_matrices(tmp_path):
    """Global turn of a bone: the parent's, then C R C^-1; its end: the parent's end and the turned bone."""
    motion = read_motion(put(tmp_path))
    assert motion.skeleton.joint_kinds == ("free", "ball", "hinge", "ball")
    assert motion.fps == 120
    for words in ("bones of 01.asf", "120 fps taken", "y up"):
        assert words in motion.source
    spine, thigh, shin, head = np.array([0, 10.0, 0]), np.array([9.0, -12, 0]), np.array([0, -10.0, 0]), [0, 0, 5.0]

    def turn(degrees, axes="xyz"):  # about fixed axes: x first
        return Rotation.from_euler(axes, degrees, degrees=True)

    c_spine, c_thigh, c_shin = turn([10, 20, 30]), turn([0, 0, 20]), turn([30, 0, 0])
    place = motion_state(motion).xpos
    rows = ([1, 2, 3, 0, 0, 0], [0, 0, 0], [0, 0], [0]), ([5, 6, 7, 10, 20, 30], [40, -50, 60], [15, 25], [35])
    rows += (([0, 15, 0, 0, 90, 0], [90, 0, 0], [0, 90], [-20]),)
    for t, (root, s, th, sh) in enumerate(rows):
        body = turn(root[3:])
        chest = body * c_spine * turn(s) * c_spine.inv()
        leg = body * c_thigh * turn(th, "xz") * c_thigh.inv()
        knee = leg * c_shin * turn(sh, "y") * c_shin.inv()
        neck = root[:3] + chest.apply(spine)
        expected = {"root": root[:3], "spine": root[:3], "head": neck, "head_end": neck + chest.apply(head),
                    "thigh": root[:3], "shin": root[:3] + leg.apply(thigh),
                    "shin_end": root[:3] + leg.apply(thigh) + knee.apply(shin)}  # fmt: skip
        for name, (x, y, z) in expected.items():
            found = place[t, 1 + motion.skeleton.body_names.index(name)]
            np.testing.assert_allclose(found, np.array([z, x, y]) * 0.0254 / 0.45, atol=1e-6, err_msg=name)


def test_radians_and_a_gzipped_neighbour_are_read(tmp_path):
    expected = read_motion(put(tmp_path)).qpos
    in_radians = re.sub(r":DEGREES", ":RADIANS", AMC)
    lines = []
    for line in in_radians.splitlines():
        words = line.split()
        if len(words) > 1 and words[0][0].isalpha():
            skip = 4 if words[0] == "root" else 1
            words[skip:] = [str(np.radians(float(w))) for w in words[skip:]]
        lines.append(" ".join(words))
    np.testing.assert_allclose(read_motion(put(tmp_path, amc="\n".join(lines))).qpos, expected, atol=1e-9)


def test_a_wrong_unit_is_told(tmp_path):
    motion = read_motion(put(tmp_path, ASF.replace("length 0.45", "length 1.0")))
    assert "unit taken for CMU units" in motion.source
    assert "spans 1" in motion.source


@pytest.mark.parametrize(
    ("asf", "amc", "words"),
    [
        (ASF, AMC.replace("shin 35", "shin 35 1"), "shin has 2 numbers in frame 2"),
        (ASF, AMC.replace("shin 35", "tail 35"), "no bone 'tail'"),
        (ASF, AMC.replace("shin 35", "head 35"), "degree of freedom of the bone 'head'"),
        (ASF, AMC.replace("shin 35\n", ""), "shin in 2 of 3 frames"),
        (ASF, AMC.replace("shin 35", "shin x"), "could not convert"),
        (ASF, AMC.split("2\nroot 5")[0], "only 1 frames"),
        (ASF.replace("name thigh", "name leg"), AMC, "broken"),
        (ASF.replace("dof ry", "dof rw"), AMC, "strange degrees of freedom"),
        (ASF.split(":hierarchy")[0], AMC, "lacks the section :hierarchy"),
        (ASF.replace("spine head", "spine head thigh"), AMC, "the bone 'thigh' stands in it twice"),
    ],
)
def test_broken_files_are_told(tmp_path, asf, amc, words):
    with pytest.raises(InputError, match=words):
        read_motion(put(tmp_path, asf, amc))


def test_without_bones_it_says_which_are_missing(tmp_path):
    (tmp_path / "02_01.amc").write_text(AMC)
    (tmp_path / "03.asf").write_text(ASF)
    with pytest.raises(InputError, match=r"02_01\.asf or 02\.asf; there are: 03\.asf"):
        read_motion(tmp_path / "02_01.amc")
    with pytest.raises(InputError, match="no motion file"):
        read_motion(tmp_path / "03.asf")


SAME = {
    "root": "Hips", "lfemur": "LeftUpLeg", "ltibia": "LeftLeg", "lfoot": "LeftFoot", "ltoes": "LeftToeBase",
    "rfemur": "RightUpLeg", "rtibia": "RightLeg", "rfoot": "RightFoot", "upperback": "Spine", "thorax": "Spine1",
}  # fmt: skip
ABOVE = {"lowerneck": "Neck", "head": "Head", "lhumerus": "LeftArm", "lradius": "LeftForeArm", "lwrist": "LeftHand",
         "rhumerus": "RightArm", "rradius": "RightForeArm", "rwrist": "RightHand"}  # fmt: skip


@pytest.mark.data
def test_the_same_trial_as_bvh_has_the_same_places(data_folder):
    """The BVH leaves out the thorax's length, so what is above it agrees up to that one turned bone."""
    folder = data_folder / "mocap" / "asf_amc"
    amc, bvh = read_motion(folder / "01_01.amc.gz"), read_bvh(folder / "01_01.bvh.gz")
    assert len(amc) == len(bvh) == 2751
    some = np.arange(10, 2751, 60)
    a, b = (Motion(m.skeleton, m.fps, m.qpos[some]) for m in (amc, bvh))
    places = [dict(zip(m.skeleton.body_names, motion_state(m).xpos[:, 1:].swapaxes(0, 1), strict=True)) for m in (a, b)]
    for mine, theirs in SAME.items():
        np.testing.assert_allclose(places[0][mine], places[1][theirs], atol=1e-5, err_msg=mine)
    thorax = places[0]["lowerneck"] - places[1]["Neck"]
    np.testing.assert_allclose(np.linalg.norm(thorax, axis=1), 2.06488 * 0.0254 / 0.45, atol=1e-5)
    for mine, theirs in ABOVE.items():
        np.testing.assert_allclose(places[0][mine] - thorax, places[1][theirs], atol=1e-5, err_msg=mine)


@pytest.mark.data
def test_a_kick_stands_on_the_ground(data_folder):
    motion = read_motion(data_folder / "mocap" / "asf_amc" / "11_01.amc")
    assert "bones of 11.asf" in motion.source
    heights = motion_state(motion).xpos[:, 1:, 2]
    assert -0.05 < heights.min() < 0.1
    assert 1.5 < heights.max() < 2.1
