"""Claims about what is kept: kinds that can be folders, values that cannot be made wrong or changed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.domain.arrays import frozen
from core.domain.controller import Deployment, Handover, TorqueLimits
from core.domain.exo_walk import MIN_STRIDES, ExoWalk, TorqueMatch
from core.domain.record import RecordKind, Verdict
from core.domain.subject import Sex, Subject
from tests.refusals import code_of


def test_every_kind_of_record_can_be_the_name_of_a_folder_on_every_system() -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]*", kind.value) for kind in RecordKind)
    assert len({kind.value for kind in RecordKind}) == len(RecordKind)


def test_the_words_of_records_and_decisions_are_those_in_data_folders_of_today() -> None:
    """A word that is changed makes every older record unreadable."""
    assert {kind.value for kind in RecordKind} >= {
        "recording", "landmarks", "motion", "emg", "twin", "impairments", "gait_policy", "simulated_gait",
        "scenario", "calibration", "controller", "comparison", "package", "deployment", "walk", "report",
    }  # fmt: skip
    assert {one.value for one in Verdict} >= {"accepted", "skipped", "kept", "signed", "sides confirmed"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"code": " "}, "PAT-001"),
        ({"height_m": 170.0}, "PAT-002"),
        ({"height_m": float("nan")}, "PAT-002"),
        ({"mass_kg": 14.0}, "PAT-003"),
        ({"birth_year": 60}, "PAT-004"),
    ],
)
def test_a_patient_that_no_body_can_be_built_for_is_refused(wrong: dict[str, object], code: str) -> None:
    good = {"code": "P-1", "birth_year": 1980, "sex": Sex.OTHER, "height_m": 1.7, "mass_kg": 70.0}
    assert Subject(**good).height_m == 1.7
    assert code_of(Subject, **{**good, **wrong}) == code


def test_limits_only_ever_tighten() -> None:
    one, other = TorqueLimits(12.0, 90.0, 1.2), TorqueLimits(8.0, 150.0, 1.4)
    assert one.tightest(other) == other.tightest(one) == TorqueLimits(8.0, 90.0, 1.2)


def test_a_deployment_of_an_older_version_still_says_where_it_stands() -> None:
    def stage(confirmed: bool) -> Handover:
        return Deployment("a", "a", "SN", "tcp:1", confirmed, virtual=True).handover

    assert (stage(True), stage(False)) == (Handover.CONFIRMED, Handover.REVERTED)


class Curve:
    def __init__(self, value: object) -> None:
        self.value = value


def test_arrays_of_a_record_are_copies_that_nobody_can_change() -> None:
    given = np.zeros((3, 2))
    owner = Curve(given)
    frozen(owner, "value", (None, 2))
    given[0] = 9.0
    assert not owner.value.any()
    with pytest.raises(ValueError, match="read-only"):
        owner.value[0] = 1.0


@pytest.mark.parametrize("shape", [(2, 2), (3,), (None, 3), (3, 2, 1)])
def test_an_array_of_another_shape_is_refused_by_its_name(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"Curve\.value: expected shape"):
        frozen(Curve(np.zeros((3, 2))), "value", shape)


def a_walk(strides: tuple[int, int], fault: bool = False) -> ExoWalk:
    two, match = np.zeros((3, 2)), TorqueMatch((0.9, float("nan")), (0.1, 0.1), 1.0)
    return ExoWalk(
        np.array([-1.0, 0.0, 7.5]), two, two, two, two, two, np.array([False, True, True]), 6.0, strides, 0,
        match, "a", "SN", on_trial=True, virtual=True, end="stopped", fault=fault,
    )  # fmt: skip


def test_a_controller_may_be_kept_after_ten_strides_of_each_leg_without_a_fault() -> None:
    assert a_walk((MIN_STRIDES, MIN_STRIDES)).enough
    assert not a_walk((MIN_STRIDES, MIN_STRIDES - 1)).enough
    assert not a_walk((MIN_STRIDES, MIN_STRIDES), fault=True).enough


def test_a_walk_lasts_from_arming_and_a_missing_correlation_is_not_known() -> None:
    walk = a_walk((0, 0))
    assert walk.seconds == 7.5 and not walk.match.known
