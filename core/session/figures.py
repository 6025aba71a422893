"""Figures of a record over the gait cycle: what is drawn, said before anybody draws it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.controller import Comparison
from core.domain.emg import EmgEnvelopes
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.motion import GaitCycles, Motion, stride_words
from core.domain.record import RecordInfo, RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.scenario import LEVEL_WALKING
from core.emg.normal_timing import SOURCE, Phases
from core.gait.cycles import is_held, mean_cycle, measured_sd
from core.gait.norm_choice import Norm, kinetic_norm
from core.session.cycle_plot import BAND_WORDS, CyclePlot
from core.session.norms import motion_norm, motion_walker
from core.session.report_emg import emg_plots
from core.session.report_muscles import force_plots, motion_of
from core.store.repository import Store

MEASURED, ONLY = "measured", ""
MOST_GAITS = 5  # that can be told apart by their lines


@dataclass(frozen=True, slots=True, eq=False)
class FigureLine:
    """One mean curve; `gait` is "" where a figure has one gait only."""

    gait: str
    side: Side
    mean: FloatArray  # (101,)
    sd: FloatArray | None  # (101,)


@dataclass(frozen=True, slots=True, eq=False)
class FigurePlot:
    title: str  # with its unit
    lines: tuple[FigureLine, ...]
    band: tuple[FloatArray, FloatArray] | None = None  # low and high (101,)
    toe_off: tuple[tuple[Side, float], ...] = ()  # fractions of the gait cycle
    active: Phases = ()  # percent of the cycle in which a muscle works normally


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """All joints, or all muscles, of one record."""

    name: str  # of its file, without an ending
    title: str
    subtitle: str  # whose, and how many strides
    plots: tuple[FigurePlot, ...]
    columns: int
    notes: tuple[str, ...]  # what the band is, what was left out
    record_id: str
    band_fits: bool = True  # whether the band is of people of this age at this speed, as the notes say


def record_figure(store: Store, info: RecordInfo) -> Figure | None:
    """None for a record of another kind, and where no stride was walked."""
    made = _MAKERS.get(info.kind)
    figure = None if made is None else made(store, info)
    return figure if figure is not None and figure.plots else None


def _whose(store: Store, info: RecordInfo) -> str:
    visit = store.visit(info.visit_id)
    subject = store.subject_of(info.visit_id)
    code = f"synthetic patient {subject.code}" if subject.synthetic else subject.code
    return f"{code} · visit {visit.number} of {visit.started_utc:%Y-%m-%d}"


def _motion(store: Store, info: RecordInfo) -> Figure:
    motion = store.load(info.id, Motion)
    kinds = tuple(kind for kind in (SAGITTAL if motion.sagittal_only else JointKind) if _moves(motion, kind))
    mark = "synthetic patient" if motion.synthetic else "measured"
    left, right = (len(cycles.angle_rad) for cycles in motion.cycles)
    speed = motion.measures.speed_m_s
    told = [_whose(store, info), stride_words(left, right)]
    told += [f"{speed:.2f} m/s"] if math.isfinite(speed) else []
    band = BAND_WORDS if motion.kinematics.spread_rad is not None else "Mean ± 1 SD over strides."
    notes = [f"{band} Flexion, adduction, inward rotation, dorsiflexion and inversion are positive."]
    notes += ["One camera: only bending and stretching can be trusted."] if motion.sagittal_only else []
    norm = motion_norm(store, info.id, motion)
    plots = () if motion.without_walk else tuple(_joint_plot(kind, motion, norm) for kind in kinds)
    if any(plot.band is not None for plot in plots):
        notes.append(norm.legend)
    name = f"{'synthetic' if motion.synthetic else 'measured'}_joint_angles"
    columns = 3 if motion.sagittal_only else 4
    title, whose = f"Joint angles · {mark}", " · ".join(told)
    return Figure(name, title, whose, plots, columns, tuple(notes), info.id, norm.fits)


def _moves(motion: Motion, kind: JointKind) -> bool:
    column = list(JointKind).index(kind)
    return any(not is_held(one.angle_rad[:, :, column]) for one in motion.cycles if len(one.angle_rad))


def _joint_plot(kind: JointKind, motion: Motion, norm: Norm) -> FigurePlot:
    column, spreads = list(JointKind).index(kind), measured_sd(motion)
    lines = tuple(
        FigureLine(
            ONLY,
            cycles.side,
            np.degrees(mean_cycle(cycles)[:, column]),
            np.degrees(sd[:, column]) if len(cycles.angle_rad) > 1 else None,
        )
        for cycles, sd in zip(motion.cycles, spreads, strict=True)
        if len(cycles.angle_rad)
    )
    return FigurePlot(f"{kind.label} (°)", lines, _band(kind, norm), _toe_offs(motion.cycles))


def _band(kind: JointKind, norm: Norm | None) -> tuple[FloatArray, FloatArray] | None:
    band = None if norm is None else norm.bands.band(kind)
    if band is None:
        return None
    return np.degrees(band.mean_rad - band.sd_rad), np.degrees(band.mean_rad + band.sd_rad)


def _toe_offs(cycles: Sequence[GaitCycles]) -> tuple[tuple[Side, float], ...]:
    return tuple((one.side, one.toe_off_fraction) for one in cycles if math.isfinite(one.toe_off_fraction))


def _emg(store: Store, info: RecordInfo) -> Figure | None:
    emg = store.load(info.id, EmgEnvelopes)
    newest = store.latest(info.visit_id, RecordKind.MOTION)
    if newest is None:
        return None
    motion = store.load(newest.id, Motion)
    mark = "synthetic patient" if emg.synthetic else "measured"
    bars = f"Grey bars: when the muscle works in normal adult walking ({SOURCE})."
    notes = ("Mean ± 1 SD over strides; channels that were judged good.", bars, emg.processing)
    return Figure(
        f"{'synthetic' if emg.synthetic else 'measured'}_emg_cycles",
        f"EMG per gait cycle · {mark}",
        _whose(store, info),
        tuple(_both_sides(plot) for plot in emg_plots(emg, motion)),
        3,
        tuple(note for note in notes if note),
        info.id,
    )


def _both_sides(plot: CyclePlot) -> FigurePlot:
    lines = tuple(FigureLine(ONLY, side, mean, sd) for side, mean, sd in plot.curves)
    return FigurePlot(plot.title, lines, plot.band, active=plot.active)


def _kinetics(store: Store, info: RecordInfo) -> Figure:
    kinetics = store.load(info.id, Kinetics)
    motion = motion_of(store, info)
    estimated = kinetics.source is ForceSource.ESTIMATED
    words = "estimated without force plates" if estimated else "from force plates"
    plots = force_plots(kinetics, sagittal_only=motion is None or motion.sagittal_only)
    norm = None if motion is None else kinetic_norm(motion_walker(store, info.visit_id, motion))
    notes = ["Internal moments, flexion and dorsiflexion positive; mean ± 1 SD over strides."]
    notes += [] if norm is None else [norm.legend]
    mark = f"{'synthetic_' if kinetics.synthetic else ''}{'estimated' if estimated else 'measured'}"
    return Figure(
        f"{mark}_forces",
        f"Moments, powers and ground forces · {words}",
        _whose(store, info),
        tuple(_both_sides(plot) for plot in plots if plot.curves),
        3,
        tuple(notes),
        info.id,
        norm is None or norm.fits,
    )


def _simulated(store: Store, info: RecordInfo) -> Figure:
    return _gaits(store, info, store.load(info.id, RolloutSet), "Simulated gait")


def _comparison(store: Store, info: RecordInfo) -> Figure:
    rollouts = store.load(info.id, Comparison).rollouts
    return _gaits(store, info, rollouts, "Walking with and without the exo · simulated")


def _gaits(store: Store, info: RecordInfo, gaits: RolloutSet, title: str) -> Figure:
    """One row per side; with level walking the measured gait and its band, where one is known."""
    level = info.kind is not RecordKind.SCENARIO or gaits.scenario == LEVEL_WALKING.name
    newest = store.latest(info.visit_id, RecordKind.MOTION) if level else None
    walked: list[tuple[str, tuple[GaitCycles, GaitCycles]]] = []
    norm: Norm | None = None
    if newest is not None:
        motion = store.load(newest.id, Motion)
        norm = motion_norm(store, newest.id, motion)
        walked.append((MEASURED, motion.cycles))
    walked += [(str(walk.label.value), walk.cycles) for walk in _told_apart(gaits)]
    sides = range(len(SIDES))
    plots = tuple(_gait_plot(kind, side, walked, norm) for side in sides for kind in SAGITTAL)
    left_out = [walk.label.value for walk in gaits.rollouts if walk not in _told_apart(gaits)]
    notes = ["Mean curves. Simulated curves are results of a computer model, not measurements."]
    notes += [f"Not drawn: {', '.join(left_out)}."] if left_out else []
    notes += [] if norm is None else [norm.legend]
    name = "simulated_comparison" if info.kind is RecordKind.COMPARISON else "simulated_gait"
    subtitle = f"{_whose(store, info)} · {gaits.scenario}"
    plots = tuple(plot for plot in plots if plot.lines)
    return Figure(name, title, subtitle, plots, 3, tuple(notes), info.id, norm is None or norm.fits)


def _told_apart(gaits: RolloutSet) -> tuple[Rollout, ...]:
    """Without the exo worn idle and a stranger's controller where there are too many."""
    kept = gaits.rollouts
    for label in (GaitLabel.STRANGERS_CONTROLLER, GaitLabel.WORN_WITHOUT_TORQUE):
        if len(kept) > MOST_GAITS - 1:
            kept = tuple(walk for walk in kept if walk.label is not label)
    return kept[: MOST_GAITS - 1]


def _gait_plot(
    kind: JointKind,
    side: int,
    walked: Sequence[tuple[str, tuple[GaitCycles, GaitCycles]]],
    norm: Norm | None,
) -> FigurePlot:
    column = list(JointKind).index(kind)
    lines = tuple(_gait_lines(column, side, walked))
    toe_off = _toe_offs([walked[0][1][side]]) if walked else ()
    title = f"{SIDES[side].value.capitalize()} {kind.label.lower()} (°)"
    return FigurePlot(title, lines, _band(kind, norm), toe_off)


def _gait_lines(
    column: int, side: int, walked: Sequence[tuple[str, tuple[GaitCycles, GaitCycles]]]
) -> Iterator[FigureLine]:
    for gait, cycles in walked:
        if len(cycles[side].angle_rad):
            yield FigureLine(gait, SIDES[side], np.degrees(mean_cycle(cycles[side])[:, column]), None)


_MAKERS = {
    RecordKind.MOTION: _motion,
    RecordKind.EMG: _emg,
    RecordKind.KINETICS: _kinetics,
    RecordKind.SIMULATED_GAIT: _simulated,
    RecordKind.SCENARIO: _simulated,
    RecordKind.COMPARISON: _comparison,
}
