"""Claims about sides, joints and muscles: one order for every axis, and every name in exactly one place."""

from __future__ import annotations

from collections import Counter

import pytest

from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.impairment import SLOTS, Impairment, ImpairmentKind, severities
from core.domain.muscles import MEMBERS, LumpedMuscle, Muscle, MuscleGroup
from tests.drop_foot import drop_foot


def test_the_joint_axis_is_left_leg_then_right_leg_in_the_same_order() -> None:
    assert [joint.column for joint in JOINTS] == list(range(14))
    assert [joint.side for joint in JOINTS] == [Side.LEFT] * 7 + [Side.RIGHT] * 7
    assert [joint.kind for joint in JOINTS[:7]] == [joint.kind for joint in JOINTS[7:]] == list(JointKind)


def test_a_joint_is_found_by_kind_and_side_and_says_both() -> None:
    for side in SIDES:
        for kind in JointKind:
            joint = Joint.of(kind, side)
            assert (joint.kind, joint.side) == (kind, side)
            assert joint.label == f"{side.capitalize()} {kind.label.lower()}"


def test_the_other_side_of_the_other_side_is_the_side() -> None:
    assert [side.other for side in SIDES] == [Side.RIGHT, Side.LEFT]


def test_every_muscle_is_in_exactly_one_group() -> None:
    counted = Counter(muscle for muscles in MEMBERS.values() for muscle in muscles)
    assert set(counted) == set(Muscle) and set(counted.values()) == {1}
    assert set(MEMBERS) == set(MuscleGroup)
    assert all(muscle in MEMBERS[muscle.group] for muscle in Muscle)


def test_the_groups_of_the_small_body_are_those_of_the_same_muscles() -> None:
    assert {muscle.group for muscle in LumpedMuscle} == set(MuscleGroup)
    for small, large in (
        (LumpedMuscle.SOLEUS, Muscle.SOLEUS),
        (LumpedMuscle.GASTROCNEMIUS, Muscle.GASTROCNEMIUS_MEDIALIS),
        (LumpedMuscle.TIBIALIS_ANTERIOR, Muscle.TIBIALIS_ANTERIOR),
        (LumpedMuscle.RECTUS_FEMORIS, Muscle.RECTUS_FEMORIS),
        (LumpedMuscle.BICEPS_FEMORIS_SHORT, Muscle.BICEPS_FEMORIS_SHORT),
        (LumpedMuscle.ILIOPSOAS, Muscle.PSOAS),
        (LumpedMuscle.GLUTEUS_MAXIMUS, Muscle.GLUTEUS_MAXIMUS_1),
    ):
        assert small.group is large.group, small


def test_no_two_actuators_of_a_body_share_a_name() -> None:
    for kind in (Muscle, LumpedMuscle):
        names = [muscle.on(side) for side in SIDES for muscle in kind]
        assert len(set(names)) == 2 * len(kind)
    assert Muscle.SOLEUS.on(Side.RIGHT) == "soleus_r"


def test_every_slider_has_a_label_of_its_own() -> None:
    assert len({slot.label for slot in SLOTS}) == len(SLOTS)
    assert drop_foot(Side.LEFT, 0.5).slot.label == "Weakness, left dorsiflexors"


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "kind": ImpairmentKind.WEAKNESS,
            "severity": 1.1,
            "side": Side.LEFT,
            "group": MuscleGroup.HAMSTRINGS,
        },
        {"kind": ImpairmentKind.WEAKNESS, "severity": float("nan"), "side": Side.LEFT},
        {"kind": ImpairmentKind.WEAKNESS, "severity": 0.5, "side": Side.LEFT, "joint": JointKind.KNEE},
        {"kind": ImpairmentKind.STIFFNESS, "severity": 0.5, "side": Side.LEFT, "joint": JointKind.TOES},
        {"kind": ImpairmentKind.DELAY, "severity": 0.5, "side": Side.LEFT},
        {"kind": ImpairmentKind.PAIN, "severity": 0.5},
    ],
)
def test_an_impairment_that_no_slider_can_show_cannot_be_made(wrong) -> None:
    with pytest.raises(ValueError, match=r"severity|cannot be of"):
        Impairment(**wrong)


def test_of_two_severities_of_one_slider_the_worst_counts() -> None:
    found = severities((drop_foot(Side.LEFT, 0.3), drop_foot(Side.LEFT, 0.7), drop_foot(Side.RIGHT, 0.1)))
    assert sorted(found[found > 0.0]) == [0.1, 0.7]
    assert found[SLOTS.index(drop_foot(Side.LEFT, 0.7).slot)] == 0.7
