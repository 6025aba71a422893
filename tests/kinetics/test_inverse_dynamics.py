"""From plates under the feet to moments, and what is told of plates that do not help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, Side
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.laboratory import PlateForces
from core.domain.motion import Stride
from core.kinetics.foot_loads import LOADED_N
from core.kinetics.inverse_dynamics import kinetics_of
from core.kinetics.rigid_tree import GRAVITY_M_S2
from tests.kinetics.plate_walk import BODY, PlateWalk, box, plate_walk


@pytest.fixture(scope="module")
def walk() -> PlateWalk:
    return plate_walk()


@pytest.fixture(scope="module")
def solved(walk: PlateWalk) -> Kinetics:
    return kinetics_of(walk.motion, BODY, walk.trial(walk.plates()))


def codes(kinetics: Kinetics) -> set[str]:
    return {finding.advice.code for finding in kinetics.findings}


def between(kinetics: Kinetics, first_s: float, last_s: float) -> FloatArray:
    return np.flatnonzero((kinetics.time_s > first_s) & (kinetics.time_s < last_s))


def first(walk: PlateWalk, side: Side) -> Stride:
    return next(stride for stride in walk.motion.strides if stride.side is side)


def test_plates_that_fit_the_motion_leave_no_residual_force(walk: PlateWalk, solved: Kinetics) -> None:
    both = between(solved, first(walk, Side.RIGHT).start_s, first(walk, Side.LEFT).end_s)
    up = walk.loads.force_n[both, :, 2]
    counts = ((up == 0.0) | (up > LOADED_N)).all(axis=1)  # less is taken for a foot in the air
    assert counts.sum() > 80
    assert np.abs(solved.residual_force_n[both][counts]).max() < 1e-6


def test_each_foot_gets_the_force_of_its_own_plate(walk: PlateWalk, solved: Kinetics) -> None:
    stride = first(walk, Side.LEFT)
    stance = between(solved, stride.start_s + 0.05, stride.toe_off_s - 0.05)
    np.testing.assert_allclose(solved.force_n[stance, 0], walk.loads.force_n[stance, 0], atol=0.5)
    swing = between(solved, stride.toe_off_s + 0.03, stride.end_s - 0.03)
    assert np.array_equal(solved.force_n[swing, 0], np.zeros((len(swing), 3)))


def test_the_ankle_pushes_off_and_its_power_is_moment_times_speed(walk: PlateWalk, solved: Kinetics) -> None:
    cycles = solved.cycles[SIDES.index(Side.LEFT)]
    assert len(cycles.moment_nm_kg) >= 1
    ankle = cycles.moment_nm_kg[0][:, 4]
    assert -2.5 < ankle.min() < -0.8  # plantarflexion; 1.3 to 1.6 N m/kg in adults
    assert 35 < int(np.argmin(ankle)) < 60
    column = Joint.ANKLE_L.column
    speed = np.gradient(walk.motion.kinematics.angle_rad[:, column], solved.time_s)
    stride = first(walk, Side.LEFT)
    known = between(solved, stride.start_s, stride.end_s)
    want = solved.moment_nm[known, column] * speed[known]
    assert np.corrcoef(solved.power_w[known, column], want)[0, 1] > 0.99


def test_work_of_a_stride_has_both_signs_and_names_every_joint(solved: Kinetics) -> None:
    assert {work.joint for work in solved.work} == set(JOINTS)
    assert all(work.positive_j_kg >= 0.0 >= work.negative_j_kg for work in solved.work)


def test_forces_of_a_cycle_stand_on_forward_and_upward(solved: Kinetics) -> None:
    force = solved.cycles[0].force_bw[0]
    assert force[:10, 0].mean() < 0.0 < force[50:58, 0].mean()  # brakes, then pushes
    assert 0.6 < force[20:50, 2].mean() < 1.4


def test_a_foot_on_the_bare_floor_has_no_moments(walk: PlateWalk) -> None:
    left = tuple(
        walk.plate(s.side, s.start_s, s.toe_off_s) for s in walk.motion.strides if s.side is Side.LEFT
    )
    kinetics = kinetics_of(walk.motion, BODY, walk.trial(left))
    stride = first(walk, Side.RIGHT)
    stance = between(kinetics, stride.start_s + 0.1, stride.toe_off_s - 0.1)
    assert np.isnan(kinetics.moment_nm[stance, Joint.KNEE_R.column]).all()
    assert np.isfinite(kinetics.moment_nm[stance, Joint.KNEE_L.column]).all()
    assert "KIN-017" in codes(kinetics)


def test_both_feet_on_one_plate_are_not_told_apart(walk: PlateWalk) -> None:
    time_s = walk.motion.kinematics.time_s
    force = np.nan_to_num(walk.loads.force_n)
    spots = walk.sole_m.reshape(-1, 3)
    up = np.maximum(force[..., 2:].sum(axis=1), 1.0)
    pressure = (np.nan_to_num(walk.loads.pressure_m) * force[..., 2:]).sum(axis=1) / up
    whole = PlateForces("walkway", box(spots, 0.1), force.sum(axis=1), pressure, np.zeros(len(time_s)))
    kinetics = kinetics_of(walk.motion, BODY, walk.trial((whole,)))
    assert "KIN-014" in codes(kinetics)
    right, left = first(walk, Side.RIGHT), first(walk, Side.LEFT)
    both = between(kinetics, left.start_s + 0.02, right.toe_off_s - 0.02)
    assert np.isnan(kinetics.force_n[both]).all()
    alone = between(kinetics, right.toe_off_s + 0.05, right.end_s - 0.05)
    assert np.isfinite(kinetics.force_n[alone, 0]).all()


def test_a_foot_half_beside_its_plate_is_left_out(walk: PlateWalk) -> None:
    stride = first(walk, Side.LEFT)
    plate = walk.plate(stride.side, stride.start_s, stride.toe_off_s)
    corner = np.array(plate.corner_m)
    ahead = corner[:, 1] < corner[:, 1].mean()  # the walk is towards -y
    corner[ahead, 1] = corner[~ahead, 1] - 0.1  # ends under the heel
    kinetics = kinetics_of(walk.motion, BODY, walk.trial((replace(plate, corner_m=corner),)))
    assert "KIN-013" in codes(kinetics)
    stance = between(kinetics, stride.start_s + 0.15, stride.toe_off_s - 0.15)
    assert np.isnan(kinetics.force_n[stance, 0]).all()


def test_plates_without_corners_are_told_and_still_used(walk: PlateWalk, solved: Kinetics) -> None:
    bare = tuple(replace(plate, corner_m=np.full((4, 3), np.nan)) for plate in walk.plates())
    kinetics = kinetics_of(walk.motion, BODY, walk.trial(bare))
    assert "KIN-011" in codes(kinetics)
    assert len(kinetics.cycles[0].moment_nm_kg) == len(solved.cycles[0].moment_nm_kg)


def test_forces_in_another_frame_are_told(walk: PlateWalk) -> None:
    aside = np.array([0.0, 1.0, 0.0])
    moved = tuple(
        replace(p, corner_m=p.corner_m + aside, pressure_m=p.pressure_m + aside) for p in walk.plates()
    )
    kinetics = kinetics_of(walk.motion, BODY, walk.trial(moved))
    assert "KIN-012" in codes(kinetics)
    assert "KIN-017" in codes(kinetics)


def test_a_wrong_mass_leaves_a_residual_that_is_told(walk: PlateWalk) -> None:
    heavy = replace(BODY, mass_kg=75.0)
    kinetics = kinetics_of(walk.motion, heavy, walk.trial(walk.plates()))
    assert "KIN-016" in codes(kinetics)


def test_forces_that_end_early_are_told(walk: PlateWalk) -> None:
    trial = walk.trial(walk.plates())
    half = len(trial.plate_time_s) // 2
    plates = tuple(
        PlateForces(p.name, p.corner_m, p.force_n[:half], p.pressure_m[:half], p.free_moment_nm[:half])
        for p in trial.plates
    )
    short = replace(trial, plates=plates, plate_time_s=trial.plate_time_s[:half])
    assert "KIN-015" in codes(kinetics_of(walk.motion, BODY, short))


def test_without_plates_forces_are_estimated_and_say_so(walk: PlateWalk) -> None:
    kinetics = kinetics_of(walk.motion, BODY, None)
    assert kinetics.source is ForceSource.ESTIMATED
    assert "KIN-010" in codes(kinetics)
    total = np.nansum(kinetics.force_n[..., 2], axis=1)
    known = np.isfinite(kinetics.force_n).all(axis=(1, 2))
    assert 0.9 < total[known].mean() / (BODY.mass_kg * GRAVITY_M_S2) < 1.1


def test_markers_on_a_belt_stay_in_the_laboratory_with_its_plates(walk: PlateWalk, solved: Kinetics) -> None:
    speed = 1.2
    way = np.zeros((len(solved.time_s), 3))
    way[:, 1] = speed * solved.time_s
    plates = tuple(
        replace(p, pressure_m=p.pressure_m + way, corner_m=np.full((4, 3), np.nan)) for p in walk.plates()
    )
    seen = walk.motion.kinematics
    in_place = replace(seen, pelvis_position_m=seen.pelvis_position_m + way)
    motion = replace(walk.motion, kinematics=in_place, belt_speed_m_s=speed, marker_set="Plug-in-Gait")
    kinetics = kinetics_of(motion, BODY, walk.trial(plates))
    known = np.isfinite(solved.moment_nm).all(axis=1) & np.isfinite(kinetics.moment_nm).all(axis=1)
    assert known.sum() > 50
    np.testing.assert_allclose(kinetics.moment_nm[known], solved.moment_nm[known], atol=1e-6)


def test_a_walk_on_a_belt_keeps_its_plate_under_the_foot(walk: PlateWalk, solved: Kinetics) -> None:
    """On a treadmill the motion is told against the belt and the plates stay where they are."""
    speed = 1.2
    way = np.zeros((len(solved.time_s), 3))
    way[:, 1] = speed * solved.time_s
    plates = tuple(
        replace(p, pressure_m=p.pressure_m + way, corner_m=np.full((4, 3), np.nan)) for p in walk.plates()
    )
    kinetics = kinetics_of(replace(walk.motion, belt_speed_m_s=speed), BODY, walk.trial(plates))
    known = np.isfinite(solved.moment_nm).all(axis=1) & np.isfinite(kinetics.moment_nm).all(axis=1)
    assert known.sum() > 50
    np.testing.assert_allclose(kinetics.moment_nm[known], solved.moment_nm[known], atol=1e-6)


def test_plates_without_samples_leave_the_estimate(walk: PlateWalk) -> None:
    bare = tuple(
        PlateForces(p.name, p.corner_m, p.force_n[:0], p.pressure_m[:0], p.free_moment_nm[:0])
        for p in walk.plates()
    )
    trial = replace(walk.trial(walk.plates()), plates=bare, plate_time_s=np.zeros(0))
    assert kinetics_of(walk.motion, BODY, trial).source is ForceSource.ESTIMATED


def test_plates_that_nobody_stepped_on_leave_the_estimate(walk: PlateWalk) -> None:
    empty = tuple(replace(plate, force_n=np.zeros_like(plate.force_n)) for plate in walk.plates())
    kinetics = kinetics_of(walk.motion, BODY, walk.trial(empty))
    assert kinetics.source is ForceSource.ESTIMATED
    (told,) = (f.advice for f in kinetics.findings if f.advice.code == "KIN-010")
    assert told.why == "Nobody stepped on a force plate of the trial."
