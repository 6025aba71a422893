"""Review: does the personalized twin walk like the patient?"""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.findings import Finding
from ui.pages.frame import Page
from ui.pages.gait_comparison import ComparisonView, GaitComparison
from ui.theme import Tone


@dataclass(frozen=True, slots=True, eq=False)
class ReviewState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    view: ComparisonView | None = None  # None: nothing simulated yet
    detail: str = ""  # under the empty page's sentence
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class ReviewPage(Page):
    title = "Review"
    help_text = (
        "The twin walks in simulation: on the left a twin of average body and gait, on the right this "
        "patient's own. Both stand at the same moment of the gait cycle. Drag in a plot to move the figures, "
        "or press space to let them walk. r is the correlation with the measured gait (1 = the same shape), "
        "the degrees are the typical distance from it."
    )

    def __init__(self) -> None:
        super().__init__()
        self.comparison = GaitComparison(with_exo=False)
        self.body.addWidget(self.comparison)
        self.play_pause.connect(lambda: self.comparison.stage.play(not self.comparison.stage.playing))
        self.step_frames.connect(self.comparison.stage.step)

    def render(self, state: ReviewState) -> None:  # type: ignore[override]
        self.set_badges(*state.badges)
        self.show_findings(state.findings)
        self.set_secondary_actions(*state.secondary)
        if state.view is None:
            self.set_headline("")
            self.show_empty("review", state.headline, state.detail, state.main_action)
            return
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.show_body()
        self.comparison.show_view(state.view)
