"""Claims about the bench of ankle exos: which it judges, and what it says of a torque over the cycle."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from app.bench import assist_ankle
from core.devices.profiles import load_profile
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind
from core.domain.twin import GENERIC_BODY
from core.exo_core.numpy_runtime import INPUTS
from core.learning.exo.published import rise_and_fall
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import exo_controller
from tests.learning.exo.twins import constant

DEVICE = "DephyExoBoot_L1"
LIMITS = load_profile(DEVICE).limits
TWIN: TwinInExo = SimpleNamespace(policy=SimpleNamespace(body=GENERIC_BODY))  # type: ignore[assignment]


def test_every_ankle_exo_that_a_twin_can_wear_is_judged_and_no_other() -> None:
    assert set(assist_ankle.ankle_exos()) == {"DephyExoBoot_L1", "OpenExo_L1"}


def test_a_torque_is_judged_side_by_side_and_a_device_at_its_limit_is_said() -> None:
    strong = LIMITS.peak_nm / GENERIC_BODY.mass_kg
    left, right = -rise_and_fall(strong, 0.52, 0.26, 0.1), -rise_and_fall(0.1, 0.7, 0.26, 0.1)
    torque = AssistanceProfile(JointKind.ANKLE, np.stack([left, right]), np.zeros((2, 101)), (9, 8))
    controller = exo_controller(constant((INPUTS, 8, 2), "relu"), LIMITS, JointKind.ANKLE)

    found = assist_ankle._profile(torque, TWIN, controller)

    assert found["left"]["at_device_limit"] and not found["right"]["at_device_limit"]
    assert found["left"]["inside_published_size"] and not found["right"]["inside_published_size"]
    assert found["left"]["inside_published_time"] and not found["right"]["inside_published_time"]
    assert found["left"]["r_with_published_curve"] > 0.99 > found["right"]["r_with_published_curve"]
    assert (found["left"]["strides"], found["left"]["peak_percent"]) == (9, 52.0)
    assert found["right"]["nm_kg_by_percent"][14] == -0.1  # at 70 percent


def test_the_conditions_name_the_device_its_limit_and_the_published_band() -> None:
    found = assist_ankle._conditions(TWIN, load_profile(DEVICE))
    assert found["exo"].startswith(DEVICE) and found["simulated"]
    assert found["published_peak_nm_kg"] == [0.17, 0.85] and found["published_percent"] == [48.0, 53.0]
    assert 0.3 < found["device_peak_nm_kg"] < 0.5
