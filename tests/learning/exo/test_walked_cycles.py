"""Claims about the mean curves of recorded walks, start by start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.twin import GENERIC_BODY
from core.learning.exo.torque_profile import assistance_profile
from core.learning.exo.walked_cycles import start_curves
from tests.learning.exo.test_torque_profile import ENVIRONMENT, bump, phases, recording


def test_a_start_counts_once_with_the_mean_of_the_strides_of_all_its_walks() -> None:
    phase = phases(200, 3)
    walks = recording(bump(phase), phase)
    angle = np.zeros((*phase.shape[:2], 14))
    for number, side in enumerate(SIDES):
        angle[..., Joint.of(JointKind.KNEE, side).column] = np.sin(2.0 * np.pi * phase[..., number])
    walks = replace(walks, angle_rad=angle)
    profile = assistance_profile(walks, ENVIRONMENT, GENERIC_BODY)

    found = start_curves("default controller", [walks, walks], [profile, profile])

    assert found.joints == SAGITTAL and found.seeds == 2 and found.walks == 3
    assert (found.strides >= 3).all() and found.strides.shape == (2, 2)
    knee = found.angle_rad[0, SIDES.index(Side.LEFT), SAGITTAL.index(JointKind.KNEE)]
    np.testing.assert_allclose(knee, np.sin(2.0 * np.pi * np.linspace(0.0, 1.0, 101)), atol=0.15)
    assert found.torque_nm_kg is not None and found.torque_nm_kg.shape == (2, 2, 101)


def test_without_torque_and_without_strides_there_is_no_curve() -> None:
    phase = phases(20, 2)  # less than a stride

    found = start_curves("without exo", [recording(np.zeros((20, 2, 2)), phase)], [None])

    assert found.torque_nm_kg is None
    assert not found.strides.any() and np.isnan(found.angle_rad).all()
