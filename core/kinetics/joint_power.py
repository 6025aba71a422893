"""Moments, powers and forces per gait cycle, and the work of every joint."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.kinetics import JointWork, KineticCycles
from core.domain.motion import CYCLE_POINTS, Stride
from core.kinetics.rigid_tree import GRAVITY_M_S2

_MISSING = 0.02  # of a stride: so much at its ends may lie outside of the frames


def kinetic_cycles(
    side: Side,
    strides: tuple[Stride, ...],
    time_s: FloatArray,
    moment_nm: FloatArray,
    power_w: FloatArray,
    force_n: FloatArray,
    heading: FloatArray,
    mass_kg: float,
    exo_moment_nm: FloatArray | None = None,
) -> KineticCycles:
    """One side's strides in which its load is known throughout, and what a worn exo gave.

    Moments and powers (T, 14), `force_n` (T, 2, 3), `heading` (T, 2) horizontal unit vector forward.
    """
    columns = [Joint.of(kind, side).column for kind in JointKind]
    side_force = force_n[:, SIDES.index(side)]
    exo_nm = np.zeros_like(moment_nm) if exo_moment_nm is None else exo_moment_nm
    table = np.column_stack([moment_nm[:, columns], power_w[:, columns], exo_nm[:, columns], side_force])
    found = []
    for stride in (stride for stride in strides if stride.side is side):
        at_s = np.linspace(stride.start_s, stride.end_s, CYCLE_POINTS)
        inside = (time_s >= at_s[0]) & (time_s <= at_s[-1])
        slack = _MISSING * (at_s[-1] - at_s[0])
        if at_s[0] < time_s[0] - slack or at_s[-1] > time_s[-1] + slack or inside.sum() < 10:
            continue
        cycle = np.stack([_at(at_s, time_s, column) for column in table.T], axis=1)
        if np.isfinite(cycle).all():
            cycle[:, -3:] = _turned(cycle[:, -3:], heading[inside].mean(axis=0))
            found.append(cycle)
    kinds = len(JointKind)
    cycles = np.array(found).reshape(-1, CYCLE_POINTS, 3 * kinds + 3)
    moment, power, exo, force = np.split(cycles, [kinds, 2 * kinds, 3 * kinds], axis=-1)
    return KineticCycles(
        side,
        moment / mass_kg,
        power / mass_kg,
        force / (mass_kg * GRAVITY_M_S2),
        None if exo_moment_nm is None else exo / mass_kg,
    )


def _at(at_s: FloatArray, time_s: FloatArray, column: FloatArray) -> FloatArray:
    """Values at times; NaN next to a value that is not known, but for half a frame at a stride's ends."""
    known = np.isfinite(column)
    value = np.interp(at_s, time_s, np.where(known, column, 0.0))
    doubt = np.interp(at_s, time_s, (~known).astype(float))
    if known.any() and not known.all():
        step = float(np.median(np.diff(time_s)))
        edge = (doubt > 0.0) & ((at_s < at_s[0] + step) | (at_s > at_s[-1] - step))
        value[edge] = np.interp(at_s[edge], time_s[known], column[known])
        doubt[edge] = np.where(np.abs(at_s[edge, None] - time_s[known]).min(axis=1) <= step, 0.0, 1.0)
    return np.where(doubt > 0.0, np.nan, value)


def _turned(force_n: FloatArray, forward: FloatArray) -> FloatArray:
    """Forces (101, 3) of the world as forward, to the person's left, up."""
    ahead = forward / np.linalg.norm(forward)
    left = np.array([-ahead[1], ahead[0]])
    return np.column_stack([force_n[:, :2] @ ahead, force_n[:, :2] @ left, force_n[:, 2]])


def headings(pelvis: FloatArray) -> FloatArray:
    """Horizontal direction (T, 2) in which pelves (T, 3, 3) face; upright and unturned they face -y."""
    ahead = -pelvis[:, :2, 1]
    return np.asarray(ahead / np.linalg.norm(ahead, axis=1, keepdims=True))


def joint_work(
    cycles: tuple[KineticCycles, KineticCycles], strides: tuple[Stride, ...]
) -> tuple[JointWork, ...]:
    """Positive and negative work of every joint over a stride, mean over the cycles."""
    lasts = {
        side: float(np.mean([s.end_s - s.start_s for s in strides if s.side is side] or [0.0]))
        for side in SIDES
    }
    work = []
    for joint in JOINTS:
        power = cycles[SIDES.index(joint.side)].power_w_kg[..., list(JointKind).index(joint.kind)]
        if not len(power):
            continue
        step_s = lasts[joint.side] / (CYCLE_POINTS - 1)
        positive = np.trapezoid(np.maximum(power, 0.0), dx=step_s, axis=1).mean()
        negative = np.trapezoid(np.minimum(power, 0.0), dx=step_s, axis=1).mean()
        work.append(JointWork(joint, float(positive), float(negative)))
    return tuple(work)
