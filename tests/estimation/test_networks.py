"""The five networks: sizes as in the source, repeatable, judged on other people, and nothing leaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.domain.moments import STAGES, StageWeights
from core.estimation.features import FEATURE_NAMES, FEATURES
from core.estimation.fusion import CORRECTED, PHYSICS
from core.estimation.loso import MEAN_CURVE, OWN_FUSION, Means, dealt, error_band, leave_one_out, score
from core.estimation.model import MomentModel, weights_as_json, weights_of
from core.estimation.networks import NETWORKS, Recipe, train
from core.estimation.turing import ROWS, WIDTH, TuringMachine
from tests.estimation.made_up import person
from tests.refusals import refused

QUICK, LONGER = Recipe(epochs=2), Recipe(epochs=10, learning_rate=1e-2)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_leg_has_the_54_inputs_of_the_source() -> None:
    assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == FEATURES == 54


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_network_maps_a_stride_to_three_moments(kind: str) -> None:
    found = NETWORKS[kind](FEATURES, 3)(torch.zeros(2, 26, FEATURES))
    assert found.shape == (2, 26, 3)


def test_what_the_turing_machine_wrote_early_reaches_later_outputs_alone() -> None:
    torch.manual_seed(0)
    machine = TuringMachine(FEATURES, 3).eval()
    inputs = torch.randn(1, 10, FEATURES)
    changed = inputs.clone()
    changed[:, 4] += 1.0

    difference = (machine(inputs) - machine(changed)).abs().sum(dim=2)[0]

    assert machine.memory.shape == (ROWS, WIDTH) == (128, 40)
    assert (difference[:4] == 0.0).all() and (difference[4:] > 0.0).all()


def test_training_is_repeatable_and_keeps_what_was_best_on_other_people() -> None:
    people = [person(number) for number in range(6)]
    losses: list[float] = []

    first = train("FNN", people[:4], people[4:], LONGER, seed=1, watch=lambda _, loss: losses.append(loss))
    again = train("FNN", people[:4], people[4:], LONGER, seed=1)

    walk = people[5].walk
    assert np.array_equal(first.moments_nm_kg(walk), again.moments_nm_kg(walk))
    assert min(losses) < 0.8 * losses[0]
    further = train("FNN", people[:4], people[4:], replace(QUICK, epochs=0), seed=2, start=first)
    assert np.array_equal(further.moments_nm_kg(walk), first.moments_nm_kg(walk))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Perceptrons in the places of the two slow networks."""
    for kind in ("LSTM", "NTM"):
        monkeypatch.setitem(NETWORKS, kind, NETWORKS["FNN"])


@pytest.mark.usefixtures("small")
def test_nothing_of_the_person_left_out_reaches_what_estimates_them() -> None:
    """Other moments of that person change no estimate and no weight of them."""
    people = [person(number) for number in range(5)]
    spoiled = [replace(people[0], moment_nm_kg=people[0].moment_nm_kg + 7.0), *people[1:]]

    first, other = (
        leave_one_out(group, QUICK, lambda _line: None, kinds=("LSTM", "NTM"))[0]
        for group in (people, spoiled)
    )

    assert first.own_weights == other.own_weights and first.source_weights == other.source_weights
    for name, values in first.estimated.items():
        assert np.array_equal(values, other.estimated[name]), name


def test_groups_for_validation_are_of_people_and_hold_everybody_once() -> None:
    people = [person(number) for number in range(10)]
    groups = dealt(people, seed=4)
    assert sorted(one.name for group in groups for one in group) == sorted(one.name for one in people)
    assert {len(group) for group in groups} == {3, 4}


@pytest.mark.usefixtures("small")
def test_scores_and_bands_are_over_people_who_count_alike() -> None:
    people = [person(0, strides=9), *(person(number) for number in range(1, 5))]
    found = leave_one_out(people, QUICK, lambda _line: None, kinds=("LSTM", "NTM"))

    corrected, raw = score(found, CORRECTED), score(found, PHYSICS)
    assert corrected.rmse_nm_kg.shape == (5, 3)
    assert (corrected.rmse_nm_kg.mean(axis=0) < 0.6 * raw.rmse_nm_kg.mean(axis=0)).all()
    band = error_band(found, CORRECTED)
    each = np.sqrt((corrected.rmse_nm_kg**2).mean(axis=0))
    assert np.allclose(np.sqrt((band**2).mean(axis=0)), each)
    assert set(found[0].estimated) >= {MEAN_CURVE, OWN_FUSION}


def test_one_person_alone_cannot_be_left_out() -> None:
    with refused("MOM-008"):
        leave_one_out([person(0)], QUICK, lambda _line: None)


def test_a_model_comes_back_from_its_arrays_as_it_was() -> None:
    people = [person(number) for number in range(3)]
    models = {
        kind: train(kind, people[:2], people[2:], replace(QUICK, epochs=0), seed=0) for kind in NETWORKS
    }
    weights = tuple(
        StageWeights(plane, stage, (CORRECTED, "NTM"), (0.5, 0.25), 0.7)
        for plane in range(3)
        for stage in range(len(STAGES))
    )
    model = MomentModel(models, Means.of(people), weights)

    again = MomentModel.of(model.arrays(), weights_of(weights_as_json(weights)))

    walk = people[0].walk
    assert again.weights == weights
    found, wanted = again.estimates(walk), model.estimates(walk)
    assert set(found) == {CORRECTED, "NTM"}, "only what is weighed is asked"
    assert np.array_equal(again.fused(walk, found), model.fused(walk, wanted))
