"""Review: the simulated gait of the default and of the personalized twin beside the measured one."""

from __future__ import annotations

import math

from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.twin import GaitPolicy
from core.session.flow import Step, StepStatus
from ui.desk import Desk
from ui.pages.gait_comparison import SCENARIOS_TO_COME, ComparisonView, Scenario
from ui.pages.number_table import NumberTable
from ui.pages.review import ReviewPage, ReviewState
from ui.plots.curves import JointPanel
from ui.presenters.base import StepPresenter
from ui.presenters.gait_curves import (
    NamedCycles,
    joint_panels,
    likeness_of,
    likeness_rows,
    mean_correlation,
)
from ui.scene.stage import StagedGait
from ui.theme import Tone

CLOSE_R = 0.9  # from here on the shape of the curves is the patient's own
PURPOSE = "See the twin walk beside the patient's own gait"
TWINS = (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)


class ReviewPresenter(StepPresenter):
    step = Step.REVIEW

    def __init__(self, page: ReviewPage, desk: Desk) -> None:
        super().__init__(page, desk)
        self._page = page
        self._shown = ""  # record whose view is on the page
        self._state = ReviewState("")
        page.secondary_action.connect(lambda _key: self.attempt(self.start))

    def start(self) -> None:
        policy = self.newest(RecordKind.GAIT_POLICY)
        if policy is not None:
            self.submit("simulate_gait", policy_id=policy.id)

    def show(self, status: StepStatus) -> None:
        if status.record_id is None:
            self._shown = ""
            if self.blocked(status, PURPOSE):
                return
            self._state = self._nothing_yet()
        elif status.record_id != self._shown:
            self._state = self._result(status.record_id)
            self._shown = status.record_id
        self._page.render(self._state)

    def leave(self) -> None:
        self._page.comparison.leave()

    def main(self) -> None:
        if self._shown:
            self.desk.go_to.emit(Step.TRAIN)
        else:
            self.start()

    def _nothing_yet(self) -> ReviewState:
        return ReviewState(
            headline=PURPOSE,
            detail="The simulation takes about half a minute.",
            main_action="" if self.running_job() is not None else "Simulate gait",
        )

    def _result(self, record_id: str) -> ReviewState:
        store = self.desk.store
        gaits = store.load(record_id, RolloutSet)
        policy_id = self.input_of(record_id, RecordKind.GAIT_POLICY)
        assert policy_id is not None
        policy = store.load(policy_id, GaitPolicy)
        motion_id = self.input_of(policy_id, RecordKind.MOTION)
        motion = None if motion_id is None else store.load(motion_id, Motion)
        panels = joint_panels(motion, [NamedCycles(r.label, r.cycles) for r in gaits.rollouts])
        twin = gaits.find(GaitLabel.PERSONALIZED_TWIN)
        headline, tone = review_headline(twin, mean_correlation(panels, GaitLabel.PERSONALIZED_TWIN))
        badges = ("Simulated", "Synthetic patient") if gaits.synthetic else ("Simulated",)
        return ReviewState(
            headline=headline,
            tone=tone,
            view=ComparisonView(
                staged=tuple(staged(gaits, label) for label in TWINS if gaits.find(label) is not None),
                joint_panels=panels,
                sentence=review_sentence(panels),
                table=NumberTable(
                    ("Joint", *(label.value.capitalize() for label in TWINS)), likeness_rows(panels, TWINS)
                ),
                scenarios=(Scenario(gaits.scenario, falls_words(twin)), *SCENARIOS_TO_COME),
            ),
            main_action="Go on with Train",
            secondary=(("again", "Simulate again"),),
            badges=badges,
            findings=policy.findings,
        )


def staged(gaits: RolloutSet, label: GaitLabel) -> StagedGait:
    rollout = gaits.find(label)
    assert rollout is not None
    return StagedGait(rollout, gaits.geometry, label.value.capitalize())


def falls_words(rollout: Rollout | None) -> str:
    if rollout is None:
        return ""
    if rollout.fell_at_s is not None:
        return f"fell after {rollout.fell_at_s:.1f} s"
    return f"no fall in {rollout.walked_s:.0f} s"


def review_headline(twin: Rollout | None, correlation: float) -> tuple[str, Tone]:
    if twin is not None and twin.fell_at_s is not None:
        cause = f" ({twin.fall_cause})" if twin.fall_cause else ""
        return f"The twin fell after {twin.fell_at_s:.1f} s{cause}. Teach it for longer.", Tone.WARN
    if math.isnan(correlation):
        return "The twin walks, but it cannot be compared with the measured gait.", Tone.WARN
    if correlation >= CLOSE_R:
        return f"The twin walks like the patient (mean r {correlation:.2f}).", Tone.OK
    return (
        f"The twin walks, but not yet like the patient (mean r {correlation:.2f}).",
        Tone.WARN,
    )


def _closeness(own: float, default: float) -> str:
    """Differences that vanish in the printed digits are none."""
    if round(own, 2) == round(default, 2):
        return f"as closely as the default twin (mean r {own:.2f})"
    closer = "more closely" if own > default else "less closely"
    return f"{closer} than the default twin (mean r {own:.2f} instead of {default:.2f})"


def review_sentence(panels: tuple[JointPanel, ...]) -> str:
    """Both twins against the patient in words, and where the personalized one is furthest off."""
    default, own = (mean_correlation(panels, label) for label in TWINS)
    if math.isnan(own):
        return "There are no complete strides to compare."
    words = f"The personalized twin follows the patient's own gait (mean r {own:.2f})"
    if not math.isnan(default):
        words = f"The personalized twin follows the patient's own gait {_closeness(own, default)}"
    known = [
        (panel, found)
        for panel in panels
        if (found := likeness_of(panel, TWINS[1])) is not None and math.isfinite(found.rmse_deg)
    ]
    if not known:
        return words + "."
    panel, worst = max(known, key=lambda item: item[1].rmse_deg)
    return f"{words}. It is furthest off at the {panel.title.lower()}: {worst.rmse_deg:.0f}° on average."
