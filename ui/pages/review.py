"""Review: does the personalized twin walk like the patient, and how does it fare in other scenarios?"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal

from core.domain.findings import Finding
from ui.pages.condition_picker import ConditionChoice, ConditionPicker
from ui.pages.frame import Page
from ui.pages.gait_comparison import ComparisonView, GaitComparison
from ui.pages.scenario_picker import ScenarioGroup, ScenarioPicker
from ui.pages.what_if import ImpairmentBanner, WhatIfPanel
from ui.theme import Tone
from ui.widgets.basics import Button, Deck, row
from ui.widgets.empty import EmptyState


@dataclass(frozen=True, slots=True)
class Untried:
    """In place of a walk that was not simulated yet."""

    sentence: str
    detail: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class WhatIfState:
    """The panel's button; without words there is nothing to do."""

    action: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ReviewState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    view: ComparisonView | None = None
    untried: Untried | None = None  # neither: nothing simulated at all
    detail: str = ""  # under the empty page's sentence
    groups: tuple[ScenarioGroup, ...] = ()
    scenario: str = ""  # key of the chosen one
    conditions: tuple[ConditionChoice, ...] = ()  # what can be worn; none: there is no choice
    condition: str = ""  # key of the chosen one
    what_if: WhatIfState | None = None  # None: the panel is closed
    why_no_what_if: str = ""
    impaired: str = ""  # text about the impairment that scenarios are simulated with; empty: none
    main_action: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class ReviewPage(Page):
    title = "Review"
    help_text = (
        "The twin walks in simulation: on the left a twin of average body and gait, on the right this "
        "patient's own; “All gaits” off holds two of them against each other. Drag in a plot to move the "
        "figures, or press space to let them walk; drag in a picture to turn it, double-click to go back. r "
        "is the correlation with the measured gait, or of A with B (1 = the same shape), the degrees are "
        "the typical distance. The row of buttons sends the twin up ramps and stairs, lets it run, pushes "
        "it: 12 of 16 means that 12 of 16 different starts came through: no fall, and hardly slower than "
        "asked. The row below puts the exo on, without torque or with a controller: the walk without it "
        "stands beside. “What if?” shows the same twin with a weak muscle group, a stiff joint or another "
        "impairment; as long as a strip names one, every situation is tried with it."
    )

    scenario_chosen = Signal(str)  # key
    condition_chosen = Signal(str)  # key
    simulate = Signal()  # the chosen scenario
    what_if_toggled = Signal(bool)
    impairment_removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picker, self.conditions, self.what_if = ScenarioPicker(), ConditionPicker(), WhatIfPanel()
        self.banner = ImpairmentBanner()
        self.what_if_button = Button("What if?", "quiet", tip="Try an impairment on this twin")
        self.what_if_button.setCheckable(True)
        self.comparison = GaitComparison(with_exo=False)
        self.untried = EmptyState()
        self._deck = Deck(self.comparison, self.untried)
        self.body.setSpacing(8)
        top = row(self.picker, self.what_if_button, gap=8)
        top.setStretch(0, 1)
        self.body.addLayout(top)
        self.body.addWidget(self.conditions)
        self.body.addWidget(self.what_if)
        self.body.addWidget(self.banner)
        self.body.addWidget(self._deck, 1)
        self.picker.chosen.connect(self.scenario_chosen)
        self.conditions.chosen.connect(self.condition_chosen)
        self.banner.removed.connect(self.impairment_removed)
        self.untried.action.connect(self.simulate)
        self.what_if_button.clicked.connect(self.what_if_toggled)
        self.play_pause.connect(lambda: self.comparison.stage.play(not self.comparison.stage.playing))
        self.step_frames.connect(self.comparison.stage.step)

    def render(self, state: ReviewState) -> None:  # type: ignore[override]
        self.set_badges(*state.badges)
        self.show_findings(state.findings)
        self.set_secondary_actions(*state.secondary)
        if state.view is None and state.untried is None:
            self.set_headline("")
            self.show_empty("review", state.headline, state.detail, state.main_action)
            return
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action)
        self.show_body()
        self.picker.show_groups(state.groups, state.scenario)
        self.conditions.show_choices(state.conditions, state.condition)
        self._show_what_if(state)
        self.banner.show_text(state.impaired)
        if state.view is not None:
            self._deck.show_widget(self.comparison)
            self.comparison.show_view(state.view)
        elif state.untried is not None:
            self.comparison.leave()
            untried = state.untried
            self.untried.show_purpose("review", untried.sentence, untried.detail, untried.action)
            self._deck.show_widget(self.untried)

    def _show_what_if(self, state: ReviewState) -> None:
        self.what_if_button.setChecked(state.what_if is not None)
        self.what_if_button.setEnabled(not state.why_no_what_if)
        self.what_if_button.setToolTip(state.why_no_what_if or "Try an impairment on this twin")
        self.what_if.setVisible(state.what_if is not None)
        if state.what_if is not None:
            self.what_if.show_action(state.what_if.action, state.what_if.why_not)
