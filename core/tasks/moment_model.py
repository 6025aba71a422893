"""The shipped model of hip moments, and its card."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

import resources
from core.errors import refuse
from core.estimation.estimate import Judged
from core.estimation.model import MomentModel

FOLDER = "moments"
WEIGHTS, NUMBERS, CARD = "hip_moments.npz", "hip_moments.json", "card.md"


@lru_cache(maxsize=1)
def shipped_moment_model() -> tuple[MomentModel, Judged]:
    """Refuses (MOM-002) where a file is missing or damaged."""
    return moment_model_of(resources.path(FOLDER))


def moment_model_of(folder: Path) -> tuple[MomentModel, Judged]:
    """Of a folder that `exotwin train moments --out` filled."""
    try:
        told = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
        with np.load(folder / WEIGHTS) as arrays:
            model = MomentModel.of(arrays, told["weights"])
        judged = Judged(
            str(told["model"]),
            str(told["judged_on"]),
            np.array(told["error_nm_kg"], dtype=float),
            (float(told["leg_m"][0]), float(told["leg_m"][1])),
            (float(told["stride_s"][0]), float(told["stride_s"][1])),
        )
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise refuse(
            "MOM-002",
            "The model of hip moments is missing.",
            f"{WEIGHTS} or {NUMBERS} is not where the installation puts it, or damaged: {error}.",
            "Install ExoTwin again.",
        ) from error
    return model, judged
