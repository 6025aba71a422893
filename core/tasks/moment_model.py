"""The shipped model of hip moments, and its card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import resources
from core.domain.moments import StageWeights
from core.errors import refuse
from core.estimation.estimate import Judged
from core.estimation.model import MomentModel, weights_of

FOLDER = "moments"
WEIGHTS, NUMBERS, CARD = "hip_moments.npz", "hip_moments.json", "card.md"


def shipped_source_weights() -> tuple[StageWeights, ...]:
    """The model's other weights, of the pairs that source E fuses. Refuses MOM-002."""
    return weights_of(_numbers(resources.path(FOLDER))["source_weights"])


@lru_cache(maxsize=1)
def shipped_moment_model() -> tuple[MomentModel, Judged]:
    """Refuses (MOM-002) where a file is missing or damaged."""
    return moment_model_of(resources.path(FOLDER))


def moment_model_of(folder: Path) -> tuple[MomentModel, Judged]:
    """Of a folder that `exotwin train moments --out` filled."""
    told = _numbers(folder)
    with _whole(), np.load(folder / WEIGHTS) as arrays:
        model = MomentModel.of(arrays, weights_of(told["weights"]))
    with _whole():
        judged = Judged(
            str(told["model"]),
            str(told["judged_on"]),
            np.array(told["error_nm_kg"], dtype=float),
            (float(told["leg_m"][0]), float(told["leg_m"][1])),
            (float(told["stride_s"][0]), float(told["stride_s"][1])),
            _mean_curve(told),
        )
    return model, judged


def _mean_curve(told: dict[str, Any]) -> tuple[float, float, float] | None:
    """Of a model whose card has none, None."""
    found = dict(told.get("accuracy", {})).get("mean curve")
    if found is None:
        return None
    sagittal, coronal, transverse = (float(value) for value in found["rmse_nm_kg"])
    return sagittal, coronal, transverse


def _numbers(folder: Path) -> dict[str, Any]:
    with _whole():
        return dict(json.loads((folder / NUMBERS).read_text(encoding="utf-8")))


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise refuse(
            "MOM-002",
            "The model of hip moments is missing or damaged.",
            f"{WEIGHTS} or {NUMBERS} cannot be read as the installation puts them: {error}.",
            "Install ExoTwin again.",
        ) from error
