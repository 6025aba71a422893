"""From landmarks to the motion and the twin, through the record; and the real walk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.body import SAGITTAL, Side
from core.domain.findings import Severity
from core.domain.motion import Motion
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmark, Landmarks, LandmarkTrack, Person
from core.domain.sides_doubt import SideSource
from core.domain.subject import Sex, Subject
from core.domain.twin import Twin
from core.errors import JobCancelled
from core.gait.cycles import mean_cycle, range_of_motion_deg
from core.gait.norm_choice import CHILDREN
from core.gait.similarity import pearson
from core.jobs.values import JobSpec, Progress, SilentContext
from core.motion.solve import motion_from_tracks
from core.store.repository import open_store
from core.tasks import demo_patient, detect_pose, fit_twin, import_video, solve_motion
from tests.motion.filmed import filmed, on_a_belt
from tests.motion.synthetic_walk import exchanged, seen_by, side_camera, squats, synthetic_walk
from tests.refusals import refused

pytestmark = pytest.mark.slow

LEFT_HIP = Landmark.LEFT_HIP.value


class CancellingContext(SilentContext):
    """Stops as soon as it is asked."""

    def check_cancelled(self) -> None:
        raise JobCancelled


def context_in(data_dir: Path, kind: str, params: dict, make: type[SilentContext] = SilentContext):
    work_dir = data_dir / "work"
    work_dir.mkdir(parents=True, exist_ok=True)
    return make(JobSpec("1", kind, params, data_dir), work_dir)


def run(task, data_dir: Path, **params) -> str:
    return task.run(params, context_in(data_dir, task.__name__, params))


def new_visit(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        patient = store.add_patient(Subject("P-0001", 1980, Sex.FEMALE, 1.68, 60.0))
        return store.start_visit(patient).id


def save_landmarks(data_dir: Path, track) -> str:
    visit_id = new_visit(data_dir)
    person = Person("Person 1", 1.0, 1000.0, (track,))
    with open_store(data_dir) as store:
        return store.save(
            RecordKind.LANDMARKS,
            Landmarks((person,), 0, "only person", (), synthetic=True),
            visit_id=visit_id,
            summary="",
        )


def load(data_dir: Path, record_id: str, kind: type):
    with open_store(data_dir) as store:
        return store.load(record_id, kind)


@pytest.fixture(scope="module")
def solved(tmp_path_factory) -> tuple[Path, str]:
    data_dir = tmp_path_factory.mktemp("data")
    landmarks_id = save_landmarks(data_dir, seen_by(synthetic_walk(), side_camera()))
    return data_dir, run(solve_motion, data_dir, landmarks_id=landmarks_id)


def test_a_motion_goes_into_the_record_with_its_input_and_comes_back(solved):
    data_dir, motion_id = solved
    motion = load(data_dir, motion_id, Motion)
    with open_store(data_dir) as store:
        info = store.info(motion_id)

    assert info.kind is RecordKind.MOTION
    assert len(info.provenance.inputs) == 1
    assert "strides" in info.summary
    assert motion.synthetic
    assert motion.sagittal_only


def test_the_twin_has_the_persons_mass_and_height_and_walks_within_its_limits(solved):
    data_dir, motion_id = solved
    twin = load(data_dir, run(fit_twin, data_dir, motion_id=motion_id), Twin)

    assert twin.body.height_m == 1.68
    assert twin.model_mass_kg == pytest.approx(60.0, abs=1e-6)
    assert twin.leg_length_m == pytest.approx(1.68 / 1.70 * 0.805, rel=0.02)
    assert twin.landmark_residual_m < 0.05
    assert twin.joint_residual_deg == pytest.approx(0.0, abs=1e-6)
    assert twin.synthetic


@pytest.mark.parametrize("speed", [0.0, 9.0, -1.2, "fast", float("nan")])
def test_a_speed_that_no_treadmill_runs_at_is_refused(tmp_path, speed):
    landmarks_id = save_landmarks(tmp_path, filmed(on_a_belt(synthetic_walk())))
    with refused("MOT-074"):
        run(solve_motion, tmp_path, landmarks_id=landmarks_id, belt_speed_m_s=speed)


def test_the_speed_of_a_treadmill_that_was_read_is_used_and_kept(tmp_path):
    walk = synthetic_walk()
    landmarks_id = save_landmarks(tmp_path, filmed(on_a_belt(walk)))
    found = run(solve_motion, tmp_path, landmarks_id=landmarks_id)
    told = run(solve_motion, tmp_path, landmarks_id=landmarks_id, belt_speed_m_s=walk.speed_m_s)

    assert load(tmp_path, told, Motion).measures.speed_m_s == pytest.approx(walk.speed_m_s, rel=0.01)
    assert load(tmp_path, found, Motion).measures.speed_m_s == pytest.approx(walk.speed_m_s, rel=0.1)
    with open_store(tmp_path) as store:
        settings = [json.loads(store.info(one).provenance.settings) for one in (found, told)]
    assert [one["belt_speed_m_s"] for one in settings] == [None, walk.speed_m_s]


def test_a_squat_is_solved_and_kept_but_no_twin_is_fitted_to_it(tmp_path):
    motion_id = run(solve_motion, tmp_path, landmarks_id=save_landmarks(tmp_path, filmed(squats(), 30.0)))

    with open_store(tmp_path) as store:
        assert store.info(motion_id).summary == "no stride forward, angles over 6.0 s"
    assert load(tmp_path, motion_id, Motion).without_walk
    with refused("MOT-064"):
        run(fit_twin, tmp_path, motion_id=motion_id)


def test_no_twin_is_fitted_to_a_motion_whose_sides_are_in_doubt(tmp_path):
    """The detector disagrees with the smooth paths in all pictures but the first and last three."""
    track = exchanged(seen_by(synthetic_walk(), side_camera()), slice(3, 132))
    landmarks_id = save_landmarks(tmp_path, track)
    motion_id = run(solve_motion, tmp_path, landmarks_id=landmarks_id)
    with refused("MOT-034"):
        run(fit_twin, tmp_path, motion_id=motion_id)
    with open_store(tmp_path) as store:
        visit_id = store.info(motion_id).visit_id
        store.decide(visit_id, "motion", Verdict.SIDES_CONFIRMED, record_id=motion_id, by="Dr. Lind")
    assert run(fit_twin, tmp_path, motion_id=motion_id)

    told = run(
        solve_motion, tmp_path, landmarks_id=landmarks_id, sides=SideSource.AS_DETECTED, sides_by="Dr. Lind"
    )
    assert load(tmp_path, told, Motion).sides_by == "Dr. Lind"
    assert run(fit_twin, tmp_path, motion_id=told)


def test_progress_rises_to_the_end(tmp_path):
    landmarks_id = save_landmarks(tmp_path, seen_by(synthetic_walk(seconds=3.0), side_camera()))
    context = context_in(tmp_path, "solve_motion", {"landmarks_id": landmarks_id})
    solve_motion.run(context.spec.params, context)
    fractions = [event.fraction for event in context.events if isinstance(event, Progress)]

    assert fractions == sorted(fractions)
    assert fractions[-1] >= 0.95


def test_a_cancelled_solve_leaves_no_motion(tmp_path):
    landmarks_id = save_landmarks(tmp_path, seen_by(synthetic_walk(seconds=3.0), side_camera()))
    context = context_in(tmp_path, "solve_motion", {"landmarks_id": landmarks_id}, CancellingContext)
    with pytest.raises(JobCancelled):
        solve_motion.run(context.spec.params, context)

    with open_store(tmp_path) as store:
        visit_id = store.info(landmarks_id).visit_id
        assert store.latest(visit_id, RecordKind.MOTION) is None


def test_a_walk_without_a_stride_keeps_its_angles_and_stops(tmp_path):
    landmarks_id = save_landmarks(tmp_path, seen_by(synthetic_walk(seconds=0.9), side_camera()))
    motion_id = run(solve_motion, tmp_path, landmarks_id=landmarks_id)

    with open_store(tmp_path) as store:
        motion = store.load(motion_id, Motion)
    assert [f.advice.code for f in motion.findings if f.severity is Severity.STOP] == ["MOT-010"]
    assert motion.without_walk and np.isfinite(motion.kinematics.angle_rad).all()


@pytest.fixture(scope="module")
def real_walk(tmp_path_factory, shared_data, pose_model) -> Motion:
    """The real sagittal walk of one person (1.68 m, 60 kg), from the video file on."""
    return solved_video(shared_data("video-sagittal-walk/walk.mp4"), tmp_path_factory.mktemp("real"))


def solved_video(video: Path, data_dir: Path) -> Motion:
    landmarks_id = seen_in(video, data_dir)
    return load(data_dir, run(solve_motion, data_dir, landmarks_id=landmarks_id), Motion)


def seen_in(video: Path, data_dir: Path) -> str:
    """The LANDMARKS of a video."""
    recording_id = run(import_video, data_dir, visit_id=new_visit(data_dir), files=[str(video)])
    return run(detect_pose, data_dir, recording_id=recording_id, person=None)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory, shared_data, pose_model) -> tuple[Path, str]:
    """The uncropped video: she walks through the lower half, a man jumps on a box in the upper half."""
    data_dir = tmp_path_factory.mktemp("two")
    return data_dir, seen_in(shared_data("video-sagittal-walk/demo.mp4"), data_dir)


def test_of_two_people_the_walker_is_taken(two_people):
    landmarks = load(*two_people, Landmarks)
    hips = landmarks.patient.tracks[0].image_px[:, LEFT_HIP]

    assert landmarks.chosen_by == "walks most"
    assert "CAP-023" in [finding.advice.code for finding in landmarks.findings]
    assert landmarks.patient.label == "Person 1, walks to the left"
    assert np.isfinite(hips[60:185, 0]).mean() > 0.98
    assert np.nanmin(hips[60:185, 1]) > 600
    assert hips[60, 0] > 1350 and hips[184, 0] < 250


def test_the_man_on_the_box_is_somebody_else(two_people):
    landmarks = load(*two_people, Landmarks)
    others = [person for person in landmarks.people[1:] if person.label.endswith("moves about")]

    assert any(np.nanmedian(person.tracks[0].image_px[:, LEFT_HIP, 1]) < 350 for person in others)


def test_the_same_walk_beside_a_man_who_jumps_has_the_same_steps(two_people):
    """In the uncropped video the detector exchanges her feet at 5.3 s, and she comes and goes."""
    data_dir, landmarks_id = two_people
    motion = load(data_dir, run(solve_motion, data_dir, landmarks_id=landmarks_id), Motion)

    assert motion.measures.cadence_steps_min == pytest.approx(97, abs=3)
    assert all(len(cycles.angle_rad) == 3 for cycles in motion.cycles)
    assert all(side.stride_time_s.sd < 0.05 for side in motion.measures.sides)
    starts = [stride.start_s for stride in motion.strides]
    assert [stride.side for stride in motion.strides] == [Side.RIGHT, Side.LEFT] * 3
    np.testing.assert_allclose(starts, [2.02, 2.64, 3.27, 3.88, 4.49, 5.08], atol=0.07)


def test_the_real_walk_has_two_to_four_strides_a_side(real_walk):
    assert all(2 <= len(cycles.angle_rad) <= 4 for cycles in real_walk.cycles)


def test_the_real_walk_has_the_cadence_counted_by_eye(real_walk):
    assert real_walk.measures.cadence_steps_min == pytest.approx(97, abs=5)
    assert 1.0 < real_walk.measures.speed_m_s < 1.5
    assert all(0.55 < side.stance_fraction.mean < 0.70 for side in real_walk.measures.sides)


def test_the_real_walk_bends_both_knees_as_people_do(real_walk):
    for cycles in real_walk.cycles:
        knee = range_of_motion_deg(cycles)[f"knee_angle_{cycles.side.suffix}"]
        hip = range_of_motion_deg(cycles)[f"hip_flexion_{cycles.side.suffix}"]
        assert 40 < knee < 70
        assert 35 < hip < 62


def test_the_real_walk_has_the_shape_of_normal_gait_at_hip_and_knee_on_both_sides(real_walk):
    for cycles in real_walk.cycles:
        for column, kind in enumerate(SAGITTAL[:2]):
            mean = mean_cycle(cycles)[:, [0, 3][column]]
            assert pearson(mean, CHILDREN.band(kind).mean_rad) > 0.85


def test_the_real_walk_says_what_one_camera_can_be_trusted_for(real_walk):
    codes = {finding.advice.code for finding in real_walk.findings}

    assert "MOT-022" in codes
    assert real_walk.sagittal_only
    assert not real_walk.synthetic
    assert np.isfinite(real_walk.reference.angle_rad).all()


def slowed(played: float) -> LandmarkTrack:
    """A walk whose film plays so many times slower than life."""
    seen = seen_by(synthetic_walk(rate_hz=30.0 * played), side_camera())
    return replace(seen, time_s=seen.time_s * played)


def test_a_slow_motion_film_is_asked_about_and_gives_the_same_gait_on_the_right_clock(tmp_path):
    landmarks_id = save_landmarks(tmp_path, slowed(2.0))
    asked = load(tmp_path, run(solve_motion, tmp_path, landmarks_id=landmarks_id), Motion)
    params = {"landmarks_id": landmarks_id, "slow_motion": 2.0, "slow_motion_by": "Dr. Lind"}
    told = load(tmp_path, run(solve_motion, tmp_path, **params), Motion)
    in_life = tmp_path / "life"
    life_id = run(solve_motion, in_life, landmarks_id=save_landmarks(in_life, slowed(1.0)))
    life = load(in_life, life_id, Motion)
    assert "MOT-090" in [f.advice.code for f in asked.findings if f.severity is Severity.STOP]
    assert not [f for f in told.findings if f.severity is Severity.STOP]
    assert (told.clock.slow_motion, told.clock.by) == (2.0, "Dr. Lind")
    assert told.measures.speed_m_s == pytest.approx(life.measures.speed_m_s, rel=0.03)
    assert told.measures.cadence_steps_min == pytest.approx(life.measures.cadence_steps_min, rel=0.02)


def test_a_film_four_times_slower_is_not_told_to_be_too_short(tmp_path):
    with refused("MOT-090"):
        run(solve_motion, tmp_path, landmarks_id=save_landmarks(tmp_path, slowed(4.0)))


@pytest.mark.parametrize("factor", ["fast", 0.5, 1000])
def test_a_factor_that_no_film_has_is_refused(tmp_path, factor):
    landmarks_id = save_landmarks(tmp_path, slowed(1.0))
    with refused("MOT-093"):
        run(solve_motion, tmp_path, landmarks_id=landmarks_id, slow_motion=factor)


def test_a_real_walk_is_life_and_played_slowly_it_is_not(real_walk, two_people):
    data_dir, landmarks_id = two_people
    seen = load(data_dir, landmarks_id, Landmarks).patient.tracks[0]
    slow = motion_from_tracks((replace(seen, time_s=2.0 * seen.time_s),), height_m=1.68, mass_kg=60.0)

    assert not {f.advice.code for f in real_walk.findings} & {"MOT-090", "MOT-091"}
    assert "MOT-090" in {f.advice.code for f in slow.findings}


@pytest.mark.slow
def test_nothing_stops_the_demo_patient(tmp_path):
    """Seen by cameras in which the patient is small."""
    landmarks_id = run(demo_patient, tmp_path)
    motion_id = run(solve_motion, tmp_path, landmarks_id=landmarks_id)
    with open_store(tmp_path) as store:
        motion = store.load(motion_id, Motion)
    assert not [finding for finding in motion.findings if finding.severity is Severity.STOP]
