"""Compare: walking without the exo, with it worn, and with several controllers; sign here."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from core.domain.findings import Finding
from core.domain.people import Action
from ui.pages.correlations import CorrelationsPanel, CorrelationsView
from ui.pages.frame import Page
from ui.pages.gait_comparison import ComparisonView, GaitComparison
from ui.pages.help_by_side import HelpPanel, HelpView
from ui.pages.situations import SituationsPanel, SituationsView
from ui.theme import Tone
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Icon, column, label, row
from ui.widgets.empty import Missing
from ui.widgets.purpose_choice import PurposeChoice
from ui.widgets.tabs import Tabs

_NOTHING = Missing("Nothing was compared yet")
MOST_REASON = 200  # signs; it has to fit onto the report
_SIGNED_ICONS = {Tone.OK: "done", Tone.WARN: "attention"}


@dataclass(frozen=True, slots=True, eq=False)
class CompareState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    view: ComparisonView | None = None
    situations: SituationsView | Missing = _NOTHING
    help: HelpView | Missing = _NOTHING
    correlations: CorrelationsView | Missing = _NOTHING
    detail: str = ""
    declaration: str = ""  # what one signs
    offers_person: bool = False  # it may be released for a person, who exists
    reason_prompt: str = ""  # why signing needs a typed reason; empty when it needs none
    verdict: str = ""  # in full: the headline has room for its beginning only
    signed_tone: Tone = Tone.OK  # amber where it was signed in spite of the verdict
    signed: str = ""  # "Signed by … on …"; empty when not signed
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class ComparePage(Page):
    title = "Compare"
    help_text = (
        "Simulated walks of this patient's twin: without the exo, with it worn but giving no torque, and "
        "with three controllers: the default law, a generic one that learned on a crowd, and the "
        "personalized one. Choose above the pictures which gait is A and which is B: below their curves a "
        "strip shows B minus A, with a bar where they are further apart than normal gaits are among each "
        "other, and shaded where they differ by more than chance over the twin's starts. Click the name of "
        "a joint to enlarge it. In a picture, drag to turn, use the wheel to come closer, double-click to "
        "go back. The metabolic rate says whether the exo helps. Situations tells the same of ramps, "
        "stairs, running and disturbances, with the torque over the gait cycle; Help on each side how much "
        "torque either leg gets and when; Correlations how alike the gaits are. Your signature allows the "
        "personalized controller to be put onto an exo; without it nothing is transferred. It is for a "
        "virtual exo, unless you choose to release it for supervised walks of the person, on one exo."
    )

    approver_changed = Signal()
    compare_again = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.comparison = GaitComparison(with_exo=True)
        self.situations, self.help, self.correlations = SituationsPanel(), HelpPanel(), CorrelationsPanel()
        self.body.addWidget(self._build_tabs(), 1)
        self.approver, self.reason = ApproverFields("who signs", Action.RELEASE), self._build_reason()
        self.purpose = PurposeChoice()
        self.body.addWidget(self._build_sign_box())
        self.approver.changed.connect(self.approver_changed)
        self.approver.entered.connect(self.main_action)
        self.purpose.currentIndexChanged.connect(self.approver_changed)
        self.play_pause.connect(self._play_or_pause)
        self.step_frames.connect(self.comparison.stage.step)

    def _play_or_pause(self) -> None:
        """Nothing plays behind another tab."""
        stage = self.comparison.stage
        stage.play(not stage.playing and self.tabs.currentWidget() is self.comparison)

    def _build_tabs(self) -> Tabs:
        self.tabs = Tabs()
        self.tabs.tabBar().setAccessibleName("Parts of the comparison")
        self.tabs.addTab(self.comparison, "Level walking")
        self.tabs.addTab(self.situations, "Situations")
        self.tabs.addTab(self.help, "Help on each side")
        self.tabs.addTab(self.correlations, "Correlations")
        for panel in (self.situations, self.help, self.correlations):
            panel.compare_again.connect(self.compare_again)
        return self.tabs

    def _build_reason(self) -> QLineEdit:
        """Asked for where the controller does not help: above the names, as part of the signature."""
        field = QLineEdit()
        field.setPlaceholderText("Your reason")
        field.setAccessibleName("Why it is signed all the same")
        field.setMaxLength(MOST_REASON)
        field.textChanged.connect(self.approver_changed)
        field.returnPressed.connect(self.main_action)
        return field

    def _build_sign_box(self) -> Box:
        """One box, so that the page fits a small screen below a long verdict."""
        box = Box("card", horizontal=True, margin=6, gap=12)
        self._sign_icon = Icon("check", 20)
        self._declaration, self._reason_prompt = label("", "body", wrap=True), label("", "body", wrap=True)
        words, fields = QWidget(), QWidget()
        words.setLayout(column(self._declaration, self._reason_prompt, gap=2))
        inside = column(gap=4)
        inside.addLayout(row(self.purpose, self.reason))
        inside.addWidget(self.approver)
        fields.setLayout(inside)
        box.body.addWidget(self._sign_icon)
        box.body.addWidget(words, 1)
        box.body.addWidget(fields)
        return box

    def render(self, state: CompareState) -> None:  # type: ignore[override]
        self.set_badges(*state.badges)
        self.show_findings(state.findings)
        self.set_secondary_actions(*state.secondary)
        if state.view is None:
            self.set_headline("")
            self.show_empty("compare", state.headline, state.detail, state.main_action)
            return
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.show_body()
        self.comparison.show_view(state.view)
        self.situations.show_view(state.situations)
        self.help.show_view(state.help)
        self.correlations.show_view(state.correlations)
        self._declaration.setText(state.signed or state.declaration)
        asked = bool(state.reason_prompt) and not state.signed
        tone = state.signed_tone if state.signed or asked else Tone.NEUTRAL
        self._sign_icon.show_icon(_SIGNED_ICONS.get(tone, "edit"), tone)
        self._reason_prompt.setText(state.reason_prompt)
        for widget in (self._reason_prompt, self.reason):
            widget.setVisible(asked)
        for widget in (self._reason_prompt, self._headline):
            widget.setToolTip(state.verdict)
        self.purpose.setVisible(state.offers_person and not state.signed)
        self.approver.setVisible(not state.signed)
