"""Personalize: fit the body, then let the twin learn the patient's own gait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabBar, QWidget

from core.domain.findings import Finding
from core.domain.twin import LearningCurve
from ui.pages.emg_muscles import EmgMusclesPanel, EmgMusclesState
from ui.pages.frame import Page
from ui.pages.impairments import ImpairmentsPanel, ImpairmentsState
from ui.pages.learning_view import FALLS, LIKENESS, WALK, Choice, Fact, LearningView, MinutesBox, Option
from ui.pages.weakness import WeaknessPanel, WeaknessState
from ui.theme import Tone
from ui.widgets.basics import Deck, column

FAST, STANDARD = "fast", "standard"  # fidelities of the job `learn_gait`
FIDELITIES = (
    Option(
        FAST,
        "Joint torques (fast)",
        "6 minutes are enough for most gaits; unusual gaits need 15 or more.",
    ),
    Option(
        STANDARD,
        "80 muscles",
        "10 minutes are a good start. Shows what each muscle does; training the exo on it takes much longer.",
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class LearningState:
    """Common to Personalize and Train."""

    headline: str
    tone: Tone = Tone.NEUTRAL
    running: bool = False
    curves: tuple[LearningCurve, ...] | None = None  # of a finished training; None: nothing learned yet
    facts: tuple[Fact, ...] = ()
    offers_minutes: bool = False
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    secondary_why_not: Mapping[str, str] = field(default_factory=dict)  # key: why it is greyed
    badges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class LearningPage(Page):
    """Base of the two pages on which something learns."""

    pausable = True

    def __init__(self, view: LearningView, minutes: MinutesBox) -> None:
        super().__init__()
        self.view, self.minutes_box = view, minutes
        self._series: tuple[LearningCurve, ...] | None = None
        self.arrange()

    def arrange(self) -> None:
        """Put what learns into the body."""
        self.body.addWidget(self.minutes_box)
        self.body.addWidget(self.view, 1)

    @property
    def minutes(self) -> float:
        return self.minutes_box.minutes

    @property
    def fidelity(self) -> str:
        return self.minutes_box.chosen("fidelity")

    def render(self, state: LearningState) -> None:  # type: ignore[override]
        self.set_badges(*state.badges)
        self.show_findings(state.findings)
        self.set_secondary_actions(*state.secondary, why_not=state.secondary_why_not)
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.show_body()
        self.minutes_box.setVisible(state.offers_minutes)
        self.view.show_facts(state.facts)
        self._show_curves(state.curves)

    def _show_curves(self, curves: tuple[LearningCurve, ...] | None) -> None:
        """A finished training's curves, drawn once."""
        if curves is None or curves is self._series:
            return
        self._series = curves
        self.view.show_cards([curve.name for curve in curves])
        for curve in curves:
            self.view.show_curve(curve.name, curve.time_s, curve.value)

    def forget_curves(self) -> None:
        """Another job or another visit: begin with empty curves."""
        self._series = None
        self.view.clear_curves()


TWIN_TAB, EMG_TAB, WEAKNESS_TAB, IMPAIRMENTS_TAB = range(4)
_TABS = ("The twin", "What the EMG changed", "Weakness", "Impairments")


class PersonalizePage(LearningPage):
    title = "Personalize"
    help_text = (
        "First the body model gets the patient's segment lengths and mass. Then the twin learns in "
        "simulation to walk as the patient was measured. Minutes are enough for a first look; longer "
        "learning follows the gait more closely. Joint torques learn fastest; 80 muscles also show how each "
        "muscle works. With EMG and joint moments its muscles can be calibrated first. A weakness that the "
        "recording suggests, and up to four impairments that you enter or that a search finds in the gait, "
        "go into the twin when you answer for them by name and role. You may go on with other steps or "
        "close this window."
    )

    calibrate = Signal()
    assess = Signal()
    answered = Signal(str, bool, str, str)  # label of the impairment, accepted, name, role
    search = Signal()  # for impairments in the gait
    impairment_entered = Signal(object, str, str)  # Impairment, name, role
    impairment_accepted = Signal(str, str, str)  # label of what was found in the gait, name, role
    impairment_removed = Signal(str, str, str)  # label, name, role

    def __init__(self) -> None:
        view = LearningView((WALK, FALLS, LIKENESS), "The twin now")
        moved_by = Choice("fidelity", "Moved by", "What moves the joints", FIDELITIES)
        super().__init__(view, MinutesBox("", 6, (moved_by,)))

    def arrange(self) -> None:
        self.muscles, self.weakness, self.tabs = EmgMusclesPanel(), WeaknessPanel(), QTabBar()
        self.impairments = ImpairmentsPanel()
        learning = QWidget()
        inside = column(self.minutes_box, gap=12)
        inside.addWidget(self.view, 1)
        learning.setLayout(inside)
        self._shown_parts = (learning, self.muscles, self.weakness, self.impairments)
        self._parts = Deck(*self._shown_parts)
        for words in _TABS:
            self.tabs.addTab(words)
        self.tabs.setAccessibleName("Parts of Personalize")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self._parts, 1)
        self.tabs.currentChanged.connect(self._show_part)
        self.muscles.calibrate.connect(self.calibrate)
        self.weakness.assess.connect(self.assess)
        self.weakness.answered.connect(self.answered)
        self.impairments.search.connect(self.search)
        self.impairments.entered.connect(self.impairment_entered)
        self.impairments.accepted.connect(self.impairment_accepted)
        self.impairments.removed.connect(self.impairment_removed)

    def show_muscles(self, state: EmgMusclesState) -> None:
        self.muscles.show_state(state)

    def show_weakness(self, state: WeaknessState) -> None:
        open_ones = sum(not proposal.answer for proposal in state.proposals)
        self.tabs.setTabText(WEAKNESS_TAB, f"Weakness · {open_ones} to answer" if open_ones else "Weakness")
        self.weakness.show_state(state)

    def show_impairments(self, state: ImpairmentsState) -> None:
        words = _TABS[IMPAIRMENTS_TAB]
        count = f" · {len(state.cards)}" if state.cards else ""
        self.tabs.setTabText(IMPAIRMENTS_TAB, f"{words}{count}")
        self.impairments.show_state(state)

    def open_tab(self, number: int) -> None:
        self.tabs.setCurrentIndex(number)

    def _show_part(self, number: int) -> None:
        self._parts.show_widget(self._shown_parts[number])
