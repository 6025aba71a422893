"""What training prices more for a twin whose legs are impaired unequally, so that help goes where it lacks.

Without these terms both sides get all the torque that there is, because help for the healthy leg costs
nothing. So torque has a price, the muscles of the more impaired leg count for more than those of the other,
and its hip is flexed or extended more as far as its step is shorter or longer than the other. No stride is
prescribed: nothing here knows how a healthy person walks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.domain.body import SIDES
from core.domain.twin import BodyParameters
from core.domain.walk_measures import WalkMeasures

PRIORITY = 0.5
"""How much the muscles of the one leg count more, and of the other less, at a difference in severity of 1."""
TORQUE_PRICE = 9e-4
"""Per (N m)^2, mean of both sides, of the cost without the exo: 12 N m on one side are priced at 6.5 % of it.
Chosen on starts of the seeds 100 and 20000 to 20002, as all numbers here."""
LEAN_PER_INDEX = 0.15
"""Price per N m of flexion of the affected hip, for a symmetry index of 1 of step length when its step is the
longer one."""
MOST_LEAN = 0.02
"""Beyond it the hip is pushed one way as hard as it can be, which is no help any more.
The rounds of a session do not get there."""
MOST_MORE_LEAN = 0.004
"""From one round to the next. With weak plantarflexors one larger step pushed the hip one way with two fifths
of the exo's work against the leg; smaller ones leave something between too little and too much to choose."""
SYMMETRY_WEIGHT = 0.15
"""Of the symmetry index over that without the exo, in the choice of a controller: a third less of it is worth
five percent of cost. A reward exp(-4 SI^2) would tell an index of 0.03 from none by 0.4 percent only."""
CHOICE_STARTS = 3
"""Seeds of the walks by which controllers of unequally impaired legs are chosen. Symmetry and falls differ
more between the starts of one seed and those of another than between the rounds of a training."""
LEAST_INDEX = 0.01  # what is below it without the exo differs by chance in a few walks


@dataclass(frozen=True, slots=True)
class SidedHelp:
    """Prices for unequally impaired legs. Torque prices are shares of the cost without the exo."""

    leg_weight: tuple[float, float]  # in the order of SIDES, of each leg's costs
    torque_price: float = TORQUE_PRICE  # per (N m)^2, mean of both sides
    lean: float = 0.0  # per N m of flexion of the affected hip

    @staticmethod
    def of(body: BodyParameters) -> SidedHelp | None:
        """None where both legs are impaired alike, or not at all."""
        left, right = (
            max((one.severity for one in body.impairments if one.side is side), default=0.0) for side in SIDES
        )
        if left == right:
            return None
        more = PRIORITY * (left - right)
        return SidedHelp((1.0 + more, 1.0 - more))

    @property
    def affected(self) -> int:
        """Place in SIDES of the leg that counts more."""
        return int(np.argmax(self.leg_weight))

    def corrected(self, step_index: float) -> SidedHelp:
        """Leaning further against the difference that is left: the symmetry index of step length."""
        longer = step_index if self.affected == 0 else -step_index
        more = min(max(LEAN_PER_INDEX * longer, -MOST_MORE_LEAN), MOST_MORE_LEAN)
        lean = self.lean + more
        return replace(self, lean=min(max(lean, -MOST_LEAN), MOST_LEAN))

    def activation_ratio(self, walks: WalkMeasures, to: WalkMeasures) -> float:
        """Mean activation of the legs as they count, over that of the walks `to`."""
        if walks.leg_activation is None or to.leg_activation is None:
            return float((walks.activation_mean / to.activation_mean).mean())
        weight = np.array(self.leg_weight)
        return float(np.mean((walks.leg_activation @ weight) / (to.leg_activation @ weight)))

    def asymmetry_ratio(self, walks: WalkMeasures, to: WalkMeasures) -> float:
        """Symmetry index, mean of its parts without sign, over that of the walks `to`; 1 where unknown."""
        if walks.symmetry_index is None or to.symmetry_index is None:
            return 1.0
        both = (walks.symmetry_index, to.symmetry_index)
        own, other = (float(np.abs(index.mean(axis=0)).mean()) for index in both)
        ratio = own / max(other, LEAST_INDEX)
        return ratio if np.isfinite(ratio) else 1.0


def choice_seeds(seed: int, sided: SidedHelp | None) -> tuple[int, ...]:
    """Seeds of the walks that choose between the controllers of the training `seed`."""
    starts = 1 if sided is None else CHOICE_STARTS
    return tuple(seed + 1 + 1000 * number for number in range(starts))
