"""A worn exo's torques are taken off what the person gives, and its mass is carried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint
from core.domain.exo_log import ExoLog
from core.domain.kinetics import Kinetics
from core.errors import Advice
from core.kinetics.body_dynamics import BodyDynamics
from core.kinetics.inverse_dynamics import kinetics_of
from core.kinetics.rigid_tree import GRAVITY_M_S2
from tests.kinetics.plate_walk import BODY, PlateWalk, plate_walk
from tests.refusals import refused

HIPS = (Joint.HIP_FLEXION_L, Joint.HIP_FLEXION_R)


@pytest.fixture(scope="module")
def walk() -> PlateWalk:
    return plate_walk()


@pytest.fixture(scope="module")
def bare(walk: PlateWalk) -> Kinetics:
    return kinetics_of(walk.motion, BODY, walk.trial(walk.plates()))


def torques(time_s: FloatArray) -> FloatArray:
    """Of both hips, (T, 2)."""
    return np.column_stack([8.0 * np.sin(5.0 * time_s), 6.0 * np.cos(5.0 * time_s)])


def log_of(walk: PlateWalk, *, offset_s: float = 0.0, **changed: object) -> ExoLog:
    """Known at every frame of the motion, on a clock of its own."""
    time_s = walk.motion.kinematics.time_s
    log = ExoLog(HIPS, time_s - offset_s, torques(time_s), offset_s, "", "exo.csv", ())
    return replace(log, **changed)  # type: ignore[arg-type]


def solved(walk: PlateWalk, log: ExoLog) -> Kinetics:
    return kinetics_of(walk.motion, BODY, walk.trial(walk.plates()), log)


def told(kinetics: Kinetics, code: str) -> Advice:
    (advice,) = (one.advice for one in kinetics.findings if one.advice.code == code)
    return advice


def test_the_persons_moment_is_the_net_moment_less_the_exos(walk: PlateWalk, bare: Kinetics) -> None:
    kinetics = solved(walk, log_of(walk))

    assert kinetics.net_moment_nm is not None and kinetics.exo_moment_nm is not None
    np.testing.assert_allclose(kinetics.net_moment_nm, bare.moment_nm, atol=1e-9)
    given = np.zeros((len(kinetics.time_s), len(JOINTS)))
    given[:, [joint.column for joint in HIPS]] = torques(kinetics.time_s)
    np.testing.assert_allclose(kinetics.exo_moment_nm, given, atol=1e-9)
    np.testing.assert_allclose(kinetics.moment_nm, bare.moment_nm - given, atol=1e-9)
    speed = np.gradient(walk.motion.kinematics.angle_rad[:, HIPS[0].column], kinetics.time_s)
    less = (bare.power_w - kinetics.power_w)[5:-5, HIPS[0].column]
    known = np.isfinite(less)
    assert np.corrcoef(less[known], (given[:, HIPS[0].column] * speed)[5:-5][known])[0, 1] > 0.99


def test_curves_per_cycle_keep_what_the_exo_gave(walk: PlateWalk, bare: Kinetics) -> None:
    kinetics = solved(walk, log_of(walk))
    for cycles, alone in zip(kinetics.cycles, bare.cycles, strict=True):
        assert cycles.exo_moment_nm_kg is not None
        np.testing.assert_allclose(
            cycles.moment_nm_kg + cycles.exo_moment_nm_kg, alone.moment_nm_kg, atol=1e-9
        )
        assert np.abs(cycles.exo_moment_nm_kg[..., 0]).max() > 5.0 / BODY.mass_kg
        assert not cycles.exo_moment_nm_kg[..., 1:].any()
        assert alone.exo_moment_nm_kg is None


def test_the_offset_puts_the_log_into_the_motions_time(walk: PlateWalk) -> None:
    here, moved = solved(walk, log_of(walk)), solved(walk, log_of(walk, offset_s=-40.0))
    np.testing.assert_allclose(moved.moment_nm, here.moment_nm, atol=1e-9)
    assert "-40.000 s" in moved.exo_words


def test_a_log_of_another_time_is_refused(walk: PlateWalk) -> None:
    log = log_of(walk)
    with refused("KIN-037"):
        solved(walk, replace(log, offset_s=100.0))
    with refused("KIN-037"):
        solved(walk, replace(log, offset_s=float("nan")))


def test_a_log_shorter_than_the_motion_leaves_the_rest_unknown(walk: PlateWalk, bare: Kinetics) -> None:
    log = log_of(walk)
    half = len(log.time_s) // 2
    short = replace(log, time_s=log.time_s[:half], torque_nm=log.torque_nm[:half])
    kinetics = solved(walk, short)
    assert np.isnan(kinetics.moment_nm[half:, HIPS[0].column]).all()
    knee = Joint.KNEE_L.column
    np.testing.assert_array_equal(kinetics.moment_nm[:, knee], bare.moment_nm[:, knee])
    assert "50 % of the motion" in told(kinetics, "KIN-038").what


def test_a_gap_in_the_log_is_not_bridged(walk: PlateWalk) -> None:
    log = log_of(walk)
    kept = np.r_[0:40, 70 : len(log.time_s)]
    kinetics = solved(walk, replace(log, time_s=log.time_s[kept], torque_nm=log.torque_nm[kept]))
    assert kinetics.exo_moment_nm is not None
    hip = kinetics.exo_moment_nm[:, HIPS[0].column]
    assert np.isnan(hip[40:70]).all() and np.isfinite(hip[[39, 70]]).all()


def test_a_known_exo_is_carried_and_an_unknown_one_is_told(walk: PlateWalk) -> None:
    light, heavy = BodyDynamics.of(BODY), BodyDynamics.of(BODY, "Hippo_L1")
    assert heavy.tree.mass_kg - light.tree.mass_kg == pytest.approx(4.9, abs=0.01)
    assert "weighed nothing" in told(solved(walk, log_of(walk)), "KIN-039").why

    alone = kinetics_of(walk.motion, BODY, None)
    carried = kinetics_of(walk.motion, BODY, None, log_of(walk, device_id="Hippo_L1"))
    more_n = np.nansum(carried.force_n[..., 2], axis=1) - np.nansum(alone.force_n[..., 2], axis=1)
    known = np.isfinite(alone.force_n).all(axis=(1, 2))
    assert more_n[known].mean() == pytest.approx(4.9 * GRAVITY_M_S2, rel=0.1)
    assert carried.mass_kg == BODY.mass_kg  # moments are told against the person's own mass
    assert not [one for one in carried.findings if one.advice.code == "KIN-039"]
    assert "4.9 kg of Hippo_L1 are carried" in carried.exo_words
