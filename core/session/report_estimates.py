"""Estimates in the report of a visit: hip moments from the motion alone, and the advised assistance force."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.amplitude import HOW_NEAR, MUSCLES, USUAL_N, Amplitude
from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.findings import Severity, worst_first
from core.domain.moments import BASIS, Moments
from core.domain.motion import stride_words
from core.domain.record import RecordKind
from core.session.cycle_plot import CyclePlot
from core.session.force_curves import MOMENT_UNIT
from core.session.report_muscles import stale_note
from core.session.report_tables import ReportRow, ReportTable
from core.session.weakness import facts_of
from core.store.repository import Store


@dataclass(frozen=True, slots=True, eq=False)
class MomentPart:
    """Hip moments without force plates."""

    title: str
    plots: tuple[CyclePlot, ...]  # mean of the strides ± the error with other people
    error_words: str  # what is drawn around the curves
    short: str  # for the second page
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AssistanceForcePart:
    """How strongly an exo should pull, by EMG or by the twin."""

    title: str
    table: ReportTable
    short: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EstimatePart:
    """What is not on record is None."""

    moments: MomentPart | None
    force: AssistanceForcePart | None


def estimate_part(store: Store, visit_id: str) -> EstimatePart | None:
    """None where the visit has neither."""
    moments, force = _moment_part(store, visit_id), _force_part(store, visit_id)
    return None if moments is None and force is None else EstimatePart(moments, force)


def _moment_part(store: Store, visit_id: str) -> MomentPart | None:
    info = store.latest(visit_id, RecordKind.MOMENTS)
    if info is None:
        return None
    moments = store.load(info.id, Moments)
    plots = tuple(_plot(moments, plane, kind.label) for plane, kind in enumerate(moments.planes))
    stale = stale_note(facts_of(store, visit_id), RecordKind.MOMENTS)
    findings = sorted(worst_first(moments.findings), key=lambda one: one.advice.code != BASIS)
    left, right = (len(cycles.moment_nm_kg) for cycles in moments.cycles)
    return MomentPart(
        "Hip moments · estimated from the motion, not measured",
        plots,
        f"± error with {moments.judged_on}",
        " ".join((*stale, _peaks(moments), *(one.advice.why for one in findings[:1]))),
        (
            *stale,
            f"{stride_words(left, right)}, by {moments.model}. Internal moments: upwards, muscles bend the "
            "hip, draw the leg in, turn it inwards.",
            *(f"{one.advice.what} {one.advice.why} {one.advice.next_step}" for one in findings),
        ),
    )


def _plot(moments: Moments, plane: int, name: str) -> CyclePlot:
    error: FloatArray = moments.error_nm_kg[:, plane]
    curves = tuple(
        (cycles.side, cycles.moment_nm_kg[:, :, plane].mean(axis=0), error)
        for cycles in moments.cycles
        if len(cycles.moment_nm_kg)
    )
    return CyclePlot(f"{name}, estimated ({MOMENT_UNIT})", curves, None)


def _peaks(moments: Moments) -> str:
    """Of the mean curve of flexion, which the assistance of a hip exo follows."""
    told = []
    for side, cycles in zip(SIDES, moments.cycles, strict=True):
        if len(cycles.moment_nm_kg):
            mean = cycles.moment_nm_kg[:, :, 0].mean(axis=0)
            told.append(f"{side.value} {mean.min():+.2f} to {mean.max():+.2f}".replace("-", "−"))
    return f"Flexion {', '.join(told)} {MOMENT_UNIT}."


def _force_part(store: Store, visit_id: str) -> AssistanceForcePart | None:
    info = store.latest(visit_id, RecordKind.AMPLITUDE)
    if info is None:
        return None
    found = store.load(info.id, Amplitude)
    stale = stale_note(facts_of(store, visit_id), RecordKind.AMPLITUDE)
    how = "simulated with the twin" if found.measured.simulated else "estimated from EMG"
    allowed = f"Forces up to {found.bound_n:.0f} N count. {found.bound_why}"
    near = _OF_A_TWIN if found.measured.simulated else HOW_NEAR
    warnings = (one for one in worst_first(found.findings) if one.severity is not Severity.NOTE)
    return AssistanceForcePart(
        f"Assistance force · {how}",
        _force_table(found),
        " ".join((*stale, f"{_advised(found)}, {how}.", near)),
        (
            *stale,
            f"Advised: {_advised(found)}. {allowed}",
            *_than_usual(found),
            *(f"{one.advice.what} {one.advice.why} {one.advice.next_step}" for one in warnings),
            near,
        ),
    )


_OF_A_TWIN = (
    "A twin does not brace its knee against the pull as people do: try the force before you trust it."
)


def _advised(found: Amplitude) -> str:
    low, high = found.band_n
    return f"{found.best_n:.0f} N (95 % band {low:.0f} to {high:.0f} N)"


def _than_usual(found: Amplitude) -> tuple[str, ...]:
    if found.better_than_usual is None:
        return ()
    share = f"{100.0 * found.better_than_usual:.0f} %"
    return (f"It is better than the usual {USUAL_N:.0f} N with a probability of {share}.",)


def _force_table(found: Amplitude) -> ReportTable:
    measured = found.measured
    rows = tuple(
        ReportRow(f"{force:g} N", (*(f"{value:.1f}" for value in row), f"{row.mean():.2f}", str(cycles)))
        for force, row, cycles in zip(measured.force_n, measured.mean_percent, measured.cycles, strict=True)
    )
    columns = ("", *(muscle.value.capitalize() for muscle in MUSCLES), "Mean of the three", "Gait cycles")
    title = f"Muscle activity at each force, {measured.side.value} leg, % of the maximum contraction"
    return ReportTable(title, columns, rows)
