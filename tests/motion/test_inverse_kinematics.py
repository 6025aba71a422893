"""Known angles come back from landmarks; legs that were exchanged are put back."""

from dataclasses import replace

import numpy as np
import pytest
from core.motion.body_landmarks import observe_space
from core.motion.inverse_kinematics import solve_angles
from core.motion.oblique_view import observe_oblique

from core.capture.synthetic import PinholeCamera
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.findings import Severity
from core.domain.motion import Motion
from core.domain.recording import Landmark, LandmarkTrack
from core.domain.sides_doubt import SideSource
from core.domain.twin import BodyParameters
from core.errors import UserError
from core.motion.side_swaps import FEET, KNEES, correct_side_swaps
from core.motion.solve import motion_from_tracks
from core.twin.scaling import scales_for_height
from core.twin.skeleton import POSE_SIZE, Skeleton
from tests.motion.synthetic_walk import (
    FLEXION,
    HEIGHT_M,
    SyntheticWalk,
    exchanged,
    in_space,
    rmse_deg,
    seen_by,
    side_camera,
    synthetic_walk,
)


@pytest.fixture(scope="module")
def walk() -> SyntheticWalk:
    return synthetic_walk()


@pytest.fixture(scope="module")
def one_camera(walk) -> Motion:
    return solve(seen_by(walk, side_camera()))


# No landmark is on the toes' joint: it keeps its neutral angle.
SEEN = [joint.column for joint in JOINTS if joint.kind is not JointKind.TOES]


def solve(*tracks: LandmarkTrack, height_m: float = HEIGHT_M, swap_sides: bool = False) -> Motion:
    return motion_from_tracks(tracks, height_m=height_m, mass_kg=60.0, swap_sides=swap_sides)


def without_projection(track: LandmarkTrack) -> LandmarkTrack:
    return LandmarkTrack(
        track.time_s, track.image_px, track.world_m, track.visibility, track.width_px, track.height_px
    )


def code_of(tracks: tuple[LandmarkTrack, ...]) -> str:
    with pytest.raises(UserError) as refusal:
        solve(*tracks)
    return refusal.value.advice.code


def test_landmark_slopes_are_the_derivatives_of_the_landmarks():
    skeleton = Skeleton(BodyParameters(1.7, 75.0))
    pose = np.random.default_rng(0).normal(0, 0.2, POSE_SIZE)
    _, slopes = skeleton.points_and_slopes(pose)

    for column in range(POSE_SIZE):
        step = 1e-6 * np.eye(POSE_SIZE)[column]
        numeric = (skeleton.points_m(pose + step) - skeleton.points_m(pose - step)) / 2e-6
        np.testing.assert_allclose(slopes[:, :, column], numeric, atol=1e-7)


@pytest.mark.slow
def test_points_in_space_give_flexion_within_2_and_every_seen_angle_within_3_degrees(walk):
    world_m, confidence = in_space(walk)
    observation = observe_space(walk.time_s, world_m, confidence)
    solution = solve_angles(observation, BodyParameters(HEIGHT_M, 60.0, scales_for_height(HEIGHT_M)))

    assert rmse_deg(solution.kinematics.angle_rad, walk.angle_rad, FLEXION).max() < 2.0
    assert rmse_deg(solution.kinematics.angle_rad, walk.angle_rad, SEEN).max() < 3.0


@pytest.mark.slow
def test_a_walk_in_any_direction_gives_the_same_angles(walk):
    world_m, confidence = in_space(walk)
    c, s = np.cos(2.2), np.sin(2.2)
    turned = world_m @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]).T + np.array([3.0, -1.0, 0.4])
    body = BodyParameters(HEIGHT_M, 60.0, scales_for_height(HEIGHT_M))

    straight = solve_angles(observe_space(walk.time_s, world_m, confidence), body)
    found = solve_angles(observe_space(walk.time_s, turned, confidence), body)
    assert rmse_deg(found.kinematics.angle_rad, straight.kinematics.angle_rad, FLEXION).max() < 0.5


@pytest.mark.slow
def test_three_cameras_give_flexion_within_2_and_a_half_degrees_and_a_step_width(walk):
    cameras = [side_camera()]
    for x in (3.0, -3.0):
        cameras.append(PinholeCamera((x, -8.0, 1.3), (0.0, -2.8, 0.9), width_px=1660))
    motion = solve(*(seen_by(walk, camera, noise_px=1.5, seed=i) for i, camera in enumerate(cameras)))

    assert rmse_deg(motion.kinematics.angle_rad, walk.angle_rad, FLEXION).max() < 2.5
    assert not motion.sagittal_only
    assert 0.05 < motion.measures.step_width_m < 0.30


@pytest.mark.slow
@pytest.mark.parametrize("side", [1.0, -1.0], ids=["from her left", "from her right"])
def test_one_camera_gives_flexion_within_3_degrees(walk, side):
    motion = solve(seen_by(walk, side_camera(6.0 * side)))

    assert rmse_deg(motion.kinematics.angle_rad, walk.angle_rad, FLEXION).max() < 3.0
    assert motion.sagittal_only
    assert motion.measures.step_width_m is None
    assert motion.swapped_fraction < 0.02


def test_one_camera_finds_every_step_and_the_speed(walk, one_camera):
    motion = one_camera

    assert motion.measures.cadence_steps_min == pytest.approx(120.0 / walk.period_s, abs=1.5)
    assert motion.measures.speed_m_s == pytest.approx(walk.speed_m_s, rel=0.03)
    assert all(len(cycles.angle_rad) >= 2 for cycles in motion.cycles)
    assert motion.residual_m < 0.05


@pytest.mark.slow
def test_angles_stay_within_the_models_limits(walk):
    motion = solve(seen_by(walk, side_camera(), noise_px=4.0))
    limit_rad = Skeleton(BodyParameters(HEIGHT_M, 60.0)).limit_rad

    assert (motion.kinematics.angle_rad >= limit_rad[:, 0] - 1e-9).all()
    assert (motion.kinematics.angle_rad <= limit_rad[:, 1] + 1e-9).all()


def test_one_camera_claims_nothing_outside_the_sagittal_plane(one_camera):
    motion = one_camera
    unseen = [joint.column for joint in JOINTS if joint.column not in FLEXION]

    assert np.abs(np.degrees(motion.kinematics.angle_rad[:, unseen])).max() < 0.1
    assert "MOT-022" in {finding.advice.code for finding in motion.findings}


@pytest.mark.slow
@pytest.mark.parametrize("frames", [slice(40, 41), slice(60, 66), slice(30, 75)], ids=str)
def test_exchanged_legs_are_put_back(walk, frames):
    clean = seen_by(walk, side_camera())
    repair = correct_side_swaps(exchanged(clean, frames))

    wrong = np.zeros(len(walk.time_s), dtype=bool)
    wrong[frames] = True
    assert (repair.exchanged.all(axis=1) == wrong).mean() > 0.98
    motion = solve(exchanged(clean, frames))
    assert rmse_deg(motion.kinematics.angle_rad, walk.angle_rad, FLEXION).max() < 3.0
    assert motion.swapped_fraction == pytest.approx(wrong.mean(), abs=0.02)


def codes(motion: Motion) -> dict[str, Severity]:
    return {finding.advice.code: finding.severity for finding in motion.findings}


@pytest.mark.slow
def test_a_trial_in_which_most_legs_would_be_exchanged_stops_and_asks(walk):
    """The smooth paths may be as wrong as the detector: nothing in them says which leg is the left one."""
    found = solve(exchanged(seen_by(walk, side_camera()), slice(3, 132)))

    assert found.swapped_fraction > 0.9
    assert codes(found)["MOT-032"] is Severity.STOP and "MOT-020" not in codes(found)
    assert found.sides_in_doubt


@pytest.mark.slow
def test_a_walk_that_is_exchanged_throughout_does_not_hide_in_a_long_rest(walk):
    track = without_projection(seen_by(walk, side_camera()))
    frames = np.concatenate([np.zeros(300, int), np.arange(135), np.full(150, 134)])
    jitter = np.random.default_rng(3).normal(0.0, 1.0, (len(frames), 33, 2))
    whole = replace(
        track,
        time_s=np.arange(len(frames)) / 30.0,
        image_px=track.image_px[frames] + jitter,
        world_m=track.world_m[frames],
        visibility=track.visibility[frames],
    )
    while_she_walks = exchanged(whole, slice(300, 435))

    assert correct_side_swaps(while_she_walks).fraction < 1 / 3
    assert codes(solve(while_she_walks))["MOT-032"] is Severity.STOP


@pytest.mark.slow
@pytest.mark.parametrize("swap", [False, True])
def test_who_says_which_leg_is_which_is_in_the_motion_and_lets_it_go_on(walk, swap):
    mostly = exchanged(seen_by(walk, side_camera()), slice(3, 132))
    told = motion_from_tracks((mostly,), height_m=HEIGHT_M, mass_kg=60.0, swap_sides=swap, sides_by="Dr. L.")

    assert told.sides_by == "Dr. L." and not told.sides_in_doubt
    assert "Dr. L." in next(f.advice.what for f in told.findings if f.advice.code == "MOT-033")
    true = np.array(walk.angle_rad)
    shown = np.hstack([true[:, 7:], true[:, :7]]) if swap else true
    assert rmse_deg(told.kinematics.angle_rad, shown, FLEXION).max() < 3.0


@pytest.mark.slow
def test_a_swap_without_a_name_stops_like_what_it_was_made_from(walk):
    mostly = exchanged(seen_by(walk, side_camera()), slice(3, 132))
    assert codes(solve(mostly, swap_sides=True))["MOT-032"] is Severity.STOP


@pytest.mark.slow
def test_the_detectors_own_sides_can_be_kept(walk):
    clean = seen_by(walk, side_camera())
    everywhere = exchanged(clean, slice(0, 135))
    doubted = exchanged(everywhere, slice(0, 3))  # as detected: wrong but for three frames
    kept = motion_from_tracks(
        (doubted,), height_m=HEIGHT_M, mass_kg=60.0, side_source=SideSource.AS_DETECTED, sides_by="Dr. L."
    )

    mirrored = np.hstack([walk.angle_rad[:, 7:], walk.angle_rad[:, :7]])
    found = rmse_deg(kept.kinematics.angle_rad[10:], mirrored[10:], FLEXION)
    assert found.max() < 6.0  # the hips were not exchanged with knees and feet
    assert kept.swapped_fraction == 0.0 and not kept.sides_in_doubt


@pytest.mark.slow
def test_only_the_longest_way_in_one_direction_is_measured(walk):
    track = seen_by(walk, side_camera())
    frames = np.concatenate([np.zeros(45, int), np.arange(135), np.full(30, 134), np.arange(134, 80, -1)])
    jitter = np.random.default_rng(3).normal(0.0, 1.0, (len(frames), 33, 2))
    whole = LandmarkTrack(
        np.arange(len(frames)) / 30.0,
        track.image_px[frames] + jitter,
        track.world_m[frames],
        track.visibility[frames],
        track.width_px,
        track.height_px,
    )
    motion = solve(whole)

    assert motion.kinematics.time_s[0] == pytest.approx(1.5, abs=0.3)
    assert motion.kinematics.time_s[-1] == pytest.approx(6.0, abs=0.3)
    assert motion.measures.cadence_steps_min == pytest.approx(120.0 / walk.period_s, abs=1.5)
    assert motion.measures.speed_m_s == pytest.approx(walk.speed_m_s, rel=0.05)


@pytest.mark.slow
def test_strides_carry_the_time_of_the_recording(walk, one_camera):
    track = seen_by(walk, side_camera())
    later = solve(replace(track, time_s=track.time_s + 2.0))

    assert later.strides[0].start_s == pytest.approx(one_camera.strides[0].start_s + 2.0, abs=1e-3)


@pytest.mark.slow
def test_what_the_detector_guesses_beyond_the_picture_is_not_used(walk):
    track = without_projection(seen_by(walk, side_camera()))
    image = np.array(track.image_px)
    middle = image[67, Landmark.LEFT_HIP.value, 0]
    image[..., 0] -= middle - 60.0  # from here on she leaves the picture
    guessed = solve(replace(track, image_px=image))

    assert np.isnan(guessed.kinematics.angle_rad[-10:]).all()


@pytest.mark.slow
def test_a_person_can_say_that_left_and_right_are_the_wrong_way_round(walk):
    track = seen_by(walk, side_camera())
    mirrored = solve(track, swap_sides=True)

    left, right = (np.array(walk.angle_rad[:, 7 * i : 7 * i + 7]) for i in range(2))
    assert rmse_deg(mirrored.kinematics.angle_rad, np.hstack([right, left]), FLEXION).max() < 3.0


@pytest.mark.slow
def test_a_long_gap_stays_open_and_its_strides_are_left_out(walk):
    track = seen_by(walk, side_camera())
    seen = np.array(track.visibility)
    seen[50:65, [landmark.value for pair in KNEES + FEET for landmark in pair]] = 0.0
    gap = LandmarkTrack(track.time_s, track.image_px, track.world_m, seen, track.width_px, track.height_px)
    motion = solve(gap)

    assert np.isnan(motion.kinematics.angle_rad[52:63]).all()
    assert all(np.isfinite(cycles.angle_rad).all() for cycles in motion.cycles)
    assert "MOT-026" in {finding.advice.code for finding in motion.findings}


def test_the_reference_is_periodic_and_starts_at_left_heel_strike(walk, one_camera):
    reference = one_camera.reference
    hip = reference.angle_rad[:, list(JointKind).index(JointKind.HIP_FLEXION)]

    assert np.isfinite(reference.angle_rad).all()
    assert np.abs(np.degrees(hip[0] - hip[-1])) < 3.0
    assert hip[0] > hip.max() - np.radians(5.0)
    assert reference.period_s == pytest.approx(walk.period_s, rel=0.02)


@pytest.mark.slow
def test_several_cameras_without_calibration_use_the_one_from_the_side(walk):
    side = without_projection(seen_by(walk, side_camera()))
    front = without_projection(seen_by(walk, PinholeCamera((0.5, -12.0, 1.2), (0.0, -2.8, 0.9))))
    motion = solve(front, side)

    assert "MOT-027" in {finding.advice.code for finding in motion.findings}
    assert rmse_deg(motion.kinematics.angle_rad, walk.angle_rad, FLEXION).max() < 3.0


def from_half_in_front(walk: SyntheticWalk, degrees: float, *, on_the_spot: bool) -> LandmarkTrack:
    """Seen by one uncalibrated camera; depths are off by 5 cm and a fifth too small, as detectors guess."""
    angle = np.radians(degrees)
    camera = PinholeCamera(
        (7.0 * np.cos(angle), -2.8 - 7.0 * np.sin(angle), 1.0),
        (0.0, -2.8, 0.9),
        focal_px=800.0,
        width_px=1920,
        height_px=1080,
    )
    if on_the_spot:
        travel = np.array([0.0, walk.speed_m_s, 0.0]) * walk.time_s[:, None] - np.array([0.0, 2.8, 0.0])
        walk = replace(walk, point_m=walk.point_m + travel[:, None])
    track = without_projection(seen_by(walk, camera))
    world = np.array(track.world_m)
    world[..., 2] = 0.8 * world[..., 2] + np.random.default_rng(0).normal(0.0, 0.05, world.shape[:2])
    return replace(track, world_m=world)


@pytest.mark.slow
def test_who_moves_on_the_spot_half_in_front_of_a_camera_bends_knees_within_6_degrees(walk):
    observation = observe_oblique(from_half_in_front(walk, 50.0, on_the_spot=True), HEIGHT_M, walks=False)
    solution = solve_angles(observation, BodyParameters(HEIGHT_M, 60.0, scales_for_height(HEIGHT_M)))

    knees = [joint.column for joint in JOINTS if joint.kind is JointKind.KNEE]
    assert rmse_deg(solution.kinematics.angle_rad, walk.angle_rad, knees).max() < 6.0


@pytest.mark.slow
@pytest.mark.parametrize(("degrees", "told"), [(15.0, False), (40.0, True), (62.0, True)])
def test_a_walk_out_of_the_picture_plane_says_so(walk, degrees, told):
    motion = solve(from_half_in_front(walk, degrees, on_the_spot=False))

    assert ("MOT-029" in {finding.advice.code for finding in motion.findings}) == told
    assert motion.sagittal_only
    assert motion.measures.cadence_steps_min == pytest.approx(120.0 / walk.period_s, rel=0.05)


@pytest.mark.slow
def test_the_whole_leg_tells_how_far_a_knee_bends_that_is_seen_in_the_wrong_place(walk):
    track = seen_by(walk, side_camera())
    image = np.array(track.image_px)
    knee, hip, ankle = (image[:, Landmark[f"RIGHT_{part}"].value] for part in ("KNEE", "HIP", "ANKLE"))
    image[:, Landmark.RIGHT_KNEE.value] = 0.7 * knee + 0.15 * (hip + ankle)  # as if it bent a third less
    found = solve(replace(track, image_px=image))

    knee_column = [joint.column for joint in JOINTS if joint.value == "knee_angle_r"]
    bend = np.degrees(np.ptp(found.kinematics.angle_rad[5:-5, knee_column]))
    truth = np.degrees(np.ptp(walk.angle_rad[5:-5, knee_column]))
    assert bend > 0.75 * truth


def test_a_walk_towards_the_camera_is_refused(walk):
    front = PinholeCamera((0.3, -14.0, 1.2), (0.0, -2.8, 0.9))
    assert code_of((seen_by(walk, front),)) == "MOT-002"


@pytest.mark.slow
def test_a_walk_of_one_step_is_refused():
    assert code_of((seen_by(synthetic_walk(seconds=0.9), side_camera()),)) == "MOT-010"


@pytest.mark.slow
def test_five_pictures_per_second_are_refused():
    assert code_of((seen_by(synthetic_walk(rate_hz=5.0), side_camera()),)) == "MOT-003"


def test_a_person_seen_in_five_frames_is_refused(walk):
    track = seen_by(walk, side_camera())
    image = np.array(track.image_px)
    image[5:] = np.nan
    lost = LandmarkTrack(
        track.time_s, image, track.world_m, track.visibility, track.width_px, track.height_px
    )
    assert code_of((lost,)) == "MOT-001"


def test_sides_are_reported_in_the_order_left_right(one_camera):
    motion = one_camera

    assert tuple(cycles.side for cycles in motion.cycles) == SIDES
    assert tuple(measures.side for measures in motion.measures.sides) == SIDES
