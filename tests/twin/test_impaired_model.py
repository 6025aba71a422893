"""A changed copy of a compiled body is the body that compiling would give."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from core.domain.body import JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, GroupStrength
from core.twin.body import Fidelity, compile_body
from core.twin.impaired_model import impaired_copy
from tests.drop_foot import drop_foot

LEFT, RIGHT = Side.LEFT, Side.RIGHT
IMPAIRMENTS = (
    drop_foot(LEFT, 0.6),
    Impairment(ImpairmentKind.WEAKNESS, 0.3, RIGHT, group=MuscleGroup.HAMSTRINGS),
    Impairment(ImpairmentKind.STIFFNESS, 0.5, LEFT, joint=JointKind.KNEE),
    Impairment(ImpairmentKind.LIMITED_RANGE, 0.4, RIGHT, joint=JointKind.HIP_FLEXION),
)
NOT_NUMBERS = {"names", "paths", "text_data", "signature"}


def numbers(model: mujoco.MjModel) -> dict[str, np.ndarray]:
    found = {}
    for name in dir(model):
        if not name.startswith("_") and name not in NOT_NUMBERS:
            value = getattr(model, name)
            if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
                found[name] = value
    return found


@pytest.mark.slow
@pytest.mark.parametrize("fidelity", [Fidelity.FAST, Fidelity.LUMPED])
def test_a_changed_copy_equals_the_compiled_body_in_every_number(fidelity):
    strong = replace(GENERIC_BODY, strength=(GroupStrength(MuscleGroup.HAMSTRINGS, RIGHT, 1.2),))
    healthy = compile_body(strong, fidelity, surfaces=False)
    before = {name: value.copy() for name, value in numbers(healthy).items()}

    changed = numbers(impaired_copy(healthy, strong, IMPAIRMENTS))

    compiled = numbers(compile_body(replace(strong, impairments=IMPAIRMENTS), fidelity, surfaces=False))
    assert changed.keys() == compiled.keys() and len(changed) > 100
    for name, value in compiled.items():
        np.testing.assert_allclose(changed[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    for name, value in numbers(healthy).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_a_copy_needs_a_body_that_is_not_impaired_already():
    impaired = replace(GENERIC_BODY, impairments=IMPAIRMENTS)

    with pytest.raises(ValueError, match="without impairments"):
        impaired_copy(None, impaired, ())
