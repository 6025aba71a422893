"""Compare: gaits side by side, and the signature that lets a controller onto the exo."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.domain.assistance import Assistance, assistance_of
from core.domain.comparison_words import verdict_details
from core.domain.controller import Comparison, GaitScore, TrainedController, unattended
from core.domain.motion import Motion
from core.domain.people import Action
from core.domain.record import Decision, RecordKind, Verdict
from core.domain.release import Purpose, purpose_in, signed_thing, typed_reason
from core.domain.rollout import GaitLabel
from core.domain.situation_effects import brief_assistance, situation_assistance
from core.domain.walk_measures import WalkMeasures
from core.domain.walk_numbers import WalkRow, walk_rows
from core.session.flow import Step, StepStatus
from core.session.release import (
    NEEDS_ACCOUNT,
    comparison_meaning,
    release_declaration,
    sign_comparison,
)
from ui.pages.compare import ComparePage, CompareState
from ui.pages.correlations import CorrelationsView
from ui.pages.gait_comparison import ComparisonView
from ui.pages.help_by_side import HelpView
from ui.pages.number_table import NumberRow, NumberTable
from ui.pages.situations import SituationsView
from ui.presenters.assistance import help_view
from ui.presenters.base import StepPresenter
from ui.presenters.correlations import correlations_view
from ui.presenters.gait_curves import NamedCycles, exo_panels, joint_panels, likeness_rows, with_starts
from ui.presenters.level_walk import level_norm, staged
from ui.presenters.situations import situations_view
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone
from ui.widgets.empty import Missing
from ui.wording import clock, percent, unbroken

PERSONAL = GaitLabel.PERSONALIZED_CONTROLLER
RIVALS = (  # in the order of the columns; records of earlier versions have two of them
    GaitLabel.WITHOUT_EXO,
    GaitLabel.WORN_WITHOUT_TORQUE,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.GENERIC_CONTROLLER,
)
PURPOSE = (
    "Compare walking without the exo, with it worn, and with the default and the personalized controller"
)
INTERVAL_TIP = "Of the mean over all walks, seed by seed; another twin or another day differs by more."
REASON_WANTED = "With this verdict, sign only with a reason. Package and report show both."


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What the other tabs show."""

    situations: SituationsView | Missing
    help: HelpView | Missing
    correlations: CorrelationsView | Missing


class ComparePresenter(StepPresenter):
    step = Step.COMPARE

    def __init__(self, page: ComparePage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._loaded: tuple[str, Comparison, Motion | None] | None = None
        self._shown: ComparisonView | None = None  # of the loaded comparison
        self._parts: dict[str, _Parts] = {}  # by the words of their button, of the loaded comparison
        self._signing_anew = False  # it was signed for a virtual exo only
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._other_action(key)))
        page.compare_again.connect(lambda: self.attempt(self.start))
        page.approver_changed.connect(self.refresh)

    def start(self) -> None:
        controller = self.newest(RecordKind.CONTROLLER)
        if controller is not None:
            self.submit("compare", controller_id=controller.id)

    def show(self, status: StepStatus) -> None:
        if status.record_id is None:
            self._loaded = None
            if not self.blocked(status, PURPOSE):
                self._page.render(self._nothing_yet())
            return
        if self._loaded is None or self._loaded[0] != status.record_id:
            self._loaded = (status.record_id, *self._load(status.record_id))
            self._shown, self._parts = None, {}
            self._start_signing()
        self._page.render(self._result(*self._loaded))
        self._page.comparison.stage.show_affected(self.affected_side)

    def _start_signing(self) -> None:
        """Nothing is filled in, and nobody is released for."""
        self._signing_anew = False
        self._page.approver.clear()
        self._page.reason.clear()
        self._page.purpose.reset()

    def _other_action(self, key: str) -> None:
        if key == "sign_anew":
            self._start_signing()
            self._signing_anew = True
            self.refresh()
        else:
            self.start()

    def leave(self) -> None:
        self._page.comparison.leave()

    def shown_records(self) -> tuple[str, ...]:
        return () if self._loaded is None else (self._loaded[0],)

    def main(self) -> None:
        if self._loaded is None:
            self.start()
        elif self._standing_signature(self._loaded[0]) is not None:
            self.context.go_to.emit(Step.DEPLOY)
        else:
            self._sign(self._loaded[0], situation_assistance(self._loaded[1]))

    def _sign(self, record_id: str, assistance: Assistance) -> None:
        if self._why_not_sign(assistance) or self.context.visit_id is None:
            return
        reason, tone = self._page.reason.text(), Tone.WARN if assistance.needs_reason else Tone.OK
        purpose = self._purpose

        def release(by: Signed) -> None:
            told = {"by": by.name, "role": by.role, "reason": reason, "second": by.second}
            sign_comparison(self.context.store, record_id, **told, purpose=purpose)
            self._signing_anew = False
            who = f"{by.name} and {by.second}" if by.second else by.name
            self.context.show_message(f"Signed by {who}. The controller may now be deployed.", tone)
            self.context.record_changed.emit()

        typed = self._page.approver.given
        meaning = comparison_meaning(self.context.store, record_id, purpose, reason)
        about = signed_thing(record_id, meaning)
        self.sign(Action.RELEASE, about, typed, self._declaration(), release)

    # State of the page ---------------------------------------------------------------------------

    def _load(self, record_id: str) -> tuple[Comparison, Motion | None]:
        store, motion_id = self.context.store, self.input_of(record_id, RecordKind.MOTION)
        motion = None if motion_id is None else store.load(motion_id, Motion)
        return store.load(record_id, Comparison), motion

    def _nothing_yet(self) -> CompareState:
        return CompareState(
            headline=PURPOSE,
            detail="The twin walks five ways, many times each, then on ramps, stairs and a course, runs, and "
            "is disturbed; this takes about a minute, by muscles about five.",
            main_action="" if self.running_job() is not None else "Compare",
        )

    def _result(self, record_id: str, comparison: Comparison, motion: Motion | None) -> CompareState:
        signature = self._standing_signature(record_id)
        brief, assistance = brief_assistance(comparison), situation_assistance(comparison)
        headline, tone = verdict_headline(brief)
        why_not = "" if signature is not None else self._why_not_sign(assistance)
        parts = self._cached_parts(record_id, comparison)
        return CompareState(
            headline=headline,
            tone=tone,
            view=self._cached_view(comparison, motion),
            situations=parts.situations,
            help=parts.help,
            correlations=parts.correlations,
            declaration=self._declaration(),
            offers_person=self._real_person,
            reason_prompt=REASON_WANTED if assistance.needs_reason else "",
            verdict=assistance.words,
            signed="" if signature is None else signed_words(signature),
            signed_tone=Tone.WARN if assistance.needs_reason else Tone.OK,
            main_action="Sign comparison" if signature is None else "Go on with Deploy",
            why_not=why_not,
            secondary=self._secondary(signature),
            badges=("Simulated", "Synthetic patient") if comparison.synthetic else ("Simulated",),
        )

    def _cached_view(self, comparison: Comparison, motion: Motion | None) -> ComparisonView:
        """The same values again, so that the plots need not be drawn again."""
        if self._shown is None:
            self._shown = self._view(comparison, motion)
        return self._shown

    def _cached_parts(self, record_id: str, comparison: Comparison) -> _Parts:
        action = "" if self.running_job() is not None else "Compare again"
        if action not in self._parts:
            limit_nm = self._limit_nm(record_id)
            self._parts[action] = _Parts(
                situations_view(comparison, action, limit_nm),
                help_view(comparison, action, limit_nm),
                correlations_view(comparison, action),
            )
        return self._parts[action]

    def _limit_nm(self, record_id: str) -> float:
        """The most that the personalized controller may give."""
        controller_id = self.input_of(record_id, RecordKind.CONTROLLER)
        if controller_id is None:
            return math.inf
        return self.context.store.load(controller_id, TrainedController).controller.limits.peak_nm

    def _view(self, comparison: Comparison, motion: Motion | None) -> ComparisonView:
        """All gaits, at first the one without the exo against the personalized one; the table has all."""
        gaits, rivals = comparison.rollouts, rivals_in(comparison)
        norm = level_norm(gaits, motion, self.walker)
        drawn = joint_panels(motion, [NamedCycles(r.label, r.cycles) for r in gaits.rollouts], norm=norm)
        everything = with_starts(drawn, comparison.curves)
        columns = (*rivals, PERSONAL)
        return ComparisonView(
            staged=tuple(staged(gaits, rollout.label) for rollout in gaits.rollouts),
            joint_panels=everything,
            exo_panels=exo_panels(gaits.rollouts, comparison.curves, comparison.mass_kg),
            sentence=below_headline(comparison),
            table=comparison_table(comparison, columns, likeness_rows(everything, columns, short=True)),
            against=(rivals[0].value, PERSONAL.value) if rivals else None,
            all_curves=False,
        )

    def _why_not_sign(self, assistance: Assistance) -> str:
        if self._purpose is Purpose.SUPERVISED_HUMAN and self.context.store.people.single_user:
            return f"{NEEDS_ACCOUNT} Make accounts on the People page."
        missing = self._page.approver.missing("Enter your name and your role below to sign.")
        if missing:
            return missing if missing.endswith(".") else f"{missing}."
        if assistance.needs_reason and not self._page.reason.text().strip():
            return "Give the reason for signing below."
        return ""

    def _declaration(self) -> str:
        """What is signed with the verdict, which is the headline of the page."""
        subject = self.context.subject
        return "" if subject is None else release_declaration(subject, self._purpose)

    @property
    def _real_person(self) -> bool:
        return self.context.subject is not None and not self.context.subject.synthetic

    @property
    def _purpose(self) -> Purpose:
        """What is chosen; nobody can wear an exo for a patient who does not exist."""
        return self._page.purpose.purpose if self._real_person else Purpose.VIRTUAL_ONLY

    def _secondary(self, signature: Decision | None) -> tuple[tuple[str, str], ...]:
        if signature is None:
            return (("again", "Compare again"),)
        for_nobody = purpose_in(signature.reason) is Purpose.VIRTUAL_ONLY
        return (("sign_anew", "Sign anew…"),) if for_nobody and self._real_person else ()

    def _standing_signature(self, record_id: str) -> Decision | None:
        """None also while somebody signs once more."""
        return None if self._signing_anew else self._signature(record_id)

    def _signature(self, record_id: str) -> Decision | None:
        """By a person; what a session without a screen released for its virtual exo can still be signed."""
        if self.context.visit_id is None:
            return None
        decisions = self.context.store.decisions(self.context.visit_id)
        signed = (d for d in reversed(decisions) if d.verdict is Verdict.SIGNED and d.record_id == record_id)
        return next((decision for decision in signed if not unattended(decision.by)), None)


def signed_words(signature: Decision) -> str:
    role = f", {signature.role}," if signature.role else ""
    reason = typed_reason(signature.reason)
    in_spite = f", in spite of the verdict, because: {reason}" if reason else "."
    released = purpose_in(signature.reason).words
    return f"Signed by {signature.by}{role} on {clock(signature.on_utc)}, {released}{in_spite}"


def rivals_in(comparison: Comparison) -> tuple[GaitLabel, ...]:
    return tuple(label for label in RIVALS if comparison.rollouts.find(label) is not None)


def below_headline(comparison: Comparison) -> str:
    """The verdict on the level without what the headline says already; other situations have their tab."""
    if assistance_of(comparison.scores).cost is None:
        return comparison.sentence
    return unbroken(verdict_details(comparison.scores, comparison.strangers))


def verdict_headline(found: Assistance) -> tuple[str, Tone]:
    """The verdict as a headline of Train and Compare; never green where it warns."""
    return unbroken(found.headline), Tone.WARN if found.warns else Tone.OK


def comparison_table(
    comparison: Comparison, columns: Sequence[GaitLabel], likeness: Sequence[NumberRow]
) -> NumberTable:
    """The numbers that decide, then how closely the gaits follow the patient, then details."""
    rows = walk_rows([(label, _measures(comparison, label)) for label in columns])
    names = ("", *(column_title(label) for label in columns))
    if not rows:
        return NumberTable(names, (*earlier_rows(comparison.scores, columns), *likeness))
    first, details = ([_number_row(row) for row in rows if row.detail is detail] for detail in (False, True))
    rate, *others = first
    interval = NumberRow("95 % interval, %", tuple(_span(span) for span in rows[0].spans), tip=INTERVAL_TIP)
    return NumberTable(names, (rate, interval, *others, *likeness, *details))


def column_title(label: GaitLabel) -> str:
    """Short: five columns stand side by side."""
    short = {GaitLabel.WORN_WITHOUT_TORQUE: "Worn, no torque", PERSONAL: "Personal"}
    return short.get(label, label.value.removesuffix(" controller").capitalize())


def earlier_rows(scores: tuple[GaitScore, ...], columns: Sequence[GaitLabel]) -> tuple[NumberRow, ...]:
    """Of a comparison by an earlier version, which knew joint effort alone; one column per gait."""
    ordered = [_score(scores, label) for label in columns]
    without = _score(scores, GaitLabel.WITHOUT_EXO)

    def cells(words: Callable[[GaitScore], str]) -> tuple[str, ...]:
        return tuple("–" if score is None else words(score) for score in ordered)

    def effort(score: GaitScore) -> str:
        if without is None or score is without or without.effort <= 0:
            return "100 %"
        return percent(score.effort / without.effort)

    def exo(text: str, score: GaitScore) -> str:
        return "–" if score is without else text

    return (
        NumberRow("Joint effort", cells(effort), tip="Simulated; without exo = 100 %", strong=True),
        NumberRow("Symmetry", cells(lambda s: _number(s.symmetry)), tip="1 = left and right alike"),
        NumberRow("Falls per minute", cells(lambda s: f"{s.falls_per_minute:.1f}")),
        NumberRow("Exo peak torque", cells(lambda s: exo(f"{s.exo_peak_nm:.1f} N·m", s))),
        NumberRow("Exo mean power", cells(lambda s: exo(f"{s.exo_mean_power_w:.1f} W", s))),
        NumberRow(
            "Exo works against",
            cells(lambda s: exo(percent(s.exo_negative_work_fraction), s)),
            tip="Share of the exo's work that is taken out of the walk",
        ),
    )


def _number_row(row: WalkRow) -> NumberRow:
    tips = tuple(f"{row.full(number)}." for number in range(len(row.cells)))
    return NumberRow(row.title, row.cells, tip=row.tip, strong=row.strong, tips=tips)


def _span(span: str) -> str:
    return f"± {span}" if span else ""


def _measures(comparison: Comparison, label: GaitLabel) -> WalkMeasures | None:
    score = comparison.find(label)
    return None if score is None else score.measures


def _score(scores: tuple[GaitScore, ...], label: GaitLabel) -> GaitScore | None:
    return next((score for score in scores if score.label == label.value), None)


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
