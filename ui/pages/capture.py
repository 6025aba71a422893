"""Capture: import videos or record them, see the person found, choose the patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QWidget

from core.domain.findings import Finding
from ui.file_dialogs import ask_file, ask_files
from ui.pages.calibration_panel import CalibrationPanel, CalibrationState
from ui.pages.frame import Page
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.recording_view import RecordingView
from ui.theme import Tone
from ui.widgets.basics import Button, Deck, clear, label, row
from ui.widgets.camera_panel import CameraPanel, CameraState
from ui.widgets.film_options import FilmOptions
from ui.widgets.filming_advice import FilmingAdvice
from ui.widgets.laboratory_files import LaboratoryFiles, TrialFiles
from ui.widgets.video_player import PersonCard, VideoPlayer

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
VIDEO_ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".m4v", ".webm")
_ROW_PX = 26


@dataclass(frozen=True, slots=True, eq=False)
class PersonChoice:
    picture: QImage | None
    words: str
    detail: str
    chosen: bool


@dataclass(frozen=True, slots=True, eq=False)
class CaptureState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    clip: RecordingView | None = None
    people: tuple[PersonChoice, ...] = ()  # empty unless there is a choice
    facts: str = ""  # "walk.mp4 · 1660 × 544 · 30 frames/s · 4.6 s"
    cameras: int = 1
    camera: int = 0
    camera_table: NumberTable | None = None  # what became of each of several cameras
    live: CameraState | None = None  # None while the recording is shown
    calibration: CalibrationState | None = None  # while cameras are calibrated
    findings: tuple[Finding, ...] = ()
    finding_actions: tuple[tuple[str, str], ...] = ()  # (code, words of its button)
    laboratory: TrialFiles | None = None  # chosen and not imported yet
    asks_removal: bool = False  # whether the original shall really be removed
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()
    empty: bool = False
    busy: bool = False  # a job works on the first recording; there is nothing to see yet
    reads_trial: bool = False  # and that is a laboratory trial


class CapturePage(Page):
    title = "Capture"
    help_text = (
        "Import a video of the patient walking past the camera, or record one here. Best: the whole body in "
        "view, from the side, camera at hip height about 4 m away, at least three steps of each leg, 30 "
        "frames per second or more. When several people are visible, ExoTwin proposes the one who walks; you "
        "decide. Several cameras that filmed the same walk: choose all their videos at once, named like the "
        "cameras, and their calibration file; they need not start at the same moment. Heads can be hidden on "
        "the way in, or afterwards; look through the video before you pass it on. A trial of a motion "
        "laboratory, with markers in a .c3d or .trc file, stands in for the video."
    )

    files_chosen = Signal(object)  # tuple[Path, ...]
    calibration_chosen = Signal(object)  # Path
    board_films_chosen = Signal(object)  # tuple[Path, ...]
    calibration_file_chosen = Signal(object)  # Path: to be checked and kept
    person_chosen = Signal(int)
    camera_shown = Signal(int)
    camera_on = Signal(int)
    camera_off = Signal()
    record_start = Signal()
    record_stop = Signal()
    removal_answered = Signal(bool)
    trial_chosen = Signal(object)  # Path of a laboratory's walk

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.player, self.panel = VideoPlayer(), CameraPanel()
        self.options, self.calibration = FilmOptions(), CalibrationPanel()
        self._empty.set_picture(FilmingAdvice())
        self._views = Deck(self.player, self.panel, self.calibration)
        self._facts = label("", "small")
        self._camera_buttons = row(gap=4)
        self._people = row(gap=12)
        self._people_box = QWidget()
        self._people_box.setLayout(self._people)
        self._camera_table = NumberTableWidget()
        self._camera_table.setAccessibleName("Cameras")
        self._camera_table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self._camera_table.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self._camera_table.horizontalHeader().setFixedHeight(_ROW_PX)
        self._camera_table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        below = row(self._facts, None)
        below.addLayout(self._camera_buttons)
        self.laboratory = LaboratoryFiles()
        self.add_above_body(self.options)
        self.add_above_body(self.laboratory)
        self.body.addWidget(self._people_box)
        self.body.addWidget(self._views, 1)
        self.body.addLayout(below)
        self.body.addWidget(self._camera_table)
        self._shown_people: tuple[PersonChoice, ...] = ()
        self.options.removal_answered.connect(self.removal_answered)
        self.panel.turn_on.connect(self.camera_on)
        self.panel.turn_off.connect(self.camera_off)
        self.panel.start.connect(self.record_start)
        self.panel.stop.connect(self.record_stop)
        self.play_pause.connect(self.player.toggle)
        self.step_frames.connect(self.player.step)

    def render(self, state: CaptureState) -> None:  # type: ignore[override]
        self.set_headline(state.headline, state.tone)
        self.set_badges(*state.badges)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.set_secondary_actions(*state.secondary)
        self.show_findings(state.findings, dict(state.finding_actions))
        self.options.ask_removal(state.asks_removal)
        self.options.setVisible(state.calibration is None)  # films of a board are looked at, not kept
        self.laboratory.ask(state.laboratory)
        if self._nothing_to_see(state):
            return
        self.show_body()
        self._views.show_widget(self._view_of(state))
        if state.calibration is not None:
            self.calibration.show_state(state.calibration)
        self.player.show_clip(state.clip if state.live is None else None)
        if state.live is not None:
            self.panel.show_state(state.live)
        self._facts.setText(state.facts)
        self._show_cameras(state)
        self._show_camera_table(state.camera_table)
        self._show_people(state.people)

    def _nothing_to_see(self, state: CaptureState) -> bool:
        """Says instead what to begin with, or what is being done."""
        self._empty.show_picture(state.empty)
        if state.empty:
            self.show_empty(
                "capture",
                "Start with a walk",
                "Import a video of the patient walking past the camera: drop the file here, or choose it. "
                "Or record one now with a camera on this PC. Of several cameras, choose all videos at once. "
                "Markers of a motion laboratory stand in for a video: “Laboratory file…”.",
                state.main_action,
            )
        elif state.reads_trial:
            self.show_empty(
                "capture", "The trial is being read", "Markers, force plates and events are checked."
            )
        elif state.busy and state.clip is None:
            self.show_empty(
                "capture",
                "The video is being looked through",
                "It is checked, then the person is found in every frame. This takes about as long as the "
                "video, on a slow PC several times longer.",
            )
        else:
            return False
        return True

    @property
    def hide_heads(self) -> bool:
        """Whether heads shall be hidden in what is imported or recorded next."""
        return self.options.hide_heads.isChecked()

    def _view_of(self, state: CaptureState) -> QWidget:
        if state.calibration is not None:
            return self.calibration
        return self.player if state.live is None else self.panel

    def choose_board_films(self) -> None:
        """Ask for one film, or one picture, of the board per camera."""
        pattern = " ".join(f"*{ending}" for ending in (*VIDEO_ENDINGS, *PICTURE_ENDINGS))
        title, kinds = "The board as each camera filmed it", f"Films and pictures ({pattern});;All files (*)"
        if paths := ask_files(self, title, kinds):
            self.board_films_chosen.emit(paths)

    def check_calibration(self) -> None:
        """Ask for another program's calibration, to look at it and keep it with the visit."""
        path = self._calibration_file()
        if path is not None:
            self.calibration_file_chosen.emit(path)

    def choose_files(self) -> None:
        """Ask for files with the system's own chooser."""
        pattern = " ".join(f"*{ending}" for ending in VIDEO_ENDINGS)
        if paths := ask_files(self, "Videos of one walk", f"Videos ({pattern});;All files (*)"):
            self.files_chosen.emit(paths)

    def choose_trial(self) -> None:
        """Ask for a laboratory's walk."""
        walk = self.laboratory.choose_walk()
        if walk is not None:
            self.trial_chosen.emit(walk)

    def choose_calibration(self) -> None:
        """Ask for the file that tells where the cameras stand."""
        path = self._calibration_file()
        if path is not None:
            self.calibration_chosen.emit(path)

    def _calibration_file(self) -> Path | None:
        kinds = "Calibrations (*.toml *.txt *.xml);;All files (*)"
        return ask_file(self, "Calibration of the cameras", kinds)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = tuple(sorted(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()))
        if paths:
            event.acceptProposedAction()
            self.files_chosen.emit(paths)

    def _show_cameras(self, state: CaptureState) -> None:
        clear(self._camera_buttons)
        for number in range(state.cameras if state.cameras > 1 and state.live is None else 0):
            button = Button(f"Camera {number + 1}", "quiet")
            button.setCheckable(True)
            button.setChecked(number == state.camera)
            button.clicked.connect(lambda _=False, number=number: self.camera_shown.emit(number))
            self._camera_buttons.addWidget(button)

    def _show_camera_table(self, table: NumberTable | None) -> None:
        self._camera_table.setVisible(table is not None)
        if table is not None:
            self._camera_table.show_numbers(table)
            self._camera_table.setFixedHeight(_ROW_PX * (len(table.rows) + 1) + 4)  # all rows, no scrolling

    def _show_people(self, people: tuple[PersonChoice, ...]) -> None:
        self._people_box.setVisible(bool(people))
        if people is self._shown_people:
            return
        self._shown_people = people
        clear(self._people)
        for number, person in enumerate(people):
            card = PersonCard(person.picture, person.words, person.detail, chosen=person.chosen)
            card.clicked.connect(lambda _=False, number=number: self.person_chosen.emit(number))
            self._people.addWidget(card)
        self._people.addStretch(1)
