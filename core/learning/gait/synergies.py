"""Muscle synergies: a few groups of muscles that are used together, found by non-negative factorisation.

Activations A (T, M) are written as A ≈ C W with non-negative timing C (T, S) and weights W (S, M), the model
of Lee & Seung (1999, Nature 401:788) that d'Avella et al. (2003, Nat Neurosci 6:300) and Torres-Oviedo et al.
(2006, J Neurophysiol 96:1530) use for muscles. It is found by hierarchical alternating least squares
(Cichocki & Phan 2009, IEICE Trans Fundam E92-A:708): one column exactly at a time, so it never gets worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, IntArray, frozen
from core.domain.body import SIDES, Side
from core.errors import refuse

ENOUGH = 0.90  # variance accounted for at which a number of synergies is taken as enough (Torres-Oviedo 2006)
MOST_SYNERGIES = 12
RESTARTS = 4  # random starts beside the one from the singular vectors; the best fit counts
_ITERATIONS = 2000
_CONVERGED = 1e-7  # relative improvement of an iteration at which the fit has converged
_CHECK_EVERY = 10


@dataclass(frozen=True, slots=True, eq=False)
class Synergies:
    """Groups of muscles and when they are used. Axes: T samples, S synergies, M muscles.

    The largest weight of every synergy is 1, and synergies are sorted by when they peak.
    """

    muscles: tuple[str, ...]  # M
    weight: FloatArray  # (S, M) 0..1
    timing: FloatArray  # (T, S) not negative
    accounted: FloatArray  # (M,) fraction of each muscle's squared activation that is accounted for
    accounted_in_all: float  # the same over all muscles together

    def __post_init__(self) -> None:
        frozen(self, "weight", (None, len(self.muscles)))
        frozen(self, "timing", (None, len(self.weight)))
        frozen(self, "accounted", (len(self.muscles),))

    @property
    def count(self) -> int:
        return len(self.weight)

    def activation(self) -> FloatArray:
        """The activations (T, M) that the synergies reconstruct."""
        reconstructed: FloatArray = self.timing @ self.weight
        return reconstructed


def find_synergies(
    activation: FloatArray, muscles: tuple[str, ...], count: int, *, seed: int = 0
) -> Synergies:
    """The `count` synergies that explain `activation` (T, M) best. Same input and seed, same synergies.

    Raises UserError SYN-001 for activations that are missing or negative, SYN-002 for more synergies than
    muscles or samples.
    """
    _check(activation, muscles, count)
    rng = np.random.default_rng(seed)
    starts = [_singular_start(activation, count)]
    starts += [_random_start(activation, count, rng) for _ in range(RESTARTS)]
    fits = [_fit(activation, *start) for start in starts]
    timing, weight = min(fits, key=lambda fit: _squares(activation - fit[0] @ fit[1]))
    return _ordered(activation, muscles, timing, weight)


def choose_synergies(
    activation: FloatArray,
    muscles: tuple[str, ...],
    *,
    enough: float = ENOUGH,
    most: int = MOST_SYNERGIES,
    seed: int = 0,
) -> Synergies:
    """The fewest synergies, at most `most`, that account for the fraction `enough` of (T, M) activations."""
    largest = min(most, *activation.shape)
    found = find_synergies(activation, muscles, 1, seed=seed)
    while found.accounted_in_all < enough and found.count < largest:
        found = find_synergies(activation, muscles, found.count + 1, seed=seed)
    return found


def accounted_for(activation: FloatArray, reconstructed: FloatArray) -> float:
    """Variance accounted for: 1 - sum of squared errors / sum of squares, both (T, M), not centred.

    The definition of Torres-Oviedo et al. (2006); a muscle's tonic level counts as variance.
    """
    return 1.0 - _squares(activation - reconstructed) / max(_squares(activation), 1e-12)


def timing_of(activation: FloatArray, weight: FloatArray, *, sweeps: int = _ITERATIONS) -> FloatArray:
    """How much of each synergy (T, S) explains activations (T, M) best, with fixed weights (S, M).

    Exact after many `sweeps`; ten are enough to choose an action.
    """
    timing = np.maximum(activation @ np.linalg.pinv(weight), 0.0)
    gram, cross = weight @ weight.T, activation @ weight.T
    for _ in range(sweeps):
        before = timing.copy()
        _sweep(timing, gram, cross)
        if np.abs(timing - before).max(initial=0.0) < 1e-9:
            break
    return timing


@dataclass(frozen=True, slots=True, eq=False)
class LegSynergies:
    """Synergies of both legs on a body's muscle axis. Axes: S synergies per leg, M muscles of both legs."""

    muscles: tuple[str, ...]  # M, as the model's actuators
    weight: FloatArray  # (2 S, M): those of the left leg, then those of the right
    accounted: float

    def __post_init__(self) -> None:
        frozen(self, "weight", (None, len(self.muscles)))

    @property
    def per_leg(self) -> int:
        return len(self.weight) // len(SIDES)


def leg_synergies(
    activation: FloatArray,
    muscles: tuple[str, ...],
    *,
    mirrored: bool = True,
    count: int | None = None,
    enough: float = ENOUGH,
    seed: int = 0,
) -> LegSynergies:
    """Synergies of each leg from activations of both (T, M), whose names end in `_l` and `_r`.

    `mirrored`: both legs have the same synergies, learned from both, as healthy legs do. Otherwise each leg
    has its own, as many as the leg with more. `count` fixes the number per leg.
    """
    columns = {side: leg_columns(muscles, side) for side in SIDES}
    legs = [activation[:, columns[side]] for side in SIDES]
    names = tuple(muscles[index].removesuffix(f"_{SIDES[0].suffix}") for index in columns[SIDES[0]])
    samples = [np.concatenate(legs)] * len(SIDES) if mirrored else legs
    if count is None:
        count = max(choose_synergies(sample, names, enough=enough, seed=seed).count for sample in samples)
    found = [find_synergies(sample, names, count, seed=seed) for sample in samples]
    weight = np.zeros((len(SIDES) * count, len(muscles)))
    for number, (side, synergies) in enumerate(zip(SIDES, found, strict=True)):
        weight[number * count : (number + 1) * count, columns[side]] = synergies.weight
    reconstructed = timing_of(activation, weight) @ weight
    return LegSynergies(muscles, weight, accounted_for(activation, reconstructed))


def leg_columns(muscles: tuple[str, ...], side: Side) -> IntArray:
    """Where the muscles of `side` are, ordered by their name without the side: equal order on both sides."""
    ending = f"_{side.suffix}"
    of_side = [index for index, name in enumerate(muscles) if name.endswith(ending)]
    return np.array(sorted(of_side, key=lambda index: muscles[index].removesuffix(ending)), np.int64)


def _check(activation: FloatArray, muscles: tuple[str, ...], count: int) -> None:
    if activation.shape[1:] != (len(muscles),) or not np.isfinite(activation).all() or activation.min() < 0:
        raise refuse(
            "SYN-001",
            "No muscle synergies can be found.",
            "Activations are missing or negative.",
            "Give envelopes of muscle activity without gaps.",
        )
    if not 1 <= count <= min(activation.shape):
        raise refuse(
            "SYN-002",
            f"{count} synergies cannot be found.",
            f"There are {activation.shape[1]} muscles and {activation.shape[0]} samples.",
            "Ask for fewer synergies than either.",
        )


def _fit(activation: FloatArray, timing: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Alternate exact updates of every column until the fit has converged."""
    error = _squares(activation - timing @ weight)
    for iteration in range(1, _ITERATIONS + 1):
        _sweep(timing, weight @ weight.T, activation @ weight.T)
        _sweep(weight.T, timing.T @ timing, activation.T @ timing)
        if iteration % _CHECK_EVERY:
            continue
        new_error = _squares(activation - timing @ weight)
        if error - new_error <= _CONVERGED * error:
            break
        error = new_error
    return timing, weight


def _sweep(factor: FloatArray, gram: FloatArray, cross: FloatArray) -> None:
    """One exact non-negative update of every column of `factor` (R, S), in place (Cichocki & Phan)."""
    for column in range(factor.shape[1]):
        step = (cross[:, column] - factor @ gram[:, column]) / max(float(gram[column, column]), 1e-12)
        factor[:, column] = np.maximum(factor[:, column] + step, 0.0)


def _singular_start(activation: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Non-negative parts of the singular vectors (NNDSVD: Boutsidis & Gallopoulos 2008)."""
    left, size, right = np.linalg.svd(activation, full_matrices=False)
    timing, weight = np.zeros((len(activation), count)), np.zeros((count, activation.shape[1]))
    for number in range(count):
        parts = []
        for sign in (1.0, -1.0):
            columns = np.maximum(sign * left[:, number], 0.0), np.maximum(sign * right[number], 0.0)
            parts.append((float(np.linalg.norm(columns[0]) * np.linalg.norm(columns[1])), columns))
        strength, (column, row) = max(parts, key=lambda part: part[0])
        scale = np.sqrt(size[number] * max(strength, 1e-12))
        timing[:, number] = scale * column / max(float(np.linalg.norm(column)), 1e-12)
        weight[number] = scale * row / max(float(np.linalg.norm(row)), 1e-12)
    return timing, weight


def _random_start(
    activation: FloatArray, count: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    scale = np.sqrt(max(float(activation.mean()), 1e-12) / count)
    return 2 * scale * rng.random((len(activation), count)), 2 * scale * rng.random(
        (count, activation.shape[1])
    )


def _ordered(
    activation: FloatArray, muscles: tuple[str, ...], timing: FloatArray, weight: FloatArray
) -> Synergies:
    peak = np.maximum(weight.max(axis=1), 1e-12)
    timing, weight = timing * peak, weight / peak[:, None]
    order = np.argsort(timing.argmax(axis=0), kind="stable")
    timing, weight = timing[:, order], weight[order]
    error = ((activation - timing @ weight) ** 2).sum(axis=0)
    accounted = 1.0 - error / np.maximum((activation**2).sum(axis=0), 1e-12)
    whole = accounted_for(activation, timing @ weight)
    return Synergies(muscles, weight, timing, accounted, whole)


def _squares(values: FloatArray) -> float:
    return float((values**2).sum())
