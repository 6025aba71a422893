"""Claims about the calibration of muscles: a known person is found again, and what cannot be told is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from app.bench.muscle_person import SIDE, TRUE_STRENGTH, recovery, synthetic_walk
from core.domain.body import Joint, JointKind, Side
from core.domain.emg import EmgMuscle
from core.domain.kinetics import ForceSource
from core.domain.muscle_calibration import MuscleCalibration, Told
from core.domain.muscles import Muscle, MuscleGroup
from core.domain.twin import GENERIC_BODY, GroupStrength
from core.emg.alignment import Offset, coverage_findings
from core.kinetics import muscle_fit
from core.kinetics.calibration import calibrate_muscles, moments_with, r_squared
from core.kinetics.calibration_parameters import StrengthUnit
from core.kinetics.walk_data import WalkData
from core.simulation.muscles.activation_prior import NORMAL_EMG_BURSTS, activity
from tests.refusals import refused


@pytest.fixture(autouse=True)
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is claimed here shows before the last digit of the search."""
    monkeypatch.setattr(muscle_fit, "_FINE_STEPS", 25)
    monkeypatch.setattr(muscle_fit, "_FINE_FRAMES", 250)


@cache
def walk() -> WalkData:
    return synthetic_walk()


@cache
def calibration() -> MuscleCalibration:
    return calibrate_muscles(GENERIC_BODY, walk(), starts=1)


def with_emg(change: object, walked: WalkData | None = None) -> WalkData:
    walked = walked or walk()
    return replace(walked, emg=change(walked.emg))  # type: ignore[operator]


def codes(found: MuscleCalibration) -> set[str]:
    return {one.advice.code for one in found.findings}


def test_strength_is_found_within_5_percent_and_delay_within_8_ms() -> None:
    errors = recovery(calibration())
    assert errors["strength_worst_error"] < 0.05
    assert errors["delay_error_ms"] < 8.0


def test_held_out_strides_are_explained_and_the_uncalibrated_muscles_do_not() -> None:
    assert [fit.joint for fit in calibration().fits] == [
        Joint.of(JointKind.KNEE, SIDE),
        Joint.of(JointKind.ANKLE, SIDE),
    ]
    for fit in calibration().fits:
        assert fit.held_out_r2_after > 0.99 > fit.held_out_r2_before
        assert fit.held_out_rmse_nm_kg < 0.05
    assert 0.0 < calibration().held_out.mean() < 0.6


def test_the_body_gets_strength_by_group_dynamics_and_habits() -> None:
    body = calibration().body
    strength = {(one.group, one.side): one.factor for one in body.strength}
    low, high = (TRUE_STRENGTH[unit] for unit in (StrengthUnit.GASTROCNEMII, StrengthUnit.SOLEUS))
    assert low < strength[MuscleGroup.PLANTARFLEXORS, SIDE] < high
    assert strength[MuscleGroup.KNEE_EXTENSORS, SIDE] == pytest.approx(1.6, rel=0.05)
    assert all(side is SIDE for _, side in strength)
    habits = {one.muscle: one.activation for one in body.habits if one.side is SIDE}
    assert {Muscle.VASTUS_INTERMEDIUS, Muscle.SOLEUS, Muscle.SEMITENDINOSUS} <= set(habits)
    assert {len(curve) for curve in habits.values()} == {100}
    made_of = activity(NORMAL_EMG_BURSTS[Muscle.SOLEUS])
    assert np.corrcoef(habits[Muscle.SOLEUS], made_of)[0, 1] > 0.999
    assert hash(body) == hash(body)


def test_the_data_tell_strengths_and_not_a_fibre_that_shares_its_electrode() -> None:
    by_name = {one.name: one for one in calibration().parameters}
    assert by_name[f"Strength, {SIDE} plantarflexors"].told is Told.MOVED
    assert by_name["Electromechanical delay"].sd < 0.008
    hidden = by_name[f"Optimal fibre length, {SIDE} extensor hallucis"]
    assert hidden.told is Told.NOT_TOLD and hidden.sd == float("inf")


def test_parameters_are_as_uncertain_as_noise_makes_them() -> None:
    noise = np.random.default_rng(3).normal(0.0, 12.0, walk().moment_nm.shape)
    blurred = calibrate_muscles(GENERIC_BODY, replace(walk(), moment_nm=walk().moment_nm + noise), starts=1)
    for clear, vague in zip(calibration().parameters, blurred.parameters, strict=True):
        assert vague.sd >= clear.sd or vague.told is Told.AT_BOUND, clear.name


def test_at_a_bound_is_told_as_such() -> None:
    strong = replace(walk(), moment_nm=3.0 * walk().moment_nm)
    found = calibrate_muscles(GENERIC_BODY, strong, starts=1)
    assert Told.AT_BOUND in {one.told for one in found.parameters if one.name.startswith("Strength")}
    assert "KIN-110" in codes(found)
    at_bound = {one.name for one in found.parameters if one.told is Told.AT_BOUND}
    taken = {f"Strength, {one.side} {one.group}" for one in found.body.strength}
    assert not taken & at_bound


def test_without_a_maximal_contraction_strength_stays_and_habits_are_scaled() -> None:
    body = replace(GENERIC_BODY, strength=(GroupStrength(MuscleGroup.KNEE_EXTENSORS, SIDE, 0.9),))
    references = ("recorded maximum", *["MVC"] * (len(walk().emg.channels) - 1))
    relative = with_emg(
        lambda emg: replace(emg, normalised_to="MVC or recorded maximum", references=references)
    )
    found = calibrate_muscles(body, relative, starts=1)
    assert found.body.strength == body.strength
    assert "KIN-111" in codes(found)
    level = {one.muscle: max(one.activation) for one in found.body.habits}
    sure = {one.muscle: max(one.activation) for one in calibration().body.habits}
    assert level[Muscle.SOLEUS] == pytest.approx(
        TRUE_STRENGTH[StrengthUnit.SOLEUS] * sure[Muscle.SOLEUS], rel=0.06
    )


def test_estimated_forces_give_habits_only_and_say_so() -> None:
    found = calibrate_muscles(GENERIC_BODY, replace(walk(), source=ForceSource.ESTIMATED))
    assert found.fits == () and found.parameters == () and found.body.strength == ()
    assert found.body.activation is None and found.body.habits
    assert codes(found) == {"KIN-104"}


def test_a_joint_without_one_of_its_muscles_is_left_out_with_advice() -> None:
    def without_shin(emg):  # type: ignore[no-untyped-def]
        kept = [k for k, one in enumerate(emg.channels) if one.site.muscle is not EmgMuscle.TIBIALIS_ANTERIOR]
        channels = tuple(emg.channels[k] for k in kept)
        return replace(emg, channels=channels, envelope=emg.envelope[:, kept])

    found = calibrate_muscles(GENERIC_BODY, with_emg(without_shin), starts=1)
    assert [fit.joint.kind for fit in found.fits] == [JointKind.KNEE]
    told = [one.advice for one in found.findings if one.advice.code == "KIN-105"]
    assert "the tibialis anterior" in told[0].why


def test_a_single_stance_is_calibrated_without_holding_anything_out() -> None:
    one = (walk().time_s >= 2.2) & (walk().time_s < 3.3)
    short = replace(walk(), moment_nm=np.where(one[:, None], walk().moment_nm, np.nan))
    found = calibrate_muscles(GENERIC_BODY, short, starts=1)
    assert "KIN-107" in codes(found)
    assert np.isnan(found.fits[0].held_out_r2_after) and found.fits[1].r2_after > 0.95


def test_moments_that_are_hardly_known_leave_the_joint_out() -> None:
    little = replace(walk(), moment_nm=np.where(walk().time_s[:, None] < 0.5, walk().moment_nm, np.nan))
    found = calibrate_muscles(GENERIC_BODY, little)
    assert codes(found) == {"KIN-106"} and found.fits == ()


def test_poor_fits_warn_and_change_no_strength() -> None:
    against = replace(walk(), moment_nm=-walk().moment_nm)
    found = calibrate_muscles(GENERIC_BODY, against, starts=1)
    assert "KIN-108" in codes(found)
    assert found.body.strength == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda emg: replace(emg, offset_s=60.0), "KIN-101"),
        (lambda emg: replace(emg, time_s=emg.time_s[:100], envelope=emg.envelope[:100]), "KIN-102"),
        (
            lambda emg: replace(emg, channels=tuple(replace(c, verdict="noise") for c in emg.channels)),
            "KIN-103",
        ),
    ],
)
def test_emg_that_cannot_serve_is_refused_with_advice(change: object, code: str) -> None:
    with refused(code):
        calibrate_muscles(GENERIC_BODY, with_emg(change))


def test_channels_of_poor_quality_are_left_out_and_named() -> None:
    def clipped(emg):  # type: ignore[no-untyped-def]
        channels = (replace(emg.channels[0], verdict="clipped"), *emg.channels[1:])
        return replace(emg, channels=channels, references=("MVC",) * len(channels))

    found = calibrate_muscles(GENERIC_BODY, with_emg(clipped), starts=1)
    told = next(one.advice for one in found.findings if one.advice.code == "KIN-109")
    assert "soleus" in told.what
    assert Muscle.SOLEUS not in {one.muscle for one in found.body.habits}
    assert all(one.side is not Side.LEFT for one in found.body.habits)


def test_calibrated_muscles_make_the_moments_of_another_walk_of_the_same_person() -> None:
    other = synthetic_walk(seed=8)
    found = moments_with(calibration(), other)
    for column, fit in enumerate(calibration().fits):
        measured = other.moment_nm[:, fit.joint.column]
        assert r_squared(measured, found[:, column], np.isfinite(found[:, column])) > 0.99
    fewer = with_emg(lambda emg: replace(emg, channels=emg.channels[:4], envelope=emg.envelope[:, :4]))
    with pytest.raises(ValueError, match="other electrodes"):
        moments_with(calibration(), fewer)


def test_emg_whose_place_in_the_motion_is_not_known_is_told_with_the_calibration() -> None:
    doubt = coverage_findings("walk.csv", Offset(0.0, ""), 20.0, (0.0, 7.7))
    found = calibrate_muscles(GENERIC_BODY, with_emg(lambda emg: replace(emg, findings=doubt)), starts=1)
    assert "EMG-048" in codes(found)
