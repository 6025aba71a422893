"""Motion: solve, judge, accept; video and curves move together."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np

from core.domain.body import SIDES, Side
from core.domain.clock import SLOW_MOTION_EVIDENT, SLOW_MOTION_POSSIBLE, SLOW_MOTION_STATED, FilmClock
from core.domain.findings import Severity
from core.domain.motion import Motion, Spread, Stride
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmarks
from core.domain.sides_doubt import SIDES_IN_DOUBT, SideSource
from core.errors import refuse
from core.gait.cycles import range_of_motion_deg
from core.jobs.values import JobState, Outcome, Refused
from core.session.flow import Step, StepState, StepStatus
from core.session.stops import overridable, override_stops, present_motion
from ui.pages.motion import MotionPage, MotionState, Tile
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.curves import JointPanel
from ui.presenters.base import StepPresenter
from ui.presenters.camera_table import cameras_words
from ui.presenters.gait_curves import joint_panels
from ui.recording_view import RecordingView, recording_view_of, with_sides_of
from ui.session_context import SessionContext
from ui.sides_pictures import sides_pictures
from ui.theme import Tone
from ui.widgets.sides_question import DETECTED, SHOWN, SWAP

_SWAP = ("swap", "Swap left and right")
_AGAIN = ("again", "Solve again")
_SLOW = ("slow motion", "Slow motion…")
_ASK_FIRST = "Say below which leg is the left one."
_CLOCK_FIRST = "Say below how fast the film was recorded."
_SOLVE_FIRST = "Solve the motion again: it does not say which leg is the left one."
_MEND_FIRST = (
    "Mend what is marked below first, most often by recording again; or go on all the same, by name and role."
)
_OVERRIDE = "A finding below stops the session. Who goes on all the same is kept and printed in the report."


class MotionPresenter(StepPresenter):
    step = Step.MOTION
    meanwhile = "You may go on with EMG meanwhile."

    def __init__(self, page: MotionPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._motion: Motion | None = None
        self._asks_clock = False  # the person wants to say how fast the film was recorded, or must
        self._read = lru_cache(maxsize=2)(self._read_record)
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.finding_action.connect(
            lambda code: self.attempt(lambda: self._secondary(_FINDING_ACTIONS[code][0]))
        )
        page.sides_answered.connect(lambda key, name: self.attempt(lambda: self._answer(key, name)))
        page.stops_overridden.connect(lambda name, role: self.attempt(lambda: self._override(name, role)))
        page.clock_answered.connect(lambda factor, name: self.attempt(lambda: self._set_clock(factor, name)))
        context.visit_changed.connect(self._forget)
        page.moment_chosen.connect(self._show_moment)
        page.moved.connect(self._follow_video)

    def start(self) -> None:
        self._solve(SideSource.REPAIRED, swap_sides=False)

    def leave(self) -> None:
        self._page.player.pause()

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
                    secondary=() if busy else (_SLOW,),
                    slow_motion=1.0 if self._asks_clock and not busy else None,
                )
            )
            return
        stored, clip, panels, cameras = self._read(status.record_id)
        decisions = self.context.store.decisions(self.context.store.info(status.record_id).visit_id)
        self._motion = motion = present_motion(stored, decisions, status.record_id)
        self._page.render(self._state(status, motion, clip, panels, cameras))
        self._follow_video(self._page.player.time_s)

    def _state(
        self,
        status: StepStatus,
        motion: Motion,
        clip: RecordingView | None,
        panels: tuple[JointPanel, ...],
        cameras: str,
    ) -> MotionState:
        accepted = self._accepted(status)
        headline, tone = motion_verdict(motion)
        busy = status.state is StepState.RUNNING
        action = "Go on with Personalize" if accepted else "Accept motion"
        question = "" if busy else _question(motion)
        return MotionState(
            headline,
            tone,
            clip=clip,
            panels=panels,
            tiles=motion_tiles(motion),
            table=motion_table(motion),
            findings=motion.findings,
            finding_actions=tuple((code, words) for code, (_key, words) in _FINDING_ACTIONS.items()),
            main_action="" if busy else action,
            why_not=_why_not(motion),
            secondary=() if busy or question else (_AGAIN if _in_doubt(motion) else _SWAP, _SLOW),
            slow_motion=None if busy or not self._clock_is_asked(motion) else motion.clock.slow_motion,
            badges=_badges(motion, cameras),
            question=question,
            pictures=sides_pictures(clip) if question else None,
            override="" if busy or _in_doubt(motion) or not overridable(motion.findings) else _OVERRIDE,
        )

    def _read_record(
        self, motion_id: str
    ) -> tuple[Motion, RecordingView | None, tuple[JointPanel, ...], str]:
        """The motion, the recording it came from, its curves and its cameras; read once."""
        store = self.context.store
        motion = store.load(motion_id, Motion)
        panels = joint_panels(motion, ())
        for input_id, _digest in store.info(motion_id).provenance.inputs:
            if store.info(input_id).kind is RecordKind.LANDMARKS:
                folders = [store.folder(input_id)]
                folders += [store.folder(name) for name, _ in store.info(input_id).provenance.inputs]
                landmarks = store.load(input_id, Landmarks)
                clip = recording_view_of(landmarks, tuple(folders), timing_video(motion, landmarks))
                swapped = self._sides_of(motion_id)[1]
                clip = with_sides_of(clip, motion.leg_exchanges, swapped=swapped)
                return motion, clip, panels, _cameras_of(motion, landmarks)
        return motion, None, panels, ""

    def _accepted(self, status: StepStatus) -> bool:
        return self.context.visit_id is not None and any(
            decision.step == self.step.value
            and decision.verdict is Verdict.ACCEPTED
            and decision.record_id == status.record_id
            for decision in self.context.store.decisions(self.context.visit_id)
        )

    def _clock_is_asked(self, motion: Motion) -> bool:
        codes = {finding.advice.code for finding in motion.findings}
        return self._asks_clock or not codes.isdisjoint({SLOW_MOTION_EVIDENT, SLOW_MOTION_POSSIBLE})

    def _sides_of(self, motion_id: str) -> tuple[SideSource, bool]:
        """Whose left and right a motion has, and whether they were swapped on purpose."""
        settings = json.loads(self.context.store.info(motion_id).provenance.settings)
        source = SideSource(settings.get("sides", SideSource.REPAIRED))
        return source, bool(settings.get("swap_sides", False))

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
        why_not = "" if self._motion is None else _why_not(self._motion)
        if why_not:
            what = "The motion was not accepted."
            raise refuse("MOT-035", what, "Something on this page must be settled first.", why_not)
        self.decide(Verdict.ACCEPTED, motion_id)
        self.context.show_message("Motion accepted.", Tone.OK)

    def _secondary(self, key: str) -> None:
        if key == _SWAP[0]:
            self._swap()
        elif key == _AGAIN[0]:
            self.start()
        elif key == _SLOW[0]:
            self._asks_clock = not self._asks_clock
            self.refresh()
        else:
            self.context.go_to.emit(Step(key))

    def _swap(self, by: str = "") -> None:
        """Solve again with the other sides than those shown."""
        record_id = self.context.status(self.step).record_id
        source, swapped = (SideSource.REPAIRED, False) if record_id is None else self._sides_of(record_id)
        self._solve(source, swap_sides=not swapped, by=by)

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
        if record_id is not None:
            override_stops(self.context.store, record_id, by=name, role=role)
            self.context.record_changed.emit()
            self.context.show_message(f"{name} goes on in spite of the findings.", Tone.OK)

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
        self._asks_clock = False
        self._solve(source, swap_sides=swapped, by=by, clock=FilmClock(factor, name))

    def _solve(
        self, source: SideSource, *, swap_sides: bool, by: str = "", clock: FilmClock | None = None
    ) -> None:
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
        )

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
        self.refresh()

    def _forget(self) -> None:
        self._asks_clock = False

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

    @property
    def _slower(self) -> float:
        """How many times slower than life the film on screen plays."""
        return 1.0 if self._motion is None else self._motion.clock.slow_motion


# Finding code -> (action, text of its button).
_FINDING_ACTIONS: dict[str, tuple[str, str]] = {
    "MOT-011": ("capture", "Record again"),
    "MOT-020": ("swap", "Swap sides"),
    "MOT-023": ("patient", "Check height"),
    "MOT-024": ("capture", "Record again"),
    "MOT-025": ("capture", "Record again"),
    "MOT-026": ("capture", "Record again"),
    "MOT-028": ("capture", "Record again"),
    "MOT-029": ("capture", "Record again"),
    "MOT-060": ("capture", "Record again"),
    "MOT-065": ("capture", "Record again"),
    "MOT-066": ("capture", "Record again"),
    SLOW_MOTION_STATED: ("slow motion", "Correct the factor"),
}


def _in_doubt(motion: Motion) -> bool:
    """Whether left and right are still unconfirmed; `motion` holds the answers given so far."""
    return any(finding.advice.code == SIDES_IN_DOUBT for finding in motion.findings)


def _question(motion: Motion) -> str:
    """Why a person has to look; empty when there is nothing to answer, or nothing to look at."""
    if not _in_doubt(motion) or not motion.leg_exchanges:
        return ""
    return "Watch the video: the leg drawn in red counts as the patient's left one, the blue one as right."


def _why_not(motion: Motion) -> str:
    """What must be done before this motion can be accepted."""
    if _question(motion):
        return _ASK_FIRST
    if any(finding.advice.code == SLOW_MOTION_EVIDENT for finding in motion.findings):
        return _CLOCK_FIRST
    stopped = any(finding.severity is Severity.STOP for finding in motion.findings)
    if stopped and _in_doubt(motion):
        return _SOLVE_FIRST
    return _MEND_FIRST if stopped else ""


def timing_video(motion: Motion, landmarks: Landmarks) -> int | None:
    """The video whose clock the motion's times are; None where the motion does not say."""
    if not motion.cameras_used:
        return None
    first = motion.cameras_used[0]
    videos = landmarks.patient.videos
    return videos[first] if first < len(videos) else first


def cycle_fraction(strides: tuple[Stride, ...], side: Side, time_s: float) -> float | None:
    """Where in its gait cycle a side is at this time; None outside the complete strides."""
    for stride in strides:
        if stride.side is side and stride.start_s <= time_s <= stride.end_s:
            return (time_s - stride.start_s) / (stride.end_s - stride.start_s)
    return None


def motion_verdict(motion: Motion) -> tuple[str, Tone]:
    """The headline: how many strides, and what they are good for."""
    left, right = (side.strides for side in motion.measures.sides)
    words = f"{left or 'No'} left and {right or 'no'} right strides found."
    severities = {finding.severity for finding in motion.findings}
    if Severity.STOP in severities:
        return f"{words} This cannot be used yet.", Tone.STOP
    trust = "sagittal analysis" if motion.sagittal_only else "analysis in all planes"
    if Severity.WARNING in severities:
        return f"{words} Usable with care.", Tone.WARN
    return f"{words} Good for {trust}.", Tone.OK


def motion_tiles(motion: Motion) -> tuple[Tile, ...]:
    measures = motion.measures
    width = measures.step_width_m
    tiles = [
        Tile("Speed", f"{measures.speed_m_s:.2f} m/s"),
        Tile("Cadence", f"{measures.cadence_steps_min:.0f} /min", "Steps per minute"),
        Tile("Symmetry", f"{100 * measures.symmetry:.0f} %", "100 % = equal step times and lengths"),
        Tile("Fit", f"{1000 * motion.residual_m:.0f} mm", "Typical distance of skeleton and landmarks"),
    ]
    if width is not None:
        tiles.insert(2, Tile("Step width", f"{100 * width:.0f} cm"))
    return tuple(tiles)


def motion_table(motion: Motion) -> NumberTable:
    sides = motion.measures.sides
    ranges = [range_of_motion_deg(cycles) for cycles in motion.cycles]
    rows = [
        NumberRow("Step length", tuple(_mean_sd_text(side.step_length_m, 100, "cm") for side in sides)),
        NumberRow("Stride time", tuple(_mean_sd_text(side.stride_time_s, 1, "s", 2) for side in sides)),
        NumberRow("Stance", tuple(_mean_sd_text(side.stance_fraction, 100, "%") for side in sides)),
    ]
    rows += [NumberRow(name, tuple(_degrees(r, joint) for r in ranges)) for name, joint in _RANGES]
    return NumberTable(("", "Left", "Right"), tuple(rows))


_RANGES = (("Hip range", "hip_flexion"), ("Knee range", "knee_angle"), ("Ankle range", "ankle_angle"))


def _degrees(ranges: dict[str, float], joint: str) -> str:
    value = next((value for name, value in ranges.items() if name.startswith(joint)), float("nan"))
    return f"{value:.0f}°" if np.isfinite(value) else "–"


def _mean_sd_text(value: Spread, factor: float, unit: str, digits: int = 0) -> str:
    if not np.isfinite(value.mean):
        return "–"
    words = f"{factor * value.mean:.{digits}f}"
    if np.isfinite(value.sd) and value.sd > 0:
        words += f" ± {factor * value.sd:.{digits}f}"
    return f"{words} {unit}"


def _cameras_of(motion: Motion, landmarks: Landmarks) -> str:
    """Which of several cameras the motion was measured from; empty where there is one only."""
    if len(landmarks.cameras) < 2 or not motion.cameras_used:
        return ""
    videos = landmarks.patient.videos
    used = cameras_words(tuple(videos[track] for track in motion.cameras_used))
    return f"{used} of {len(landmarks.cameras)}"


def _badges(motion: Motion, cameras: str) -> tuple[str, ...]:
    badges = ["Synthetic"] if motion.synthetic else []
    if cameras:
        badges.append(f"{cameras}, from the side" if motion.sagittal_only else cameras)
    elif motion.sagittal_only:
        badges.append("One camera, from the side")
    return tuple(badges)
