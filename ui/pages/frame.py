"""The frame of every page: verdict, one main action, strips, body, findings; the same places everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.domain.findings import Finding
from core.errors import Advice
from core.jobs.values import JobState
from ui.file_dialogs import ask_where
from ui.theme import Spacing, Tone
from ui.widgets.basics import Button, Deck, Icon, clear, column, label, looks, row
from ui.widgets.empty import EmptyState
from ui.widgets.findings import FindingList
from ui.widgets.strips import AdviceStrip, RunningCard, StaleStrip
from ui.widgets.take_away import TakeAwayButtons

_BESIDE_MAIN, _LETTERS_BESIDE = 3, 44  # more goes below, or the verdict has no room on a small screen
_TONE_ICONS = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop"}


class Page(QWidget):
    """Base of the pages. Subclasses set `title` and `help_text`, put widgets into `self.body`,
    and have `render(state)`; they emit intents and never touch the record or the jobs."""

    title = ""
    help_text = ""
    pausable = False  # whether the running card offers Pause

    main_action = Signal()
    secondary_action = Signal(str)  # key given to `set_secondary_actions`
    cancel_job = Signal(str)  # job id
    pause_job = Signal(str, bool)
    keep_stale = Signal()
    redo = Signal()
    advice_closed = Signal()
    finding_action = Signal(str)  # code of the finding whose action was chosen
    play_pause = Signal()  # Space, when no button or field handled it
    step_frames = Signal(int)  # arrow keys: -1 or +1; with Shift -10 or +10

    def __init__(self) -> None:
        super().__init__()
        self._secondary_actions: tuple[tuple[str, str], ...] = ()
        self._secondary_why_not: dict[str, str] = {}
        self._rights: Callable[[str], str] = lambda _key: ""
        self._secondary, self._further = row(gap=8), row(gap=8)
        self._badges = row()
        self.take_away = TakeAwayButtons()
        space = Spacing()
        self.setAccessibleName(self.title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(space.xl, space.l, space.xl, space.l)
        outer.setSpacing(space.m)
        outer.addLayout(self._build_top())
        outer.addLayout(self._build_strips())
        outer.addWidget(self._build_body(), 1)
        outer.addWidget(self._build_findings())

    # State of the page -----------------------------------------------------------------------

    def set_headline(self, text: str, tone: Tone = Tone.NEUTRAL) -> None:
        """The verdict in plain words; the tone adds an icon, never colour alone."""
        self._headline.setText(text)
        icon = _TONE_ICONS.get(tone, "")
        self._headline_icon.show_icon(icon, tone)
        self._headline_icon.setVisible(bool(icon))

    def set_main_action(self, text: str, enabled: bool = True, why_not: str = "", icon: str = "") -> None:
        """The one main action. An empty text hides it; a greyed one always says why."""
        self._main.setText(text)
        self._main.show_icon(icon)
        self._main.setVisible(bool(text))
        self._main.setEnabled(enabled)
        self._why_not.setText("" if enabled else why_not)
        self._why_not.setVisible(bool(text) and not enabled and bool(why_not))
        self._main.setToolTip("" if enabled else why_not)

    def grey_main(self, why_not: str, *, above_all: bool = False) -> None:
        """Grey the main action, and say who may do it. One that only leads elsewhere begins with "Go ".

        `above_all`: whatever else is in its way.
        """
        words = self._main.text()
        stands = above_all or self._main.isEnabled()
        if why_not and words and not words.startswith("Go ") and stands:
            self.set_main_action(words, False, f"{why_not}.")
        empty = self._empty.button
        leads = empty.text().startswith("Go ")
        empty.setEnabled(leads or not why_not)
        empty.setToolTip("" if leads else why_not)

    def ask_rights(self, rights: Callable[[str], str]) -> None:
        """From now on: why the role does not cover a secondary action, by its key; "" where it does."""
        self._rights = rights

    def set_secondary_actions(
        self, *actions: tuple[str, str], why_not: Mapping[str, str] | None = None
    ) -> None:
        """Quieter actions beside the main one, as (key, words); they emit `secondary_action(key)`.

        Those with a sentence in `why_not`, by key, are greyed, and tell it.
        """
        refused = {key: self._rights(key) for key, words in actions if not words.startswith("Go ")}
        reasons = {**{key: reason for key, reason in refused.items() if reason}, **(why_not or {})}
        if actions == self._secondary_actions and reasons == self._secondary_why_not:
            return
        self._secondary_actions, self._secondary_why_not = actions, reasons
        clear(self._secondary)
        clear(self._further)
        beside = _beside_main(actions)
        for key, words in actions:
            button = Button(words)
            button.setEnabled(key not in reasons)
            button.setToolTip(reasons.get(key, ""))
            button.setAccessibleDescription(reasons.get(key, ""))
            button.clicked.connect(lambda _=False, key=key: self.secondary_action.emit(key))
            looks(button)  # greyed by its own reason, just above
            (self._secondary if key in beside else self._further).addWidget(button)

    def set_badges(self, *texts: str) -> None:
        """Quiet labels beside the title: Simulated, Synthetic, One camera."""
        clear(self._badges)
        for text in texts:
            self._badges.addWidget(label(text, "badge"))

    def ask_path(self, title: str, file_name: str, pattern: str) -> Path | None:
        """A file to write, with the ending of the proposed name; None when nothing was chosen."""
        return ask_where(self, title, file_name, pattern)

    def show_running(self, state: JobState | None, note: str = "") -> None:
        """The inline card of the job this page waits for; `note` says what may be done meanwhile."""
        self._running.show_job(state, note=note, pausable=self.pausable)

    def show_findings(self, findings: tuple[Finding, ...], actions: dict[str, str] | None = None) -> None:
        """Findings, worst first; `actions` gives the words of an action by code (`finding_action`)."""
        self._findings.show_findings(findings, actions)

    def show_advice(self, advice: Advice | None, details: str = "") -> None:
        """What went wrong and what to do; `details` goes to the clipboard with "Copy details"."""
        self._advice.show_advice(advice, details)

    def show_stale(self, text: str | None) -> None:
        """For example "The motion changed after this twin was made."; None hides the strip."""
        self._stale.show_text(text)

    def show_empty(self, icon: str, sentence: str, detail: str = "", action: str = "") -> None:
        """Show the empty state instead of the body; its button is the page's main action."""
        self._empty.show_purpose(icon, sentence, detail, action)
        self._stack.show_widget(self._empty)
        self._main.setVisible(False)
        self._why_not.setVisible(False)

    def add_above_body(self, widget: QWidget) -> None:
        """A widget that stays when the empty state takes the body's place."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.count() - 2, widget)

    def show_body(self) -> None:
        self._stack.show_widget(self._body_widget)

    @property
    def main_buttons(self) -> tuple[QWidget, ...]:
        """Where the main action is pressed: beside the verdict, or in the empty state."""
        return self._main, self._empty.button

    # How it is built --------------------------------------------------------------------------

    def _build_top(self) -> QHBoxLayout:
        self._headline_icon = Icon("", 26)
        self._headline_icon.hide()
        self._headline = label("", "headline", wrap=True)
        self._headline.setAccessibleName("Verdict")
        self._headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._main = Button("", "main")
        self._main.hide()
        self._main.clicked.connect(self.main_action)
        self._why_not: QLabel = label("", "small", wrap=True)
        self._why_not.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._why_not.setMinimumWidth(240)
        self._why_not.hide()
        looks(self._main, self.take_away)  # greyed by `grey_main` and by what may be taken out
        words = self._build_words()
        buttons = row(gap=8)
        buttons.addStretch(1)
        buttons.addLayout(self._secondary)
        buttons.addWidget(self._main)
        actions = column(gap=4)
        actions.addLayout(buttons)
        further = row()
        further.addStretch(1)
        further.addLayout(self._further)
        actions.addLayout(further)
        actions.addWidget(self._why_not)
        actions.addStretch(1)
        top = row(gap=Spacing().xl)
        top.addLayout(words, 1)
        top.addLayout(actions)
        return top

    def _build_words(self) -> QVBoxLayout:
        name = label(self.title, "muted")
        above = row(name, gap=8)
        above.addLayout(self._badges)
        above.addWidget(self.take_away)
        above.addStretch(1)
        verdict = row(self._headline_icon, self._headline, gap=10)
        verdict.setStretch(1, 1)
        verdict.setAlignment(self._headline_icon, Qt.AlignmentFlag.AlignTop)
        words = column(gap=4)
        words.addLayout(above)
        words.addLayout(verdict)
        words.addStretch(1)
        return words

    def _build_strips(self) -> QVBoxLayout:
        self._advice = AdviceStrip()
        self._stale = StaleStrip()
        self._running = RunningCard()
        self._advice.closed.connect(self.advice_closed)
        self._stale.keep.connect(self.keep_stale)
        self._stale.redo.connect(self.redo)
        self._running.cancel.connect(self.cancel_job)
        self._running.pause.connect(self.pause_job)
        return column(self._advice, self._stale, self._running, gap=8)

    def _build_body(self) -> Deck:
        self._body_widget = QWidget()
        self.body = QVBoxLayout(self._body_widget)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(Spacing().m)
        self._empty = EmptyState()
        self._empty.action.connect(self.main_action)
        looks(self._empty)
        self._stack = Deck(self._body_widget, self._empty)
        return self._stack

    def _build_findings(self) -> FindingList:
        self._findings = FindingList()
        self._findings.action_chosen.connect(self.finding_action)
        return self._findings


def _beside_main(actions: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Keys of the secondary actions that have room beside the main one."""
    beside: list[str] = []
    letters = 0
    for key, words in actions:
        if len(beside) < _BESIDE_MAIN and letters + len(words) <= _LETTERS_BESIDE:
            beside.append(key)
            letters += len(words)
    return tuple(beside)
