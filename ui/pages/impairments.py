"""Personalize, "Impairments": what a person puts into the twin by name, entered or found in the gait."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.domain.body import Side
from core.domain.impairment import OCCASIONAL_KINDS, Impairment
from core.domain.people import Action
from ui.pages.emg_muscles import ActionRow
from ui.theme import Tone
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Button, clear, column, label, row
from ui.widgets.impairment_chooser import ImpairmentChooser

UNSIGNED = "Write name and role first: they are kept with each impairment and printed in the report."
NONE_YET = "None: the twin walks as a healthy body of this size. Enter one, or look for them in the gait."
NO_SEVERITY = "Its severity is 0: move the slider."
SOME_STRIDES = "Comes in some strides only"
_SOME_STRIDES_TIP = "Drawn anew for every stride, between absent and this severity"


@dataclass(frozen=True, slots=True)
class ImpairmentCard:
    """One impairment of the twin's list."""

    name: str  # label of the impairment
    side: Side | None
    severity: str  # "0.5 moderate"
    origin: str  # where it comes from, and who answers for it
    removable: bool = True


@dataclass(frozen=True, slots=True)
class SuggestionCard:
    """One impairment that was found in the gait; `why_not` says why it cannot be accepted."""

    name: str
    side: Side | None
    severity: str  # "0.43 ± 0.08 moderate"
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ImpairmentsState:
    verdict: str
    tone: Tone = Tone.NEUTRAL
    cards: tuple[ImpairmentCard, ...] = ()
    suggestions: tuple[SuggestionCard, ...] = ()
    search: tuple[str, ...] = ()  # what the search in the gait has to say
    action: str = ""
    why_not: str = ""


class ImpairmentsPanel(QWidget):
    search = Signal()
    entered = Signal(object, str, str)  # Impairment, name, role
    accepted = Signal(str, str, str)  # label of a suggestion, name, role
    removed = Signal(str, str, str)  # label of an impairment, name, role

    def __init__(self) -> None:
        super().__init__()
        self.action, self.approver = (
            ActionRow(),
            ApproverFields("who answers for an impairment", Action.ACCEPT_IMPAIRMENT),
        )
        self.chooser, self.occasional = ImpairmentChooser(), QCheckBox(SOME_STRIDES)
        self.put_in = Button("Put into the twin")
        self._why_not, self._search = label("", "small", wrap=True), label("", wrap=True)
        self._none = label(NONE_YET, "muted", wrap=True)
        self._cards, self._suggestions = column(gap=8), column(gap=8)
        self._signed = dict[Button, str]()  # buttons that need a name, and what else stops them
        self._shown: tuple[object, object] = ((), ())
        self.occasional.setToolTip(_SOME_STRIDES_TIP)
        layout = column(self.action, gap=10)
        layout.addWidget(self._build(), 1)
        self.setLayout(layout)
        self.action.pressed.connect(self.search)
        self.approver.changed.connect(self._check)
        self.chooser.changed.connect(self._check)
        self.put_in.clicked.connect(lambda: self.entered.emit(self.impairment, *self.approver.given))
        self._check()

    @property
    def impairment(self) -> Impairment:
        """The one in the editor."""
        chosen = self.chooser.impairment
        return replace(chosen, occasional=self._can_be_occasional and self.occasional.isChecked())

    def show_state(self, state: ImpairmentsState) -> None:
        self.action.show_action(state.verdict, state.tone, state.action, state.why_not)
        self._none.setVisible(not state.cards)
        self._search.setText("\n".join(state.search))
        if self._shown != (state.cards, state.suggestions):
            self._shown = (state.cards, state.suggestions)
            self._show_rows(state)
        self._check()

    @property
    def _can_be_occasional(self) -> bool:
        return self.chooser.impairment.kind in OCCASIONAL_KINDS

    def _show_rows(self, state: ImpairmentsState) -> None:
        clear(self._cards)
        clear(self._suggestions)
        self._signed = {}
        for card in state.cards:
            remove = Button("Remove", icon="cancel")
            remove.setVisible(card.removable)
            remove.setAccessibleName(f"Remove: {card.name}")
            remove.clicked.connect(lambda _=False, name=card.name: self.removed.emit(name, *self._given))
            self._signed[remove] = ""
            self._cards.addWidget(_strip(card.name, card.side, card.severity, card.origin, remove))
        for found in state.suggestions:
            accept = Button("Accept")
            accept.setAccessibleName(f"Accept: {found.name}")
            accept.clicked.connect(lambda _=False, name=found.name: self.accepted.emit(name, *self._given))
            self._signed[accept] = found.why_not
            self._suggestions.addWidget(_strip(found.name, found.side, found.severity, found.why_not, accept))

    @property
    def _given(self) -> tuple[str, str]:
        return self.approver.given

    def _check(self) -> None:
        self.occasional.setVisible(self._can_be_occasional)
        nothing = "" if self.chooser.impairment.severity > 0.0 else NO_SEVERITY
        for button, why_not in {**self._signed, self.put_in: nothing}.items():
            reason = why_not or self.approver.missing(UNSIGNED)
            button.setEnabled(not reason)
            button.setToolTip(reason or "Kept with name and role")
        self._why_not.setText(nothing)
        self._why_not.setVisible(bool(nothing))

    def _build(self) -> QWidget:
        left, right = Box("card", margin=12, gap=8), Box("card", margin=12, gap=8)
        fields = row(self.approver)
        fields.addStretch(1)
        left.body.addWidget(label("Impairments of this twin, four at most", "section"))
        left.body.addLayout(fields)
        left.body.addWidget(label(UNSIGNED, "small", wrap=True))
        left.body.addSpacing(4)
        left.body.addWidget(self._none)
        left.body.addLayout(self._cards)
        left.body.addStretch(1)
        right.body.addWidget(label("From examination or history", "section"))
        right.body.addLayout(self._editor())
        right.body.addSpacing(8)
        right.body.addWidget(label("Found in the gait", "section"))
        right.body.addWidget(self._search)
        right.body.addLayout(self._suggestions)
        right.body.addStretch(1)
        cards = QWidget()
        halves = row(left, right, gap=12)
        halves.setStretch(0, 1)
        halves.setStretch(1, 1)
        cards.setLayout(halves)
        return cards

    def _editor(self) -> QVBoxLayout:
        chooser = self.chooser
        places = row(chooser.kind, chooser.side, chooser.where)
        places.addStretch(1)
        degree = row(chooser.severity, chooser.words, None, self.put_in)
        editor = column(gap=6)
        editor.addLayout(places)
        editor.addLayout(degree)
        editor.addWidget(self.occasional)
        editor.addWidget(self._why_not)
        return editor


def _strip(name: str, side: Side | None, severity: str, origin: str, button: Button) -> QWidget:
    strip = Box("strip", horizontal=True, margin=10, gap=12)
    title = label(name, "section")
    if side is not None:
        title.setProperty("side", side.value)
    heading = row(title, label(severity), None, gap=12)
    words = column(gap=4)
    words.addLayout(heading)
    if origin:
        words.addWidget(label(origin, "small", wrap=True))
    strip.body.addLayout(words, 1)
    strip.body.addLayout(column(button, None))
    return strip
