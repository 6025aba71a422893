"""Small kinetics, calibrated muscles and deficits as the jobs would write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.deficits import Deficits, StrengthDeficit
from core.domain.findings import Finding
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.kinetics import ForceSource, JointWork, KineticCycles, Kinetics, TwinForces
from core.domain.motion import CYCLE_POINTS
from core.domain.muscle_calibration import CalibratedParameter, MomentFit, MuscleCalibration, Told
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_force, normal_moment, normal_power

MASS_KG, FRAMES = 60.0, 40
WEAKER = 0.8  # the left leg against normal


def kinetics(
    source: ForceSource = ForceSource.PLATES,
    *,
    strides: tuple[int, int] = (3, 2),
    findings: tuple[Finding, ...] = (),
) -> Kinetics:
    """Normal moments and powers, smaller on the left."""
    frames, sides = np.zeros((FRAMES, 14)), np.zeros((FRAMES, 2, 3))
    cycles = tuple(_cycles(side, count) for side, count in zip(SIDES, strides, strict=True))
    return Kinetics(
        time_s=np.arange(FRAMES) / 20.0,
        moment_nm=frames,
        power_w=frames,
        force_n=sides,
        pressure_m=sides,
        free_moment_nm=np.zeros((FRAMES, 2)),
        residual_force_n=np.tile([0.0, 0.0, 0.04 * MASS_KG * 9.81], (FRAMES, 1)),
        residual_moment_nm=np.tile([6.0, 8.0, 0.0], (FRAMES, 1)),
        source=source,
        mass_kg=MASS_KG,
        cycles=(cycles[0], cycles[1]),
        work=tuple(
            JointWork(Joint.of(kind, side), (WEAKER if side is Side.LEFT else 1.0) * (0.3 - 0.05 * n), -0.12)
            for n, kind in enumerate(SAGITTAL)
            for side in SIDES
        ),
        exo_moment_nm=None,
        findings=findings,
    )


def with_twin(estimated: Kinetics) -> Kinetics:
    """Beside it a twin that feels a tenth of body weight more under either standing foot."""
    weight_n = MASS_KG * 9.81
    force = np.array(estimated.force_n)
    force[: FRAMES // 2, 0, 2] = force[FRAMES // 2 :, 1, 2] = weight_n
    more = np.where(force > 0.0, 0.1 * weight_n, 0.0)
    aid_n, aid_nm = np.tile([0.0, 0.02 * weight_n, 0.0], (FRAMES, 1)), np.tile([0.0, 0.0, 12.0], (FRAMES, 1))
    cycles = tuple(1.1 * cycles.force_bw for cycles in estimated.cycles)
    twin = TwinForces(force + more, aid_n, aid_nm, (cycles[0], cycles[1]))
    return replace(estimated, force_n=force, twin=twin)


def with_exo(forces: Kinetics) -> Kinetics:
    """The same, with an exo at both hips that gave 6 N m."""
    exo = np.zeros((len(forces.time_s), 14))
    exo[:, [Joint.HIP_FLEXION_L.column, Joint.HIP_FLEXION_R.column]] = 6.0
    left, right = (
        replace(cycles, exo_moment_nm_kg=np.zeros(cycles.moment_nm_kg.shape) + 0.1 * (np.arange(7) == 0))
        for cycles in forces.cycles
    )
    words = "exo.csv: left hip flexion and right hip flexion"
    return replace(forces, cycles=(left, right), exo_moment_nm=exo, net_moment_nm=exo, exo_words=words)


def _cycles(side: Side, count: int) -> KineticCycles:
    share = WEAKER if side is Side.LEFT else 1.0
    moment, power = (np.zeros((count, CYCLE_POINTS, len(JointKind))) for _ in range(2))
    for column, kind in enumerate(JointKind):
        for values, band in ((moment, normal_moment(kind)), (power, normal_power(kind))):
            if band is not None:
                values[:, :, column] = _several(share * band.mean, count)
    force = np.zeros((count, CYCLE_POINTS, 3))
    forward, up = normal_force()
    force[:, :, 0], force[:, :, 2] = _several(share * forward.mean, count), _several(up.mean, count)
    force[:, :, 1] = 0.05 * force[:, :, 2] * (-1.0 if side is Side.LEFT else 1.0)
    return KineticCycles(side, moment, power, force)


def _several(mean: FloatArray, count: int) -> FloatArray:
    return np.stack([(1.0 + 0.05 * (n - (count - 1) / 2)) * mean for n in range(count)] or [mean])[:count]


def muscle_calibration() -> MuscleCalibration:
    """A weak calf that moved, a delay at its bound, a quadriceps that the data do not tell."""
    time_s = np.arange(FRAMES) / 20.0
    fits = (
        MomentFit(Joint.KNEE_L, 0.1, 0.7, 0.08, 0.61, 0.09),
        MomentFit(Joint.ANKLE_L, 0.6, 0.97, 0.58, 0.95, 0.07),
    )
    moment = np.sin(time_s)[:, None] * np.ones(len(fits))
    return MuscleCalibration(
        body=GENERIC_BODY,
        parameters=(
            CalibratedParameter("Strength, left plantarflexors", "", 1.0, 0.72, 0.5, 2.5, Told.MOVED, 0.05),
            CalibratedParameter("Electromechanical delay", "s", 0.04, 0.1, 0.01, 0.1, Told.AT_BOUND, 0.006),
            CalibratedParameter(
                "Strength, left knee extensors", "", 1.0, 1.0, 0.5, 2.5, Told.NOT_TOLD, float("inf")
            ),
        ),
        fits=fits,
        time_s=time_s,
        held_out=(time_s > 1.0).astype(float),
        measured_nm=moment,
        before_nm=0.5 * moment,
        after_nm=0.95 * moment,
        findings=(),
    )


def deficits() -> Deficits:
    weak = StrengthDeficit(
        MuscleGroup.PLANTARFLEXORS, Side.LEFT, 0.72, 0.06, ("EMG", "joint moments"),
        "The left calf is about 28 % weaker than expected of this body.",
    )  # fmt: skip
    proposed = Impairment(ImpairmentKind.WEAKNESS, 0.3, Side.LEFT, group=MuscleGroup.PLANTARFLEXORS)
    return Deficits((weak,), (proposed,), ("The hip flexors carried no electrode.",), ())
