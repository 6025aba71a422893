"""Text and numbers of every situation that a comparison walked. No widgets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.domain.assistance import FallCount
from core.domain.controller import Comparison
from core.domain.cost_ratio import percent_words
from core.domain.rollout import METABOLIC_MODELS, GaitLabel
from core.domain.scenario import GroundKind, scenario_of
from core.domain.situation import SituationWalks, find_walks
from core.domain.situation_effects import SituationEffect, effect_of, fall_words, situation_name
from core.domain.walk_measures import SYMMETRY_PARTS, WalkMeasures, WalkRatios
from ui.pages.number_table import NumberRow, NumberTable
from ui.pages.situations import SituationDetail, SituationsView
from ui.presenters.assistance import torque_view
from ui.theme import Tone
from ui.widgets.empty import Missing
from ui.wording import listed, unbroken

NO_EXO, DEFAULT, PERSONAL = (
    GaitLabel.WITHOUT_EXO,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)
MOST_TOLD = 3  # worse situations in the sentence above the table
COLUMNS = (
    "Situation",
    "Energy,\ndefault",
    "Energy,\npersonalized",
    "Falls: no exo,\ndefault, personal",
    "Symmetry:\nno exo → exo",
)
LESS_EVEN = 0.01  # of the symmetry, where 1 is alike: a smaller difference vanishes in its two digits
_MODELS = " and ".join(METABOLIC_MODELS)
_ENERGY_TIP = f"Against the same walks without the exo, simulated, mean of two models: {_MODELS}."
_SYMMETRY_TIP = "Of stance and load, without exo → with the personalized controller; 1 = legs alike; ↘ worse."
_FALLS_TIP = "All conditions start alike, simulated."
_NONE = "–"


def situations_view(
    comparison: Comparison, action: str, limit_nm: float = math.inf
) -> SituationsView | Missing:
    """`action` is what the button says where the record has no situations; "" for none."""
    judged = [_Situation.of(comparison, key) for key in _keys(comparison.situations)]
    if not judged:
        return Missing(
            "This comparison knows level walking only",
            "It was made by an earlier version. Compare again to see ramps, stairs, running and disturbances."
            " The new comparison needs a signature of its own.",
            action,
        )
    sentence, tone = overall(judged)
    return SituationsView(
        sentence,
        tone,
        NumberTable(COLUMNS, tuple(one.row for one in judged)),
        tuple(one.detail(comparison, limit_nm) for one in judged),
    )


def _keys(situations: tuple[SituationWalks, ...]) -> list[str]:
    """In the order walked, each once."""
    return list(dict.fromkeys(one.situation for one in situations if not one.handrail))


@dataclass(frozen=True, slots=True, eq=False)
class _Situation:
    """One situation in the three conditions that are compared; None: not walked."""

    key: str
    name: str
    without: WalkMeasures | None
    default: WalkMeasures | None
    personal: WalkMeasures | None
    default_effect: SituationEffect | None
    effect: SituationEffect | None  # of the personalized controller

    @staticmethod
    def of(comparison: Comparison, key: str) -> _Situation:
        without, default, personal = (
            find_walks(comparison.situations, key, label) for label in (NO_EXO, DEFAULT, PERSONAL)
        )
        scenario = scenario_of(key)
        return _Situation(
            key,
            key if scenario is None else scenario.name,
            _measures(without),
            _measures(default),
            _measures(personal),
            None if default is None or without is None else effect_of(default, without),
            None if personal is None or without is None else effect_of(personal, without),
        )

    # What counts ----------------------------------------------------------------------------------

    @property
    def disturbed(self) -> bool:
        return self.effect is not None and self.effect.disturbed

    @property
    def walkable(self) -> bool:
        return self.effect is not None and self.effect.walkable

    @property
    def less_even(self) -> bool:
        if self.without is None or self.personal is None or self.disturbed:
            return False
        return float(self.personal.symmetry.mean() - self.without.symmetry.mean()) < -LESS_EVEN

    @property
    def harder(self) -> list[str]:
        """What is worse with the personalized controller, in words."""
        if self.effect is None:
            return []
        words, cost = [], self.effect.cost
        if self.effect.costs_more and cost is not None:
            words.append(f"{cost.size_words} more energy{' per metre' if cost.per_metre else ''}")
        if self.effect.more_falls:
            words.append(fall_words(self.effect.falls))
        return [*words, "less even"] if self.less_even else words

    @property
    def easier(self) -> bool:
        return self.effect is not None and self.effect.easier and not self.harder

    # Row ------------------------------------------------------------------------------------------

    @property
    def row(self) -> NumberRow:
        cells = (
            self._energy(self.default, self.default_effect),
            self._energy(self.personal, self.effect, by_model=True),
            self._falls(),
            self._symmetry(),
        )
        return NumberRow(
            self.name,
            tuple(words for words, _, _ in cells),
            tips=tuple(tip for _, tip, _ in cells),
            tones=tuple(Tone.WARN if worse else Tone.NEUTRAL for _, _, worse in cells),
        )

    def _energy(
        self, worn: WalkMeasures | None, effect: SituationEffect | None, *, by_model: bool = False
    ) -> tuple[str, str, bool]:
        """Words, tip, and whether it is worse; the models are in the tip where they are not in the words."""
        if worn is None or effect is None:
            return _NONE, "Not walked.", False
        if effect.disturbed:
            return _NONE, "With a disturbance falls count, not energy.", False
        if not effect.walkable:
            return "not judged", "Without the exo the twin cannot walk here.", False
        cost = effect.cost
        if cost is None:
            return _NONE, "Not known, or falls leave too little to compare.", False
        models = self._by_model(worn, per_metre=cost.per_metre)
        tip = f"{cost.change_words} ({cost.interval_words}). {_ENERGY_TIP} Here {models} %."
        beside = f" ({models})" if by_model and models else ""
        if not cost.shown:
            return f"unclear{beside}", f"No difference shown: {tip}", False
        more = "more" if effect.costs_more else "less"
        return unbroken(f"{percent_words(abs(cost.change))} {more}{beside}"), tip, effect.costs_more

    def _by_model(self, worn: WalkMeasures, *, per_metre: bool) -> str:
        """`−13 · −11`: change in percent by both models."""
        if self.without is None or worn.seeds != self.without.seeds:
            return ""
        ratios = WalkRatios.between(worn, self.without, per_metre=per_metre).by_model
        return " · ".join(_signed(100.0 * (ratio.mean - 1.0)) for ratio in ratios)

    def _falls(self) -> tuple[str, str, bool]:
        walks = (self.without, self.default, self.personal)
        counts = [_NONE if one is None else str(one.falls) for one in walks]
        starts = {one.starts for one in walks if one is not None}
        of = f" of {starts.pop()}" if len(starts) == 1 else ""
        worse = any(one is not None and one.more_falls for one in (self.default_effect, self.effect))
        return f"{' · '.join(counts)}{of}", _FALLS_TIP, worse

    def _symmetry(self) -> tuple[str, str, bool]:
        if self.without is None or self.personal is None or self.disturbed:
            return _NONE, "", False
        before, after = (float(one.symmetry.mean()) for one in (self.without, self.personal))
        if not (math.isfinite(before) and math.isfinite(after)):
            return _NONE, "", False
        arrow = "↘" if self.less_even else "→"
        tip = " ".join((_SYMMETRY_TIP, *self._symmetry_parts()))
        return f"{before:.2f} {arrow} {after:.2f}", tip, self.less_even

    def _symmetry_parts(self) -> list[str]:
        assert self.without is not None and self.personal is not None
        before, after = self.without.symmetry_index, self.personal.symmetry_index
        if before is None or after is None:
            return []
        pairs = zip(SYMMETRY_PARTS, np.mean(before, axis=0), np.mean(after, axis=0), strict=True)
        return [f"{name.capitalize()}: {_side_words(old)} → {_side_words(new)}." for name, old, new in pairs]

    # Below ----------------------------------------------------------------------------------------

    def detail(self, comparison: Comparison, limit_nm: float) -> SituationDetail:
        harder = self.harder
        tone = Tone.WARN if harder else Tone.OK if self.easier else Tone.NEUTRAL
        sentences = [self._verdict(harder), *handrail_lines(comparison.situations, self.key)]
        return SituationDetail(
            self.key,
            self.name,
            unbroken("\n".join(sentences)),
            tone,
            torque_view(comparison, self.key, self.name, limit_nm),
        )

    def _verdict(self, harder: list[str]) -> str:
        effect = self.effect
        if effect is None:
            return f"{self.name}: not walked with the personalized controller."
        if harder:
            return f"{self.name}: worse with the personalized controller: {listed(harder)}."
        falls = _falls_said(effect.falls)
        if not effect.walkable:
            return (
                f"{self.name}: without the exo the twin cannot walk here, so energy is not judged; with the "
                f"personalized controller {falls}."
            )
        if effect.cost is None:
            return f"{self.name}: with the personalized controller {falls}."
        change = "no difference in energy shown"
        if effect.cost.shown:
            change = f"{effect.cost.change_words} ({effect.cost.interval_words})"
        return f"{self.name}: {change} with the personalized controller; {falls}."


def overall(judged: list[_Situation]) -> tuple[str, Tone]:
    """The worst first: good news about the others never hide it."""
    harder = [f"{situation_name(one.key)} ({listed(one.harder)})" for one in judged if one.harder]
    calm = [one for one in judged if not one.disturbed]
    easier = [one for one in calm if one.easier]
    rest = f"costs less energy in {len(easier)} of {len(calm)} situations without a disturbance"
    if harder:
        told = harder[:MOST_TOLD]
        if len(harder) > MOST_TOLD:
            told.append(f"{len(harder) - MOST_TOLD} more, in amber below")
        words = f"Worse with the personalized controller: {listed(told)}. Walking {rest}."
        return unbroken(words), Tone.WARN
    unjudged = [situation_name(one.key) for one in calm if not one.walkable]
    also = f" Not judged, for the twin cannot walk there: {listed(unjudged)}." if unjudged else ""
    words = f"Walking {rest} with the personalized controller; nothing gets worse.{also}"
    return words, Tone.OK if len(easier) == len(calm) else Tone.NEUTRAL


# Handrail -----------------------------------------------------------------------------------------------


def handrail_lines(situations: tuple[SituationWalks, ...], key: str) -> list[str]:
    """On stairs: how many starts come through without a handrail, and how much they lean on one."""
    free = {label: find_walks(situations, key, label) for label in (PERSONAL, DEFAULT, NO_EXO)}
    held = {label: find_walks(situations, key, label, handrail=True) for label in (PERSONAL, DEFAULT, NO_EXO)}
    personal, leaning = free[PERSONAL], held[PERSONAL]
    lines = []
    if personal is not None and (_on_stairs(key) or leaning is not None):
        others = _others(free, lambda one: f"{one.unsupported_starts}")
        count, starts = personal.unsupported_starts, personal.measures.starts
        lines.append(f"Without handrail: {count} of {starts} starts without support{others}.")
    if leaning is not None:
        others = _others(held, lambda one: f"{_weight(one.support_bw)}")
        lines.append(
            f"With a virtual handrail: {leaning.unsupported_starts} of {leaning.measures.starts} starts let "
            f"it alone, and it carries {_weight(leaning.support_bw)} of body weight{others}."
        )
    return lines


def _on_stairs(key: str) -> bool:
    scenario = scenario_of(key)
    return scenario is not None and scenario.ground.kind is GroundKind.STAIRS


def _falls_said(falls: FallCount) -> str:
    """As the end of a sentence."""
    if falls.worn == falls.without == 0:
        return f"it falls in none of {falls.walks} walks"
    if falls.worn == falls.without:
        return f"it falls in {falls.worn} of {falls.walks} walks, as without the exo"
    return f"it {fall_words(falls)}"


def _measures(walks: SituationWalks | None) -> WalkMeasures | None:
    return None if walks is None else walks.measures


def _weight(share: float) -> str:
    return f"{100.0 * share:.1f} %"


def _others(walks: dict[GaitLabel, SituationWalks | None], words: Callable[[SituationWalks], str]) -> str:
    """` (default 4, no exo 3)`."""
    names = {DEFAULT: "default", NO_EXO: "no exo"}
    parts = [f"{name} {words(one)}" for label, name in names.items() if (one := walks[label]) is not None]
    return f" ({', '.join(parts)})" if parts else ""


# Small words --------------------------------------------------------------------------------------------


def _signed(percent: float) -> str:
    words = f"{percent:+.0f}".replace("-", "−")
    return "0" if words in ("+0", "−0") else words


def _side_words(index: float) -> str:
    """Of (left - right) / (left + right): which leg has more of it."""
    if not math.isfinite(index):
        return "not known"
    share = f"{100.0 * abs(index):.0f} %"
    return "alike" if share == "0 %" else f"{'left' if index > 0 else 'right'} {share} more"
