"""Events, strides, measures, cycles and reference on paths whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.gait_events import FootPaths
from core.domain.motion import GaitCycles, Stride
from core.gait.cycles import cut_cycles, cycle_sd, mean_cycle, measured_sd, range_of_motion_deg
from core.gait.events import find_events, find_strides
from core.gait.measures import spatiotemporal
from core.gait.norms import normal_reference
from core.gait.reference import gait_reference
from core.gait.similarity import compare_cycles, pearson
from core.gait.strides import strides_of
from tests.ui.samples import motion

SPEED, PERIOD, STANCE = 1.2, 1.1, 0.62


def paths(*, seconds=6.0, rate_hz=60.0, speed=SPEED, period=PERIOD, delay=0.5, treadmill=False) -> FootPaths:
    """Feet that stand still for 62 % of the stride, then swing; left heel strike at time 0."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    foot = np.zeros((len(time_s), 2, 3))
    for side, start in enumerate((0.0, delay)):
        phase = time_s / period - start
        swing = np.clip((phase % 1.0 - STANCE) / (1 - STANCE), 0.0, 1.0)
        # The foot lands and leaves at about walking speed, as real feet do.
        landed = np.floor(phase) + (swing - 0.6 * np.sin(2 * np.pi * swing) / (2 * np.pi))
        foot[:, side, 1] = -(landed + start) * speed * period - 0.5 * STANCE * speed * period
        foot[:, side, 0] = 0.08 if side == 0 else -0.08
    pelvis = np.zeros((len(time_s), 3))
    pelvis[:, 1] = -speed * time_s
    if treadmill:
        foot[:, :, 1] -= pelvis[:, 1:2]
        pelvis[:, 1] = 0.0
    return FootPaths(time_s, pelvis, foot, foot + np.array([0.0, -0.2, 0.0]))


@pytest.mark.parametrize(
    ("speed", "period"), [(1.2, 1.1), (0.4, 1.9), (1.8, 0.9)], ids=["comfortable", "slow", "fast"]
)
@pytest.mark.parametrize("treadmill", [False, True], ids=["ground", "treadmill"])
def test_heel_strike_and_toe_off_are_found_within_40_ms(speed, period, treadmill):
    left, right = find_events(paths(speed=speed, period=period, treadmill=treadmill))

    for events, start in ((left, 0.0), (right, 0.5)):
        late = (events.heel_strike_s / period - start + 0.5) % 1.0 - 0.5
        assert np.abs(late * period).max() < 0.04 + 0.02 * period
        off = (events.toe_off_s / period - start - STANCE + 0.5) % 1.0 - 0.5
        assert np.abs(off * period).max() < 0.04 + 0.02 * period


def test_every_complete_stride_is_found_and_ordered():
    strides = find_strides(paths())
    starts = [stride.start_s for stride in strides]

    assert [sum(s.side is side for s in strides) for side in Side] == [4, 4]
    assert starts == sorted(starts)
    assert all(s.end_s - s.start_s == pytest.approx(PERIOD, abs=0.03) for s in strides)


def test_a_missed_step_makes_no_stride():
    events = find_events(paths())[0]
    holed = type(events)(events.side, np.delete(events.heel_strike_s, 2), events.toe_off_s)

    assert all(stride.end_s - stride.start_s < 1.5 * PERIOD for stride in strides_of(holed))


def test_noise_does_not_invent_steps():
    still = paths()
    noise = np.random.default_rng(0).normal(0, 0.01, still.heel_m.shape)
    noisy = FootPaths(still.time_s, still.pelvis_m, still.heel_m + noise, still.toe_m + noise)

    assert len(find_strides(noisy)) == len(find_strides(still))


@pytest.mark.parametrize("at", [2.0, 2.4, 2.7, 3.0, 3.3])
def test_legs_that_are_exchanged_for_a_moment_make_no_short_strides(at):
    walk = paths()
    heel, toe = np.array(walk.heel_m), np.array(walk.toe_m)
    wrong = (walk.time_s > at) & (walk.time_s < at + 0.2)
    for path in (heel, toe):
        path[wrong] = path[wrong][:, ::-1]
    strides = find_strides(FootPaths(walk.time_s, walk.pelvis_m, heel, toe))

    assert len(strides) >= 4
    assert all(s.end_s - s.start_s == pytest.approx(PERIOD, abs=0.1) for s in strides)


def test_measures_are_those_of_the_walk():
    walk = paths()
    measures = spatiotemporal(walk, find_strides(walk))

    assert measures.speed_m_s == pytest.approx(SPEED, rel=0.01)
    assert measures.cadence_steps_min == pytest.approx(120 / PERIOD, rel=0.01)
    assert measures.step_width_m == pytest.approx(0.16, abs=0.001)
    assert measures.symmetry > 0.97
    for side in measures.sides:
        assert side.step_length_m.mean == pytest.approx(SPEED * PERIOD / 2, rel=0.03)
        assert side.stance_fraction.mean == pytest.approx(STANCE, abs=0.04)


def test_both_steps_of_a_limp_add_up_to_a_stride():
    limp = paths(delay=0.6)
    steps = [side.step_length_m.mean for side in spatiotemporal(limp, find_strides(limp)).sides]

    assert sum(steps) == pytest.approx(SPEED * PERIOD, rel=0.02)


def test_a_limp_lowers_symmetry():
    limp = paths(delay=0.6)

    assert spatiotemporal(limp, find_strides(limp)).symmetry < 0.7


def test_a_treadmill_walk_has_steps_without_speed():
    walk = paths(treadmill=True)

    assert spatiotemporal(walk, find_strides(walk)).speed_m_s == pytest.approx(0.0, abs=0.01)


def angles(time_s: np.ndarray) -> np.ndarray:
    reference = normal_reference().angle_rad
    phase = (time_s / PERIOD) % 1.0
    grid = np.arange(101) / 100
    return np.stack([np.interp(phase, grid, np.append(c, c[0])) for c in reference.T], axis=1)


def strides_every_period(side: Side, first_s: float, count: int) -> list[Stride]:
    starts = [first_s + number * PERIOD for number in range(count)]
    return [Stride(side, start, start + STANCE * PERIOD, start + PERIOD) for start in starts]


TIME = np.arange(0.0, 5.0, 1 / 60)
LEFT = strides_every_period(Side.LEFT, 0.0, 3)
RIGHT = strides_every_period(Side.RIGHT, PERIOD / 2, 3)
KNEE = list(JointKind).index(JointKind.KNEE)


def test_cycles_are_alike_when_the_strides_are():
    left, right = cut_cycles(TIME, angles(TIME), LEFT + RIGHT)

    assert left.angle_rad.shape == (3, 101, 7)
    assert left.toe_off_fraction == pytest.approx(STANCE)
    assert np.degrees(cycle_sd(left)).max() < 0.7
    assert pearson(mean_cycle(left)[:, KNEE], mean_cycle(right)[:, KNEE]) > 0.999
    whole_deg = np.degrees(np.ptp(angles(TIME)[:, KNEE]))
    assert range_of_motion_deg(left)[Joint.KNEE_L.value] == pytest.approx(whole_deg, abs=2)


def test_a_stride_with_a_gap_is_left_out():
    angle = angles(TIME)
    angle[80:90] = np.nan
    left, _ = cut_cycles(TIME, angle, LEFT + RIGHT)

    assert len(left.angle_rad) == 2


def test_a_side_without_strides_has_no_mean():
    _, right = cut_cycles(TIME, angles(TIME), LEFT)

    assert len(right.angle_rad) == 0
    assert np.isnan(mean_cycle(right)).all()
    assert np.isnan(right.toe_off_fraction)


def test_the_band_of_measured_curves_holds_the_angles_spread_and_the_strides() -> None:
    """Two strides of which one bends 0.06 rad further, each angle uncertain by 0.03 and 0.05 rad."""
    solved = motion()
    kinematics = solved.kinematics
    spread = np.where(kinematics.time_s[:, None] < 1.0, 0.03, 0.05) * np.ones((1, len(JOINTS)))
    strides = (Stride(Side.LEFT, 0.0, 0.5, 0.9), Stride(Side.LEFT, 1.05, 1.5, 1.9))
    wave = np.zeros((101, len(JointKind)))
    cycles = GaitCycles(Side.LEFT, np.stack([wave, wave + 0.06]), 0.6)
    both = replace(
        solved,
        kinematics=replace(kinematics, spread_rad=spread),
        strides=strides,
        cycles=(cycles, solved.cycles[1]),
    )
    expected = np.sqrt((0.03**2 + 0.05**2) / 2 + 0.06**2 / 2)  # SD of two values: their distance / sqrt 2
    np.testing.assert_allclose(measured_sd(both)[0], expected, rtol=1e-6)
    before = replace(both, kinematics=kinematics)
    np.testing.assert_allclose(measured_sd(before)[0], 0.06 / np.sqrt(2.0))


def test_comparison_tells_same_shape_from_same_size():
    left, right = cut_cycles(TIME, angles(TIME), LEFT + RIGHT)
    same = compare_cycles(left, right)[JointKind.KNEE]

    assert same.correlation > 0.999
    assert same.rmse_rad < np.radians(1.0)
    assert np.isnan(pearson(np.zeros(101), np.linspace(0, 1, 101)))


@pytest.mark.parametrize("strides", [LEFT + RIGHT, LEFT, RIGHT], ids=["both", "left only", "right only"])
def test_the_reference_is_the_persons_stride_from_left_heel_strike(strides):
    reference = gait_reference(
        TIME, angles(TIME), strides, speed_m_s=SPEED, height_m=1.7, sagittal_only=False
    )

    assert reference.period_s == pytest.approx(PERIOD)
    np.testing.assert_allclose(
        np.degrees(reference.angle_rad), np.degrees(normal_reference().angle_rad), atol=1.5
    )


def test_the_reference_keeps_a_persons_own_asymmetry():
    angle = angles(TIME)
    angle[:, Joint.KNEE_L.column] *= 0.6
    reference = gait_reference(TIME, angle, LEFT + RIGHT, speed_m_s=SPEED, height_m=1.7, sagittal_only=True)

    knees = np.degrees(np.ptp(reference.angle_rad, axis=0))[[Joint.KNEE_L.column, Joint.KNEE_R.column]]
    assert knees[0] / knees[1] == pytest.approx(0.6, abs=0.03)


def test_unseen_joints_of_the_reference_are_normal():
    flat = angles(TIME)
    unseen = [joint.column for joint in JOINTS if joint.kind is JointKind.HIP_ADDUCTION]
    flat[:, unseen] = 0.0
    reference = gait_reference(TIME, flat, LEFT + RIGHT, speed_m_s=SPEED, height_m=1.7, sagittal_only=True)

    np.testing.assert_allclose(reference.angle_rad[:, unseen], normal_reference().angle_rad[:, unseen])
