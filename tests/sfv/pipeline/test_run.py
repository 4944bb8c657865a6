"""A run does its stages in order, each once, and knows which to do again when something changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import mujoco
import numpy as np
import pytest
import yaml
from PIL import Image

from configs.run import PRESETS
from envs.config import TrackingConfig
from policies.config import TrainConfig
from recon.config import PoseConfig, ReconstructConfig
from recon.pose.cast import CastEntry
from recon.pose.estimate import PoseEstimate
from sfv.character import load_character
from sfv.clip import Clip
from sfv.errors import InputError
from sfv.excerpt import Excerpt
from sfv.formats.files import write_motion
from sfv.judged import Figures, Judged, Shown
from sfv.motion import Motion
from sfv.pipeline.run import perform_run, run_stages
from sfv.pipeline.settings import Run, Settings
from sfv.pipeline.sources import clip_of, opened
from sfv.pipeline.stages import policy_stage
from sfv.pipeline.trained import evaluation_of
from sfv.pose import PoseTrack
from sfv.reading import Reading
from sfv.report import Number, Report
from sfv.skeleton import Skeleton
from sfv.view.rollout import rollout_video
from sfv.work.config import changed, read_yaml
from sfv.work.mark import Mark
from sfv.work.run_folder import RunFolder, stage_minutes
from sfv.work.stage import Outcome, perform

TINY = TrainConfig(
    budget="1", num_envs=4, steps=4, minibatch=16, hidden=(8,), evaluate_every=64, checkpoint_every=64, compile=False
)
TASK = TrackingConfig(threads=1)


@dataclass(frozen=True)
class Result:
    motion: Motion
    scorecard: Report


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch, wave: Motion) -> list[str]:
    """The rooms replaced by quick ones; the list of those that worked."""
    done = []

    def estimate_pose(clip: Clip, config: PoseConfig) -> PoseEstimate:
        done.append("pose")
        track = PoseTrack(
            names=("nose",),
            times=np.arange(20) / 10.0,
            points_2d=np.full((20, 1, 2), 5.0),
            points_3d=np.full((20, 1, 3), config.max_gap),
            confidence=np.ones((20, 1)),
            image_size=(64, 48),
            estimator="none",
            person=0,
        )
        listed = CastEntry(0, 0.0, 1.9, 1.9, 1, 40, 0.8, 0.5, 0.5, 1.0, True)
        return PoseEstimate(clip, (track,), (listed, replace(listed, person=1, chosen=False)))

    def reconstruct(track: PoseTrack, character: object, config: ReconstructConfig) -> Result:
        done.append("reconstruct")
        qpos = wave.qpos.copy()
        qpos[:, 0] += track.points_3d[0, 0, 0] + (config.height or 0.0)
        return Result(replace(wave, qpos=qpos), Report("card", (Number("jerk", 1.0, "m/s^3", "lower"),)))

    def train(env: object, judge: object, config: TrainConfig, folder: Path, *rest: object) -> None:
        done.append("train")
        for name in ("policy.safetensors", "policy.zip", "policy.onnx", "progress.csv", "checkpoint.safetensors"):
            with (folder / name).open("a") as file:
                file.write(f"trained for {config.budget};")

    def evaluate(policy: object, motions: Mapping[str, Motion], *settings: object) -> Judged:
        done.append("evaluate")
        (motion,) = motions.values()
        return Judged(Figures(*9 * [0.0]), Report("evaluation", ()), None, Shown(motion, motion), Shown(motion, motion))

    # first the modules that import these names when they are imported, which may be now
    monkeypatch.setattr("sfv.pipeline.training.training_judge", lambda *task: None)
    monkeypatch.setattr("sfv.pipeline.training.train", train)
    monkeypatch.setattr("envs.judge.evaluate.evaluate", evaluate)
    monkeypatch.setattr("sfv.view.page.page.write_page", lambda path, *parts, **more: path.write_text(str(parts)))
    monkeypatch.setattr("sfv.pipeline.stages.source_pictures", lambda motion: None)
    monkeypatch.setattr("sfv.view.rollout.rollout_video", lambda path, *motions, **how: path.write_text("rollout"))
    monkeypatch.setattr("policies.export.load_policy", lambda path: (None, {}))
    monkeypatch.setattr("sfv.pipeline.reference.reconstruct", reconstruct)

    monkeypatch.setattr("sfv.clip.Clip.open", lambda path, excerpt: Clip(path, (64, 48), np.arange(20) / 10.0))
    monkeypatch.setattr("recon.pose.estimate.estimate_pose", estimate_pose)
    monkeypatch.setattr(
        "sfv.view.overlay.overlay_video", lambda clip, tracks, chosen, path, lines: path.write_text(lines[0])
    )
    return done


@pytest.fixture
def a_run(tmp_path: Path) -> Run:
    clip = tmp_path / "clip.mp4"
    clip.write_text("a clip")
    return Run(clip, tmp_path / "run", Settings(tracking=TASK, train=TINY, rollouts=2))


def having(run: Run, **settings: object) -> Run:
    """The same run with some settings replaced."""
    return replace(run, settings=replace(run.settings, **settings))  # type: ignore[arg-type]


def did(a_run: Run) -> dict[str, bool]:
    """Run; stage -> whether it worked, not skipped."""
    outcomes: list[Outcome] = []
    perform_run(a_run, outcomes.append)
    return {outcome.name: not outcome.skipped for outcome in outcomes}


def test_all_files_are_there_and_a_second_run_does_nothing(worked: list[str], a_run: Run) -> None:
    assert all(did(a_run).values())
    folder = RunFolder(a_run.out)
    files = {
        folder.pose: "track.npz overlay.mp4 people.json config.yaml stage.json",
        folder.motion: "motion.npz scorecard.json config.yaml stage.json",
        folder.policy: "policy.safetensors policy.zip policy.onnx config.yaml progress.csv stage.json",
        folder.report: "report.json rollout.mp4 worst.mp4 worst.npz index.html config.yaml stage.json",
    }
    assert [p(name) for p, names in files.items() for name in names.split() if not p(name).is_file()] == []
    before = {path: path.read_bytes() for path in a_run.out.rglob("*") if path.is_file()}
    assert not any(did(a_run).values())
    assert {path: path.read_bytes() for path in a_run.out.rglob("*") if path.is_file()} == before
    assert worked == ["pose", "reconstruct", "train", "evaluate"]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda c: having(c, pose=PoseConfig(max_gap=0.5)), "pose reconstruct train evaluate"),
        (lambda c: having(c, reconstruct=ReconstructConfig(height=1.8)), "reconstruct train evaluate"),
        # the pose stage finds the same: nothing below it has new inputs
        (lambda c: having(c, pose=PoseConfig(max_people=2)), "pose"),
        (lambda c: having(c, tracking=replace(TASK, threads=2)), ""),
        (lambda c: having(c, tracking=replace(TASK, action_scale=0.5)), "train evaluate"),
        (lambda c: having(c, rollouts=3), "evaluate"),
    ],
)
def test_only_what_depends_on_a_change_is_done_again(
    worked: list[str], a_run: Run, change: Callable[[Run], Run], again: str
) -> None:
    did(a_run)
    worked.clear()
    did(change(a_run))
    assert worked == again.split()


def test_changed_clip_is_noticed_and_moved_clip_is_not(worked: list[str], a_run: Run) -> None:
    did(a_run)
    moved = replace(a_run, source=a_run.source.rename(a_run.source.with_name("moved.mp4")))
    assert not any(did(moved).values())
    moved.source.write_text("another clip")
    assert did(moved)["1-pose"]


def test_training_goes_on_towards_a_larger_budget_and_anew_for_another_task(worked: list[str], a_run: Run) -> None:
    did(a_run)
    checkpoint = a_run.out / "3-policy" / "checkpoint.safetensors"
    did(having(a_run, train=replace(TINY, budget="2")))
    assert checkpoint.read_text() == "trained for 1;trained for 2;"
    did(having(a_run, train=replace(TINY, gamma=0.9)))
    assert checkpoint.read_text() == "trained for 1;"


def test_stages_survive_the_loss_of_another(worked: list[str], a_run: Run) -> None:
    did(a_run)
    (a_run.out / "2-motion" / "scorecard.json").unlink()
    assert did(a_run) == {"1-pose": False, "2-motion": True, "3-policy": False, "4-report": False, "page": False}


def test_who_was_seen_stands_on_overlay_and_page(worked: list[str], a_run: Run) -> None:
    did(a_run)
    folder, first = RunFolder(a_run.out), "person 0: 1.9 s (0.0 to 1.9 s), 40 px tall (80% of the picture), middle"
    assert folder.pose("overlay.mp4").read_text().startswith(first)
    page = folder.report("index.html").read_text()
    assert f"{first}, taken" in page
    assert "--person NUMBER" in page
    assert "person 0 is followed for 1.9 s" in page


def test_slow_motion_is_said_to_the_pose_stage_and_other_readings_are_refused(worked: list[str], a_run: Run) -> None:
    did(having(a_run, reading=Reading(speed=0.25)))
    assert PoseTrack.load(RunFolder(a_run.out).pose("track.npz")).speed == 0.25
    for reading, name in (
        (Reading(up="z"), "--up"), (Reading(unit="cm"), "--unit"), (Reading(character="humanoid"), "--character"),
        (Reading(format="bvh"), "--format"), (Reading(fps=30.0), "--fps"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=f"{name} does nothing for .*clip.mp4"):
            did(having(a_run, reading=reading))


def test_a_folder_of_pictures_is_run_like_a_video(worked: list[str], a_run: Run) -> None:
    folder = a_run.source.with_name("pictures")
    folder.mkdir()
    for k in range(12):
        Image.new("RGB", (64, 48), (20 * k, 0, 0)).save(folder / f"{k}.png")
    with pytest.raises(InputError, match="do not say how fast they follow; give --fps"):
        did(replace(a_run, source=folder))
    assert all(did(having(replace(a_run, source=folder), reading=Reading(fps=10.0))).values())
    motion = RunFolder(a_run.out).motion("motion.npz")
    clip = opened(motion)
    assert clip is not None
    assert clip_of(motion) == clip.path
    assert clip.path.samefile(folder)
    assert clip.duration == pytest.approx(1.2)
    (folder / "3.png").unlink()
    assert clip_of(motion) is None


def test_motion_file_skips_the_pose_stage_and_is_brought_to_the_control_rate(
    worked: list[str], a_run: Run, wave: Motion
) -> None:
    source = a_run.source.with_name("wave.npz")
    wave.resampled(60.0).save(source)
    assert list(did(replace(a_run, source=source))) == ["2-motion", "3-policy", "4-report", "page"]
    reference = Motion.load(a_run.out / "2-motion" / "motion.npz")
    assert reference.fps == 30.0
    np.testing.assert_allclose(reference.qpos, wave.qpos, atol=1e-9)
    assert Report.load(a_run.out / "2-motion" / "scorecard.json")["penetration, deepest"] < 0.1


def test_a_part_of_a_motion_file(worked: list[str], a_run: Run, wave: Motion) -> None:
    source = a_run.source.with_name("wave.npz")
    wave.save(source)
    part = having(replace(a_run, source=source), excerpt=Excerpt(0.2, 0.5))
    did(part)
    reference = Motion.load(a_run.out / "2-motion" / "motion.npz")
    np.testing.assert_allclose(reference.qpos, wave.qpos[6:16], atol=1e-9)
    assert not any(did(part).values())
    assert did(having(part, excerpt=Excerpt()))["2-motion"], "another part is another motion"


def test_a_part_of_a_video_is_said_to_the_pose_stage_alone(worked: list[str], a_run: Run) -> None:
    did(having(a_run, excerpt=Excerpt(0.5, 1.5)))
    marks = {name: Mark.read(a_run.out / name / "stage.json") for name in ("1-pose", "2-motion")}
    assert marks["1-pose"] is not None
    assert marks["1-pose"].config["excerpt"] == {"begin": 0.5, "end": 1.5}
    assert marks["2-motion"] is not None
    assert "excerpt" not in marks["2-motion"].config


def test_a_motion_of_another_body_is_retargeted(worked: list[str], a_run: Run) -> None:
    smpl, target = load_character("smpl22"), load_character("humanoid")
    source, poses = a_run.source.with_name("stand.bvh"), np.tile(smpl.skeleton.qpos0, (12, 1))
    poses[:, 0] = np.linspace(0.0, 0.1, 12)
    write_motion(Motion(smpl.skeleton, 30.0, poses), source)
    did(having(replace(a_run, source=source), mend=False))
    reference = Motion.load(a_run.out / "2-motion" / "motion.npz")
    assert reference.skeleton.difference_to(target.skeleton) is None
    assert "retargeted to humanoid" in reference.source
    assert reference.qpos[:, 2].mean() == pytest.approx(target.skeleton.qpos0[2], abs=0.05)


def test_a_map_names_what_names_do_not_say(worked: list[str], a_run: Run, wave: Motion) -> None:
    source, joints = a_run.source.with_name("wave.npz"), a_run.source.with_name("joints.yaml")
    strange = Skeleton(wave.skeleton.xml.replace("_elbow", "_p").replace("_shoulder", "_q"))
    replace(wave, skeleton=strange, qpos=wave.qpos[:12]).save(source)
    with pytest.raises(InputError, match=r"left_elbow.*--map"):
        did(replace(a_run, source=source))
    with pytest.raises(InputError, match=r"no file .*joints\.yaml"):
        did(having(replace(a_run, source=source), map=joints, mend=False))
    joints.write_text("".join(f"{s}_elbow: {s}_p\n{s}_shoulder: {s}_q\n" for s in ("left", "right")))
    did(having(replace(a_run, source=source), map=joints, mend=False))
    assert "retargeted to humanoid" in Motion.load(a_run.out / "2-motion" / "motion.npz").source
    replace(wave, qpos=wave.qpos[:12]).save(source)
    with pytest.raises(InputError, match=r"--map does nothing for .*wave\.npz, which is of humanoid already"):
        did(having(replace(a_run, source=source), map=joints, mend=False))


def test_joint_angles_without_bones_are_read_as_of_the_performer(worked: list[str], a_run: Run) -> None:
    robot = a_run.source.with_name("robot.xml")
    robot.write_text(
        """<mujoco><worldbody><body name="pelvis" pos="0 0 1"><freejoint/><geom size=".1"/>
        <body name="leg"><joint name="hip" axis="0 1 0"/><geom size=".1"/></body></body></worldbody></mujoco>"""
    )
    source, poses = a_run.source.with_name("robot.csv"), np.tile((0, 0, 1, 1, 0, 0, 0, 0.1), (12, 1))
    write_motion(Motion(Skeleton.of(mujoco.MjModel.from_xml_path(str(robot))), 30.0, poses), source)
    with pytest.raises(InputError, match="--character"):
        did(replace(a_run, source=source))
    # it is read now; a body of a leg is nobody's whom a joint map knows
    with pytest.raises(InputError, match="no joint map fits"):
        did(having(replace(a_run, source=source), reading=Reading(character=str(robot))))


@pytest.mark.parametrize("mend", [True, False])
def test_a_motion_file_in_the_floor_is_mended_unless_told_not_to(
    worked: list[str], a_run: Run, wave: Motion, mend: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfv.pipeline.reference.REPAIR_STEPS", 20.0)
    source, qpos = a_run.source.with_name("wave.npz"), wave.qpos.copy()
    qpos[:, 2] -= 0.035  # worth a word, and no failure
    replace(wave, qpos=qpos).save(source)
    did(having(replace(a_run, source=source), mend=mend))
    reference = Motion.load(a_run.out / "2-motion" / "motion.npz")
    expected = wave.qpos[:, 2].mean() - (0.0 if mend else 0.035)
    assert reference.qpos[:, 2].mean() == pytest.approx(expected, abs=0.01)
    assert Report.load(a_run.out / "2-motion" / "check.json").provenance["check"]["passed"]


def test_a_motion_that_was_read_wrongly_stops_the_run_with_the_option_to_type(
    worked: list[str], a_run: Run, wave: Motion
) -> None:
    # y is up in the file, and was read as if z were: whoever waves lies in the air
    source, qpos = a_run.source.with_name("wave.npz"), wave.qpos.copy()
    qpos[:, 3:7] = [np.sqrt(0.5), -np.sqrt(0.5), 0.0, 0.0]
    replace(wave, qpos=qpos).save(source)
    wrong = replace(a_run, source=source)
    with pytest.raises(InputError, match=r"upright is .*--up.*--anyway"):
        did(wrong)
    assert worked == []
    assert did(having(wrong, anyway=True))["3-policy"]


def test_a_reconstruction_that_nobody_could_do_stops_before_training(
    worked: list[str], a_run: Run, wave: Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    qpos, card = wave.qpos.copy(), Report("card", (Number("jerk", 1.0, "m/s^3", "lower"),))
    qpos[:, 3:7] = [np.sqrt(0.5), -np.sqrt(0.5), 0.0, 0.0]
    monkeypatch.setattr("sfv.pipeline.reference.REPAIR_STEPS", 20.0)
    monkeypatch.setattr("sfv.pipeline.reference.reconstruct", lambda *given: Result(replace(wave, qpos=qpos), card))
    for _ in range(2):  # also when the motion is there already
        with pytest.raises(InputError, match=r"overlay.*--anyway"):
            did(a_run)
    assert worked == ["pose"]
    assert did(having(a_run, anyway=True))["3-policy"]


def test_with_a_scene_the_reference_brings_what_bore_it(
    worked: list[str], a_run: Run, wave: Motion, caplog: pytest.LogCaptureFixture
) -> None:
    # two seconds on the floor, 0.3 m up within 0.4 s, and a second there
    source, up = a_run.source.with_name("wave.npz"), 0.3 * np.clip((np.arange(102) - 60) / 12, 0.0, 1.0)
    qpos = wave.qpos[np.concatenate([np.arange(30)] * 3 + [np.arange(12)])].copy()
    qpos[:, 2] += up
    qpos[:, 0] += 2.0 * up  # the box is before it, where it did not stand
    replace(wave, qpos=qpos).save(source)
    file = a_run.out / "2-motion" / "motion.npz"
    did(having(replace(a_run, source=source), scene="auto"))
    found = Motion.load(file)
    assert found.ground.tops.max() == pytest.approx(0.3, abs=0.01)
    assert "something bore the body that is not in the motion, and is now: it stands 0.30 m up" in caplog.text
    np.testing.assert_allclose(found.qpos, qpos, atol=1e-9)  # a repair would have put it on the floor
    worked.clear()
    did(having(replace(a_run, source=source), mend=False))
    assert Motion.load(file).ground.flat
    assert worked == ["train", "evaluate"]


def test_a_held_pose_before_the_motion_is_cut_off_and_said(
    worked: list[str], a_run: Run, wave: Motion, caplog: pytest.LogCaptureFixture
) -> None:
    source = a_run.source.with_name("wave.npz")
    before = np.tile(wave.qpos[:1], (60, 1))
    before[:, 0] += 1.0
    replace(wave, qpos=np.concatenate((before, wave.qpos)), loop=False).save(source)
    did(replace(a_run, source=source))
    assert len(Motion.load(a_run.out / "2-motion" / "motion.npz")) == len(wave)
    assert "jumps to another pose at 2.00 s (by 100 cm); what is from 2.00 to 3.00 s was taken" in caplog.text


@pytest.mark.parametrize(("depth", "mend", "left"), [(0.2, True, 0.0), (0.2, False, 0.2), (0.035, True, 0.035)])
def test_a_reconstruction_is_mended_where_it_fails(
    worked: list[str], a_run: Run, wave: Motion, monkeypatch: pytest.MonkeyPatch, depth: float, mend: bool,
    left: float,
) -> None:  # fmt: skip
    """20 cm under the floor is a failure, 3.5 cm are worth a word."""
    qpos = wave.qpos.copy()
    qpos[:, 2] -= depth
    card = Report("card", (Number("jerk", 1.0, "m/s^3", "lower"),))
    monkeypatch.setattr("sfv.pipeline.reference.REPAIR_STEPS", 20.0)
    monkeypatch.setattr("sfv.pipeline.reference.reconstruct", lambda *given: Result(replace(wave, qpos=qpos), card))
    did(having(a_run, mend=mend))
    reference = Motion.load(a_run.out / "2-motion" / "motion.npz")
    assert reference.qpos[:, 2].mean() == pytest.approx(wave.qpos[:, 2].mean() - left, abs=0.01)
    assert Report.load(a_run.out / "2-motion" / "check.json").provenance["check"]["passed"] == (left < 0.1)


def test_bad_clip_leaves_nothing(worked: list[str], a_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(clip: object, config: object) -> None:
        raise InputError("nobody is there")

    monkeypatch.setattr("recon.pose.estimate.estimate_pose", refuse)
    with pytest.raises(InputError, match="nobody"):
        perform_run(a_run, lambda outcome: None)
    assert not a_run.out.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: having(c, train=replace(TINY, budget="soon")), "budget"),
        (lambda c: having(c, performer="humanid"), "did you mean 'humanoid'"),
        (lambda c: replace(c, source=Path("nowhere.mp4")), "nowhere"),
        (
            lambda c: having(c, reconstruct=ReconstructConfig(lifter=Path("nowhere.safetensors"))),
            "there is no file nowhere",
        ),
    ],
)
def test_slips_are_found_before_any_work(
    worked: list[str], a_run: Run, change: Callable[[Run], Run], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        perform_run(change(a_run), lambda outcome: None)
    assert worked == []
    assert not a_run.out.exists()


def test_config_file_says_everything(worked: list[str], a_run: Run) -> None:
    a_run = having(a_run, reconstruct=ReconstructConfig(height=1.7))
    did(a_run)
    said = read_yaml(a_run.out / "config.yaml")
    assert said.pop("clip") == str(a_run.source)
    assert changed(Settings(), said, "config.yaml") == a_run.settings
    stage = yaml.safe_load((a_run.out / "2-motion" / "config.yaml").read_text())
    assert stage["reconstruct"]["height"] == 1.7


def test_report_says_where_it_comes_from(worked: list[str], a_run: Run) -> None:
    did(a_run)
    about = Report.load(a_run.out / "4-report" / "report.json").provenance
    assert about["seed"] == 0
    assert about["config"]["train"]["num_envs"] == 4
    assert set(about["minutes"]) == {"1-pose", "2-motion", "3-policy"} == set(stage_minutes(RunFolder(a_run.out)))
    assert {"sfv", "python", "mujoco", "torch"} <= set(about["versions"])
    assert about["machine"]["cores"] >= 1


def test_evaluation_of_what_was_trained(worked: list[str], a_run: Run, tmp_path: Path) -> None:
    did(a_run)
    for folder in (a_run.out, a_run.out / "3-policy"):
        stage = evaluation_of(folder, None, a_run.settings.rollouts, None)
        assert stage.outputs[0].resolve() == (a_run.out / "4-report" / "report.json").resolve()
        assert perform(stage).skipped
    alone = (a_run.out / "3-policy").rename(tmp_path / "policy")
    with pytest.raises(InputError, match="--motion"):
        evaluation_of(alone, None, 2, None)
    stage = evaluation_of(alone, a_run.out / "2-motion" / "motion.npz", 2, None)
    assert not perform(stage).skipped
    assert stage.outputs[0] == alone / "evaluation" / "report.json"
    with pytest.raises(InputError, match="no finished policy"):
        evaluation_of(tmp_path, None, 2, None)


def test_only_a_training_leaves_a_policy(worked: list[str], a_run: Run) -> None:
    """All stages leave marks, of which those of others say neither task nor learner."""
    did(a_run)
    for part in ("1-pose", "2-motion", "4-report"):
        with pytest.raises(InputError, match="holds no finished policy"):
            evaluation_of(a_run.out / part, None, 2, None)


def test_a_report_does_not_take_the_folder_of_a_policy(worked: list[str], a_run: Run) -> None:
    did(a_run)
    with pytest.raises(InputError, match=r"3-policy holds policy.safetensors .* report.json would take the place of"):
        perform(evaluation_of(a_run.out, None, 2, a_run.out / "3-policy"))
    assert not any(did(a_run).values())


def test_no_second_policy_is_put_beside_that_of_a_run(worked: list[str], a_run: Run) -> None:
    did(a_run)
    motion = {"it": a_run.out / "2-motion" / "motion.npz"}
    with pytest.raises(InputError, match=r"is a run, whose policy belongs into 3-policy; give another --out"):
        policy_stage(motion, a_run.out.joinpath, "humanoid", TrackingConfig(), TrainConfig())


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_make_stages_and_differ(preset: str, a_run: Run) -> None:
    settings = PRESETS[preset]()
    stages = [stage.name for stage in run_stages(replace(a_run, settings=settings))]
    assert ("preview" in stages) == settings.preview
    assert (settings == Settings()) == (preset == "standard")
    # one control step is whole ticks of the reference (1/240 s)
    assert 240.0 % settings.tracking.control_hz == 0.0


def test_a_real_run_from_a_motion(a_run: Run, wave: Motion, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing replaced: physics, learner, evaluation and page on one second of waving, with few pictures."""
    monkeypatch.setattr("sfv.view.rollout.rollout_video", partial(rollout_video, fps=2.0))
    source = a_run.source.with_name("wave.npz")
    wave.save(source)
    a_run = replace(a_run, source=source)
    assert all(did(a_run).values())
    report = Report.load(a_run.out / "4-report" / "report.json")
    assert 0.0 < report["normalised_return"] <= 1.0
    assert len(Motion.load(a_run.out / "4-report" / "simulated.npz")) >= 2
    assert not any(did(a_run).values())
