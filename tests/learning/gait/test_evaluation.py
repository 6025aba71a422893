"""Claims about the evaluation of a learned gait, and its findings for the clinician."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import Joint
from core.domain.findings import Severity
from core.domain.twin import GENERIC_BODY, Network
from core.gait.norms import normal_reference
from core.learning.gait.evaluation import Evaluation, evaluate
from core.learning.gait.findings import gait_findings
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.reference_gait.foot_contact_correction import correct_foot_contact
from core.twin.body import Fidelity

REFERENCE = normal_reference()
UNTRAINED = PolicyNetworks(
    Network((np.zeros((14, OBSERVATION_SIZE)),), (np.zeros(14),), "silu"),
    Network((np.zeros((1, OBSERVATION_SIZE)),), (np.zeros(1),), "silu"),
    np.zeros(14, dtype=np.float32),
    np.zeros(OBSERVATION_SIZE),
    np.ones(OBSERVATION_SIZE),
)


def evaluation_with(
    seconds: float = 20.0, error_deg: float = 4.0, speed: float = REFERENCE.speed_m_s
) -> Evaluation:
    return Evaluation(np.full(5, seconds), error_deg, 0.0, speed)


def test_a_twin_that_learned_nothing_falls_within_seconds() -> None:
    walker = Walker(worn_model(GENERIC_BODY, Fidelity.FAST, None), GENERIC_BODY, REFERENCE)

    evaluation = evaluate([walker] * 8, UNTRAINED, seed=0, length_s=5.0)

    assert evaluation.walk_seconds_median < 3.0
    # Every walker falls once, so falls per minute is the inverse of the mean walk.
    assert evaluation.falls_per_minute == pytest.approx(60.0 / evaluation.walk_seconds.mean(), rel=1e-6)


def test_time_until_a_fall_counts_more_than_closeness() -> None:
    assert evaluation_with(20.0, 9.0).rank > evaluation_with(12.0, 3.0).rank
    assert evaluation_with(20.0, 4.0).rank > evaluation_with(20.0, 5.0).rank
    two_of_five_fall = Evaluation(np.array([20.0, 20.0, 20.0, 3.0, 3.0]), 3.0, 0.0, REFERENCE.speed_m_s)
    assert evaluation_with(20.0, 5.0).rank > two_of_five_fall.rank


@pytest.mark.parametrize(
    ("evaluation", "codes"),
    [
        (evaluation_with(), {"TRN-003"}),
        (evaluation_with(seconds=4.0), {"TRN-002", "TRN-003"}),
        (evaluation_with(error_deg=9.0), {"TRN-004"}),
        (evaluation_with(speed=0.7 * REFERENCE.speed_m_s), {"TRN-003", "TRN-005"}),
    ],
)
def test_findings_say_what_is_not_as_it_should_be(evaluation: Evaluation, codes: set[str]) -> None:
    correction = correct_foot_contact(REFERENCE, GENERIC_BODY.scale)

    findings = gait_findings(evaluation, REFERENCE, correction, learned=True)

    assert {finding.advice.code for finding in findings} == codes
    assert all(
        (finding.severity is Severity.NOTE) == (finding.advice.code == "TRN-003") for finding in findings
    )


def test_a_stride_that_does_not_stand_on_the_ground_is_a_finding() -> None:
    crouched = REFERENCE.angle_rad.copy()
    crouched[:, Joint.KNEE_L.column] += 0.35  # the left leg is too short to reach the floor
    reference = replace(REFERENCE, angle_rad=crouched)

    findings = gait_findings(
        evaluation_with(), reference, correct_foot_contact(reference, GENERIC_BODY.scale), learned=True
    )

    advice = next(finding.advice for finding in findings if finding.advice.code == "TRN-009")
    assert ": left " in advice.what
