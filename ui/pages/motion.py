"""Motion: the recording beside its joint angles; accept or correct."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from core.domain.body import Side
from core.domain.findings import Finding
from ui.pages.forces import ForcesPanel
from ui.pages.frame import Page
from ui.pages.gait_events import EventsPanel
from ui.pages.moments import MomentsPanel
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.plots.curves import JointPanel
from ui.plots.joint_grid import JointGrid
from ui.plots.time_courses import AngleCourse, TimeCourses
from ui.recording_view import RecordingView
from ui.sides_pictures import SidesPictures
from ui.theme import Tone
from ui.widgets.basics import Box, Deck, clear, column, label, row
from ui.widgets.sides_question import SidesQuestion
from ui.widgets.slow_motion_question import SlowMotionQuestion
from ui.widgets.stops_override import StopsOverride
from ui.widgets.treadmill_speed import TreadmillSpeed
from ui.widgets.video_player import VideoPlayer

_ROW_PX, _HEADING_PX = 22, 26


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the whole walk."""

    name: str
    value: str
    tip: str = ""
    normal: str = ""  # the number of normal people, in the unit of the value


@dataclass(frozen=True, slots=True, eq=False)
class MotionState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    clip: RecordingView | None = None
    panels: tuple[JointPanel, ...] = ()
    courses: tuple[AngleCourse, ...] = ()  # angles over time, instead of panels, of movements without strides
    courses_words: str = ""  # what their bands are
    tiles: tuple[Tile, ...] = ()
    table: NumberTable | None = None
    findings: tuple[Finding, ...] = ()
    finding_actions: tuple[tuple[str, str], ...] = ()  # (code, words of its button)
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()
    empty: bool = False
    slow_motion: float | None = None  # ask how fast the film was recorded, with the factor that holds now
    question: str = ""  # why a person has to say which leg is the left one; empty: nothing is asked
    pictures: SidesPictures | None = None  # to the question
    belt_m_s: float | None = None  # ask for a treadmill's speed, with the one that holds now
    belt_words: str = ""  # where it comes from
    override: str = ""  # what going on in spite of findings that stop means; empty: not offered


class MotionPage(Page):
    title = "Motion"
    help_text = (
        "The landmarks become a moving skeleton with this person's limb lengths; its joint angles are drawn "
        "over normal walking (grey), of people as near in age and speed as there are: the key says whose. "
        "Numbers far from normal have an arrow. Left is red, right is blue. Press into a curve to see that "
        "moment in "
        "the video. With one camera only bending and stretching can be trusted; a laboratory's markers tell "
        "all planes, and are drawn in place of a film. If left and right look "
        "exchanged, swap them; where nobody but you can tell, the page asks. What stops the session can be "
        "overridden by name and role. Squats and standing up "
        "are shown over time. Forces shows the moments and powers of the joints and the ground force, and "
        "whether they were measured or estimated; where an exo was worn, its log is taken off there. Moments "
        "(estimated) shows the hips' moments in three planes without force plates, with the band of their "
        "errors and how physics and networks were weighed. Events "
        "shows heel strikes and toe-offs: move, add or remove them, leave strides out with a reason; the "
        "automatic ones are kept beside. Accept the motion when it looks like the patient."
    )

    moment_chosen = Signal(object, float)  # Side, fraction of its gait cycle
    moved = Signal(float)  # time in the recording [s]
    sides_answered = Signal(str, str)  # answer as in `SidesQuestion`, name
    stops_overridden = Signal(str, str)  # name, role
    belt_entered = Signal(float)  # m/s
    time_chosen = Signal(float)  # in the motion [s], in the angles over time
    clock_answered = Signal(float, str)  # times slower than life, name

    def __init__(self) -> None:
        super().__init__()
        self.player, self.grid, self.courses = VideoPlayer(follow=True), JointGrid(), TimeCourses()
        self._curves, self.forces, self.events = Deck(self.grid, self.courses), ForcesPanel(), EventsPanel()
        self.moments = MomentsPanel()
        self.belt = TreadmillSpeed()
        self.question, self.slow_motion, self.override = (
            SidesQuestion(),
            SlowMotionQuestion(),
            StopsOverride(),
        )
        self._shown_panels: tuple[JointPanel, ...] = ()
        self._tiles = row(gap=6)
        self._table = NumberTableWidget()
        self._table.setProperty("dense", True)  # else spreads are cut on a small screen
        self._table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # what is cut all the same keeps its arrow
        self._table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self._table.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self._table.horizontalHeader().setFixedHeight(_HEADING_PX)
        self._table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        left = QWidget()
        left_column = column(self.player, gap=8)
        left_column.addLayout(self._tiles)
        left_column.addWidget(self._table)
        left_column.setStretch(0, 1)
        left.setLayout(left_column)
        card = Box("card", margin=12)
        card.body.addWidget(self._build_tabs(), 1)
        middle = row(left, card, gap=16)
        middle.setStretch(0, 20)
        middle.setStretch(1, 21)
        self.add_above_body(self.slow_motion)  # a film too slow for any stride has no motion to show
        self.body.addWidget(self.question)
        self.body.addWidget(self.override)
        self.body.addWidget(self.belt)
        self.body.addLayout(middle, 1)
        self._connect()

    def _build_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self._curves, "Joint angles")
        self.tabs.addTab(self.forces, "Forces")
        self.tabs.addTab(self.moments, "Moments (estimated)")
        self.tabs.addTab(self.events, "Events")
        return self.tabs

    def _connect(self) -> None:
        self.question.answered.connect(self.sides_answered)
        self.override.given.connect(self.stops_overridden)
        self.slow_motion.answered.connect(self.clock_answered)
        self.grid.cursor_moved.connect(self.moment_chosen)
        self.forces.moment_chosen.connect(self.moment_chosen)
        self.moments.moment_chosen.connect(self.moment_chosen)
        self.belt.entered.connect(self.belt_entered)
        self.courses.moment_chosen.connect(self.time_chosen)
        self.events.time_chosen.connect(self.time_chosen)
        self.player.moved.connect(self.moved)
        self.play_pause.connect(self.player.toggle)
        self.step_frames.connect(self.player.step)

    def render(self, state: MotionState) -> None:  # type: ignore[override]
        self.set_headline(state.headline, state.tone)
        self.set_badges(*state.badges)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.set_secondary_actions(*state.secondary)
        self.show_findings(state.findings, dict(state.finding_actions))
        self.slow_motion.ask(state.slow_motion)
        if state.empty:
            self.show_empty(
                "motion",
                "Turn the recording into joint motion",
                "Takes less than a minute: finds the steps, the joint angles of every stride, and what of it "
                "can be trusted.",
                state.main_action,
            )
            return
        self.show_body()
        self.question.ask(state.question, state.pictures)
        self.override.offer(state.override)
        self.belt.ask(state.belt_m_s, state.belt_words)
        self._curves.show_widget(self.courses if state.courses else self.grid)
        self.courses.show_courses(state.courses, state.courses_words)
        if state.panels is not self._shown_panels:
            self._shown_panels = state.panels
            self.grid.show_panels(state.panels)
        self._show_tiles(state.tiles)
        if state.table is not None:
            self._table.show_numbers(state.table)
            self._table.setFixedHeight(
                _ROW_PX * len(state.table.rows) + _HEADING_PX + 4
            )  # all rows, no scrolling
        self.player.show_clip(state.clip)

    def show_time(self, time_s: float) -> None:
        """In the angles over time, and among the events."""
        self.courses.set_cursor(time_s)
        self.events.set_cursor(time_s)

    def show_moment(self, side: Side, fraction: float | None) -> None:
        self.grid.set_cursor(side, fraction)
        self.forces.set_cursor(side, fraction)
        self.moments.set_cursor(side, fraction)

    def _show_tiles(self, tiles: tuple[Tile, ...]) -> None:
        clear(self._tiles)
        for tile in tiles:
            box = Box("card", margin=6, gap=1)
            box.body.addWidget(label(tile.name, "small"))
            box.body.addWidget(label(tile.value, "value"))
            if tile.normal:
                box.body.addWidget(label(f"norm {tile.normal}", "small"))
            box.setToolTip(tile.tip)
            self._tiles.addWidget(box, 1)
