"""The cards beside the shipped controllers tell the truth: every number is measured again."""

from __future__ import annotations

import json
from typing import Any

import pytest

import resources
from app.train.default_controllers import numbers_of
from app.train.virtual_people import default_twin
from core.devices.profiles import CONTROLLERS, load_default_controller, load_generic_controller
from core.learning.exo.evaluation import EVALUATION_SEEDS, WalkEvaluator

DEVICE = "Hippo_L1"


def card(kind: str) -> dict[str, Any]:
    path = resources.path(f"{CONTROLLERS}/{kind}_controller_{DEVICE}.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def evaluator() -> WalkEvaluator:
    """The walks that the cards were written from."""
    return WalkEvaluator(default_twin(DEVICE), seeds=range(EVALUATION_SEEDS))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "load"),
    [
        ("default", load_default_controller),
        pytest.param("generic", load_generic_controller, marks=pytest.mark.long),
    ],
)
def test_what_the_card_of_a_shipped_controller_says_is_measured_again(
    kind: str, load: Any, evaluator: WalkEvaluator
) -> None:
    walks = evaluator.worn(load(DEVICE))

    found = numbers_of(walks, evaluator.without_exo)

    # The last printed digit: sums run in another order on other processors.
    assert found == pytest.approx(card(kind)["on_default_twin"], abs=0.0021)


@pytest.mark.long
def test_worn_without_torque_is_as_the_default_card_says(evaluator: WalkEvaluator) -> None:
    found = numbers_of(evaluator.worn_without_torque, evaluator.without_exo)

    assert found == pytest.approx(card("default")["worn_without_torque"], abs=0.0021)
