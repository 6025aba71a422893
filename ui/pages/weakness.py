"""Personalize, "Weakness that the recording suggests": each proposal is accepted or declined by name."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.domain.body import Side
from core.domain.people import Action
from ui.pages.emg_muscles import ActionRow
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.theme import Tone
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Button, Deck, clear, column, label, row
from ui.widgets.empty import EmptyState

_ROW_PX = 28
_BRACKETS = "In brackets: nine of ten true values lie there. A dash: not told by this recording."
_WHAT_FOR = (
    "Joint moments, EMG and the gait itself are weighed together, each by how certain it is. What they "
    "cannot tell is said, too. A weakness goes into the twin only when a person accepts it by name and role."
)
UNSIGNED = "Write name and role first: they are kept with the answer and printed in the report."


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """One suggested weakness; `answer` says who accepted or declined it, empty while nobody did."""

    label: str  # of the impairment
    side: Side | None
    sentence: str
    answer: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class WeaknessState:
    verdict: str
    tone: Tone = Tone.NEUTRAL
    proposals: tuple[ProposalCard, ...] = ()
    strengths: NumberTable | None = None
    not_told: tuple[str, ...] = ()
    action: str = ""
    why_not: str = ""


class WeaknessPanel(QWidget):
    assess = Signal()
    answered = Signal(str, bool, str, str)  # label of the impairment, accepted, name, role

    def __init__(self) -> None:
        super().__init__()
        self.action, self.approver = (
            ActionRow(),
            ApproverFields("who answers for a weakness", Action.ACCEPT_IMPAIRMENT),
        )
        self.strengths = NumberTableWidget()
        self.strengths.setAccessibleName("Strength of each muscle group of both legs")
        self.strengths.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.strengths.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self.strengths.horizontalHeader().setFixedHeight(_ROW_PX)
        self.strengths.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._not_told = label("", wrap=True)
        self._rows, self._buttons = column(gap=8), list[Button]()
        self._none = label(
            "Nothing is suggested. That is no proof of full strength.",
            "muted",
            wrap=True,
        )
        self._proposals: tuple[ProposalCard, ...] = ()
        self._cards = self._build()
        self._empty = EmptyState()
        self._empty.show_purpose("personalize", "Is a muscle group weak, and how sure is that?", _WHAT_FOR)
        self._parts = Deck(self._empty, self._cards)
        layout = column(self.action, gap=10)
        layout.addWidget(self._parts, 1)
        self.setLayout(layout)
        self.action.pressed.connect(self.assess)
        self.approver.changed.connect(self._check)

    def show_state(self, state: WeaknessState) -> None:
        self.action.show_action(state.verdict, state.tone, state.action, state.why_not)
        self._parts.show_widget(self._empty if state.strengths is None else self._cards)
        if state.strengths is not None:
            self.strengths.show_numbers(state.strengths)
            self.strengths.setFixedHeight(_ROW_PX * (len(state.strengths.rows) + 1) + 4)
        self._not_told.setText("\n".join(state.not_told))
        self._show_proposals(state.proposals)

    def _show_proposals(self, proposals: tuple[ProposalCard, ...]) -> None:
        self._none.setVisible(not proposals)
        self._signs.setVisible(bool(proposals))
        if proposals == self._proposals:
            return
        self._proposals = proposals
        clear(self._rows)
        self._buttons = []
        for proposal in proposals:
            self._rows.addWidget(self._proposal_row(proposal))
        self._check()

    def _proposal_row(self, proposal: ProposalCard) -> QWidget:
        strip = Box("strip", horizontal=True, margin=10, gap=12)
        name = label(proposal.label, "section")
        if proposal.side is not None:
            name.setProperty("side", proposal.side.value)
        words = column(name, label(proposal.sentence, wrap=True), gap=4)
        if proposal.answer:
            tone = Tone.OK if proposal.accepted else Tone.NEUTRAL
            words.addWidget(label(proposal.answer, "section", tone=tone, wrap=True))
        words.addStretch(1)
        strip.body.addLayout(words, 1)
        accept, decline = Button("Accept"), Button("Take back" if proposal.accepted else "Decline")
        accept.setVisible(not proposal.accepted)
        decline.setVisible(proposal.accepted or not proposal.answer)
        for button, accepted in ((accept, True), (decline, False)):
            button.setAccessibleName(f"{button.text()}: {proposal.label}")
            button.clicked.connect(
                lambda _=False, accepted=accepted: self.answered.emit(
                    proposal.label, accepted, *self.approver.given
                )
            )
            self._buttons.append(button)
        strip.body.addLayout(column(accept, decline, None, gap=6))
        return strip

    def _check(self) -> None:
        for button in self._buttons:
            button.setEnabled(self.approver.complete)
            button.setToolTip(self.approver.missing(UNSIGNED) or "Kept with name and role")

    def _build(self) -> QWidget:
        left, right = Box("card", margin=12, gap=8), Box("card", margin=12, gap=8)
        self._signs = QWidget()
        fields = row(self.approver)
        fields.addStretch(1)
        signs = column(gap=4)
        signs.addLayout(fields)
        signs.addWidget(label(UNSIGNED, "small", wrap=True))
        self._signs.setLayout(signs)
        left.body.addWidget(label("Weakness that the recording suggests", "section"))
        left.body.addWidget(self._none)
        left.body.addWidget(self._signs)
        left.body.addLayout(self._rows)
        left.body.addSpacing(8)
        left.body.addWidget(label("What it does not tell", "section"))
        left.body.addWidget(self._not_told)
        left.body.addStretch(1)
        right.body.addWidget(label("Strength, of what a body of this size has", "section"))
        right.body.addWidget(self.strengths)
        right.body.addWidget(label(_BRACKETS, "small", wrap=True))
        right.body.addStretch(1)
        cards = QWidget()
        halves = row(left, right, gap=12)
        halves.setStretch(0, 54)
        halves.setStretch(1, 46)
        cards.setLayout(halves)
        return cards
