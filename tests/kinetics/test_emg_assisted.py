"""Claims about EMG-assisted forces: moments are met, recorded muscles stay near their EMG."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.kinetics.emg_assisted import AssistedForces, AssistedWeights, assisted_forces

ANGLE = normal_reference().angle_rad[::25]
MOTION = (ANGLE, np.zeros_like(ANGLE))
FRAMES = len(ANGLE)


def moments() -> FloatArray:
    wanted = np.full((FRAMES, len(JOINTS)), np.nan)
    for kind, nm in ((JointKind.HIP_FLEXION, -40.0), (JointKind.KNEE, -20.0), (JointKind.ANKLE, -60.0)):
        wanted[:, Joint.of(kind, Side.LEFT).column] = nm
    return wanted


def solved(told: dict[Muscle, FloatArray], **weights: float) -> AssistedForces:
    return assisted_forces(GENERIC_BODY, Side.LEFT, MOTION, moments(), told, AssistedWeights(**weights))


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_moments_are_met_whatever_the_electrodes_say_of_one_muscle(level: float) -> None:
    found = solved({Muscle.VASTUS_LATERALIS: np.full(FRAMES, level)})
    kinds = list(JointKind)
    for kind, nm in ((JointKind.HIP_FLEXION, -40.0), (JointKind.KNEE, -20.0), (JointKind.ANKLE, -60.0)):
        assert np.abs(found.moment_nm[:, kinds.index(kind)] - nm).max() < 4.0
    assert found.activation.min() >= 0.0 and found.activation.max() <= 1.0
    assert (found.force_n >= -1e-9).all()


def test_a_recorded_muscle_follows_its_electrode_the_more_it_is_trusted() -> None:
    place = list(Muscle).index(Muscle.TIBIALIS_ANTERIOR)
    told = {Muscle.TIBIALIS_ANTERIOR: np.full(FRAMES, 0.25)}
    alone = np.abs(solved({}).activation[:, place] - 0.25).mean()
    near, nearer = (
        np.abs(solved(told, recorded=sd).activation[:, place] - 0.25).mean() for sd in (0.3, 0.05)
    )
    assert nearer < near < alone
    assert nearer < 0.02


def test_a_stretch_without_emg_is_left_to_the_moments() -> None:
    silent = np.full(FRAMES, np.nan)
    assert np.allclose(solved({Muscle.SOLEUS: silent}).activation, solved({}).activation)
