"""Motion: solve, judge, accept; video and curves move together."""

from __future__ import annotations

import json
from functools import lru_cache

from core.domain.body import SIDES, Side
from core.domain.clock import SLOW_MOTION_EVIDENT, SLOW_MOTION_POSSIBLE, FilmClock
from core.domain.findings import Finding
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.people import Action
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmarks
from core.domain.sides_doubt import SideSource
from core.errors import refuse
from core.gait.norm_choice import Norm
from core.jobs.values import JobState, Outcome, Refused
from core.session.conditions import assisted_findings, condition_badges
from core.session.flow import Step, StepState, StepStatus
from core.session.norms import motion_norm, with_norm_findings
from core.session.stops import override_stops, present_motion
from ui.fetching import Wanted
from ui.marker_view import marker_view
from ui.pages.motion import MotionPage, MotionState
from ui.plots.curves import JointPanel
from ui.presenters.base import StepPresenter
from ui.presenters.films import films_of_motion, view_of_motion
from ui.presenters.forces import ForcesPresenter
from ui.presenters.gait_curves import COURSE_BAND_WORDS, joint_panels
from ui.presenters.gait_events import EventsPresenter
from ui.presenters.moments import MomentsPresenter
from ui.presenters.motion_actions import AGAIN, FILM_ACTIONS, FINDING_ACTIONS, SLOW, SWAP_SIDES, what_else
from ui.presenters.motion_numbers import (
    angle_courses,
    cameras_of,
    cycle_fraction,
    motion_badges,
    motion_table,
    motion_tiles,
    motion_verdict,
)
from ui.presenters.motion_questions import (
    in_doubt,
    lost_edits,
    override_words,
    question_pictures,
    question_words,
    why_not_accept,
)
from ui.recording_view import RecordingView
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone
from ui.widgets.sides_question import DETECTED, SHOWN, SWAP

_IN_SPITE = "I go on with this motion in spite of the findings that stop it."


class MotionPresenter(StepPresenter):
    step = Step.MOTION
    right_for_main = Action.CAPTURE
    meanwhile = "You may go on with EMG meanwhile."

    def __init__(self, page: MotionPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page, self._forces = page, ForcesPresenter(page.forces, self)
        self._events = EventsPresenter(page.events, self)
        self._moments = MomentsPresenter(page.moments, self)
        self._motion: Motion | None = None
        self._asks_clock = False  # the person wants to say how fast the film was recorded, or must
        self._warned_of: str | None = None  # motion whose hand-made changes solving again would leave out
        self._read = lru_cache(maxsize=2)(self._read_record)
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.finding_action.connect(
            lambda code: self.attempt(lambda: self._secondary(FINDING_ACTIONS[code][0]))
        )
        page.sides_answered.connect(lambda key, name: self.attempt(lambda: self._answer(key, name)))
        page.stops_overridden.connect(lambda name, role: self.attempt(lambda: self._override(name, role)))
        page.belt_entered.connect(lambda speed: self.attempt(lambda: self._solve_again(belt_m_s=speed)))
        page.clock_answered.connect(lambda factor, name: self.attempt(lambda: self._set_clock(factor, name)))
        context.visit_changed.connect(self._forget)
        page.moment_chosen.connect(self._show_moment)
        page.time_chosen.connect(lambda time_s: page.player.go_to(time_s * self._slower))
        page.moved.connect(self._follow_video)

    def start(self) -> None:
        self._solve(SideSource.REPAIRED, swap_sides=False)

    def leave(self) -> None:
        self._page.player.pause()

    def wanted(self, status: StepStatus) -> Wanted:
        return Wanted(films_of_motion(self.context.store, status.record_id))

    def shown_records(self) -> tuple[str, ...]:
        """The motion, the trial that it was solved from, and the forces and moments of it."""
        motion_id = self.context.status(self.step).record_id
        if motion_id is None:
            return ()
        trial = self.input_of(motion_id, RecordKind.LABORATORY_TRIAL)
        made = (self.newest(kind) for kind in (RecordKind.KINETICS, RecordKind.MOMENTS))
        own = (one.id for one in made if one and self.input_of(one.id, RecordKind.MOTION) == motion_id)
        return (motion_id, *(() if trial is None else (trial,)), *own)

    def show(self, status: StepStatus) -> None:
        if self.blocked(status, "Turn the recording into joint motion"):
            return
        if status.record_id is None:
            busy = self.running_job() is not None
            headline = "Solving the motion…" if busy else "The recording is ready to be solved."
            self._page.render(
                MotionState(
                    headline,
                    empty=True,
                    main_action="" if busy else "Solve motion",
                    secondary=() if busy or self._trial_id() is not None else (SLOW,),
                    slow_motion=1.0 if self._asks_clock and not busy else None,
                )
            )
            return
        stored, clip, panels, cameras = self._read(status.record_id)
        decisions = self.context.store.decisions(self.context.store.info(status.record_id).visit_id)
        self._motion = motion = present_motion(stored, decisions, status.record_id)
        self._forces.show(status.record_id, motion)
        self._events.show(status.record_id, motion)
        self._moments.show(status.record_id, motion)
        norm = motion_norm(self.context.store, status.record_id, motion)
        self._page.render(self._state(status, motion, clip, panels, cameras, norm))
        self._follow_video(self._page.player.time_s)

    def _state(
        self,
        status: StepStatus,
        motion: Motion,
        clip: RecordingView | None,
        panels: tuple[JointPanel, ...],
        cameras: str,
        norm: Norm,
    ) -> MotionState:
        store, motion_id = self.context.store, str(status.record_id)
        accepted = self._accepted(status)
        headline, tone = motion_verdict(motion, norm)
        busy = status.state is StepState.RUNNING
        action = "Go on with Personalize" if accepted else "Accept motion"
        question = "" if busy else question_words(motion)
        belt_m_s = None if busy or motion.marker_set else motion.belt_speed_m_s
        return MotionState(
            headline,
            tone,
            clip=clip,
            panels=panels,
            courses=angle_courses(motion) if motion.without_walk else (),
            courses_words="" if motion.kinematics.spread_rad is None else COURSE_BAND_WORDS,
            tiles=motion_tiles(motion, self.walker),
            table=motion_table(motion, self.walker),
            findings=self._findings(motion, norm, motion_id),
            finding_actions=() if motion.marker_set else FILM_ACTIONS,
            main_action="" if busy else action,
            why_not=why_not_accept(motion),
            secondary=() if busy or question else what_else(motion),
            slow_motion=None if busy or not self._clock_is_asked(motion) else motion.clock.slow_motion,
            badges=(*motion_badges(motion, cameras), *condition_badges(store, motion_id)),
            question=question,
            pictures=question_pictures(motion, clip) if question else None,
            belt_m_s=belt_m_s,
            belt_words=_ENTERED if belt_m_s and self._belt_of(motion_id) is not None else _FROM_THE_FEET,
            override="" if busy or in_doubt(motion) else override_words(motion),
        )

    def _findings(self, motion: Motion, norm: Norm, motion_id: str) -> tuple[Finding, ...]:
        assisted = assisted_findings(self.context.store, motion_id)
        return (*with_norm_findings(motion, norm), *self._forces.findings, *self._moments.findings, *assisted)

    def _read_record(
        self, motion_id: str
    ) -> tuple[Motion, RecordingView | None, tuple[JointPanel, ...], str]:
        """The motion, the recording it came from, its curves and its cameras; read once."""
        store = self.context.store
        motion = store.load(motion_id, Motion)
        panels = joint_panels(motion, (), norm=motion_norm(store, motion_id, motion))
        for input_id, _digest in store.info(motion_id).provenance.inputs:
            if store.info(input_id).kind is RecordKind.LABORATORY_TRIAL:
                return motion, marker_view(store.load(input_id, LaboratoryTrial)), panels, ""
            if store.info(input_id).kind is RecordKind.LANDMARKS:
                landmarks, swapped = store.load(input_id, Landmarks), self._sides_of(motion_id)[1]
                clip = view_of_motion(store, input_id, motion, swapped=swapped)
                return motion, clip, panels, cameras_of(motion, landmarks)
        return motion, None, panels, ""

    def _accepted(self, status: StepStatus) -> bool:
        return self.context.visit_id is not None and any(
            decision.step == self.step.value
            and decision.verdict is Verdict.ACCEPTED
            and decision.record_id == status.record_id
            for decision in self.context.store.decisions(self.context.visit_id)
        )

    def _trial_id(self) -> str | None:
        """The laboratory trial that stands in for the cameras; None where a film counts."""
        captured = self.context.status(Step.CAPTURE).record_id
        if captured is None or self.context.store.info(captured).kind is not RecordKind.LABORATORY_TRIAL:
            return None
        return captured

    def _clock_is_asked(self, motion: Motion) -> bool:
        if motion.marker_set:  # a laboratory's clock is no film's
            return False
        codes = {finding.advice.code for finding in motion.findings}
        return self._asks_clock or not codes.isdisjoint({SLOW_MOTION_EVIDENT, SLOW_MOTION_POSSIBLE})

    def _sides_of(self, motion_id: str) -> tuple[SideSource, bool]:
        """Whose left and right a motion has, and whether they were swapped on purpose."""
        settings = json.loads(self.context.store.info(motion_id).provenance.settings)
        source = SideSource(settings.get("sides", SideSource.REPAIRED))
        return source, bool(settings.get("swap_sides", False))

    def _belt_of(self, motion_id: str | None) -> float | None:
        """The speed of a treadmill that a person entered for this motion."""
        settings = "{}" if motion_id is None else self.context.store.info(motion_id).provenance.settings
        speed: float | None = json.loads(settings).get("belt_speed_m_s")
        return speed

    # Actions of the person

    def main(self) -> None:
        status = self.context.status(self.step)
        if status.record_id is None:
            self.start()
        elif self._accepted(status):
            self.context.go_to.emit(Step.PERSONALIZE)
        else:
            self._accept(status.record_id)

    def _accept(self, motion_id: str) -> None:
        """Refuses (MOT-035) what a finding holds."""
        why_not = "" if self._motion is None else why_not_accept(self._motion)
        if why_not:
            what = "The motion was not accepted."
            raise refuse("MOT-035", what, "Something on this page must be settled first.", why_not)
        self.decide(Verdict.ACCEPTED, motion_id)
        self.context.show_message("Motion accepted.", Tone.OK)

    def _secondary(self, key: str) -> None:
        if key == SWAP_SIDES[0]:
            self._swap()
        elif key == AGAIN[0]:
            self.start() if self._motion is None or in_doubt(self._motion) else self._solve_again()
        elif key == SLOW[0]:
            self._asks_clock = not self._asks_clock
            self.refresh()
        else:
            self.context.go_to.emit(Step(key))

    def _swap(self, by: str = "") -> None:
        """Solve again with the other sides than those shown."""
        record_id = self.context.status(self.step).record_id
        source, swapped = (SideSource.REPAIRED, False) if record_id is None else self._sides_of(record_id)
        self._solve(source, swap_sides=not swapped, by=by)

    def _solve_again(self, *, belt_m_s: float | None = None) -> None:
        """With the sides and the name that hold now, and perhaps another speed of a treadmill."""
        record_id = self.context.status(self.step).record_id
        if record_id is not None and self._motion is not None:
            source, swapped = self._sides_of(record_id)
            self._solve(source, swap_sides=swapped, by=self._motion.sides_by, belt_m_s=belt_m_s)

    def _answer(self, key: str, name: str) -> None:
        """A person watched the video and named the left leg. Refuses (MOT-036) an answer without a name."""
        record_id = self.context.status(self.step).record_id
        if not name:
            raise refuse(
                "MOT-036",
                "The question was not answered.",
                "Whoever says which leg is the left one stands for it by name.",
                "Write your name beside the question, then answer it.",
            )
        if key == SHOWN and record_id is not None:
            self.decide(Verdict.SIDES_CONFIRMED, record_id, "left and right are right as shown", by=name)
            self.context.show_message(f"{name} said that left and right are right as shown.", Tone.OK)
        elif key == SWAP:
            self._swap(name)
        elif key == DETECTED:
            self._solve(SideSource.AS_DETECTED, swap_sides=False, by=name)

    def _override(self, name: str, role: str) -> None:
        """A person goes on in spite of what stops. Refuses MOT-062 without name and role."""
        record_id = self.context.status(self.step).record_id
        if record_id is None:
            return

        def go_on(by: Signed) -> None:
            override_stops(self.context.store, record_id, by=by.name, role=by.role)
            self.context.record_changed.emit()
            self.context.show_message(f"{by.name} goes on in spite of the findings.", Tone.OK)

        self.sign(Action.ACCEPT_STOP, record_id, (name, role), _IN_SPITE, go_on)

    def _set_clock(self, factor: float, name: str) -> None:
        """A person said how fast the film was recorded. Refuses (MOT-094) an answer without a name."""
        if not name:
            raise refuse(
                "MOT-094",
                "The motion was not solved again.",
                "Whoever says how fast the film was recorded stands for it by name.",
                "Write your name beside the number, then solve again.",
            )
        record_id = self.context.status(self.step).record_id
        source, swapped = (SideSource.REPAIRED, False) if record_id is None else self._sides_of(record_id)
        by = "" if self._motion is None or record_id is None else self._motion.sides_by
        self._solve(source, swap_sides=swapped, by=by, clock=FilmClock(factor, name))
        self._asks_clock = False

    def _solve(
        self,
        source: SideSource,
        *,
        swap_sides: bool,
        by: str = "",
        clock: FilmClock | None = None,
        belt_m_s: float | None = None,
    ) -> None:
        """What was said of the clock and of a treadmill's speed holds on for the same recording."""
        self._warn_of_edits()
        trial = self._trial_id()
        if trial is not None:
            self.submit("solve_markers", trial_id=trial)
            return
        landmarks = self.context.status(Step.CAPTURE).record_id
        if landmarks is None:
            return
        clock = clock or self._clock_said(landmarks)
        self.submit(
            "solve_motion",
            landmarks_id=landmarks,
            swap_sides=swap_sides,
            sides=source.value,
            sides_by=by,
            slow_motion=clock.slow_motion,
            slow_motion_by=clock.by,
            belt_speed_m_s=self._belt_before(landmarks) if belt_m_s is None else belt_m_s,
        )

    def _warn_of_edits(self) -> None:
        """Solving begins from the automatic events: refuses (MOT-120) once where a person changed some."""
        record_id = self.context.status(self.step).record_id
        edits = () if record_id is None or self._motion is None else self._motion.edits
        if not edits or not edits[-1].events or self._warned_of == record_id:
            return
        self._warned_of = record_id
        raise lost_edits(edits[-1])

    def _clock_said(self, landmarks_id: str) -> FilmClock:
        """What was said of the same film before; another film has another clock."""
        record_id = self.context.status(self.step).record_id
        if record_id is None or self.input_of(record_id, RecordKind.LANDMARKS) != landmarks_id:
            return FilmClock()
        return self.context.store.load(record_id, Motion).clock

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        """A film too slow for any stride: ask at once how fast it was recorded."""
        refused = isinstance(outcome, Refused) and outcome.advice.code == SLOW_MOTION_EVIDENT
        self._asks_clock = refused or self._asks_clock
        self._forces.job_done(state, outcome)
        self.refresh()

    def _forget(self) -> None:
        self._asks_clock = False

    def _belt_before(self, landmarks_id: str) -> float | None:
        record_id = self.context.status(self.step).record_id
        same = record_id is not None and self.input_of(record_id, RecordKind.LANDMARKS) == landmarks_id
        return self._belt_of(record_id) if same else None

    # Video and curves move together

    def _show_moment(self, side: Side, fraction: float) -> None:
        """A moment was pressed in a curve: show it in the stride nearest to what is on screen."""
        strides = [] if self._motion is None else [s for s in self._motion.strides if s.side is side]
        if strides:
            now = self._page.player.time_s / self._slower
            stride = min(strides, key=lambda s: abs((s.start_s + s.end_s) / 2 - now))
            moment_s = stride.start_s + fraction * (stride.end_s - stride.start_s)
            self._page.player.go_to(moment_s * self._slower)

    def _follow_video(self, time_s: float) -> None:
        for side in SIDES:
            strides = () if self._motion is None else self._motion.strides
            self._page.show_moment(side, cycle_fraction(strides, side, time_s / self._slower))
        self._page.show_time(time_s / self._slower)

    @property
    def _slower(self) -> float:
        """How many times slower than life the film on screen plays."""
        return 1.0 if self._motion is None else self._motion.clock.slow_motion


_FROM_THE_FEET = "Found from the standing foot. Where the display says otherwise, enter it and solve again."
_ENTERED = "As it was entered."
