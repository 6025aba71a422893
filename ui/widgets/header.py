"""The header: whose visit this is, what runs, and the stop button of a connected exo."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel

from ui import theme
from ui.widgets.basics import Button, label, row


class Header(QFrame):
    stop_exo = Signal()
    toggle_theme = Signal()
    show_help = Signal()
    show_jobs = Signal()
    show_visits = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("box", "header")
        name = label("ExoTwin", "title")
        name.setProperty("accent", True)
        research = label("Research prototype", "badge")
        research.setToolTip("Not a cleared medical device")
        self._visit = label("", "section")
        self._visit.setAccessibleName("Open patient and visit")
        self._synthetic = label("Synthetic patient", "badge")
        self._synthetic.hide()
        self.visits = Button("Visits", "quiet", "compare", tip="Compare this patient's recordings and visits")
        self.visits.clicked.connect(self.show_visits)
        self.visits.hide()
        self._job = Button("", "quiet", "running", tip="Show all jobs")
        self._job.hide()
        self._job.clicked.connect(self.show_jobs)
        self._help = Button("", "quiet", "help", tip="Help for this page (F1)")
        self._help.clicked.connect(self.show_help)
        self._theme = Button("", "quiet", "moon", tip="Dark or light")
        self._theme.clicked.connect(self.toggle_theme)
        self.stop_button = Button("STOP EXO", "danger", "stop", tip="Zero torque now (F12, or hold Esc)")
        self.stop_button.clicked.connect(self.stop_exo)
        self.stop_button.hide()
        self._arrange(name, research)
        self.setFixedHeight(max(56, round(56 * theme.current().scale)))
        self.follow_theme()

    def _arrange(self, name: QLabel, research: QLabel) -> None:
        layout = row(
            name,
            research,
            self._visit,
            self._synthetic,
            self.visits,
            None,
            self._job,
            self._help,
            self._theme,
            self.stop_button,
            gap=12,
        )
        layout.setContentsMargins(24, 0, 16, 0)
        layout.insertSpacing(1, 12)
        for badge in (research, self._synthetic):
            layout.setAlignment(badge, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(layout)

    def show_visit(self, text: str, synthetic: bool, *, patient: bool = True) -> None:
        self._visit.setText(text)
        self._synthetic.setVisible(synthetic)
        self.visits.setVisible(patient)

    def show_job(self, text: str) -> None:
        self._job.setText(text)
        self._job.setVisible(bool(text))

    def show_exo(self, connected: bool) -> None:
        self.stop_button.setVisible(connected)

    def follow_theme(self) -> None:
        self._theme.show_icon("sun" if theme.current().dark else "moon")
