"""The calf's tendon takes most of its movement; nothing else about the muscles changes."""

from __future__ import annotations

import mujoco
import myo_sim
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY
from core.simulation.muscles.metabolics import MetabolicMuscles
from core.twin.body import Fidelity, compile_body
from core.twin.tendons import FASTEST, speed_fraction

CALF = (Muscle.SOLEUS, Muscle.GASTROCNEMIUS_MEDIALIS, Muscle.GASTROCNEMIUS_LATERALIS)


def test_only_calf_fibres_are_slower_than_their_unit() -> None:
    fractions = {muscle: speed_fraction(muscle.on(Side.LEFT)) for muscle in Muscle}

    assert {muscle for muscle, fraction in fractions.items() if fraction < 1.0} == set(CALF)


@pytest.mark.parametrize("fidelity", [Fidelity.STANDARD, Fidelity.LUMPED])
def test_a_shortening_calf_keeps_the_force_that_its_slow_fibres_have(fidelity: Fidelity) -> None:
    model = compile_body(GENERIC_BODY, fidelity, surfaces=False)
    soleus = model.actuator(Muscle.SOLEUS.on(Side.RIGHT)).id
    reach, stiff = model.actuator_lengthrange[soleus], model.actuator_acc0[soleus]
    mine = model.actuator_gainprm[soleus, :9]
    rigid = mine.copy()
    rigid[FASTEST] *= speed_fraction(Muscle.SOLEUS.on(Side.RIGHT))
    length, speed = float(reach.mean()), -0.1

    quick = mujoco.mju_muscleGain(length, speed, reach, stiff, mine)

    slow_fibre = mujoco.mju_muscleGain(length, 0.4 * speed, reach, stiff, rigid)
    assert quick == pytest.approx(slow_fibre)
    assert mujoco.mju_muscleGain(length, 0.0, reach, stiff, mine) == pytest.approx(
        mujoco.mju_muscleGain(length, 0.0, reach, stiff, rigid)
    )


def test_metabolic_models_know_how_fast_the_fibres_themselves_can_be() -> None:
    source = myo_sim.load_spec("myolegs").compile()

    muscles = MetabolicMuscles.of(compile_body(GENERIC_BODY, Fidelity.STANDARD, surfaces=False))

    np.testing.assert_allclose(muscles.fastest_per_s, source.actuator_gainprm[: source.na, FASTEST])
