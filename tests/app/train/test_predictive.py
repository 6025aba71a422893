"""Claims about the training of a predictive policy, at the size of a toy."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from app.train import predictive as task
from app.train.predictive import PredictiveRequest, read_policy, train_predictive
from core.learning.gait import dagger
from core.learning.gait.predictive import CurriculumStage
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.physics.domain_randomisation import NO_RANDOMISATION
from core.tasks.policy_files import policy_bytes
from core.twin.body import Fidelity
from tests.learning.rl.tracking import standing_policy
from tests.refusals import code_of


def request(out: Path) -> PredictiveRequest:
    return PredictiveRequest(
        minutes=0.02,
        out=out,
        fidelity=Fidelity.LUMPED,
        tracking=standing_policy(),
        walkers=2,
        demonstration_walkers=4,
        demonstration_seconds=0.4,
        evaluated_walkers=2,
        evaluated_seconds=0.1,
        stages=(
            CurriculumStage("speeds", (0.9, 1.5), (0.0,), 0.5, NO_RANDOMISATION),
            CurriculumStage("slopes", (0.9, 1.5), (4.0,), 0.5),
        ),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    lines: list[str] = []
    out = tmp_path_factory.mktemp("predictive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dagger, "HORIZON", 6)
        patch.setattr(dagger, "BATCH", 64)
        train_predictive(request(out), lines.append)
    return out, lines


@pytest.mark.slow
def test_a_training_leaves_a_policy_with_its_synergies_and_what_it_can_do(
    trained: tuple[Path, list[str]],
) -> None:
    out, lines = trained

    with np.load(out / task.RESULT) as stored:
        networks = PolicyNetworks.of(stored)
        weight, muscles = stored["synergy_weight"], stored["muscles"]
    summary = json.loads((out / task.SUMMARY).read_text())

    assert networks.policy.sizes[0] == 46 + 26
    assert networks.policy.sizes[-1] == len(weight) + 26
    assert len(muscles) == 26 and weight.shape[1] == 26
    assert len(summary["conditions"]) == 6  # level and slope at three speeds
    assert all(0.0 < found["walk_seconds_median"] <= 0.1 for found in summary["conditions"].values())
    assert any("synergies per leg" in line for line in lines)


@pytest.mark.slow
def test_a_training_that_is_called_again_goes_on_instead_of_beginning_again(
    trained: tuple[Path, list[str]],
) -> None:
    out, _ = trained
    before = (out / task.RESULT).read_bytes()
    lines: list[str] = []

    train_predictive(request(out), lines.append)

    assert (out / task.RESULT).read_bytes() == before  # its time was used up: nothing more was learned
    assert not any("the tracking policy walks" in line for line in lines)


@pytest.mark.slow
def test_a_damaged_checkpoint_is_refused(trained: tuple[Path, list[str]], tmp_path: Path) -> None:
    out, _ = trained
    (tmp_path / "demonstration.npz").write_bytes((out / "demonstration.npz").read_bytes())
    (tmp_path / "showing.pt").write_bytes(b"half of a checkpoint")

    assert code_of(train_predictive, request(tmp_path), print) == "TRN-014"


def test_a_policy_of_another_version_cannot_be_the_expert(tmp_path: Path) -> None:
    tracking = standing_policy(OBSERVATION_SIZE - 1)
    wrong_request = dataclasses.replace(request(tmp_path), tracking=tracking)

    assert code_of(train_predictive, wrong_request, print) == "TRN-020"


def test_only_a_policy_file_is_read_as_a_policy(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.npz", tmp_path / "bad.npz"
    good.write_bytes(policy_bytes(standing_policy()))
    bad.write_text("no policy")

    assert read_policy(good).policy.sizes[0] == OBSERVATION_SIZE
    assert code_of(read_policy, bad) == "TRN-021"
    assert code_of(read_policy, tmp_path / "missing.npz") == "TRN-021"
