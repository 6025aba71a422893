"""Claims about muscle lengths and arms by polynomials, against the model that they were fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.body import JOINTS, JointKind, Side
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.gait.norms import normal_reference
from core.kinetics.muscle_paths import exact_paths, muscle_paths
from core.twin.body import Fidelity, compile_body

TALL = BodyParameters(1.9, 90.0, SegmentScale(1.1, 1.15, 1.05, 1.08, 1.1))


@pytest.mark.parametrize(("body", "side"), [(GENERIC_BODY, Side.LEFT), (TALL, Side.RIGHT)])
def test_lengths_and_arms_in_a_normal_stride_are_the_models(body: BodyParameters, side: Side) -> None:
    angle = normal_reference().angle_rad[::20]
    length, arm = exact_paths(compile_body(body, Fidelity.STANDARD, surfaces=False), angle, side)
    leg = angle[:, [joint.column for joint in JOINTS if joint.side is side]]
    paths = muscle_paths(body)
    found = paths.along(leg, np.zeros_like(leg))
    assert np.abs(found.length_m - length).max() < 5e-4
    assert np.abs(found.arm_m - arm).max() < 2e-3
    assert paths.length_error_m < 2e-4 and paths.arm_error_m < 1e-3


def test_speed_is_the_change_of_length_and_arms_do_its_work() -> None:
    paths, step_s = muscle_paths(GENERIC_BODY), 1e-4
    rng = np.random.default_rng(1)
    leg, velocity = rng.uniform(0.0, 0.3, (5, 7)), rng.uniform(-2.0, 2.0, (5, 7))
    now, later = (paths.along(leg + shift * velocity, velocity) for shift in (0.0, step_s))
    change = (later.length_m - now.length_m) / step_s
    assert np.allclose(now.speed_m_s, change, atol=1e-3)
    assert np.allclose(np.einsum("tjm,tj->tm", now.arm_m, velocity), -now.speed_m_s, atol=1e-12)


def test_muscles_turn_the_joints_that_anatomy_says() -> None:
    paths = muscle_paths(GENERIC_BODY)
    arm = paths.along(np.full((1, 7), 0.1), np.zeros((1, 7))).arm_m[0]

    def about(kind: JointKind, muscle: Muscle) -> float:
        return float(arm[list(JointKind).index(kind), list(Muscle).index(muscle)])

    assert (
        about(JointKind.ANKLE, Muscle.SOLEUS) < -0.03 < 0.0 < about(JointKind.ANKLE, Muscle.TIBIALIS_ANTERIOR)
    )
    assert about(JointKind.KNEE, Muscle.VASTUS_LATERALIS) < -0.03
    assert about(JointKind.KNEE, Muscle.GASTROCNEMIUS_MEDIALIS) > 0.01
    assert about(JointKind.KNEE, Muscle.SOLEUS) == 0.0
