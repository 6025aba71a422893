"""Whether a controller helps: the one verdict that sessions, screens, reports and packages all give.

Simulated walks with the personalized controller are held against the same person's walks without the exo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.domain.controller import GaitScore
from core.domain.rollout import GaitLabel

_REASON = "I sign it all the same, because: "


@dataclass(frozen=True, slots=True)
class Assistance:
    """What the personalized controller does to walking, in simulation. None: not known."""

    effort_ratio: float | None  # effort with the exo / effort without
    falls_per_minute: float | None = None  # with the exo
    falls_without: float | None = None  # of the same walks without it

    @property
    def known(self) -> bool:
        return self.effort_ratio is not None

    @property
    def more_effort(self) -> bool:
        return self.effort_ratio is not None and self.effort_ratio > 1.0

    @property
    def more_falls(self) -> bool:
        """One fall more counts: the walks with and without the exo begin in the same way."""
        if self.falls_per_minute is None or self.falls_without is None:
            return False
        return self.falls_per_minute > self.falls_without

    @property
    def harder(self) -> bool:
        """No tolerance: where it does not help, a person has to say why it is used."""
        return self.more_effort or self.more_falls

    @property
    def needs_reason(self) -> bool:
        """Whether whoever releases it has to say why: it makes walking harder, or nobody knows."""
        return self.harder or not self.known

    @property
    def words(self) -> str:
        """The verdict in one sentence."""
        if self.harder:
            facts = [self._effort_words()] if self.more_effort else []
            facts += [self._falls_words()] if self.more_falls else []
            return f"It makes walking harder in simulation: {' and '.join(facts)}."
        if self.effort_ratio is None:
            return "It is not known whether it makes walking easier or harder."
        if self.effort_ratio < 1.0:
            return f"It makes walking easier in simulation: {self._effort_words()}."
        return "It makes walking neither easier nor harder in simulation."

    def _effort_words(self) -> str:
        assert self.effort_ratio is not None
        change = self.effort_ratio - 1.0
        return f"{percent_words(abs(change))} {'more' if change > 0 else 'less'} effort than without the exo"

    def _falls_words(self) -> str:
        return f"{self.falls_per_minute:.1f} falls a minute instead of {self.falls_without:.1f}"


def assistance_of(scores: tuple[GaitScore, ...]) -> Assistance:
    """The verdict on a comparison; not known when one of the two gaits or its effort is missing."""
    by_label = {score.label: score for score in scores}
    without = by_label.get(GaitLabel.WITHOUT_EXO.value)
    worn = by_label.get(GaitLabel.PERSONALIZED_CONTROLLER.value)
    if without is None or worn is None:
        return Assistance(None)
    return weigh(without.effort, worn.effort, without.falls_per_minute, worn.falls_per_minute)


def weigh(
    effort_without: float | None,
    effort_worn: float | None,
    falls_without: float | None,
    falls_worn: float | None,
) -> Assistance:
    """The verdict from numbers of which some may be missing, not finite or, for the effort, not positive."""
    before, after = _finite(effort_without), _finite(effort_worn)
    ratio = None if before is None or after is None or before <= 0.0 else after / before
    return Assistance(ratio, _finite(falls_worn), _finite(falls_without))


def percent_words(fraction: float) -> str:
    """A share in per cent as people read it; a small one is never rounded to nothing."""
    if 0.0 < fraction < 0.0005:
        return "less than 0.1 %"
    return f"{100.0 * fraction:.1f} %" if fraction < 0.0095 else f"{100.0 * fraction:.0f} %"


def with_reason(declaration: str, assistance: Assistance, reason: str) -> str:
    """What a signature means that was given although the controller does not help."""
    return f"{declaration} {assistance.words} {_REASON}{reason}"


def typed_reason(meaning: str) -> str:
    """The reason in a meaning that `with_reason` made; "" in others."""
    return meaning.partition(_REASON)[2]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
