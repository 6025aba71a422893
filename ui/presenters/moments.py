"""Estimated hip moments for the tab of Motion: newest result, what is missing, the job."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.domain.body import SIDES, JointKind, Side
from core.domain.findings import Finding
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.moments import MOMENT_PLANES, STAGES, Moments, StageWeights
from core.domain.motion import Motion, stride_words
from core.domain.record import RecordInfo, RecordKind
from core.session.flow import standing
from core.session.force_curves import MOMENT_UNIT
from core.session.weakness import facts_of
from ui.pages.moments import MomentsPanel, MomentsState
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.curves import CurveStyle, CycleCurve, JointPanel, Measure
from ui.presenters.base import StepPresenter
from ui.presenters.motion_questions import why_not_accept

JOB = "estimate_moments"
_STALE = "The motion was solved again after these moments were estimated."
_CHANGED = "What these moments were estimated from changed afterwards."
_RUNNING = "The hip moments are being estimated."
_SETTLE = "Something about this motion must be settled first: see the top of this page."
_NO_STRIDES = "Hip moments are shown over the gait cycle, and no complete stride was recorded here."
_WHAT = (
    "Physics and networks that learned from simulated people, weighed by the stage of the stride. No force "
    "plate is needed; where there was one, its moments are drawn beside."
)
_PLANES = ("Sagittal", "Frontal", "Transverse")
_FACTORS = {  # by what is weighed: letter and words
    "Newton-Euler": ("P", "physics"),
    "Newton-Euler, corrected": ("P", "physics"),
    "typical curve": ("T", "typical curve"),
    "LSTM": ("L", "LSTM"),
    "NTM": ("N", "NTM"),
}
_KEY = "P physics, T typical curve, L LSTM, N neural Turing machine"
_UPWARDS = "Upwards, muscles bend the hip, draw the leg in, turn it inwards."
_LEAST = 0.005  # of a weight: less is not shown


class MomentsPresenter:
    """Fills the tab for the presenter of the page that it stands on."""

    def __init__(self, panel: MomentsPanel, owner: StepPresenter) -> None:
        self._panel, self._owner = panel, owner
        self._motion_id = ""
        self.findings: tuple[Finding, ...] = ()  # of the moments on show, for the page's own list
        self._read = lru_cache(maxsize=1)(self._state_of)
        panel.compute.connect(lambda: owner.attempt(self.compute))

    def show(self, motion_id: str, motion: Motion) -> None:
        self._motion_id, self.findings = motion_id, ()
        if motion.without_walk:
            self._panel.render(MomentsState(empty=_NO_STRIDES, detail="Record a walk to see hip moments."))
            return
        info = self._owner.newest(RecordKind.MOMENTS)
        if info is None:
            self._panel.render(self._nothing_yet(settled=not why_not_accept(motion)))
            return
        state, self.findings = self._read(
            info.id, motion_id, self._why_stale(info, motion_id), self._running(), self._plates_id(motion_id)
        )
        self._panel.render(state)

    def compute(self) -> None:
        self._owner.submit(JOB, motion_id=self._motion_id)

    def _running(self) -> bool:
        context = self._owner.context
        visit_id = context.visit_id
        return visit_id is not None and context.jobs.running(JOB, visit_id=visit_id) is not None

    def _nothing_yet(self, *, settled: bool) -> MomentsState:
        if self._running():
            return MomentsState(empty=_RUNNING, detail="Hip moments in three planes appear here.")
        if not settled:
            return MomentsState(empty="Hip moments come after the motion", detail=_SETTLE)
        return MomentsState(
            empty="Estimate the hip moments of this walk", detail=_WHAT, action="Estimate moments"
        )

    def _why_stale(self, info: RecordInfo, motion_id: str) -> str:
        """Empty where the moments follow from what is on the page."""
        if self._owner.input_of(info.id, RecordKind.MOTION) != motion_id:
            return _STALE
        facts = facts_of(self._owner.context.store, info.visit_id)
        return "" if standing(facts, RecordKind.MOMENTS) is not None else _CHANGED

    def _plates_id(self, motion_id: str) -> str:
        """Of forces of the same motion, by plates or not; empty without."""
        info = self._owner.newest(RecordKind.KINETICS)
        if info is None or self._owner.input_of(info.id, RecordKind.MOTION) != motion_id:
            return ""
        return info.id

    def _state_of(
        self, moments_id: str, motion_id: str, stale: str, running: bool, kinetics_id: str
    ) -> tuple[MomentsState, tuple[Finding, ...]]:
        store = self._owner.context.store
        moments = store.load(moments_id, Moments)
        motion = store.load(self._owner.input_of(moments_id, RecordKind.MOTION) or motion_id, Motion)
        kinetics = store.load(kinetics_id, Kinetics) if kinetics_id and not stale else None
        return MomentsState(
            source=source_line(moments),
            stale=stale,
            action="Estimate again" if stale or running else "",
            why_not=_RUNNING if running else "",
            panels=moment_panels(moments, motion, kinetics),
            note=_UPWARDS,
            weights=weight_table(moments.weights),
            weights_note=weight_words(moments),
        ), () if stale else moments.findings


def source_line(moments: Moments) -> str:
    left, right = (len(cycles.moment_nm_kg) for cycles in moments.cycles)
    return f"Estimated, not measured: {stride_words(left, right)}."


def band_words(moments: Moments) -> str:
    return f"Band: root mean square error with {moments.judged_on}, of whom the model knew nothing."


def weight_words(moments: Moments) -> str:
    return (
        f"In percent: {_KEY}. Found on simulated people who only validated the networks. Physics is Newton "
        f"and Euler, with what it misses on the mean added. Model: {moments.model}."
    )


def moment_panels(moments: Moments, motion: Motion, kinetics: Kinetics | None) -> tuple[JointPanel, ...]:
    """Left and right by plane; one camera tells the sagittal plane only."""
    kinds = MOMENT_PLANES[:1] if motion.sagittal_only else MOMENT_PLANES
    return tuple(_panel(moments, motion, kinetics, kind, side) for kind in kinds for side in SIDES)


def _panel(
    moments: Moments, motion: Motion, kinetics: Kinetics | None, kind: JointKind, side: Side
) -> JointPanel:
    number = SIDES.index(side)
    toe_off = motion.cycles[number].toe_off_fraction
    drawn = (_estimated(moments, kind, side), _measured(kinetics, kind, side))
    return JointPanel(
        Measure(f"{kind.label} moment", kind.label, f" {MOMENT_UNIT}"),
        side,
        tuple(one for one in drawn if one is not None),
        None,
        toe_off if np.isfinite(toe_off) else None,
        missing="no stride that can be estimated",
    )


def _estimated(moments: Moments, kind: JointKind, side: Side) -> CycleCurve | None:
    plane, strides = MOMENT_PLANES.index(kind), moments.cycles[SIDES.index(side)].moment_nm_kg
    if not len(strides):
        return None
    error = np.array(moments.error_nm_kg[:, plane])
    words = band_words(moments)
    mean = strides[:, :, plane].mean(axis=0)
    return CycleCurve("Estimated", side, mean, error, CurveStyle.ESTIMATED, words)


def _measured(kinetics: Kinetics | None, kind: JointKind, side: Side) -> CycleCurve | None:
    """What force plates told of the same walk; what a worn exo gave is not in the estimate's place."""
    if kinetics is None or kinetics.source is not ForceSource.PLATES:
        return None
    cycles = kinetics.cycles[SIDES.index(side)]
    if not len(cycles.moment_nm_kg):
        return None
    column = list(JointKind).index(kind)
    moment = cycles.moment_nm_kg[:, :, column]
    if cycles.exo_moment_nm_kg is not None:
        moment = moment + cycles.exo_moment_nm_kg[:, :, column]
    return CycleCurve("With force plates", side, moment.mean(axis=0), None, CurveStyle.MEASURED)


def weight_table(weights: tuple[StageWeights, ...]) -> NumberTable:
    """Stages below each other, planes beside; a cell tells letters and percents."""
    by_place = {(one.stage, one.plane): one for one in weights}
    rows = []
    for number, stage in enumerate(STAGES):
        own = [by_place.get((number, plane)) for plane in range(len(_PLANES))]
        cells = tuple(
            " · ".join(f"{letter} {share}" for letter, _, share in _shares(one)) or "–" for one in own
        )
        tips = tuple(", ".join(f"{words} {share} %" for _, words, share in _shares(one)) for one in own)
        rows.append(NumberRow(stage.capitalize(), cells, tips=tips))
    return NumberTable(("", *_PLANES), tuple(rows))


def _shares(one: StageWeights | None) -> list[tuple[str, str, str]]:
    """Letter, words and percents of what counts at all."""
    if one is None:
        return []
    return [
        (*_FACTORS.get(name, (name, name)), f"{100.0 * weight:.0f}")
        for name, weight in zip(one.names, one.weights, strict=True)
        if weight >= _LEAST
    ]
