"""Leave one person out: every estimate of hip moments judged on people it knows nothing of.

For every person in turn all others are for training. They are dealt into three groups. Each network is
trained three times, each time with another group to validate it, and its estimate of the person left out is
the mean of the three. What each of the three says of its own group serves to find the weights of the
fusion, so that they are not found on people by whom a network was fitted; when it had best stop was.
Nothing is chosen by the person left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.domain.arrays import FloatArray
from core.domain.moments import StageWeights
from core.errors import refuse
from core.estimation.fusion import (
    CORRECTED,
    PHYSICS,
    SOURCE_PAIRS,
    TYPICAL,
    Estimates,
    Sample,
    correlation_accuracy,
    found_weights,
    fused,
)
from core.estimation.networks import NETWORKS, Estimator, Recipe, train
from core.estimation.walks import PLANES, LegWalk, MeasuredWalk

GROUPS = 3  # of the people for training: two to four of ten are kept to validate
MEAN_CURVE = "mean curve"
SOURCE_FUSION, OWN_FUSION = "fusion, source's pairs", "fusion, best pairs"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """What was estimated of one person by those who were trained on all others."""

    walk: MeasuredWalk
    estimated: Estimates  # (N, 101, 3) by name
    source_weights: tuple[StageWeights, ...]
    own_weights: tuple[StageWeights, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Of one estimate over P people, in every plane."""

    rmse_nm_kg: FloatArray  # (P, 3)
    r: FloatArray  # (P, 3)
    accuracy: FloatArray  # (P, 3) R = r (1 - rmse / range)


def leave_one_out(
    walks: Sequence[MeasuredWalk],
    recipe: Recipe,
    report: Report,
    *,
    seed: int = 0,
    starts: Mapping[str, Estimator] | None = None,
    kinds: Sequence[str] = tuple(NETWORKS),
) -> tuple[LeftOut, ...]:
    """`starts` are networks trained before, on other people than `walks`, that are trained further.

    Refuses MOM-008 too few people.
    """
    check_enough(len(walks))
    found = []
    for number, walk in enumerate(walks):
        others = [other for other in walks if other is not walk]
        found.append(_left_out(walk, others, recipe, seed + number, starts or {}, kinds))
        report(f"{walk.name} left out, {number + 1} of {len(walks)}")
    return tuple(found)


def check_enough(people: int) -> None:
    """Refuses MOM-008: those who remain must fill the groups."""
    if people > GROUPS:
        return
    raise refuse(
        "MOM-008",
        f"{people} {'person is' if people == 1 else 'people are'} too few to leave one out.",
        f"Those who remain are dealt into {GROUPS} groups, each of which validates the others once.",
        f"Give at least {GROUPS + 1} people.",
    )


def _left_out(
    walk: MeasuredWalk,
    others: list[MeasuredWalk],
    recipe: Recipe,
    seed: int,
    starts: Mapping[str, Estimator],
    kinds: Sequence[str],
) -> LeftOut:
    of_person: dict[str, list[FloatArray]] = {}
    samples: list[Sample] = []
    for number, group in enumerate(dealt(others, seed)):
        learn = [other for other in others if other not in group]
        models = {
            kind: train(kind, learn, group, recipe, seed=seed + 100 * number, start=starts.get(kind))
            for kind in kinds
        }
        means = Means.of(learn)
        for name, values in estimates(models, means, walk.walk).items():
            of_person.setdefault(name, []).append(values)
        samples += [sample_of(other, estimates(models, means, other.walk)) for other in group]
    estimated = {name: np.mean(values, axis=0) for name, values in of_person.items()}
    estimated |= estimates({}, Means.of(others), walk.walk)
    estimated[MEAN_CURVE] = estimated[TYPICAL]
    return _fused(walk, estimated, samples)


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """What a group of people has in common, (101, 3) both."""

    typical_nm_kg: FloatArray  # moment
    missed_nm_kg: FloatArray  # by physics

    @classmethod
    def of(cls, walks: Sequence[MeasuredWalk]) -> Means:
        return cls(mean_curve(walks), physics_error(walks))


def estimates(models: Mapping[str, Estimator], means: Means, walk: LegWalk) -> dict[str, FloatArray]:
    """Of all that can be weighed, (N, 101, 3) by name."""
    physics = walk.physics_nm_kg
    return {
        PHYSICS: physics,
        CORRECTED: np.asarray(physics + means.missed_nm_kg),
        TYPICAL: np.broadcast_to(means.typical_nm_kg, physics.shape),
        **{kind: model.moments_nm_kg(walk) for kind, model in models.items()},
    }


def _fused(walk: MeasuredWalk, estimated: dict[str, FloatArray], samples: list[Sample]) -> LeftOut:
    source, own = found_weights(samples, SOURCE_PAIRS), found_weights(samples)
    estimated[SOURCE_FUSION] = fused(source, walk.walk.stance, estimated)
    estimated[OWN_FUSION] = fused(own, walk.walk.stance, estimated)
    return LeftOut(walk, estimated, source, own)


def as_trained(
    walks: Sequence[MeasuredWalk],
    models: Mapping[str, Estimator],
    means: Means,
    weights: tuple[tuple[StageWeights, ...], tuple[StageWeights, ...]],
) -> tuple[LeftOut, ...]:
    """Networks, means and weights (source's pairs, best pairs) that never saw any of these people."""
    found = []
    for walk in walks:
        estimated = estimates(models, means, walk.walk)
        others = [other for other in walks if other is not walk]
        estimated[MEAN_CURVE] = np.broadcast_to(mean_curve(others), walk.moment_nm_kg.shape)
        for name, own in zip((SOURCE_FUSION, OWN_FUSION), weights, strict=True):
            estimated[name] = fused(own, walk.walk.stance, estimated)
        found.append(LeftOut(walk, estimated, *weights))
    return tuple(found)


def dealt(people: Sequence[MeasuredWalk], seed: int) -> list[list[MeasuredWalk]]:
    """People in `GROUPS` groups of about the same size."""
    order = np.random.default_rng(seed).permutation(len(people))
    return [[people[number] for number in sorted(order[group::GROUPS])] for group in range(GROUPS)]


def sample_of(walk: MeasuredWalk, estimated: Estimates) -> Sample:
    return Sample(walk.walk.stance, walk.moment_nm_kg, estimated)


def mean_curve(walks: Sequence[MeasuredWalk]) -> FloatArray:
    """(101, 3); every person counts alike."""
    return np.asarray(np.nanmean([np.nanmean(walk.moment_nm_kg, axis=0) for walk in walks], axis=0))


def physics_error(walks: Sequence[MeasuredWalk]) -> FloatArray:
    """What physics misses on the mean at every point of the cycle, (101, 3)."""
    missed = [np.nanmean(walk.moment_nm_kg - walk.walk.physics_nm_kg, axis=0) for walk in walks]
    return np.asarray(np.nanmean(missed, axis=0))


def score(found: Sequence[LeftOut], name: str) -> Score:
    """Of the estimate of this name."""
    rows = [judged(one.walk.moment_nm_kg, one.estimated[name]) for one in found]
    rmse, r, accuracy = np.moveaxis(np.array(rows), 1, 0)
    return Score(rmse, r, accuracy)


def judged(measured: FloatArray, estimated: FloatArray) -> FloatArray:
    """RMSE, r and R (3, 3) in every plane over all strides (N, 101, 3) of one person."""
    rows = []
    for plane in range(len(PLANES)):
        truth = measured[..., plane]
        known = np.isfinite(truth)
        truth, guess = truth[known], np.broadcast_to(estimated, measured.shape)[..., plane][known]
        rmse = float(np.sqrt(np.mean((guess - truth) ** 2)))
        r = float(np.corrcoef(guess, truth)[0, 1]) if np.ptp(guess) > 0.0 else 0.0
        accuracy = correlation_accuracy(np.array(r), np.array(rmse / float(np.ptp(truth))))
        rows.append((rmse, r, float(accuracy)))
    return np.array(rows).T


def error_band(found: Sequence[LeftOut], name: str) -> FloatArray:
    """Root mean square error (101, 3) at every point of the cycle; every person counts alike."""
    squares = [np.nanmean((one.estimated[name] - one.walk.moment_nm_kg) ** 2, axis=0) for one in found]
    return np.asarray(np.sqrt(np.nanmean(squares, axis=0)))


def paired_p(better: FloatArray, worse: FloatArray) -> float:
    """How likely such differences over people (P,) are by chance: Wilcoxon signed rank, one-sided."""
    difference = worse - better
    if not np.any(difference):
        return 1.0
    return float(stats.wilcoxon(difference, alternative="greater").pvalue)
