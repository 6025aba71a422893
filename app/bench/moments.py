"""Hip moments from the motion alone, beside measured ones: every person left out in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.bench.moment_walks import RealWalk, of_young_people, real_walks
from core.domain.arrays import FloatArray
from core.domain.moments import STAGES, StageWeights
from core.errors import refuse
from core.estimation.fusion import PHYSICS
from core.estimation.loso import (
    GROUPS,
    MEAN_CURVE,
    OWN_FUSION,
    SOURCE_FUSION,
    LeftOut,
    Score,
    as_trained,
    check_enough,
    judged,
    leave_one_out,
    paired_p,
    score,
)
from core.estimation.model import MomentModel
from core.estimation.networks import NETWORKS, Estimator, Recipe
from core.estimation.walks import PLANES, MeasuredWalk

SINGLE = (MEAN_CURVE, PHYSICS, *NETWORKS)  # what the fusion has to beat
WANTED_NM_KG = (0.13, 0.12, 0.020)  # root mean square error of the fusion, by plane
_PIG_MEAN = "mean curve of Plug-in-Gait's own numbers"
Report = Callable[[str], None]
Weights = tuple[StageWeights, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way of training, on one group of people."""

    name: str
    found: tuple[LeftOut, ...]


def bench_moments(
    recordings: Path,
    report: Report,
    *,
    simulated: tuple[MomentModel, Weights],
    recipe: Recipe,
    people: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """Tables of all ways; `simulated` is the shipped model with its weights of source E's pairs.

    The six young people are judged among themselves as well: they come from one laboratory, and the baselines
    in the literature of this program are theirs.
    """
    torch.set_num_threads(1)
    begin = time.monotonic()
    real = chosen(real_walks(recordings), people)
    every, young = [one.measured for one in real], [one.measured for one in of_young_people(real)]
    model, source_weights = simulated
    known = as_trained(every, model.estimators, model.means, (source_weights, model.weights))
    ways = [Way("simulation only (this ships)", known)]
    groups = {"all": every, **({"young": young} if GROUPS < len(young) < len(every) else {})}
    starts: dict[str, Mapping[str, Estimator]] = {
        "trained on real people": {},
        "trained on simulated, then on real people": model.estimators,
    }
    for words, start in starts.items():
        for group, walks in groups.items():
            name = f"{words}, {group}"
            found = leave_one_out(walks, recipe, _named(report, name), seed=seed, starts=start)
            ways.append(Way(name, found))
    return {
        "people": {one.name: len(one.measured.moment_nm_kg) for one in real},
        "seed": seed,
        "ways": {way.name: told(way.found) for way in ways},
        "plug_in_gait": {way.name: beside_pig(way.found, real) for way in ways if _has_young(way, real)},
        "minutes": (time.monotonic() - begin) / 60.0,
    }


def chosen(real: Sequence[RealWalk], people: Sequence[str]) -> tuple[RealWalk, ...]:
    """Those of these names; all without names. Refuses MOM-007 and MOM-008."""
    names = [one.name for one in real]
    unknown = [name for name in people if name not in names]
    if unknown:
        raise refuse(
            "MOM-007",
            f"There is no recording of {', '.join(unknown)}.",
            f"Moments were measured of {', '.join(names)}.",
            "Give --person one of these names.",
        )
    found = tuple(one for one in real if not people or one.name in people)
    check_enough(len(found))
    return found


def told(found: Sequence[LeftOut]) -> dict[str, Any]:
    """Numbers of one way: every estimate, the fusion against each single one, and the weights."""
    scores = {name: score(found, name) for name in found[0].estimated}
    table = {
        name: {
            "rmse_nm_kg": _by_plane(one.rmse_nm_kg.mean(axis=0)),
            "rmse_sd": _by_plane(one.rmse_nm_kg.std(axis=0, ddof=1)),
            "r": _by_plane(one.r.mean(axis=0)),
            "R": _by_plane(one.accuracy.mean(axis=0)),
        }
        for name, one in scores.items()
    }
    fusions = (SOURCE_FUSION, OWN_FUSION)
    beats = {
        fusion: {single: _against(scores[fusion], scores[single]) for single in SINGLE} for fusion in fusions
    }
    return {
        "people": [one.walk.name for one in found],
        "strides": sum(len(one.walk.moment_nm_kg) for one in found),
        "estimates": table,
        "planes_in_which_better_than_all": {
            fusion: [
                plane for plane in PLANES if all(row[plane]["mean_better_in_both"] for row in rows.values())
            ]
            for fusion, rows in beats.items()
        },
        "planes_in_which_as_near_as_wanted": {fusion: _near(scores[fusion]) for fusion in fusions},
        "against": beats,
        "weights": {
            SOURCE_FUSION: weight_rows([one.source_weights for one in found]),
            OWN_FUSION: weight_rows([one.own_weights for one in found]),
        },
    }


def _against(fusion: Score, single: Score) -> dict[str, dict[str, Any]]:
    """Of people whom both estimated, by plane."""
    lower, higher = fusion.rmse_nm_kg < single.rmse_nm_kg, fusion.r > single.r
    both = (fusion.rmse_nm_kg.mean(axis=0) < single.rmse_nm_kg.mean(axis=0)) & (
        fusion.r.mean(axis=0) > single.r.mean(axis=0)
    )
    return {
        plane: {
            "rmse_lower_in": int(lower[:, k].sum()),
            "rmse_p": paired_p(fusion.rmse_nm_kg[:, k], single.rmse_nm_kg[:, k]),
            "r_higher_in": int(higher[:, k].sum()),
            "r_p": paired_p(-fusion.r[:, k], -single.r[:, k]),
            "mean_better_in_both": bool(both[k]),
        }
        for k, plane in enumerate(PLANES)
    }


def _near(fusion: Score) -> list[str]:
    mean = fusion.rmse_nm_kg.mean(axis=0)
    return [plane for plane, own, wanted in zip(PLANES, mean, WANTED_NM_KG, strict=True) if own <= wanted]


def weight_rows(folds: Sequence[Weights]) -> list[dict[str, Any]]:
    """By plane and stage: how often each pair was taken, and its mean weights."""
    rows = []
    for number in range(len(folds[0])):
        of_folds = [fold[number] for fold in folds]
        pairs = {one.names for one in of_folds}
        rows.append(
            {
                "plane": PLANES[of_folds[0].plane],
                "stage": STAGES[of_folds[0].stage],
                "pairs": {
                    " + ".join(pair): {
                        "folds": sum(one.names == pair for one in of_folds),
                        "weights": np.mean([one.weights for one in of_folds if one.names == pair], axis=0)
                        .round(2)
                        .tolist(),
                    }
                    for pair in sorted(pairs)
                },
            }
        )
    return rows


def beside_pig(found: Sequence[LeftOut], real: Sequence[RealWalk]) -> dict[str, Any]:
    """The same estimates told about Plug-in-Gait's hip and axes, beside what it wrote into the files.

    The move from our hip to theirs is made with the forces that are estimated without plates.
    """
    own = {one.walk.name: one for one in found}
    young = [one for one in of_young_people(real) if one.name in own]
    curves = {one.name: _told(one.pig_nm_kg) for one in young}
    rows: dict[str, list[FloatArray]] = {}
    for one in young:
        truth, move = curves[one.name], _told(one.to_pig_nm_kg)
        others = [np.nanmean(curve, axis=0) for name, curve in curves.items() if name != one.name]
        rows.setdefault(_PIG_MEAN, []).append(judged(truth, np.nanmean(others, axis=0)))
        for name in (MEAN_CURVE, PHYSICS, SOURCE_FUSION, OWN_FUSION):
            estimate = own[one.name].estimated[name] + move
            rows.setdefault(name, []).append(judged(truth, estimate))
    means = {name: np.mean(values, axis=0) for name, values in rows.items()}
    return {
        name: {"rmse_nm_kg": _by_plane(mean[0]), "r": _by_plane(mean[1]), "R": _by_plane(mean[2])}
        for name, mean in means.items()
    }


def _told(curves: FloatArray | None) -> FloatArray:
    assert curves is not None
    return curves


def _has_young(way: Way, real: Sequence[RealWalk]) -> bool:
    names = {one.walk.name for one in way.found}
    return sum(one.name in names for one in of_young_people(real)) > 1


def _by_plane(values: FloatArray) -> dict[str, float]:
    return {plane: round(float(value), 4) for plane, value in zip(PLANES, values, strict=True)}


def _named(report: Report, name: str) -> Report:
    return lambda line: report(f"{name}: {line}")


def measured_walks(recordings: Path) -> tuple[MeasuredWalk, ...]:
    """Of all people, to judge a model by."""
    return tuple(one.measured for one in real_walks(recordings))


def lines(numbers: Mapping[str, Any]) -> list[str]:
    """The same for people."""
    strides = sum(numbers["people"].values())
    found = [
        f"Hip moments without force plates: {len(numbers['people'])} real people, {strides} strides "
        f"({', '.join(f'{name} {count}' for name, count in numbers['people'].items())}).",
        "Mean over people; sagittal / coronal / transverse. RMSE in N·m/kg.",
    ]
    for name, way in numbers["ways"].items():
        found += ["", f"{name[0].upper()}{name[1:]}: {len(way['people'])} people, {way['strides']} strides"]
        found += _table(way["estimates"])
        for fusion, planes in way["planes_in_which_better_than_all"].items():
            better = "better than mean curve, Newton-Euler and every network in RMSE and r"
            found.append(f"  {fusion}: {better} in {_listed(planes)}")
            near = _listed(way["planes_in_which_as_near_as_wanted"][fusion])
            found.append(f"  {fusion}: RMSE at most {' / '.join(map(str, WANTED_NM_KG))} in {near}")
    for name, table in numbers["plug_in_gait"].items():
        found += ["", f"Beside Plug-in-Gait's own numbers, six young people, 12 strides; {name}"]
        found += _table(table)
    found += ["", *_weight_lines(numbers["ways"])]
    found.append(_CARE)
    return found


def _listed(planes: Sequence[str]) -> str:
    return ", ".join(planes) or "no plane"


def _table(rows: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    head = f"  {'':<42} {'RMSE':<22} {'r':<22} R"
    cells = [
        f"  {name:<42} {_three(row['rmse_nm_kg']):<22} {_three(row['r']):<22} {_three(row['R'])}"
        for name, row in rows.items()
    ]
    return [head, *cells]


def _three(row: Mapping[str, float]) -> str:
    return " / ".join(f"{row[plane]:.3f}" for plane in PLANES)


def _weight_lines(ways: Mapping[str, Any]) -> list[str]:
    found = []
    for name, way in ways.items():
        found.append(f"Weights of the best pairs; {name}")
        for row in way["weights"][OWN_FUSION]:
            words = "; ".join(
                f"{pair} {one['weights'][0]:.2f} {one['weights'][1]:.2f} ({one['folds']})"
                for pair, one in row["pairs"].items()
            )
            found.append(f"  {row['plane']:<11} {row['stage']:<17} {words}")
    return found


_CARE = (
    "Adults' moments are this program's own inverse dynamics from force plates: in swing the same equation "
    "as Newton-Euler here. 12 strides of six young people carry no claim about people at large. No number "
    "was fitted to whoever is left out, but the ways themselves were made while looking at these people."
)
