"""Twins with impairments walk as clinicians expect by the shipped policy, each independent of the batch."""

from functools import cache

import numpy as np
import pytest

from core.domain.body import JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind, Slot
from core.domain.muscles import MuscleGroup
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import GENERIC_BODY
from core.gait.scenario_reference import scenario_reference
from core.learning.impairments.candidate_gaits import TwinWalks, WalkedGait, gait_vector
from core.simulation.analysis.expected_impairment_effects import EXPECTED_CHANGES, ExpectedChange
from core.tasks.policy_files import shipped_policy

K, G, LEFT = ImpairmentKind, MuscleGroup, Side.LEFT
SEVERITY = 0.7  # of weakness: grade 3 of the manual muscle test
NOTICEABLE_RAD = np.radians(1.5)  # half of what gait analysis repeats to; another start changes 0.1 degrees
SLOTS = (
    Slot(K.WEAKNESS, LEFT, group=G.DORSIFLEXORS),
    Slot(K.WEAKNESS, LEFT, group=G.PLANTARFLEXORS),
    Slot(K.WEAKNESS, LEFT, group=G.HIP_ABDUCTORS),
    Slot(K.WEAKNESS, LEFT, group=G.HIP_FLEXORS),
    Slot(K.SPASTICITY, LEFT, group=G.PLANTARFLEXORS),
    Slot(K.SPASTICITY, LEFT, group=G.KNEE_EXTENSORS),
    Slot(K.STIFFNESS, LEFT, joint=JointKind.KNEE),
    Slot(K.LIMITED_RANGE, LEFT, joint=JointKind.ANKLE),
    Slot(K.PAIN, LEFT),
)
NOT_SHOWN = {  # by the shipped policy
    "Spasticity, left plantarflexors: equinus in stance": "the heel is held down against the reflex",
    "Weakness, left dorsiflexors: steppage: hip lifted": "lifted by half a degree; the knee does it",
    "Weakness, left hip flexors: thigh swings less": "by half a degree; other muscles swing it",
}


def claim(slot: Slot, expected: ExpectedChange) -> object:
    name = f"{slot.label}: {expected.meaning}"
    not_shown = [pytest.mark.xfail(strict=True, reason=NOT_SHOWN[name])] if name in NOT_SHOWN else []
    return pytest.param(slot, expected, id=name, marks=not_shown)


CLAIMS = [
    claim(slot, expected)
    for slot in SLOTS
    for expected in EXPECTED_CHANGES
    if expected.concerns(slot) and expected.feature.endswith("_rad")
]


def of(slot: Slot) -> Impairment:
    return Impairment(slot.kind, SEVERITY, slot.side, slot.group, slot.joint)


@cache
def twin() -> TwinWalks:
    return TwinWalks(GENERIC_BODY, scenario_reference(LEVEL_WALKING, GENERIC_BODY, None), shipped_policy())


@cache
def walks() -> dict[Slot | None, WalkedGait]:
    """The healthy twin (None), and one for each of SLOTS, in one batch."""
    found = twin().walk([(), *((of(slot),) for slot in SLOTS)])
    return dict(zip((None, *SLOTS), found, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("slot", "expected"), CLAIMS)
def test_an_impairment_changes_the_gait_as_clinicians_expect(slot: Slot, expected: ExpectedChange) -> None:
    healthy, impaired = walks()[None].features, walks()[slot].features
    assert healthy is not None and impaired is not None

    assert expected.change(healthy, impaired, slot) > NOTICEABLE_RAD


@pytest.mark.slow
def test_weak_dorsiflexors_bring_the_toes_closer_to_the_floor() -> None:
    healthy, weak = walks()[None].features, walks()[SLOTS[0]].features
    assert healthy is not None and weak is not None

    assert healthy.of("toe_clearance_m", LEFT) - weak.of("toe_clearance_m", LEFT) > 0.005  # of 37 mm


def test_the_painful_leg_stands_shorter_than_the_other() -> None:
    healthy, limping = walks()[None].features, walks()[SLOTS[-1]].features
    assert healthy is not None and limping is not None

    def longer(gait) -> float:
        return gait.sides[1].stance_fraction - gait.sides[0].stance_fraction

    assert longer(limping) > longer(healthy) + 0.025


def test_a_candidate_walks_the_same_alone_and_in_a_batch() -> None:
    alone = twin().walk([(of(SLOTS[0]),)])[0]

    assert alone.walked_s == walks()[SLOTS[0]].walked_s
    one, other = (walk.features for walk in (alone, walks()[SLOTS[0]]))
    assert one is not None and other is not None
    vectors = [gait_vector(gait, sagittal_only=False) for gait in (one, other)]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)  # sums round differently with batch size
