"""Training of the shipped model of hip moments, on simulated people alone: a developer's job."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.train.moment_parts import Parts
from app.train.simulated_moments import BLUR, TOLD, person_of, simulated_walks
from core.domain.moments import StageWeights
from core.estimation.fusion import SOURCE_PAIRS, found_weights
from core.estimation.loso import (
    OWN_FUSION,
    LeftOut,
    Means,
    as_trained,
    error_band,
    estimates,
    sample_of,
    score,
)
from core.estimation.model import MomentModel, weights_as_json
from core.estimation.networks import NETWORKS, Estimator, Recipe, train
from core.estimation.walks import PLANES, MeasuredWalk
from core.tasks.moment_model import CARD, NUMBERS, WEIGHTS
from core.tasks.policy_files import replace_file

PEOPLE = 112
KEPT = 0.2  # of the simulated people, to validate and to find the weights of the fusion
RECIPE = Recipe(epochs=40, patience=6)
MOST_STRIDES = 3  # of a simulated person each time their walk is told
NAME = "hip moments 1"
_CARD_WIDTH = 110
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """On simulated people; `source_weights` are those of source E's pairs."""

    model: MomentModel
    source_weights: tuple[StageWeights, ...]
    people: int
    strides: int


def train_on_simulation(
    people: Sequence[MeasuredWalk], seed: int, report: Report, parts: Parts | None = None
) -> Trained:
    """Every network on four fifths of the simulated people; the others validate it and find the weights.

    `parts` keep every network.
    """
    torch.set_num_threads(1)
    judges, learn = split(people, seed)
    models: dict[str, Estimator] = {}
    for kind in NETWORKS:
        make = partial(train, kind, learn, judges, RECIPE, seed=seed, most_strides=MOST_STRIDES)
        models[kind] = make() if parts is None else parts.network(kind, make)
        report(f"{kind} has learned from {len(learn)} walks of simulated people")
    means = Means.of(learn)
    weighed = {kind: models[kind] for kind in ("LSTM", "NTM")}
    samples = [sample_of(one, estimates(weighed, means, one.walk)) for one in judges]
    model = MomentModel(models, means, found_weights(samples))
    strides = sum(len(one.moment_nm_kg) for one in people)
    count = len({person_of(one) for one in people})
    return Trained(model, found_weights(samples, SOURCE_PAIRS), count, strides)


def split(walks: Sequence[MeasuredWalk], seed: int) -> tuple[list[MeasuredWalk], list[MeasuredWalk]]:
    """Those that judge and those to learn from; all walks of a person are on the same side."""
    names = sorted({person_of(one) for one in walks})
    kept = max(round(KEPT * len(names)), 1)
    judges = {names[number] for number in np.random.default_rng(seed).permutation(len(names))[:kept]}
    return (
        [one for one in walks if person_of(one) in judges],
        [one for one in walks if person_of(one) not in judges],
    )


def train_shipped(
    real: Sequence[MeasuredWalk], people: int, seed: int, out: Path, report: Report
) -> dict[str, Any]:
    """Write model, numbers and card to `out`; `real` people judge it, and nothing of it is chosen by them.

    What is done stays in `out` until all is: the same command goes on with it. Refuses MOM-010.
    """
    parts = Parts(out, {"model": NAME, "people": people, "seed": seed})
    trained = train_on_simulation(simulated_walks(people, seed, report, parts), seed, report, parts)
    numbers = save(trained, judged_on(real, trained), seed, out)
    parts.remove()
    return numbers


def judged_on(real: Sequence[MeasuredWalk], trained: Trained) -> tuple[LeftOut, ...]:
    weights = (trained.source_weights, trained.model.weights)
    return as_trained(real, trained.model.estimators, trained.model.means, weights)


def save(trained: Trained, found: Sequence[LeftOut], seed: int, out: Path) -> dict[str, Any]:
    """The numbers that were written."""
    out.mkdir(parents=True, exist_ok=True)
    legs = [one.walk.walk.leg_m for one in found]
    lasts = [s.end_s - s.start_s for one in found for s in one.walk.walk.strides]
    numbers = {
        "model": NAME,
        "trained_on": f"{trained.people} simulated people, {trained.strides} strides (each told {TOLD} times "
        f"with other errors of measurement), seed {seed}",
        "judged_on": f"{len(found)} real people, {len(lasts)} strides",
        "weights": weights_as_json(trained.model.weights),
        "source_weights": weights_as_json(trained.source_weights),
        "error_nm_kg": error_band(found, OWN_FUSION).round(4).tolist(),
        "leg_m": [round(min(legs), 3), round(max(legs), 3)],
        "stride_s": [round(min(lasts), 2), round(max(lasts), 2)],
        "accuracy": accuracy_table(found),
    }
    stream = io.BytesIO()
    arrays: Mapping[str, Any] = trained.model.arrays()
    np.savez_compressed(stream, **arrays)
    replace_file(out / WEIGHTS, stream.getvalue())
    replace_file(out / NUMBERS, json.dumps(numbers, indent=1).encode())
    replace_file(out / CARD, card(numbers).encode())
    return numbers


def accuracy_table(found: Sequence[LeftOut]) -> dict[str, dict[str, list[float]]]:
    """RMSE, r and R of every estimate: mean over people of sagittal, coronal and transverse plane."""
    table = {}
    for name in found[0].estimated:
        own = score(found, name)
        table[name] = {
            "rmse_nm_kg": own.rmse_nm_kg.mean(axis=0).round(4).tolist(),
            "r": own.r.mean(axis=0).round(3).tolist(),
            "R": own.accuracy.mean(axis=0).round(3).tolist(),
        }
    return table


def card(numbers: Mapping[str, Any]) -> str:
    """What the model is, what it was trained on, and how far it is right, in words."""
    rows = [
        f"| {name} | {_cells(row['rmse_nm_kg'], 3)} | {_cells(row['r'], 2)} | {_cells(row['R'], 2)} |"
        for name, row in numbers["accuracy"].items()
    ]
    words = _CARD.format(
        model=numbers["model"],
        trained=numbers["trained_on"],
        judged=numbers["judged_on"],
        leg=_cells(numbers["leg_m"], 2).replace(" / ", " to "),
        stride=_cells(numbers["stride_s"], 1).replace(" / ", " to "),
        rows="\n".join(rows),
        joint=f"{BLUR.joint_deg:g}",
    )
    return "\n\n".join(map(_wrapped, words.strip().split("\n\n"))) + "\n"


def _wrapped(paragraph: str) -> str:
    if paragraph.startswith(("#", "|")):
        return paragraph
    return textwrap.fill(" ".join(paragraph.split()), _CARD_WIDTH, break_on_hyphens=False)


def _cells(values: Sequence[float], digits: int) -> str:
    assert len(values) <= len(PLANES)
    return " / ".join(f"{value:.{digits}f}" for value in values)


_CARD = """# {model}

**What it is.** Hip moments in three planes from the motion alone, without force plates: Newton and Euler
on the person's scaled body, five networks (perceptrons BPNN and FNN, RNN, LSTM, neural Turing machine;
54 inputs of one leg), and weights by which physics, a typical curve, an LSTM and a Turing machine are
fused in every stage of the stride and every plane. `hip_moments.npz` holds networks, the typical curve
and the mean error of physics, `hip_moments.json` the weights and the numbers below. Made by `exotwin
train moments --out DIR`.

**What it was trained on: simulation only.** {trained}: bodies of 1.22 to 1.92 m, healthy, odd and
impaired strides, moved by joint torques whose moments are exactly known. Their motion is told with
errors of measurement (joint offsets of {joint}°, moving skin, lengths, events; of the order that the
literature reports), so that networks and weights meet what laboratories measure. Weights and mean error
of physics are from simulated people, too. No recording of a person went in. Three decisions were taken
after a look at these real people, by no number of theirs: that motion is told with errors, that a
typical curve may count, and that the balance of the whole body tells where the ground acts.

**How far it is right** with {judged}, of whom it knew nothing. Weights that only met simulated people
may trust the networks too far: compare with the row "mean curve", that of the other real people, which
this model does not know, and with `exotwin train moments --loso`, where real people teach the same
fusion. Mean over people; sagittal / coronal / transverse; "typical curve" is the mean of the simulated
people.

| estimate | RMSE N·m/kg | r | R = r (1 - E_r) |
|---|---|---|---|
{rows}

**Read this with care.** Six of the people are young and have two strides each, in a laboratory that
computed their moments by Plug-in-Gait: 12 strides carry no claim about people at large, and none about
patients. The adults' measured moments come from this program's own inverse dynamics with force plates;
while a leg swings that is the same equation as Newton-Euler here, so errors in swing say nothing there
(in four of five they are zero by construction). About the vertical, physics sees no arms. Thigh and
shank together measured {leg} m, a stride took {stride} s: outside of that nothing was judged. `exotwin
train moments --loso` judges networks that are trained on real people, each left out in turn; none of
those is kept.
"""
