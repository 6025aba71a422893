"""A simulated person of known strength: what EMG, plates and the fitted gait would say of it, with noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.impairment import ImpairmentKind, Slot
from core.domain.impairment_fit import ImpairmentFit, SeverityEstimate
from core.domain.kinetics import ForceSource, JointWork, KineticCycles, Kinetics
from core.domain.motion import CYCLE_POINTS
from core.domain.muscle_calibration import CalibratedParameter, MomentFit, MuscleCalibration, Told
from core.domain.muscles import MuscleGroup
from core.domain.twin import ActivationDynamics, BodyParameters, GroupStrength
from core.kinetics.moment_evidence import _PEAKS, usual_peak_nm_kg
from core.kinetics.strength_evidence import Place, strength_name, weakness_severity

BODY = BodyParameters(1.70, 70.0)
SPEED_M_S = 1.2
Strengths = dict[Place, float]
CALIBRATED = (
    MuscleGroup.PLANTARFLEXORS,
    MuscleGroup.DORSIFLEXORS,
    MuscleGroup.KNEE_EXTENSORS,
    MuscleGroup.HAMSTRINGS,
)


def place(side: Side, group: MuscleGroup) -> Place:
    return group, side


WEAK_CALF = {place(Side.LEFT, MuscleGroup.PLANTARFLEXORS): 0.5}


def calibration(
    strengths: Strengths, seed: int = 0, told: Told = Told.MOVED, sd: float = 0.06
) -> MuscleCalibration:
    """As a calibration of both legs with plates and maximal contractions would end."""
    time_s = np.arange(0.0, 8.0, 0.02)
    measured = np.stack(
        [-1.2 * BODY.mass_kg * _push(time_s), 0.4 * BODY.mass_kg * _push(time_s + 0.4)], axis=1
    )
    strength = tuple(
        GroupStrength(group, side, strengths.get((group, side), 1.0))
        for group in CALIBRATED
        for side in SIDES
    )
    return MuscleCalibration(
        body=replace(BODY, strength=strength, activation=ActivationDynamics()),
        parameters=(
            *_strengths_found(strengths, np.random.default_rng(seed), told, sd),
            CalibratedParameter("Electromechanical delay", "s", 0.04, 0.052, 0.01, 0.1, Told.MOVED, 0.004),
            CalibratedParameter("Shape of activation", "", -0.1, -3.0, -3.0, 0.0, Told.AT_BOUND, 0.4),
            CalibratedParameter(
                "Tendon slack length, left soleus", "", 1.0, 1.02, 0.9, 1.1, Told.NOT_TOLD, np.inf
            ),
        ),
        fits=(
            MomentFit(Joint.ANKLE_L, 0.71, 0.97, 0.69, 0.95, 0.11),
            MomentFit(Joint.KNEE_L, 0.12, 0.74, 0.09, 0.63, 0.14),
        ),
        time_s=time_s,
        held_out=(time_s > 4.0).astype(float),
        measured_nm=measured,
        before_nm=1.5 * measured + 8.0,
        after_nm=measured + 3.0 * np.sin(9.0 * time_s)[:, None],
        findings=(),
        synthetic=True,
    )


def _strengths_found(
    strengths: Strengths, noise: np.random.Generator, told: Told, sd: float
) -> tuple[CalibratedParameter, ...]:
    return tuple(
        CalibratedParameter(
            strength_name((group, side)),
            "",
            1.0,
            max(0.05, strengths.get((group, side), 1.0) + sd * float(noise.normal())),
            0.05,
            2.5,
            told,
            sd if told is not Told.NOT_TOLD else float("inf"),
        )
        for group in CALIBRATED
        for side in SIDES
    )


def _push(time_s: np.ndarray) -> np.ndarray:
    return np.clip(np.sin(2.0 * np.pi * time_s / 1.1), 0.0, None) ** 2


def kinetics(
    strengths: Strengths, seed: int = 0, source: ForceSource = ForceSource.PLATES, strides: int = 4
) -> Kinetics:
    """Moments fall with strength, and differ among healthy people and between their legs as published."""
    noise = np.random.default_rng(seed)
    habit = {group: 1.0 + 0.2 * float(noise.normal()) for group in _PEAKS}
    cycles = tuple(_cycles(side, strengths, habit, strides, noise) for side in SIDES)
    frames = 10
    return Kinetics(
        time_s=np.arange(frames) / 100.0,
        moment_nm=np.zeros((frames, len(JOINTS))),
        power_w=np.zeros((frames, len(JOINTS))),
        force_n=np.zeros((frames, 2, 3)),
        pressure_m=np.zeros((frames, 2, 3)),
        free_moment_nm=np.zeros((frames, 2)),
        residual_force_n=np.zeros((frames, 3)),
        residual_moment_nm=np.zeros((frames, 3)),
        source=source,
        mass_kg=BODY.mass_kg,
        cycles=(cycles[0], cycles[1]),
        work=(JointWork(Joint.ANKLE_L, 0.3, -0.1),),
        exo_moment_nm=None,
        findings=(),
        synthetic=True,
    )


def _cycles(
    side: Side,
    strengths: Strengths,
    habit: dict[MuscleGroup, float],
    strides: int,
    noise: np.random.Generator,
) -> KineticCycles:
    moment = np.zeros((strides, CYCLE_POINTS, len(JointKind)))
    for group, peak in _PEAKS.items():
        usual, _ = usual_peak_nm_kg(group, BODY, SPEED_M_S)
        first, last = peak.window
        left = min(1.0, strengths.get((group, side), 1.0)) ** 0.8  # works a little harder than usual
        bump = np.sin(np.linspace(0.0, np.pi, last - first + 1))
        own = habit[group] * (1.0 + 0.1 * float(noise.normal())) * left * usual
        for stride in range(strides):
            moment[stride, first : last + 1, list(JointKind).index(peak.kind)] += (
                peak.sign * own * (1.0 + 0.05 * float(noise.normal())) * bump
            )
    zeros = np.zeros_like(moment)
    return KineticCycles(side, moment, zeros, np.zeros((strides, CYCLE_POINTS, 3)))


def fit(strengths: Strengths, seed: int = 0, sd: float = 0.08) -> ImpairmentFit:
    """As a search over the weak groups and two healthy ones would end."""
    noise = np.random.default_rng(seed)
    searched = {**strengths, place(Side.RIGHT, MuscleGroup.HIP_FLEXORS): 1.0}
    estimates = tuple(
        SeverityEstimate(
            Slot(ImpairmentKind.WEAKNESS, side, group=group),
            float(np.clip(weakness_severity(strength) + sd * noise.normal(), 0.0, 1.0)),
            sd,
        )
        for (group, side), strength in searched.items()
    )
    return ImpairmentFit(
        BODY, estimates, 3.0, 7.0, 12.0, 60.0, np.array([60.0, 12.0]), (), 400, synthetic=True
    )
