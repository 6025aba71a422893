"""Capture: from files or a camera to the landmarks of the patient."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

from PySide6.QtGui import QImage

from core.capture.upright import TURNED
from core.domain.people import Action
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import HEADS_HIDDEN, Recording
from core.jobs.values import Done, JobState, JsonValue, Outcome, Picture, Sample
from core.session.flow import Step, StepStatus
from ui.fetching import Wanted
from ui.pages.capture import CapturePage, CaptureState
from ui.presenters.base import StepPresenter
from ui.presenters.camera_finder import CameraFinder
from ui.presenters.camera_table import camera_table
from ui.presenters.capture_result import capture_verdict, read_result, video_facts
from ui.presenters.chosen_calibration import ChosenCalibration
from ui.presenters.films import films_of_landmarks, folders_of
from ui.presenters.laboratory_trial import OTHER_TRIAL, ChosenTrial, is_trial
from ui.presenters.live_camera import LiveCamera, preview_image
from ui.presenters.recording_changes import REMOVE, TURN, RecordingChanges
from ui.recording_view import view_without_people
from ui.session_context import SessionContext
from ui.theme import Tone

_USE_CALIBRATION = ("calibration", "Calibration file…")
_CALIBRATE = ("calibrate", "Calibrate cameras")
_OTHER = (("import", "Import video"), ("camera", "Use camera"), OTHER_TRIAL)
_FINDING_ACTIONS = {TURNED: TURN, HEADS_HIDDEN: REMOVE}


class CapturePresenter(StepPresenter):
    step = Step.CAPTURE
    right_for_main = Action.CAPTURE
    meanwhile = "You may go on with EMG meanwhile."

    def __init__(self, page: CapturePage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._camera: int | None = None  # None: the first one that saw the patient
        self._calibration, self._changes = ChosenCalibration(self), RecordingChanges(self)
        self._trial = ChosenTrial(self)
        self._live: LiveCamera | None = None
        self._finder = CameraFinder(context, self)
        self._finder.changed.connect(self._cameras_known)
        self._read = lru_cache(maxsize=4)(partial(read_result, context.store))
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.files_chosen.connect(lambda files: self.attempt(lambda: self._import(files)))
        page.finding_action.connect(
            lambda code: self.attempt(lambda: self._secondary(_FINDING_ACTIONS[code][0]))
        )
        page.removal_answered.connect(lambda yes: self.attempt(lambda: self._changes.answer_removal(yes)))
        page.calibration_chosen.connect(lambda file: self.attempt(lambda: self._use_calibration(file)))
        page.board_films_chosen.connect(
            lambda films: self.attempt(lambda: self._calibration.from_films(films, page.calibration.entry()))
        )
        page.calibration_file_chosen.connect(
            lambda file: self.attempt(lambda: self._calibration.from_file(file))
        )
        page.trial_chosen.connect(lambda walk: self.attempt(lambda: self._use_trial((walk,))))
        laboratory = page.laboratory
        laboratory.standing_chosen.connect(lambda file: self.attempt(lambda: self._add_file(standing=file)))
        laboratory.plates_chosen.connect(lambda file: self.attempt(lambda: self._add_file(plates=file)))
        laboratory.wanted.connect(lambda yes: self.attempt(lambda: self._answer_trial(wanted=yes)))
        page.person_chosen.connect(lambda person: self.attempt(lambda: self._choose(person)))
        page.camera_shown.connect(self._show_camera)
        page.camera_on.connect(lambda camera: self.attempt(lambda: self._turn_on(camera)))
        page.camera_off.connect(self._turn_off)
        page.panel.look_again.connect(lambda: self.attempt(self._finder.look))
        page.record_start.connect(lambda: self._send_to_camera("start"))
        page.record_stop.connect(lambda: self._send_to_camera("stop"))
        context.jobs.pictured.connect(self._pictured)
        context.jobs.sampled.connect(self._sampled)
        context.visit_changed.connect(self._forget)

    def start(self) -> None:
        recording = self.newest(RecordKind.RECORDING)
        if recording is None:
            self._page.choose_files()
        else:
            self._detect(recording.id)

    def leave(self) -> None:
        self._page.player.pause()
        if self._live is not None and not self._live.recording:
            self._turn_off()

    def running_job(self) -> JobState | None:
        """The camera stream has its own panel."""
        state = super().running_job()
        return None if state is not None and state.spec.kind == "record_camera" else state

    def wanted(self, status: StepStatus) -> Wanted:
        if self._live is not None or self._calibration.shown or self._newest_trial() is not None:
            return Wanted()
        shown = self._newest_film()
        if shown is None or shown.kind is RecordKind.RECORDING:
            return Wanted() if shown is None else Wanted((shown.id,))
        return Wanted(films_of_landmarks(self.context.store, shown.id))

    def show(self, status: StepStatus) -> None:
        if self.blocked(status, "Record or import a walk of the patient"):
            return
        if self._live is not None:
            self._page.render(self._live.page_state(self._finder.choices))
            return
        if self._calibration.shown:
            self._page.render(self._calibration.page_state())
            return
        trial, shown = self._newest_trial(), self._newest_film()
        if trial is not None:
            self._page.render(self._trial.page_state(trial))
        elif shown is not None and shown.kind is RecordKind.LANDMARKS:
            self._page.render(self._result(shown))
        elif shown is not None:
            self._page.render(self._recorded(shown))
        elif (running := self.running_job()) is not None:
            reads = running.spec.kind == "import_trial"
            self._page.render(CaptureState("Importing…", busy=True, reads_trial=reads))
        else:
            self._page.render(
                CaptureState(
                    self._nothing_yet(),
                    empty=True,
                    main_action="Import video",
                    secondary=(("camera", "Use camera"), OTHER_TRIAL, _USE_CALIBRATION, _CALIBRATE),
                    laboratory=self._trial.files,
                )
            )

    def _newest_film(self) -> RecordInfo | None:
        """The newest recording, or the landmarks that were found in it."""
        recording, landmarks = self.newest(RecordKind.RECORDING), self.newest(RecordKind.LANDMARKS)
        if landmarks is not None and (recording is None or landmarks.created_utc >= recording.created_utc):
            return landmarks
        return recording

    # State of the page

    def _recorded(self, info: RecordInfo) -> CaptureState:
        recording = self.context.store.load(info.id, Recording)
        busy = self.running_job() is not None
        camera, file = self._camera or 0, self._calibration.file
        (folder,) = folders_of(self.context.store, (info.id,))
        clip = view_without_people(folder, camera)
        return CaptureState(
            "Looking for the person…" if busy else "The video is here. Find the person next.",
            clip=clip,
            facts=video_facts(recording, "" if file is None else file.name),
            cameras=len(recording.videos),
            camera=camera,
            findings=recording.findings,
            main_action="" if busy else "Find the person",
            secondary=() if busy else self._actions(len(recording.videos), (*_OTHER, TURN)),
            laboratory=self._trial.files,
            busy=busy,
        )

    def _result(self, info: RecordInfo) -> CaptureState:
        found = self._read(info.id, self._camera)
        headline, tone = capture_verdict(found.landmarks)
        busy = self.running_job() is not None
        action = TURN[1] if found.turned else "Import another video" if found.stopped else "Go on with Motion"
        privacy = self._changes.privacy_action(info.id)
        others = _OTHER if found.turned or not found.stopped else _OTHER[1:]
        others = others if privacy is None else (*others, privacy)
        return CaptureState(
            headline,
            tone,
            clip=found.clip,
            people=found.people,
            facts=found.facts,
            cameras=found.cameras,
            camera=0 if found.clip is None else found.clip.camera,
            camera_table=camera_table(found.landmarks),
            findings=found.findings,
            finding_actions=tuple(
                (code, words)
                for code, (key, words) in _FINDING_ACTIONS.items()
                if not busy and (key != REMOVE[0] or privacy == REMOVE)
            ),
            laboratory=self._trial.files,
            asks_removal=self._changes.asks_removal and privacy == REMOVE and not busy,
            main_action="" if busy else action,
            secondary=() if busy else self._actions(found.cameras, others),
            badges=("Synthetic",) if found.landmarks.synthetic else (),
        )

    # Actions of the person

    def main(self) -> None:
        if self._calibration.shown:
            self._page.choose_board_films()
            return
        status, trial = self.context.status(self.step), self._newest_trial()
        if trial is not None:
            if self._trial.stopped(trial.id):
                self._page.choose_trial()
            else:
                self.context.go_to.emit(Step.MOTION)
        elif status.record_id is not None and not self._newer_recording(status.record_id):
            found = self._read(status.record_id, self._camera)
            if found.turned:
                self._changes.turn()
            elif found.stopped:
                self._page.choose_files()
            else:
                self.context.go_to.emit(Step.MOTION)
        else:
            self.start()

    def _newest_trial(self) -> RecordInfo | None:
        """A laboratory trial that came after all films; None where a film counts."""
        trial, recording = self.newest(RecordKind.LABORATORY_TRIAL), self.newest(RecordKind.RECORDING)
        captured = self.context.status(self.step).record_id
        if trial is None or trial.id != captured:
            return None
        return trial if recording is None or trial.created_utc >= recording.created_utc else None

    def _newer_recording(self, landmarks_id: str) -> bool:
        recording = self.newest(RecordKind.RECORDING)
        return (
            recording is not None
            and recording.created_utc > self.context.store.info(landmarks_id).created_utc
        )

    def _secondary(self, key: str) -> None:
        match key:
            case "import":
                self._page.choose_files()
            case "trial":
                self._page.choose_trial()
            case "camera":
                self._live = LiveCamera()
                self._finder.look()
            case "calibration":
                self._page.choose_calibration()
            case "calibrate":
                self._calibration.shown = True
                self.refresh()
            case "calibration file":
                self._page.check_calibration()
            case "not moved":
                self._calibration.as_before()
            case "close":
                self._calibration.shown = False
                self._turn_off()
            case "turn":
                self._changes.turn()
            case "hide":
                self._changes.hide_heads()
            case "remove":
                self._changes.ask_removal()

    def _use_trial(self, files: tuple[Path, ...]) -> None:
        if self.context.visit_id is not None and self.context.status(self.step).blocker is None:
            self._live = None
            self._calibration.shown = False
            self._trial.choose(files[0])
        self.refresh()

    def _add_file(self, **chosen: Path) -> None:
        self._trial.add(**chosen)
        self.refresh()

    def _answer_trial(self, *, wanted: bool) -> None:
        if wanted:
            self._trial.take(self._page.options.worn)
        else:
            self._trial.forget()
            self.refresh()

    def _import(self, files: tuple[Path, ...]) -> None:
        if self.context.visit_id is None or self.context.status(self.step).blocker is not None:
            self.refresh()
            return
        if is_trial(files):
            self._use_trial(files)
            return
        self._live = None
        self._calibration.shown = False
        told = self._calibration.for_import(len(files))
        names: list[JsonValue] = [str(path) for path in files]
        hide = self._page.hide_heads
        told |= {"condition": self._page.options.worn.value}
        self.submit("import_video", visit_id=self.context.visit_id, files=names, hide_face=hide, **told)

    def _use_calibration(self, file: Path) -> None:
        """Use a calibration: at once where several videos are here, else with those imported next."""
        self._calibration.file = file
        recording = self.newest(RecordKind.RECORDING)
        if recording is not None and len(self.context.store.load(recording.id, Recording).videos) > 1:
            self._detect(recording.id)
        else:
            self.context.show_message(f"{file.name} is used with the videos imported next.", Tone.NEUTRAL)
            self.refresh()

    def _detect(self, recording_id: str) -> None:
        videos = len(self.context.store.load(recording_id, Recording).videos)
        told = self._calibration.for_search(recording_id, videos)
        self.submit("detect_pose", recording_id=recording_id, person=None, **told)

    def _actions(self, cameras: int, actions: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """A calibration is of use to several cameras only; the camera of this PC to one only."""
        if cameras < 2:
            return actions
        return (*(action for action in actions if action[0] != "camera"), _USE_CALIBRATION, _CALIBRATE)

    def _nothing_yet(self) -> str:
        file = self._calibration.file
        return "No walk recorded yet." + ("" if file is None else f" Calibration: {file.name}.")

    def _choose(self, person: int) -> None:
        landmarks = self.newest(RecordKind.LANDMARKS)
        if landmarks is not None:
            self.submit("choose_person", landmarks_id=landmarks.id, person=person)

    def _show_camera(self, camera: int) -> None:
        self._camera = camera
        self.refresh()

    def _forget(self) -> None:
        self._camera = None
        self._page.options.forget_worn()
        self._calibration.forget()
        self._changes.forget()
        self._trial.forget()
        self._read.cache_clear()

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        """A new recording is looked through at once; a stream that ended gives the page back."""
        if state.spec.kind == "record_camera":
            self._live = None
            if self._page.hide_heads and isinstance(outcome, Done) and outcome.record_id:
                self.submit(
                    "import_video",
                    visit_id=state.spec.visit_id,
                    recording_id=outcome.record_id,
                    hide_face=True,
                    remove_original=True,
                )
                return
        recorded = state.spec.kind in ("import_video", "record_camera")
        if recorded and isinstance(outcome, Done) and outcome.record_id:
            self._detect(outcome.record_id)
        else:
            self.refresh()

    # The live camera

    def _cameras_known(self) -> None:
        if self._live is not None:
            self.refresh()

    def _turn_on(self, camera: int) -> None:
        choices = self._finder.choices
        if self.context.visit_id is not None and self._live is not None and choices:
            params = {**choices[camera].params, "condition": self._page.options.worn.value}
            job_id = self.context.submit("record_camera", visit_id=self.context.visit_id, **params)
            self._live = LiveCamera(job_id)
            self.refresh()

    def _turn_off(self) -> None:
        if self._live is not None and self._live.job_id:
            self.context.jobs.cancel(self._live.job_id)
        self._live = None
        self.refresh()

    def _send_to_camera(self, text: str) -> None:
        if self._live is not None and self._live.job_id:
            self.context.jobs.send(self._live.job_id, text)
            self._live = self._live.with_command(text)
            self.refresh()

    def _pictured(self, job_id: str, picture: Picture) -> None:
        if self._live is not None and job_id == self._live.job_id:
            image: QImage | None = preview_image(picture)
            if image is not None:
                self._page.panel.show_preview(image)

    def _sampled(self, job_id: str, sample: Sample) -> None:
        if self._live is not None and job_id == self._live.job_id:
            first = not self._live.sees
            self._live = self._live.with_sample(sample)
            if first:
                self.refresh()  # only now it is true that the camera is on
            else:
                self._page.panel.show_state(self._live.panel_state(self._finder.choices))
