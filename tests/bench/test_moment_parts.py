"""A training of hip moments in parts: what is done is not done again, and another training is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.train.moment_parts import FOLDER, Parts
from app.train.moments import train_on_simulation
from core.estimation.networks import NETWORKS, Estimator, Recipe, train
from core.estimation.walks import MeasuredWalk
from tests.estimation.made_up import person
from tests.refusals import refused

SETTINGS = {"people": 4, "seed": 0}


def never() -> MeasuredWalk:
    raise AssertionError("it was done before")


def test_walks_and_networks_come_back_as_they_were_made(tmp_path: Path) -> None:
    made = tuple(replace(person(number, strides=3), simulated=True) for number in range(2))
    network = train("FNN", made[:1], made[1:], Recipe(epochs=1), seed=3)
    parts = Parts(tmp_path, SETTINGS)
    parts.walks(0, lambda: made)
    parts.network("FNN", lambda: network)

    again = Parts(tmp_path, SETTINGS)
    walks, known = again.walks(0, never), again.network("FNN", never)  # type: ignore[arg-type]

    for one, other in zip(walks, made, strict=True):
        assert (one.name, one.walk.strides) == (other.name, other.walk.strides)
        assert one.walk.leg_m == other.walk.leg_m
        assert np.array_equal(one.walk.feature, other.walk.feature)
        assert np.array_equal(one.moment_nm_kg, other.moment_nm_kg) and one.simulated
    assert np.array_equal(known.moments_nm_kg(made[0].walk), network.moments_nm_kg(made[0].walk))


def test_a_training_that_was_ended_gives_what_a_whole_one_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("RNN", "LSTM", "NTM"):
        monkeypatch.setitem(NETWORKS, kind, NETWORKS["FNN"])
    monkeypatch.setattr("app.train.moments.RECIPE", Recipe(epochs=1))
    people = [replace(person(number), simulated=True) for number in range(6)]
    trained: list[str] = []

    def ends(line: str) -> None:
        trained.append(line)
        if len(trained) == 2:
            raise KeyboardInterrupt

    whole = train_on_simulation(people, 0, lambda _line: None)
    with pytest.raises(KeyboardInterrupt):
        train_on_simulation(people, 0, ends, Parts(tmp_path, SETTINGS))
    learned: list[str] = []

    def counted(kind: str, *given: object, **more: object) -> Estimator:
        learned.append(kind)
        return train(kind, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("app.train.moments.train", counted)
    rest = train_on_simulation(people, 0, lambda _line: None, Parts(tmp_path, SETTINGS))

    assert learned == list(NETWORKS)[2:], "two networks were there already"
    for kind, one in whole.model.estimators.items():
        ours = rest.model.estimators[kind].moments_nm_kg(people[0].walk)
        assert np.array_equal(one.moments_nm_kg(people[0].walk), ours)
    assert whole.model.weights == rest.model.weights


def test_parts_of_another_training_are_told_and_stay(tmp_path: Path) -> None:
    Parts(tmp_path, SETTINGS)
    with refused("MOM-010"):
        Parts(tmp_path, {"people": 4, "seed": 1})
    kept = Parts(tmp_path, SETTINGS)
    kept.remove()
    assert not (tmp_path / FOLDER).exists()
    Parts(tmp_path, {"people": 4, "seed": 1})
