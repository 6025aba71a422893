"""What cannot be solved is refused, or stops, for the reason that holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.findings import Severity
from core.domain.recording import Landmark, LandmarkTrack
from core.domain.twin import BodyParameters
from core.errors import Advice, UserError
from core.motion.findings import check_frame_rate
from core.motion.solve import motion_from_tracks
from core.motion.trial import solve_one
from core.twin.scaling import Segment, scales_for_height
from core.twin.segment_lengths import GENERIC_LENGTH_M
from tests.motion.filmed import filmed
from tests.motion.synthetic_walk import HEIGHT_M, SyntheticWalk, synthetic_walk


@pytest.fixture(scope="module")
def walk() -> SyntheticWalk:
    return synthetic_walk()


def refusal(track: LandmarkTrack) -> Advice:
    with pytest.raises(UserError) as refused:
        motion_from_tracks((track,), height_m=HEIGHT_M, mass_kg=60.0)
    return refused.value.advice


def upside_down(track: LandmarkTrack) -> LandmarkTrack:
    image, world = np.array(track.image_px), np.array(track.world_m)
    image[..., 1] = track.height_px - image[..., 1]
    world[..., 1] *= -1.0
    return replace(track, image_px=image, world_m=world)


def stops(track: LandmarkTrack) -> list[str]:
    found = motion_from_tracks((track,), height_m=HEIGHT_M, mass_kg=60.0)
    return [finding.advice.code for finding in found.findings if finding.severity is Severity.STOP]


def test_a_walk_of_one_step_stops_and_keeps_its_angles() -> None:
    track = filmed(synthetic_walk(seconds=0.9))
    assert stops(track) == ["MOT-010"]
    found = motion_from_tracks((track,), height_m=HEIGHT_M, mass_kg=60.0)
    assert found.without_walk and np.isfinite(found.kinematics.angle_rad).all()


def test_a_short_walk_towards_the_camera_stops_for_the_view_too() -> None:
    found = motion_from_tracks((filmed(synthetic_walk(seconds=1.0), 85.0),), height_m=HEIGHT_M, mass_kg=60.0)
    assert {f.advice.code: f.severity for f in found.findings}["MOT-029"] is Severity.STOP


def test_five_pictures_per_second_are_refused() -> None:
    assert refusal(filmed(synthetic_walk(rate_hz=5.0))).code == "MOT-003"


def test_a_person_seen_in_five_frames_is_refused(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    image = np.array(track.image_px)
    image[5:] = np.nan
    assert refusal(replace(track, image_px=image)).code == "MOT-001"


def test_a_person_whose_legs_are_never_seen_is_refused(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    unseen = replace(track, visibility=np.zeros_like(track.visibility))
    beyond = replace(track, image_px=np.asarray(track.image_px) + 1e5)
    assert [refusal(unseen).code, refusal(beyond).code] == ["MOT-001", "MOT-001"]


def test_a_third_of_the_pictures_of_a_usual_film_is_enough(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    check_frame_rate(
        replace(track, time_s=np.linspace(0.0, (len(track.time_s) - 1) / 9.999, len(track.time_s)))
    )


def test_strides_that_are_lost_to_a_gap_are_not_called_missing_landings(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    visibility = np.array(track.visibility)
    middle = slice(len(visibility) // 4, -len(visibility) // 4)
    visibility[middle, Landmark.LEFT_ANKLE.value] = visibility[middle, Landmark.RIGHT_ANKLE.value] = 0.0
    found = motion_from_tracks((replace(track, visibility=visibility),), height_m=HEIGHT_M, mass_kg=60.0)
    (stop,) = (finding.advice for finding in found.findings if finding.advice.code == "MOT-010")
    assert "out of sight" in stop.why


def test_an_upside_down_film_stops_for_the_fit(walk: SyntheticWalk) -> None:
    assert "MOT-023" in stops(upside_down(filmed(walk)))


@pytest.mark.slow
def test_a_film_turned_by_half_a_turn_stops_for_the_fit(walk: SyntheticWalk) -> None:
    track = upside_down(filmed(walk))
    image = np.array(track.image_px)
    image[..., 0] = track.width_px - image[..., 0]
    track = replace(track, image_px=image, world_m=track.world_m * [-1.0, 1.0, 1.0])
    try:
        found = motion_from_tracks((track,), height_m=HEIGHT_M, mass_kg=60.0)
    except UserError as refused:
        assert refused.advice.code == "MOT-023"
    else:
        stops = [f.advice.code for f in found.findings if f.severity is Severity.STOP]
        assert "MOT-023" in stops


@pytest.mark.slow
def test_a_film_that_lies_on_its_side_is_no_treadmill_walk(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    image = np.stack([track.image_px[..., 1], track.width_px - track.image_px[..., 0]], axis=-1)
    lying = replace(track, image_px=image, width_px=track.height_px, height_px=track.width_px)
    found = motion_from_tracks((lying,), height_m=HEIGHT_M, mass_kg=60.0)
    codes = {finding.advice.code: finding.severity for finding in found.findings}
    assert codes["MOT-075"] is Severity.STOP and "MOT-070" not in codes


def test_ticks_rise_to_1_and_may_cancel(walk: SyntheticWalk) -> None:
    seen: list[float] = []
    solve_one(filmed(walk), HEIGHT_M, 60.0, belt_m_s=None, tick=seen.append)
    assert seen == sorted(seen) and seen[0] == 0.0 and seen[-1] == 1.0

    def cancel(fraction: float) -> None:
        if fraction > 0.0:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        solve_one(filmed(walk), HEIGHT_M, 60.0, belt_m_s=None, tick=cancel)


def test_lengths_are_those_of_a_person_of_this_height(walk: SyntheticWalk) -> None:
    """Thigh and shank within 5 %: one camera sees them in proportion to the height that was entered."""
    trial = solve_one(filmed(walk), HEIGHT_M, 60.0, belt_m_s=None, tick=lambda _: None)
    scale = BodyParameters(HEIGHT_M, 60.0, scales_for_height(HEIGHT_M)).scale
    for segment in (Segment.THIGH, Segment.SHANK):
        true = GENERIC_LENGTH_M[segment] * segment.factor(scale)
        assert trial.lengths_m()[segment] == pytest.approx(true, rel=0.05)


def test_a_leg_hidden_throughout_leaves_no_stride_to_learn_from(walk: SyntheticWalk) -> None:
    track = filmed(walk)
    visibility = np.array(track.visibility)
    for part in ("KNEE", "ANKLE", "HEEL", "FOOT_INDEX"):
        visibility[:, Landmark[f"LEFT_{part}"].value] = 0.0

    found = motion_from_tracks((replace(track, visibility=visibility),), height_m=HEIGHT_M, mass_kg=60.0)

    assert found.reference is None
    assert "MOT-010" in {finding.advice.code for finding in found.findings}
