"""Forces of the recorded walk for the tab of Motion: newest result, what is missing, the job."""

from __future__ import annotations

from functools import lru_cache

from core.devices.profiles import trainable_ids
from core.domain.exo_walk import ExoWalk
from core.domain.findings import Finding
from core.domain.kinetics import Kinetics
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.jobs.values import Done, JobState, JsonValue, Outcome
from core.session.flow import standing
from core.session.force_curves import exo_words, residual_words
from core.session.weakness import facts_of
from core.session.worn_exo import exo_log_for
from ui.pages.forces import ForcesPanel, ForcesState
from ui.presenters.base import StepPresenter
from ui.presenters.force_curves import force_panels, force_table, source_line
from ui.presenters.motion_questions import why_not_accept
from ui.widgets.worn_exo import WornExo

JOB, LOG_JOB = "inverse_dynamics", "import_exo_log"
ONE_PLANE = "One camera sees the sagittal plane only."
_STALE = "The motion was solved again after these forces were computed."
_CHANGED = "What these forces were computed from changed afterwards."
_RUNNING = "The forces are being computed."
_SETTLE = "Something about this motion must be settled first: see the top of this page."
_LEFT_OUT = "The record holds the log of a worn exo; it is not accounted for in these forces."
_NO_STRIDES = "Forces are shown over the gait cycle, and no complete stride was recorded here."


class ForcesPresenter:
    """Fills the tab for the presenter of the page that it stands on."""

    def __init__(self, panel: ForcesPanel, owner: StepPresenter) -> None:
        self._panel, self._owner = panel, owner
        self._motion_id = ""
        self.findings: tuple[Finding, ...] = ()  # of the forces on show, for the page's own list
        self._read = lru_cache(maxsize=1)(self._state_of)
        panel.compute.connect(lambda: owner.attempt(self.compute))
        panel.exo_told.connect(lambda worn: owner.attempt(lambda: self._account_for(worn)))

    def show(self, motion_id: str, motion: Motion) -> None:
        if motion_id != self._motion_id:
            self._panel.exo_card.forget()
        self._motion_id, self.findings = motion_id, ()
        if motion.without_walk:
            self._panel.render(ForcesState(empty=_NO_STRIDES, detail="Record a walk to see forces."))
            return
        info = self._owner.newest(RecordKind.KINETICS)
        if info is None:
            self._panel.render(self._nothing_yet(motion_id, settled=not why_not_accept(motion)))
            return
        why_stale = self._why_stale(info, motion_id)
        log, walk = self._owner.newest(RecordKind.EXO_LOG), self._owner.newest(RecordKind.WALK)
        kept = log is not None, "" if walk is None else walk.id
        state, self.findings = self._read(info.id, motion_id, why_stale, self._running(), *kept)
        self._panel.render(state)

    def compute(self) -> None:
        """With the trial's force plates where the motion came from a laboratory, and the exo worn in it."""
        self._submit(exo_log_for(self._owner.context.store, self._motion_id))

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        """A log was read: its torques go into the forces at once."""
        if state.spec.kind == LOG_JOB and isinstance(outcome, Done):
            self._owner.attempt(lambda: self._submit(outcome.record_id))

    def _submit(self, exo_log_id: str | None) -> None:
        trial_id = self._owner.input_of(self._motion_id, RecordKind.LABORATORY_TRIAL)
        more = {"trial_id": trial_id, "exo_log_id": exo_log_id}
        known: dict[str, JsonValue] = {name: found for name, found in more.items() if found is not None}
        self._owner.submit(JOB, motion_id=self._motion_id, **known)

    def _account_for(self, worn: WornExo | None) -> None:
        """Read the log that a person named; None: no exo was worn, and the forces are computed without."""
        if worn is None:
            self._submit(None)
            return
        walk = self._owner.newest(RecordKind.WALK)
        source: dict[str, JsonValue] = (
            {"walk_id": None if walk is None else walk.id} if worn.file is None else {"file": str(worn.file)}
        )
        told = {"offset_s": worn.offset_s, "positive": worn.positive, "device": worn.device_id}
        self._owner.submit(LOG_JOB, motion_id=self._motion_id, **source, **told)

    def _running(self) -> bool:
        context = self._owner.context
        visit_id = context.visit_id
        return visit_id is not None and context.jobs.running(JOB, LOG_JOB, visit_id=visit_id) is not None

    def _nothing_yet(self, motion_id: str, *, settled: bool) -> ForcesState:
        if self._running():
            return ForcesState(empty=_RUNNING, detail="Moments, powers and ground forces appear here.")
        if not settled:
            return ForcesState(empty="Forces come after the motion", detail=_SETTLE)
        trial_id = self._owner.input_of(motion_id, RecordKind.LABORATORY_TRIAL)
        detail = (
            "Moments, powers and ground forces follow from the motion and the body's masses. Nobody stood on "
            "a force plate: the ground forces are estimated from the motion."
            if trial_id is None
            else "Moments and powers follow from the motion, the body's masses and the force plates of the "
            "laboratory's file; where it has none, the ground forces are estimated."
        )
        return ForcesState(empty="Compute the forces of this walk", detail=detail, action="Compute forces")

    def _why_stale(self, info: RecordInfo, motion_id: str) -> str:
        """Empty where the forces follow from what is on the page."""
        if self._owner.input_of(info.id, RecordKind.MOTION) != motion_id:
            return _STALE
        facts = facts_of(self._owner.context.store, info.visit_id)
        return "" if standing(facts, RecordKind.KINETICS) is not None else _CHANGED

    def _state_of(
        self, kinetics_id: str, motion_id: str, stale: str, running: bool, log_kept: bool, walk_id: str
    ) -> tuple[ForcesState, tuple[Finding, ...]]:
        store = self._owner.context.store
        kinetics = store.load(kinetics_id, Kinetics)
        shown_id = self._owner.input_of(kinetics_id, RecordKind.MOTION) or motion_id
        motion = store.load(shown_id, Motion)
        words, tone = source_line(kinetics)
        return ForcesState(
            source=words,
            tone=tone,
            stale=stale,
            action="Compute again" if stale or running else "",
            why_not=_RUNNING if running else "",
            shown=force_panels(kinetics, motion, self._owner.walker),
            why_one_plane=ONE_PLANE if motion.sagittal_only else "",
            table=force_table(kinetics, sagittal_only=motion.sagittal_only),
            residual=residual_words(kinetics),
            exo=exo_words(kinetics) or (_LEFT_OUT if log_kept else ""),
            exo_devices=_wearable(store.subject_of(store.info(kinetics_id).visit_id).device),
            exo_walk=bool(walk_id) and not store.load(walk_id, ExoWalk).virtual,
        ), () if stale else kinetics.findings


def _wearable(own: str) -> tuple[str, ...]:
    """Exos whose mass a body can carry in the computation, the patient's own first."""
    return tuple(sorted(trainable_ids(), key=lambda device_id: (device_id != own, device_id)))
