"""Personalize: fit the body, then let the twin learn the patient's own gait."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.findings import Finding
from core.domain.twin import LearningCurve
from ui.pages.frame import Page
from ui.pages.learning_view import FALLS, LIKENESS, WALK, Choice, Fact, LearningView, MinutesBox, Option
from ui.theme import Tone

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
    badges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class LearningPage(Page):
    """Base of the two pages on which something learns."""

    pausable = True

    def __init__(self, view: LearningView, minutes: MinutesBox) -> None:
        super().__init__()
        self.view, self.minutes_box = view, minutes
        self._series: tuple[LearningCurve, ...] | None = None
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
        self.set_secondary_actions(*state.secondary)
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


class PersonalizePage(LearningPage):
    title = "Personalize"
    help_text = (
        "First the body model gets the patient's segment lengths and mass. Then the twin learns in "
        "simulation to walk as the patient was measured. Minutes are enough for a first look; longer "
        "learning follows the gait more closely. Joint torques learn fastest; 80 muscles also show how each "
        "muscle works. You may go on with other steps or close this window."
    )

    def __init__(self) -> None:
        view = LearningView((WALK, FALLS, LIKENESS), "The twin now")
        moved_by = Choice("fidelity", "Moved by", "What moves the joints", FIDELITIES)
        super().__init__(view, MinutesBox("", 6, (moved_by,)))
