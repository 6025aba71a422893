"""Forces of a recorded walk as pages and report show them: which curves, their normal band, their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.kinetics import ForceSource, JointWork, KineticCycles, Kinetics
from core.domain.motion import CYCLE_POINTS
from core.domain.units import GRAVITY_M_S2
from core.gait.norms import KineticBand, normal_force, normal_moment, normal_power

MOMENT_UNIT, POWER_UNIT, FORCE_UNIT = "N·m/kg", "W/kg", "BW"


@dataclass(frozen=True, slots=True, eq=False)
class ForceCurve:
    """One quantity of one leg over the gait cycle."""

    label: str  # "Hip flexion moment"
    axis: str  # the same where it is clear what is shown: "Hip"
    short: str  # "Hip moment"; beside its unit
    unit: str
    strides: Callable[[KineticCycles], FloatArray]  # (N, 101)
    band: KineticBand | None


def _short(kind: JointKind) -> str:
    """`Hip` where the plane is clear; a joint of the hip by its whole name."""
    return kind.label.split()[0] if kind in (*SAGITTAL, JointKind.SUBTALAR) else kind.label


def moment_curve(kind: JointKind) -> ForceCurve:
    """Moment of one joint, bending it is positive [N m/kg]."""
    column = list(JointKind).index(kind)
    return ForceCurve(
        f"{kind.label} moment",
        _short(kind),
        f"{_short(kind)} moment" if kind in SAGITTAL else kind.label,
        MOMENT_UNIT,
        lambda cycles: cycles.moment_nm_kg[:, :, column],
        normal_moment(kind),
    )


def exo_curve(kind: JointKind) -> ForceCurve:
    """What a worn exo gave at one joint, bending it is positive [N m/kg]; no strides where none was worn."""
    column = list(JointKind).index(kind)

    def strides(cycles: KineticCycles) -> FloatArray:
        given = cycles.exo_moment_nm_kg
        return np.empty((0, CYCLE_POINTS)) if given is None else given[:, :, column]

    name = f"{kind.label} moment of the exo"
    return ForceCurve(name, _short(kind), name, MOMENT_UNIT, strides, None)


def exo_kinds(kinetics: Kinetics) -> tuple[JointKind, ...]:
    """Joints of either leg at which a worn exo gave something."""
    if kinetics.exo_moment_nm is None:
        return ()
    acts = (np.nan_to_num(kinetics.exo_moment_nm) != 0.0).any(axis=0)
    return tuple(kind for kind in JointKind if any(acts[Joint.of(kind, side).column] for side in SIDES))


def power_curve(kind: JointKind) -> ForceCurve:
    """Power of one joint, what it gives is positive [W/kg]."""
    column = list(JointKind).index(kind)
    return ForceCurve(
        f"{kind.label} power",
        _short(kind),
        f"{_short(kind)} power" if kind in SAGITTAL else kind.label,
        POWER_UNIT,
        lambda cycles: cycles.power_w_kg[:, :, column],
        normal_power(kind),
    )


def ground_curves(*, sagittal_only: bool) -> tuple[ForceCurve, ...]:
    """Of the ground on a foot, in body weights; one camera does not see sideways."""
    forward, up = normal_force()
    names = ("Vertical force", "Fore-aft force", "Sideways force")
    curves = (
        ForceCurve(names[0], "Up", names[0], FORCE_UNIT, lambda cycles: cycles.force_bw[:, :, 2], up),
        ForceCurve(
            names[1], "Forward", names[1], FORCE_UNIT, lambda cycles: cycles.force_bw[:, :, 0], forward
        ),
        ForceCurve(names[2], "Inward", names[2], FORCE_UNIT, _inward, None),
    )
    return curves[:2] if sagittal_only else curves


def _inward(cycles: KineticCycles) -> FloatArray:
    """The record has the force to the person's left; inward is alike on both sides."""
    sign = -1.0 if cycles.side is Side.LEFT else 1.0
    return np.asarray(sign * cycles.force_bw[:, :, 1])


def twin_strides(curve: ForceCurve, kinetics: Kinetics, side: Side) -> FloatArray:
    """The same of the simulated twin's feet, (N, 101): no strides where it has none, or tells only forces."""
    if kinetics.twin is None or curve.unit != FORCE_UNIT:
        return np.zeros((0, CYCLE_POINTS))
    force_bw = kinetics.twin.cycle_bw[SIDES.index(side)]
    nothing = np.zeros((len(force_bw), CYCLE_POINTS, len(JointKind)))
    return curve.strides(KineticCycles(side, nothing, nothing, force_bw))


# Words --------------------------------------------------------------------------------------------


def source_words(kinetics: Kinetics) -> str:
    """Where the ground force comes from."""
    if kinetics.source is ForceSource.PLATES:
        return "Measured by force plates"
    return "Estimated from the motion, not measured"


def exo_words(kinetics: Kinetics) -> str:
    """What was accounted for of an exo that the person wore; empty where none was."""
    if kinetics.exo_moment_nm is None:
        return ""
    told = f" ({kinetics.exo_words})" if kinetics.exo_words else ""
    return f"What the worn exo gave is taken off the moments and powers{told}."


def residual_words(kinetics: Kinetics) -> str:
    """What is left unexplained, against body weight; empty where nothing is known."""
    if kinetics.source is ForceSource.ESTIMATED:
        return (
            "Estimated forces balance the motion by construction: no residual tells how right they are."
            + _twin_words(kinetics)
        )
    force_n, moment_nm = _typical(kinetics.residual_force_n), _typical(kinetics.residual_moment_nm)
    if not (np.isfinite(force_n) and np.isfinite(moment_nm)):
        return ""
    share = 100.0 * force_n / (kinetics.mass_kg * GRAVITY_M_S2)
    return (
        f"Residual at the pelvis, which motion, masses and ground force leave unexplained: {force_n:.0f} N "
        f"({share:.0f} % of body weight) and {moment_nm:.0f} N·m (root mean square)."
    )


def _twin_words(kinetics: Kinetics) -> str:
    """How far the simulated twin's forces are from the estimated ones, and what it needs to stay upright."""
    twin = kinetics.twin
    if twin is None:
        return ""
    stands = np.nan_to_num(kinetics.force_n[..., 2]) > 0.0
    apart_n = _root_mean_square((twin.force_n - kinetics.force_n)[stands][:, 2])
    aid_n, aid_nm = _typical(twin.aid_force_n), _typical(twin.aid_moment_nm)
    if not np.isfinite([apart_n, aid_n, aid_nm]).all():
        return ""
    weight_n = kinetics.mass_kg * GRAVITY_M_S2
    return (
        " A simulated twin that tracks the motion feels vertical forces "
        f"{100.0 * apart_n / weight_n:.0f} % of body weight from them, and needs "
        f"{100.0 * aid_n / weight_n:.0f} % of body weight and {aid_nm:.0f} N·m at the pelvis to stay on it "
        "(root mean square)."
    )


def _root_mean_square(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt((known**2).mean())) if len(known) else float("nan")


def _typical(vectors: FloatArray) -> float:
    """Root mean square length of vectors (T, 3) where they are known."""
    squares = (vectors**2).sum(axis=1)
    known = squares[np.isfinite(squares)]
    return float(np.sqrt(known.mean())) if len(known) else float("nan")


def span_words(curve: ForceCurve, kinetics: Kinetics, side: Side) -> str:
    """Smallest and largest value of a side's mean curve."""
    strides = curve.strides(kinetics.cycles[SIDES.index(side)])
    if not len(strides):
        return "–"
    mean = strides.mean(axis=0)
    return f"{two_digits(mean.min())} to {two_digits(mean.max())}"


def work_words(kinetics: Kinetics, kind: JointKind, side: Side) -> str:
    """What a joint gives and what it takes up in a stride, J/kg."""
    work = work_of(kinetics, kind, side)
    if work is None or not np.isfinite([work.positive_j_kg, work.negative_j_kg]).all():
        return "–"
    given = two_digits(work.positive_j_kg)
    return f"{'' if given == '0.00' else '+'}{given} / {two_digits(work.negative_j_kg)}"


def work_of(kinetics: Kinetics, kind: JointKind, side: Side) -> JointWork | None:
    """The work of one joint; None where no stride has known forces."""
    return next((one for one in kinetics.work if one.joint.kind is kind and one.joint.side is side), None)


def two_digits(value: float) -> str:
    """With a real minus sign; what vanishes in two digits has no sign."""
    words = f"{value:.2f}"
    return "0.00" if words == "-0.00" else words.replace("-", "−")
