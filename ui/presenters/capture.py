"""Capture: from files or a camera to the landmarks of the patient."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from PySide6.QtGui import QImage

from core.capture.upright import TURNED, needed_turn_deg
from core.domain.calibration import Calibration
from core.domain.findings import Finding, Severity
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import HEADS_HIDDEN, Landmarks, Recording
from core.jobs.values import Done, JobState, JsonValue, Outcome, Picture, Sample
from core.session.calibrated import earlier_calibration
from core.session.flow import Step, StepStatus
from core.tasks.remove_original import originals_of
from ui.pages.capture import CapturePage, CaptureState, PersonChoice
from ui.presenters.base import StepPresenter
from ui.presenters.camera_calibration import calibration_page
from ui.presenters.camera_table import camera_table
from ui.presenters.live_camera import LiveCamera, camera_params, preview_image
from ui.recording_view import RecordingView, portrait, recording_view_of, view_without_people
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.wording import count, percent

_USE_CALIBRATION = ("calibration", "Calibration file…")
_CALIBRATE = ("calibrate", "Calibrate cameras")
_OTHER = (("import", "Import video"), ("camera", "Use camera"))
_TURN, _HIDE = ("turn", "Turn the video"), ("hide", "Hide heads")
_REMOVE = ("remove", "Remove original…")
_FINDING_ACTIONS = {TURNED: _TURN, HEADS_HIDDEN: _REMOVE}
_QUARTER_DEG = 90


class CapturePresenter(StepPresenter):
    step = Step.CAPTURE
    meanwhile = "You may go on with EMG meanwhile."

    def __init__(self, page: CapturePage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._camera: int | None = None  # None: the first one that saw the patient
        self._calibration: Path | None = None
        self._calibrating = False
        self._live: LiveCamera | None = None
        self._asks_removal = False
        self._cached_view = lru_cache(maxsize=4)(self._read_clip)
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        page.files_chosen.connect(lambda files: self.attempt(lambda: self._import(files)))
        page.finding_action.connect(
            lambda code: self.attempt(lambda: self._secondary(_FINDING_ACTIONS[code][0]))
        )
        page.removal_answered.connect(lambda yes: self.attempt(lambda: self._remove_original(yes)))
        page.calibration_chosen.connect(lambda file: self.attempt(lambda: self._calibrate(file)))
        page.board_films_chosen.connect(lambda films: self.attempt(lambda: self._calibrate_with(films)))
        page.calibration_file_chosen.connect(lambda file: self.attempt(lambda: self._check_file(file)))
        page.person_chosen.connect(lambda person: self.attempt(lambda: self._choose(person)))
        page.camera_shown.connect(self._show_camera)
        page.camera_on.connect(lambda camera: self.attempt(lambda: self._turn_on(camera)))
        page.camera_off.connect(self._turn_off)
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

    def show(self, status: StepStatus) -> None:
        if self.blocked(status, "Record or import a walk of the patient"):
            return
        if self._live is not None:
            self._page.render(self._live.page_state())
            return
        if self._calibrating:
            self._page.render(self._calibration_page())
            return
        recording, landmarks = self.newest(RecordKind.RECORDING), self.newest(RecordKind.LANDMARKS)
        if landmarks is not None and (recording is None or landmarks.created_utc >= recording.created_utc):
            self._page.render(self._result(landmarks))
        elif recording is not None:
            self._page.render(self._recorded(recording))
        elif self.running_job() is not None:
            self._page.render(CaptureState("Importing the video…", busy=True))
        else:
            self._page.render(
                CaptureState(
                    self._nothing_yet(),
                    empty=True,
                    main_action="Import video",
                    secondary=(("camera", "Use camera"), _USE_CALIBRATION, _CALIBRATE),
                )
            )

    # State of the page

    def _recorded(self, info: RecordInfo) -> CaptureState:
        recording = self.context.store.load(info.id, Recording)
        busy = self.running_job() is not None
        camera = self._camera or 0
        clip = view_without_people(self.context.store.folder(info.id), camera)
        return CaptureState(
            "Looking for the person…" if busy else "The video is here. Find the person next.",
            clip=clip,
            facts=video_facts(recording, "" if self._calibration is None else self._calibration.name),
            cameras=len(recording.videos),
            camera=camera,
            findings=recording.findings,
            main_action="" if busy else "Find the person",
            secondary=() if busy else self._actions(len(recording.videos), (*_OTHER, _TURN)),
            busy=busy,
        )

    def _result(self, info: RecordInfo) -> CaptureState:
        landmarks, clip, people, facts, findings = self._cached_view(info.id, self._camera)
        headline, tone = capture_verdict(landmarks)
        stopped = any(finding.severity is Severity.STOP for finding in findings)
        turned = any(finding.advice.code == TURNED for finding in findings)
        busy = self.running_job() is not None
        action = _TURN[1] if turned else "Import another video" if stopped else "Go on with Motion"
        privacy = self._privacy_action(info.id)
        others = _OTHER if turned or not stopped else _OTHER[1:]
        others = others if privacy is None else (*others, privacy)
        cameras = (
            max(len(landmarks.cameras), 1) if landmarks.patient.videos else len(landmarks.patient.tracks)
        )
        return CaptureState(
            headline,
            tone,
            clip=clip,
            people=people,
            facts=facts,
            cameras=cameras,
            camera=0 if clip is None else clip.camera,
            camera_table=camera_table(landmarks),
            findings=findings,
            finding_actions=tuple(
                (code, words)
                for code, (key, words) in _FINDING_ACTIONS.items()
                if not busy and (key != _REMOVE[0] or privacy == _REMOVE)
            ),
            asks_removal=self._asks_removal and privacy == _REMOVE and not busy,
            main_action="" if busy else action,
            secondary=() if busy else self._actions(cameras, others),
            badges=("Synthetic",) if landmarks.synthetic else (),
        )

    def _read_clip(
        self, landmarks_id: str, camera: int | None
    ) -> tuple[Landmarks, RecordingView | None, tuple[PersonChoice, ...], str, tuple[Finding, ...]]:
        """Everything the page shows of one landmarks record; read once."""
        store = self.context.store
        landmarks = store.load(landmarks_id, Landmarks)
        folders, facts, findings = [store.folder(landmarks_id)], "", landmarks.findings
        for input_id, _digest in store.info(landmarks_id).provenance.inputs:
            folders.append(store.folder(input_id))
            if store.info(input_id).kind is RecordKind.RECORDING:
                recording = store.load(input_id, Recording)
                settings = json.loads(store.info(landmarks_id).provenance.settings)
                facts = video_facts(recording, str(settings.get("calibration", "")))
                findings = (*findings, *(f for f in recording.findings if f not in findings))
        clip = recording_view_of(landmarks, tuple(folders), camera)
        return landmarks, clip, _choices(landmarks, clip), facts, findings

    # Actions of the person

    def main(self) -> None:
        if self._calibrating:
            self._page.choose_board_films()
            return
        status = self.context.status(self.step)
        if status.record_id is not None and not self._newer_recording(status.record_id):
            landmarks = self._cached_view(status.record_id, self._camera)
            if any(finding.advice.code == TURNED for finding in landmarks[4]):
                self._turn()
            elif any(finding.severity is Severity.STOP for finding in landmarks[4]):
                self._page.choose_files()
            else:
                self.context.go_to.emit(Step.MOTION)
        else:
            self.start()

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
            case "camera":
                self._live = LiveCamera()
                self.refresh()
            case "calibration":
                self._page.choose_calibration()
            case "calibrate":
                self._calibrating = True
                self.refresh()
            case "calibration file":
                self._page.check_calibration()
            case "not moved":
                self._cameras_stayed()
            case "close":
                self._calibrating = False
                self._turn_off()
            case "turn":
                self._turn()
            case "hide":
                self._change(hide_face=True)
            case "remove":
                self._asks_removal = not self._asks_removal
                self.refresh()

    def _import(self, files: tuple[Path, ...]) -> None:
        if self.context.visit_id is None or self.context.status(self.step).blocker is not None:
            self.refresh()
            return
        self._live = None
        self._calibrating = False
        several = self._told(len(files)) if len(files) > 1 else {}
        names: list[JsonValue] = [str(path) for path in files]
        hide = self._page.hide_heads
        self.submit("import_video", visit_id=self.context.visit_id, files=names, hide_face=hide, **several)

    # Changes of an earlier recording: a new recording, made from it

    def _recording_id(self) -> str | None:
        """The recording on screen."""
        recording, landmarks = self.newest(RecordKind.RECORDING), self.newest(RecordKind.LANDMARKS)
        if landmarks is None or (recording is not None and recording.created_utc > landmarks.created_utc):
            return None if recording is None else recording.id
        return self._recording_of(landmarks.id)

    def _recording_of(self, landmarks_id: str) -> str | None:
        """The recording that landmarks come from, through choices of the person."""
        earlier = self.input_of(landmarks_id, RecordKind.LANDMARKS)
        found = self.input_of(landmarks_id, RecordKind.RECORDING)
        return found if found is not None or earlier is None else self._recording_of(earlier)

    def _privacy_action(self, landmarks_id: str) -> tuple[str, str] | None:
        """Hide the heads, or remove the original once they are hidden; None when nothing is left to do."""
        recording_id = self._recording_of(landmarks_id)
        if recording_id is None:
            return None
        store = self.context.store
        recording = store.load(recording_id, Recording)
        if recording.heads_hidden:
            return _REMOVE if originals_of(store, recording_id) else None
        folder = store.folder(recording_id)
        kept = bool(recording.videos) and all((folder / video.name).is_file() for video in recording.videos)
        return _HIDE if kept else None

    def _change(self, **how: JsonValue) -> None:
        recording_id = self._recording_id()
        if recording_id is not None and self.context.visit_id is not None:
            self._asks_removal = False
            visit_id = self.context.visit_id
            self.submit("import_video", visit_id=visit_id, recording_id=recording_id, **how)

    def _turn(self) -> None:
        """As the people stand in it; a quarter clockwise where nobody was found."""
        recording_id = self._recording_id()
        if recording_id is None:
            return
        videos = len(self.context.store.load(recording_id, Recording).videos)
        landmarks = self.newest(RecordKind.LANDMARKS)
        turns: list[JsonValue] = [_QUARTER_DEG] * videos
        if landmarks is not None and self._recording_of(landmarks.id) == recording_id:
            tracks = self.context.store.load(landmarks.id, Landmarks).patient.tracks
            needed = [needed_turn_deg(track) for track in tracks]
            turns = list(needed) if len(needed) == videos else [max(needed)] * videos
        self._change(turn_deg=turns)

    def _remove_original(self, yes: bool) -> None:
        recording_id = self._recording_id()
        self._asks_removal = False
        if yes and recording_id is not None:
            self.submit("remove_original", recording_id=recording_id)
        else:
            self.refresh()

    def _calibrate(self, file: Path) -> None:
        """Use a calibration: at once where several videos are here, else with those imported next."""
        self._calibration = file
        recording = self.newest(RecordKind.RECORDING)
        if recording is not None and len(self.context.store.load(recording.id, Recording).videos) > 1:
            self._detect(recording.id)
        else:
            self.context.show_message(f"{file.name} is used with the videos imported next.", Tone.NEUTRAL)
            self.refresh()

    def _detect(self, recording_id: str) -> None:
        videos = len(self.context.store.load(recording_id, Recording).videos)
        told = self._told(videos) or self._told_before(recording_id) if videos > 1 else {}
        self.submit("detect_pose", recording_id=recording_id, person=None, **told)

    def _told(self, videos: int) -> dict[str, JsonValue]:
        """The file that was chosen, else the newest calibration of this visit if it is of as many cameras."""
        if self._calibration is not None:
            return {"calibration": str(self._calibration)}
        info = self.newest(RecordKind.CALIBRATION)
        if info is None or len(self.context.store.load(info.id, Calibration).cameras) != videos:
            return {}
        return {"calibration": info.id}

    # Calibrating cameras

    def _calibration_page(self) -> CaptureState:
        store, visit_id = self.context.store, self.context.visit_id
        info = self.newest(RecordKind.CALIBRATION)
        calibration = None if info is None else store.load(info.id, Calibration)
        earlier = None if visit_id is None else earlier_calibration(store, visit_id)
        return calibration_page(calibration, earlier, busy=self.running_job() is not None)

    def _calibrate_with(self, films: tuple[Path, ...]) -> None:
        names: list[JsonValue] = [str(path) for path in films]
        self._submit_calibration(videos=names, **self._page.calibration.entry())

    def _check_file(self, file: Path) -> None:
        self._submit_calibration(file=str(file))

    def _cameras_stayed(self) -> None:
        """The person at the screen says so; the record keeps who."""
        if self.context.visit_id is None:
            return
        earlier = earlier_calibration(self.context.store, self.context.visit_id)
        if earlier is not None:
            self._submit_calibration(earlier=earlier.id, by=self.context.operator)

    def _submit_calibration(self, **params: JsonValue) -> None:
        if self.context.visit_id is not None:
            self._calibration = None  # what is calibrated now counts, not a file chosen before
            self.submit("calibrate_cameras", visit_id=self.context.visit_id, **params)

    def _told_before(self, recording_id: str) -> dict[str, JsonValue]:
        """The calibration that this recording was looked through with the last time."""
        landmarks = self.newest(RecordKind.LANDMARKS)
        if landmarks is None or self.input_of(landmarks.id, RecordKind.RECORDING) != recording_id:
            return {}
        earlier = self.input_of(landmarks.id, RecordKind.CALIBRATION)
        return {} if earlier is None else {"calibration": earlier}

    def _actions(self, cameras: int, actions: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """A calibration is of use to several cameras only; the camera of this PC to one only."""
        if cameras < 2:
            return actions
        return (*(action for action in actions if action[0] != "camera"), _USE_CALIBRATION, _CALIBRATE)

    def _nothing_yet(self) -> str:
        if self._calibration is None:
            return "No walk recorded yet."
        return f"No walk recorded yet. Calibration: {self._calibration.name}."

    def _choose(self, person: int) -> None:
        landmarks = self.newest(RecordKind.LANDMARKS)
        if landmarks is not None:
            self.submit("choose_person", landmarks_id=landmarks.id, person=person)

    def _show_camera(self, camera: int) -> None:
        self._camera = camera
        self.refresh()

    def _forget(self) -> None:
        self._camera, self._calibration, self._calibrating = None, None, False
        self._asks_removal = False
        self._cached_view.cache_clear()

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

    def _turn_on(self, camera: int) -> None:
        if self.context.visit_id is not None and self._live is not None:
            params = camera_params(camera)
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
            self._live = self._live.with_sample(sample)
            self._page.panel.show_state(self._live.panel_state())


def video_facts(recording: Recording, calibration: str = "") -> str:
    """One quiet line: names, size, frame rate, length and calibration."""
    if not recording.videos:
        return "No video: made by the simulator."
    video = recording.videos[0]
    names = video.name if len(recording.videos) == 1 else count(len(recording.videos), "video")
    size = f"{video.width_px} × {video.height_px}"
    told = f" · calibration: {calibration}" if calibration else ""
    return f"{names} · {size} · {video.fps_hz:.0f} frames/s · {video.duration_s:.1f} s{told}"


def capture_verdict(landmarks: Landmarks) -> tuple[str, Tone]:
    """The headline: who was found, and how well."""
    seen = landmarks.patient.seen_fraction
    if any(finding.severity is Severity.STOP for finding in landmarks.findings):
        return "This recording cannot be used as it is.", Tone.STOP
    if len(landmarks.people) > 1 and landmarks.chosen_by != "clinician":
        return f"{len(landmarks.people)} people are visible. Is this the patient?", Tone.WARN
    words = f"Patient seen in {percent(seen)} of frames.".replace(" %", "\u00a0%")  # never at a line's end
    return words, Tone.OK if seen > 0.8 else Tone.WARN


def _choices(landmarks: Landmarks, clip: RecordingView | None) -> tuple[PersonChoice, ...]:
    if len(landmarks.people) < 2:
        return ()
    return tuple(
        PersonChoice(
            None if clip is None else portrait(clip, number),
            person.label,
            f"Seen in {percent(person.seen_fraction)} of frames",
            number == landmarks.chosen,
        )
        for number, person in enumerate(landmarks.people)
    )
