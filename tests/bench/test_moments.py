"""`exotwin train moments`: what cannot be done is told, and tables say who was judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from app.bench.moment_walks import RealWalk, measured_only
from app.bench.moments import chosen, lines, told
from app.cli import commands as cli
from app.train.moments import split
from app.train.simulated_moments import person_of
from core.estimation.loso import leave_one_out
from core.estimation.networks import NETWORKS, Recipe
from core.estimation.walks import MeasuredWalk
from tests.estimation.made_up import person
from tests.refusals import refused


@pytest.mark.parametrize(
    "arguments",
    [(), ("--loso", "--out", "x"), ("--out", "x", "--people", "2"), ("--loso", "--learning-rate", "5")],
)
def test_what_cannot_be_trained_is_told(arguments: tuple[str, ...], capsys: Any) -> None:
    assert cli.run(["train", "moments", *arguments]) == cli.EXIT_REFUSED
    assert "[MOM-009]" in capsys.readouterr().err


def test_one_subject_only_and_strangers_are_refused() -> None:
    real = [RealWalk(person(number)) for number in range(5)]
    assert len(chosen(real, ())) == 5
    with refused("MOM-008"):
        chosen(real, ("person 1",))
    with refused("MOM-007"):
        chosen(real, ("person 1", "nobody"))


def test_strides_of_which_too_little_was_measured_are_left_out() -> None:
    whole = person(0, strides=3)
    moment = np.array(whole.moment_nm_kg)
    moment[1, :30] = np.nan
    kept = measured_only(MeasuredWalk(whole.name, whole.walk, moment))
    assert [stride.start_s for stride in kept.walk.strides] == [0.0, 2.0]
    assert np.isfinite(kept.moment_nm_kg).all()


def test_tables_tell_people_strides_and_in_which_planes_the_fusion_is_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ("RNN", "LSTM", "NTM"):
        monkeypatch.setitem(NETWORKS, kind, NETWORKS["FNN"])
    found = leave_one_out([person(number) for number in range(5)], Recipe(epochs=1), lambda _line: None)

    numbers = told(found)
    words = lines(
        {
            "people": {one.walk.name: len(one.walk.moment_nm_kg) for one in found},
            "ways": {"made up": numbers},
            "plug_in_gait": {},
        }
    )

    assert numbers["strides"] == 10
    own = numbers["against"]["fusion, best pairs"]["mean curve"]["sagittal"]
    assert own["rmse_lower_in"] >= 3 and 1.0 / 32.0 <= own["rmse_p"] < 0.5
    assert words[0].startswith("Hip moments without force plates: 5 real people, 10 strides (person 0 2")
    assert any("Weights of the best pairs" in line for line in words)


@pytest.mark.long
def test_real_people_are_in_one_convention(shared_data: Any) -> None:
    """Every person's curve runs with those of the others in all planes, before anything is trained."""
    from app.bench.moment_walks import real_walks

    folder = cast(Path, shared_data("multi-subject-c3d/HC002D/HC002D06.c3d")).parents[2]
    real = [one for one in real_walks(folder) if len(one.measured.moment_nm_kg)]
    curves = [np.nanmean(one.measured.moment_nm_kg, axis=0) for one in real]

    assert len(real) == 11 and sum(len(one.measured.moment_nm_kg) for one in real[:6]) == 12
    for number, own in enumerate(curves):
        others = np.mean([curve for k, curve in enumerate(curves) if k != number], axis=0)
        for plane in range(3):
            assert np.corrcoef(own[:, plane], others[:, plane])[0, 1] > 0.7, (real[number].name, plane)


def test_all_walks_of_a_simulated_person_are_on_one_side_of_the_split() -> None:
    walks = [replace(person(k), name=f"simulated {k}, told {time}") for k in range(10) for time in (1, 2)]
    judges, learn = split(walks, seed=7)
    assert len(judges) == 4 and len(learn) == 16
    assert not {person_of(one) for one in judges} & {person_of(one) for one in learn}
