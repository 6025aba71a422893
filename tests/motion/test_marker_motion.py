"""A laboratory's markers become the same motion as cameras give; what cannot be right is refused."""

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.findings import Severity
from core.domain.laboratory import PlateForces, TrialEvent, TrialEventKind
from core.domain.motion import BACKWARDS
from core.errors import UserError
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.motion.marker_motion import motion_from_markers
from core.motion.marker_places import MarkerRole, Place
from core.motion.marker_sets import recognise
from core.twin.fitting import fit_twin
from core.twin.scaling import scales_for_height
from tests.motion.marker_walks import (
    HEIGHT_M,
    MASS_KG,
    PLUG_IN_GAIT,
    SCHREIBER,
    renamed,
    trial,
    without,
)

SEEN = (
    JointKind.HIP_FLEXION,
    JointKind.HIP_ADDUCTION,
    JointKind.HIP_ROTATION,
    JointKind.KNEE,
    JointKind.ANKLE,
)


def solved(walk):
    return motion_from_markers(walk, height_m=HEIGHT_M, mass_kg=MASS_KG)


def worst_deg(motion, angle_rad, kinds=SEEN) -> float:
    columns = [Joint.of(kind, side).column for kind in kinds for side in SIDES]
    return float(np.degrees(np.abs(motion.kinematics.angle_rad - angle_rad)[:, columns].max()))


@pytest.fixture(scope="module")
def walk():
    return trial()


@pytest.fixture(scope="module")
def motion(walk):
    return solved(walk[0])


def test_the_angles_of_a_walk_come_back_after_a_standing_trial(walk, motion):
    assert worst_deg(motion, walk[1]) < 0.7
    assert motion.residual_m < 0.002


def test_the_angles_come_back_with_markers_on_the_outer_side_of_knee_and_ankle_only():
    walk, angle_rad = trial(PLUG_IN_GAIT)

    assert worst_deg(solved(walk), angle_rad, (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)) < 2.0


def test_without_a_standing_trial_the_flat_feet_of_the_walk_tell_the_body():
    walk, angle_rad = trial(standing=False)

    motion = solved(walk)

    assert worst_deg(motion, angle_rad) < 4.0
    assert "LAB-116" in {finding.advice.code for finding in motion.findings}


def test_strides_speed_and_reference_are_those_that_were_walked(motion):
    stride = normal_walk(Leg.of(scales_for_height(HEIGHT_M)))

    assert motion.measures.speed_m_s == pytest.approx(stride.speed_m_s, abs=0.02)
    assert motion.reference is not None
    assert motion.reference.period_s == pytest.approx(stride.period_s, abs=0.02)
    assert all(len(cycles.angle_rad) >= 2 for cycles in motion.cycles)
    assert not motion.sagittal_only
    assert motion.marker_set == "Schreiber, 52 markers"


def test_the_twin_gets_the_size_that_was_measured_not_one_drawn_towards_the_height(motion):
    scale = fit_twin(motion, height_m=HEIGHT_M + 0.2, mass_kg=MASS_KG).body.scale

    own = scales_for_height(HEIGHT_M)
    assert scale.thigh == pytest.approx(own.thigh, rel=0.01)
    assert scale.pelvis_width == pytest.approx(own.pelvis_width, rel=0.01)


def test_a_treadmill_gives_the_speed_of_the_standing_feet():
    walk, _ = trial(belt=True)

    motion = solved(walk)

    assert motion.belt_speed_m_s == pytest.approx(motion.measures.speed_m_s, abs=0.1)
    assert motion.measures.speed_m_s == pytest.approx(
        normal_walk(Leg.of(scales_for_height(HEIGHT_M))).speed_m_s, abs=0.1
    )


def test_a_walk_backwards_has_no_gait_cycle(walk):
    backwards = replace(walk[0], marker_m=walk[0].marker_m[::-1])

    motion = solved(backwards)

    assert motion.reference is None
    assert [f.advice.code for f in motion.findings if f.severity is Severity.STOP] == [BACKWARDS]


@pytest.mark.parametrize("written", ["Anna:{}", "{}  ", "anna:{}".lower()])
def test_a_subjects_name_capitals_and_spaces_do_not_hide_a_marker_set(walk, written):
    names = tuple(written.format(name).lower() for name in walk[0].marker_names)

    labelled = recognise(names)

    assert labelled.set_name == "Schreiber, 52 markers"
    assert not labelled.unknown


def test_the_second_marker_of_the_same_label_is_the_one_on_the_inner_side():
    once = [
        "RASI",
        "LASI",
        "VSAC",
        "RTHI",
        "LTHI",
        "RSHA",
        "LSHA",
        "RHEE",
        "LHEE",
        "RTOE",
        "LTOE",
        "IJ",
        "PX",
    ]
    twice = ["RKNE", "LKNE", "RANK", "LANK", "RFOO", "LFOO"]

    for mark in ("{}", "{} (2)", "{}_2", "{}#2"):
        labelled = recognise([*once, *twice, *(mark.format(name) for name in twice)])
        assert labelled.set_name == "BMC, 33 markers"
        assert labelled.roles[len(once) + len(twice)] == MarkerRole(Place.KNEE_MEDIAL, Side.RIGHT)


def test_labels_that_the_set_does_not_have_are_named(walk):
    extra = replace(
        walk[0],
        marker_names=(*walk[0].marker_names, "STICK1"),
        marker_m=np.concatenate([walk[0].marker_m, walk[0].marker_m[:, :1]], axis=1),
        standing_m=np.concatenate([walk[0].standing_m, walk[0].standing_m[:1]]),
    )

    told = next(f.advice.what for f in solved(extra).findings if f.advice.code == "LAB-117")

    assert "STICK1" in told


def exchanged(walk, *labels):
    pairs = [(label.replace("{s}", "L"), label.replace("{s}", "R")) for label in labels]
    return renamed(walk, {a: b for pair in pairs for a, b in (pair, pair[::-1])})


def mirrored(walk):
    flip = np.array([-1.0, 1.0, 1.0])
    return replace(walk, marker_m=walk.marker_m * flip, standing_m=walk.standing_m * flip)


BAD = {
    "LAB-100": lambda walk: replace(walk, marker_names=tuple(f"M{k}" for k in range(len(walk.marker_names)))),
    "LAB-101": lambda walk: without(walk, "L_FLE", "L_FME"),
    "LAB-102": mirrored,
    "LAB-103": lambda walk: exchanged(walk, "{s}_FLE"),
    "LAB-104": lambda walk: replace(walk, marker_m=np.full_like(walk.marker_m, np.nan), standing_m=None),
    "LAB-105": lambda walk: replace(walk, marker_m=walk.marker_m * 0.3, standing_m=walk.standing_m * 0.3),
    "LAB-106": lambda walk: replace(walk, marker_m=walk.marker_m[:4], time_s=walk.time_s[:4]),
    "LAB-107": lambda walk: replace(walk, time_s=walk.time_s * 20.0),
}


@pytest.mark.parametrize(
    "code",
    ["LAB-100", "LAB-101", "LAB-102", "LAB-103", "LAB-104", "LAB-105", "LAB-106", "LAB-107"],
)
def test_what_cannot_be_a_trial_of_this_person_is_refused(walk, code):
    with pytest.raises(UserError) as refused:
        solved(BAD[code](walk[0]))

    assert refused.value.advice.code == code


def test_all_labels_of_the_wrong_side_are_refused_like_a_mirrored_axis(walk):
    labels = [label for label in SCHREIBER.values() if "{s}" in label]

    with pytest.raises(UserError, match="LAB-102"):
        solved(exchanged(walk[0], *labels))


def test_events_of_the_file_take_the_place_of_those_seen_in_the_feet(walk, motion):
    left = next(stride for stride in motion.strides if stride.side is Side.LEFT)
    told = TrialEvent(TrialEventKind.FOOT_STRIKE, left.start_s + 0.06, Side.LEFT)

    again = solved(replace(walk[0], events=(told,)))

    assert left.start_s + 0.06 in {stride.start_s for stride in again.strides}


def test_a_plate_under_one_foot_tells_when_it_landed(walk, motion):
    stride = [stride for stride in motion.strides if stride.side is Side.RIGHT][1]
    time_s = np.arange(0.0, walk[0].time_s[-1], 0.001)
    strike_s, off_s = stride.start_s - 0.05, stride.toe_off_s + 0.03
    force = np.zeros((len(time_s), 3))
    force[(time_s >= strike_s) & (time_s <= off_s), 2] = 600.0
    heel = walk[0].marker_names.index("R_FCC")
    at = walk[0].marker_m[np.searchsorted(walk[0].time_s, 0.5 * (strike_s + off_s)), heel]
    corner = np.array([[-0.08, -0.35, 0], [0.08, -0.35, 0], [0.08, 0.2, 0], [-0.08, 0.2, 0]]) + at * (1, 1, 0)
    plate = PlateForces("1", corner, force, np.zeros((len(time_s), 3)), np.zeros(len(time_s)))

    again = solved(replace(walk[0], plates=(plate,), plate_time_s=time_s))

    found = min(again.strides, key=lambda own: abs(own.start_s - strike_s))
    assert (found.side, found.start_s) == (Side.RIGHT, pytest.approx(strike_s, abs=0.002))
    assert found.toe_off_s == pytest.approx(off_s, abs=0.002)


def test_a_leg_out_of_view_for_long_is_a_gap_and_told(walk):
    hidden = np.array(walk[0].marker_m)
    right = [k for k, name in enumerate(walk[0].marker_names) if name in ("R_FCC", "R_FM1", "R_FM2", "R_FM5")]
    hidden[100:150, right] = np.nan

    motion = solved(replace(walk[0], marker_m=hidden))

    ankle = motion.kinematics.angle_rad[:, Joint.ANKLE_R.column]
    assert np.isnan(ankle[110:140]).all()
    assert "LAB-115" in {finding.advice.code for finding in motion.findings}


def test_knees_whose_labels_are_exchanged_for_a_while_are_left_out_there_and_told(walk):
    marker_m = np.array(walk[0].marker_m)
    left, right = (walk[0].marker_names.index(name) for name in ("L_FLE", "R_FLE"))
    marker_m[200:230, [left, right]] = marker_m[200:230, [right, left]]

    motion = solved(replace(walk[0], marker_m=marker_m))

    assert worst_deg(motion, walk[1]) < 1.0
    assert "LAB-119" in {finding.advice.code for finding in motion.findings}


def test_labels_exchanged_on_one_leg_are_named_where_they_miss(walk):
    marker_m = np.array(walk[0].marker_m)
    pair = [walk[0].marker_names.index(name) for name in ("L_FLE", "L_FAL")]
    marker_m[:, pair] = marker_m[:, pair[::-1]]

    told = {f.advice.code: f.advice.what for f in solved(replace(walk[0], marker_m=marker_m)).findings}

    assert "L_FLE" in told["LAB-114"] and "L_FAL" in told["LAB-114"]


def test_frames_with_few_markers_end_in_the_same_valley_as_their_neighbours(walk):
    marker_m = np.array(walk[0].marker_m)
    marker_m[np.random.default_rng(1).random(marker_m.shape[:2]) < 0.3] = np.nan

    assert worst_deg(solved(replace(walk[0], marker_m=marker_m)), walk[1]) < 1.0


def test_a_single_stride_on_a_short_walkway_is_a_walk(walk):
    frames = slice(20, 210)
    short = replace(walk[0], time_s=walk[0].time_s[:190], marker_m=walk[0].marker_m[frames])

    motion = solved(short)

    assert motion.reference is not None
    assert {"LAB-111", "LAB-112"} & {finding.advice.code for finding in motion.findings}


def test_a_foot_that_no_marker_shows_is_refused(walk):
    marker_m = np.array(walk[0].marker_m)
    foot = [k for k, name in enumerate(walk[0].marker_names) if name in ("L_FCC", "L_FM1", "L_FM2", "L_FM5")]
    marker_m[:, foot] = np.nan

    with pytest.raises(UserError, match="left foot"):
        solved(replace(walk[0], marker_m=marker_m))


def test_a_leg_hidden_in_every_stride_leaves_angles_without_a_gait_cycle(walk):
    marker_m = np.array(walk[0].marker_m)
    foot = [k for k, name in enumerate(walk[0].marker_names) if name in ("L_FCC", "L_FM1", "L_FM2", "L_FM5")]
    marker_m[40:-10, foot] = np.nan

    motion = solved(replace(walk[0], marker_m=marker_m))

    assert motion.reference is None
    assert "MOT-010" in {finding.advice.code for finding in motion.findings}
