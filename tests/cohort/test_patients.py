"""Claims about virtual patients: who they are depends on their number and the cohort's seed alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from core.cohort.cells import code_in_record, drawn_strangers, keys_of
from core.cohort.patients import virtual_patients
from core.domain.body import Side
from core.domain.patient_code import check_code
from tests.cohort.made_up import plan


def test_the_same_seed_makes_the_same_patients_and_more_leave_the_earlier_ones() -> None:
    few, many = plan(6).cohort, plan(12).cohort

    first, again = list(virtual_patients(few)), list(virtual_patients(many))[:6]

    assert [one.body for one in first] == [one.body for one in again]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.reference.angle_rad, other.reference.angle_rad)
    others = list(virtual_patients(replace(few, seed=6)))
    assert not any(one.body == other.body for one, other in zip(first, others, strict=True))


def test_groups_come_in_the_shares_that_the_file_asks_for() -> None:
    people = list(virtual_patients(plan(80).cohort))

    assert Counter(one.group for one in people) == {
        "healthy": 20,
        "weakness of hip flexors": 30,
        "stiffness of knee": 30,
    }
    assert all(0.3 <= one.body.impairments[0].severity <= 0.6 for one in people if one.group != "healthy")
    sides = Counter(one.body.impairments[0].side for one in people if one.group != "healthy")
    assert set(sides) == {Side.LEFT, Side.RIGHT} and min(sides.values()) > 15  # "either" is drawn


def test_a_code_in_a_record_is_allowed_and_of_one_study_alone() -> None:
    one, other = plan(6), plan(7)

    check_code(code_in_record(one, 100_000))
    assert code_in_record(one, 1) != code_in_record(other, 1)


def test_strangers_wear_the_same_exo_were_trained_with_the_same_seed_and_are_never_oneself() -> None:
    here = plan(8, 3, devices=["Hippo_L1", "Ankle_L1"], seeds=[0, 1])
    controllers = {key: f"{key.patient} {key.device} {key.seed}" for key in keys_of(here)}

    for key in keys_of(here):
        drawn = drawn_strangers(here, key, controllers)
        assert len(drawn) == 3 and key.patient not in drawn
        assert all(name == f"{number} {key.device} {key.seed}" for number, name in drawn.items())
        assert drawn == drawn_strangers(here, key, dict(reversed(controllers.items())))
