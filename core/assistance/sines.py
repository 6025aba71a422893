"""Sums of sines that follow a force over the window of assistance, and how many of them are worth it.

F(t) = sum a sin(b t + c) with all three free, fitted by least squares within a trust region (preprint 206397,
section 2.4.3). Each order begins from the lowest terms of the window's discrete Fourier transform, from as
many half periods, and from the order before with one sine more; the nearest end counts. So a further sine
never makes it worse.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from core.domain.arrays import FloatArray
from core.domain.belt_profile import MOST_ORDERS, CycleWindow, OrderFit, SumOfSines

WORTH_IT = 0.002  # gain in rRMSE below which one sine more is not taken; the source stopped at five
FIT_POINTS = 177  # over the window: a quarter of a percent of the cycle apart
_FAST_RAD = 2.0 * np.pi * 12.0  # per window: faster than its edges
_LARGE = 50.0  # of the force's largest value: two sines may cancel each other, but not by any size
_EVALUATIONS = 400
_TRIED_RAD = np.pi * np.arange(
    0.5, 18.5, 0.5
)  # per window, of the sine that is added: a quarter of a period apart


@dataclass(frozen=True, slots=True, eq=False)
class FittedSines:
    """One order's sum and how near it is."""

    sum: SumOfSines
    fit: OrderFit


def fit_orders(
    force: Callable[[FloatArray], FloatArray],
    window: CycleWindow,
    *,
    orders: int = MOST_ORDERS,
    check: Callable[[int], None] = lambda _: None,
) -> tuple[FittedSines, ...]:
    """Orders 1 to `orders` for a force of the fraction of the cycle. `check` is asked before each.

    The edges of the window are no part of it: they multiply the sum when it is given.
    """
    cycle = np.linspace(window.first, window.last, FIT_POINTS)
    place, wanted = np.linspace(0.0, 1.0, FIT_POINTS), force(cycle)
    found: list[FittedSines] = []
    terms = np.zeros((0, 3))
    for order in range(1, orders + 1):
        check(order)
        starts = [
            _fourier_terms(place, wanted, order),
            _sized(place, wanted, np.pi * np.arange(1.0, order + 1.0)),
            _one_more(place, wanted, terms),
        ]
        terms = min(
            (_fitted(place, wanted, start) for start in starts), key=lambda t: _loss(t, place, wanted)
        )
        found.append(FittedSines(_over_cycle(terms, window), _judged(terms, place, wanted)))
    return tuple(found)


def chosen_order(fits: Sequence[OrderFit]) -> int:
    """The first order after which one sine more gains less than WORTH_IT in rRMSE."""
    for fit, following in itertools.pairwise(fits):
        if fit.rrmse - following.rrmse < WORTH_IT:
            return fit.order
    return fits[-1].order


def rrmse(found: FloatArray, wanted: FloatArray) -> float:
    """Root mean square difference as a share of the range."""
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / np.ptp(wanted))


def _value(terms: FloatArray, place: FloatArray) -> FloatArray:
    a, b, c = terms.T
    return np.asarray(np.sin(np.multiply.outer(place, b) + c) @ a)


def _loss(terms: FloatArray, place: FloatArray, wanted: FloatArray) -> float:
    return float(np.sum((_value(terms, place) - wanted) ** 2))


def _judged(terms: FloatArray, place: FloatArray, wanted: FloatArray) -> OrderFit:
    spread = float(np.sum((wanted - wanted.mean()) ** 2))
    return OrderFit(
        len(terms), rrmse(_value(terms, place), wanted), 1.0 - _loss(terms, place, wanted) / spread
    )


def _fitted(place: FloatArray, wanted: FloatArray, start: FloatArray) -> FloatArray:
    """(n, 3) from (n, 3); never worse than the start."""

    def residual(flat: FloatArray) -> FloatArray:
        return _value(flat.reshape(-1, 3), place) - wanted

    def slope(flat: FloatArray) -> FloatArray:
        a, b, c = flat.reshape(-1, 3).T
        turn = np.multiply.outer(place, b) + c
        parts = (np.sin(turn), a * place[:, None] * np.cos(turn), a * np.cos(turn))
        return np.stack(parts, axis=2).reshape(len(place), -1)

    most = _LARGE * float(np.abs(wanted).max())
    low, high = np.tile([-most, 0.0, -np.inf], len(start)), np.tile([most, _FAST_RAD, np.inf], len(start))
    inside = np.clip(start.ravel(), low + 1e-9, high - 1e-9)
    found = least_squares(
        residual, inside, jac=slope, bounds=(low, high), method="trf", x_scale="jac", xtol=1e-10, ftol=1e-10,
        gtol=1e-12, max_nfev=_EVALUATIONS,
    ).x.reshape(-1, 3)  # fmt: skip
    return found if _loss(found, place, wanted) <= _loss(start, place, wanted) else start


def _fourier_terms(place: FloatArray, wanted: FloatArray, count: int) -> FloatArray:
    """The lowest `count` terms of the window's discrete Fourier transform: (count, 3)."""
    spectrum = np.fft.rfft(wanted[:-1]) / (len(place) - 1)
    rows = [_term(2.0 * np.pi * k, spectrum[k] * (1.0 if k == 0 else 2.0)) for k in range(count)]
    return np.array(rows)


def _one_more(place: FloatArray, wanted: FloatArray, terms: FloatArray) -> FloatArray:
    """These terms and the one whose frequency, with all sizes and phases anew, leaves least."""
    tried = [_sized(place, wanted, np.append(terms[:, 1], rad)) for rad in _TRIED_RAD]
    return min(tried, key=lambda found: _loss(found, place, wanted))


def _sized(place: FloatArray, wanted: FloatArray, rad: FloatArray) -> FloatArray:
    """Sizes and phases that are nearest with these frequencies: linear, as a sine and a cosine of each."""
    turn = np.multiply.outer(place, rad)
    both = np.linalg.lstsq(np.hstack([np.sin(turn), np.cos(turn)]), wanted, rcond=1e-6)[0]
    sine, cosine = both[: len(rad)], both[len(rad) :]
    return np.column_stack([np.hypot(sine, cosine), rad, np.arctan2(cosine, sine)])


def _term(rad: float, coefficient: complex) -> tuple[float, float, float]:
    """|z| cos(rad x + arg z) as a sine."""
    return abs(coefficient), rad, float(np.angle(coefficient) + 0.5 * np.pi)


def _over_cycle(terms: FloatArray, window: CycleWindow) -> SumOfSines:
    """The same over the fraction of the gait cycle instead of that of the window."""
    a, b, c = terms.T
    faster = b / (window.last - window.first)
    return SumOfSines(window, np.column_stack([a, faster, np.mod(c - faster * window.first, 2.0 * np.pi)]))
