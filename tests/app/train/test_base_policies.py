"""Claims about the curriculum of the shipped base policies; no stage is trained here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.train import base_policies
from app.train.base_policies import CURRICULUM, train_base
from core.domain.twin import Network
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.tasks.policy_files import BASE_POLICY, MUSCLE_POLICY, policy_bytes


def constant(value: float) -> PolicyNetworks:
    network = Network((np.full((2, OBSERVATION_SIZE), value),), (np.zeros(2),), "silu")
    size = np.ones(OBSERVATION_SIZE)
    return PolicyNetworks(network, network, np.zeros(2, np.float32), size, size, network)


def test_the_curriculum_spends_all_its_time_and_ends_with_what_ships() -> None:
    names = [stage.name for stage in CURRICULUM]

    assert sum(stage.fraction for stage in CURRICULUM) == pytest.approx(1.0)
    assert names[-1] == Path(MUSCLE_POLICY).stem
    assert Path(BASE_POLICY).stem in names
    assert len(set(names)) == len(names)


def test_every_stage_begins_with_the_one_before_and_the_last_with_its_mean_with_the_torque_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: dict[str, float | None] = {}

    def learner(stage: Any, start: PolicyNetworks | None, *_: Any) -> float:
        starts[stage.name] = None if start is None else float(start.policy.weights[0][0, 0])
        return float(len(starts))

    def learn(value: float, _budget_s: float, policy: Path, *_: Any) -> None:
        policy.write_bytes(policy_bytes(constant(value)))

    monkeypatch.setattr(base_policies, "_learner", learner)
    monkeypatch.setattr(base_policies, "_learn", learn)

    train_base(1.0, 0, tmp_path, lambda _line: None)

    assert list(starts.values()) == [None, 1.0, 2.0, 3.0, 3.5]  # stage k leaves weights of k
