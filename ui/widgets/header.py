"""The header: whose visit this is, what runs, and the stop button of a connected exo."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QLabel, QMenu

from core.domain.people import SINGLE_USER, Person
from ui import theme
from ui.widgets.basics import Button, label, row


class Header(QFrame):
    stop_exo = Signal()
    toggle_theme = Signal()
    show_help = Signal()
    show_jobs = Signal()
    show_visits = Signal()
    lock = Signal()
    switch_user = Signal()
    change_pin = Signal()
    show_people = Signal()
    show_data = Signal()
    show_server = Signal()
    show_statistics = Signal()
    show_study = Signal()

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
        self._build_person()
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
            self.person,
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

    def _build_person(self) -> None:
        self.person = Button("", "quiet", "patient")
        menu = QMenu(self.person)
        self._only_signed_in = []
        for words, keys, signal in (
            ("Lock", "Ctrl+L", self.lock),
            ("Switch user", "", self.switch_user),
            ("Change my PIN…", "", self.change_pin),
        ):
            action = menu.addAction(words)
            if keys:
                action.setShortcut(QKeySequence(keys))
            action.triggered.connect(signal)
            self._only_signed_in.append(action)
        menu.addAction("People…").triggered.connect(self.show_people)
        menu.addAction("Data…").triggered.connect(self.show_data)
        menu.addAction("Record server…").triggered.connect(self.show_server)
        menu.addAction("Statistics of a table…").triggered.connect(self.show_statistics)
        menu.addAction("Results of a study…").triggered.connect(self.show_study)
        self.person.setMenu(menu)

    def show_person(self, person: Person | None, *, single_user: bool) -> None:
        """Who is signed in; None in single-user mode, and before somebody signs in."""
        nobody = "Single-user mode" if single_user else "Nobody signed in"
        words = nobody if person is None else f"{person.name}, {person.role.value}"
        self.person.setText(words)
        tip = f"{SINGLE_USER[0].upper()}{SINGLE_USER[1:]}; names are typed, and anybody may do everything."
        tip = tip if single_user else "" if person is None else "Signed in"
        self.person.setToolTip(tip)
        self.person.setAccessibleDescription(tip)
        for action in self._only_signed_in:
            action.setVisible(person is not None)
            action.setEnabled(person is not None)

    def cover(self, covered: bool, *, private: bool) -> None:
        """While a PIN is asked for only STOP EXO and the look work; behind a lock no patient is named."""
        for widget in (self.visits, self._job, self._help, self.person):
            widget.setEnabled(not covered)
        self._visit.setVisible(not (covered and private))
        self._job.setVisible(bool(self._job.text()) and not (covered and private))

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
