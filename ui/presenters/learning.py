"""What Personalize and Train do alike: live samples and pictures of the running job, resume, minutes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.controller import Comparison
from core.domain.record import RecordKind
from core.domain.rollout import RolloutSet, SceneGeometry
from core.domain.scene_arrays import unpack_scene
from core.jobs.values import JobState, Picture, Sample
from core.session.flow import Step, StepStatus
from ui.pages.personalize import LearningPage, LearningState
from ui.presenters.base import StepPresenter
from ui.session_context import SessionContext

AGAIN, BACK = "again", "back"
WAITING = ("The first picture comes within a minute", "The twin is being prepared.")


class LearningPresenter(StepPresenter):
    """Subclasses set `learning_kind`, the kind of the job that learns, and say what the page shows."""

    learning_kind = ""
    purpose = ""
    next_step: Step
    wears_exo = False
    meanwhile = "Best so far is kept · you may close this window; the training goes on from here next time."

    def __init__(self, page: LearningPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._learning_page = page
        self._job_id = ""  # whose curves are on the page
        self._choosing = False  # how to learn once more, although there is a result
        self._geometry: SceneGeometry | None = None
        context.jobs.sampled.connect(self._sampled)
        context.jobs.pictured.connect(self._pictured)
        context.visit_changed.connect(self._forget)
        page.secondary_action.connect(lambda key: self.attempt(lambda: self.chosen(key)))

    def main(self) -> None:
        if self._choosing:
            self.start()
        elif self.resumable_job() is not None:
            self.resume()
        elif self.context.status(self.step).record_id is not None:
            self.context.go_to.emit(self.next_step)
        else:
            self.start()

    def show(self, status: StepStatus) -> None:
        job, page = self.running_job(), self._learning_page
        if job is not None:
            self._choosing = False
            self.follow(job if job.spec.kind == self.learning_kind else None)
            page.render(self.running_state(job))
        elif self._choosing:
            state = self.ready_state()
            page.render(replace(state, secondary=(*state.secondary, (BACK, "Back"))))
        elif self.resumable_job() is not None:
            page.render(self.stopped_state())
        elif status.record_id is not None:
            page.render(self.result_state(status.record_id))
        elif not self.blocked(status, self.purpose):
            page.render(self.ready_state())

    def ready_state(self) -> LearningState:
        raise NotImplementedError

    def running_state(self, job: JobState) -> LearningState:
        raise NotImplementedError

    def stopped_state(self) -> LearningState:
        raise NotImplementedError

    def result_state(self, record_id: str) -> LearningState:
        raise NotImplementedError

    def resumable_job(self) -> JobState | None:
        if self.context.visit_id is None:
            return None
        return self.context.jobs.resumable(self.learning_kind, visit_id=self.context.visit_id)

    def resume(self) -> None:
        job = self.resumable_job()
        if job is not None:
            self._learning_page.show_advice(None)
            self.context.jobs.resume(job.spec.id)
            self.refresh()

    def follow(self, job: JobState | None) -> None:
        """Begin with empty curves when another job than before is running."""
        if job is not None and job.spec.id != self._job_id:
            self._job_id = job.spec.id
            self._geometry = None
            self._learning_page.forget_curves()
            self._learning_page.view.twin.show_waiting(*WAITING)

    def chosen(self, key: str) -> None:
        """Before learning again one may choose how; until then nothing changes."""
        self._choosing = key == AGAIN
        self.refresh()

    def _forget(self) -> None:
        self._choosing = False
        self._job_id, self._geometry = "", None
        self._learning_page.forget_curves()
        self._learning_page.view.twin.show_waiting("", "")

    def _is_shown(self, job_id: str) -> bool:
        state = self.context.jobs.state(job_id)
        shown = (
            state is not None
            and state.spec.kind == self.learning_kind
            and state.spec.visit_id == self.context.visit_id
        )
        if shown:
            self.follow(state)
        return shown

    def _sampled(self, job_id: str, sample: Sample) -> None:
        if self._is_shown(job_id):
            self._learning_page.view.add(sample.time_s, sample.values)

    def _pictured(self, job_id: str, picture: Picture) -> None:
        if picture.name != "twin" or not self._is_shown(job_id):
            return
        arrays = picture.arrays
        position = np.asarray(arrays["body_position_m"], dtype=np.float32)
        if self._geometry is None:
            self._geometry = unpack_scene(arrays) or self._earlier_geometry(position.shape[-2])
        if self._geometry is None:
            self._learning_page.view.twin.show_waiting(
                "The twin is learning", "Its picture comes with the simulated gait in Review."
            )
            return
        names = arrays.get("body_name")
        order = [mesh.body for mesh in self._geometry.meshes] if names is None else names
        self._learning_page.view.twin.show_strip(
            self._geometry,
            tuple(str(name) for name in order),
            position,
            np.asarray(arrays["body_quaternion"], dtype=np.float32),
            wears_exo=self.wears_exo,
        )

    def _earlier_geometry(self, bodies: int) -> SceneGeometry | None:
        """Bones of an earlier simulation of this visit that has exactly these bodies."""
        store, visit_id = self.context.store, self.context.visit_id
        if visit_id is None:
            return None
        found = []
        comparison = store.latest(visit_id, RecordKind.COMPARISON)
        if comparison is not None:
            found.append(store.load(comparison.id, Comparison).rollouts.geometry)
        simulated = store.latest(visit_id, RecordKind.SIMULATED_GAIT)
        if simulated is not None:
            found.append(store.load(simulated.id, RolloutSet).geometry)
        return next((geometry for geometry in found if len(geometry.meshes) == bodies), None)
