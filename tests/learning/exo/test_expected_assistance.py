"""Claims about the table of expected help: what it says of profiles whose help is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.motion import CYCLE_POINTS
from core.domain.muscles import MuscleGroup
from core.learning.exo.expected_assistance import EXPECTED_ASSISTANCE, expected_assistance


def profile(left: float, right: float) -> AssistanceProfile:
    """Flexion in the second half of each cycle, extension in the first."""
    curve = np.where(np.arange(CYCLE_POINTS) > CYCLE_POINTS // 2, 1.0, -1.0)
    torque = np.array([left, right])[:, None] * curve
    return AssistanceProfile(JointKind.HIP_FLEXION, torque, np.zeros_like(torque), (3, 3))


@pytest.mark.parametrize("expected", EXPECTED_ASSISTANCE, ids=lambda one: str(one.where or one.kind))
def test_more_torque_on_the_affected_side_in_its_phase_is_what_is_expected(expected: object) -> None:
    more, less = profile(0.2, 0.1), profile(0.1, 0.2)
    assert expected.ratio(more, Side.LEFT) == pytest.approx(2.0)  # type: ignore[attr-defined]
    assert expected.more_nm_kg(more, Side.LEFT) > 0.0 > expected.more_nm_kg(less, Side.LEFT)  # type: ignore[attr-defined]
    assert expected.more_nm_kg(less, Side.RIGHT) > 0.0  # type: ignore[attr-defined]


def test_an_impairment_of_no_side_or_unknown_help_expects_nothing() -> None:
    assert expected_assistance(Impairment(ImpairmentKind.DELAY, 0.5)) is None
    other = Impairment(ImpairmentKind.SPASTICITY, 0.5, Side.LEFT, MuscleGroup.HAMSTRINGS)
    assert expected_assistance(other) is None
