"""Claims about the walks to which a controller can be adapted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.deploy.walk_recorder import StrideCounter
from core.deploy.worn_gait import gait_of_walk
from core.domain.adaptation import MIN_WALK_STRIDES
from core.domain.body import JointKind
from core.domain.controller import TrainedController
from core.domain.exo_walk import MIN_STRIDES, ExoWalk
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.session.adaptable import check_walk, newest_walk
from core.session.flow import Step
from core.store.repository import Store, open_store
from tests.learning.exo.gyros import delayed_gyros
from tests.refusals import code_of
from tests.ui import records

PERIOD_S = 1.1  # of the samples' walk, which swings by 0.6 rad


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def visit_id(store: Store) -> str:
    return store.start_visit(store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.7, 75.0))).id


@pytest.fixture
def walk_id(store: Store, visit_id: str) -> str:
    """Of the visit's newest controller, worn virtually."""
    made = records.fill(store, visit_id, Step.DEPLOY)
    return records.walk(store, visit_id, made[Step.DEPLOY])


def longer(walk: ExoWalk, times: int) -> ExoWalk:
    """The walk so many times over."""
    count = len(walk.time_s)
    arrays = {
        name: np.tile(getattr(walk, name), (times, 1))
        for name in ("velocity_rad_s", "command_nm", "delivered_nm", "predicted_nm")
    }
    time_s = np.arange(times * count) / 100.0
    phase = 2.0 * np.pi * time_s[:, None] / PERIOD_S + np.array([[0.0, np.pi]])
    assisting = np.ones(times * count, np.bool_)
    return dataclasses.replace(
        walk, time_s=time_s, angle_rad=0.3 * np.cos(phase), assisting=assisting, **arrays
    )


def test_a_walk_tells_period_and_range_of_both_thighs(store: Store, walk_id: str) -> None:
    gait = gait_of_walk(longer(store.load(walk_id, ExoWalk), 2))
    assert gait.period_s == pytest.approx(PERIOD_S, abs=0.01)
    assert gait.range_rad == pytest.approx((0.6, 0.6), abs=0.01)
    assert min(gait.strides) >= 20


def test_unequal_legs_keep_their_own_ranges_and_lost_ticks_change_nothing(store: Store, walk_id: str) -> None:
    walk = longer(store.load(walk_id, ExoWalk), 2)
    unequal = dataclasses.replace(walk, angle_rad=walk.angle_rad * np.array([1.0, 0.7]))
    whole = gait_of_walk(unequal)
    kept = np.random.default_rng(0).random(len(walk.time_s)) > 0.05
    names = (
        "time_s",
        "angle_rad",
        "velocity_rad_s",
        "command_nm",
        "delivered_nm",
        "predicted_nm",
        "assisting",
    )
    thinned = dataclasses.replace(unequal, **{name: getattr(unequal, name)[kept] for name in names})
    assert whole.range_rad == pytest.approx((0.6, 0.42), abs=0.01)
    assert gait_of_walk(thinned).range_rad == pytest.approx(whole.range_rad, rel=0.02)
    assert gait_of_walk(thinned).period_s == pytest.approx(whole.period_s, rel=0.02)


@pytest.mark.parametrize("began_s", (0.0, 0.2, 0.5, 0.8))
def test_a_walk_after_which_one_may_confirm_is_long_enough(
    store: Store, walk_id: str, began_s: float
) -> None:
    """Wherever in a stride the assistance began; the walk ends with the tenth stride of the later leg."""
    walk, counters = longer(store.load(walk_id, ExoWalk), 2), (StrideCounter(), StrideCounter())
    assisting = walk.time_s >= began_s
    for tick in np.flatnonzero(assisting):
        if min(counter.strides for counter in counters) >= MIN_STRIDES:
            assisting[tick:] = False
            break
        for counter, angle in zip(counters, walk.angle_rad[tick], strict=True):
            counter.add(float(angle))
    assert min(gait_of_walk(dataclasses.replace(walk, assisting=assisting)).strides) >= MIN_WALK_STRIDES


def test_too_few_strides_missing_angles_and_ankles_are_refused(store: Store, walk_id: str) -> None:
    assert code_of(check_walk, store, walk_id) == "TRN-040"  # seven seconds with full assistance
    walk = longer(store.load(walk_id, ExoWalk), 2)
    angle = walk.angle_rad.copy()
    angle[700] = np.nan
    assert code_of(gait_of_walk, dataclasses.replace(walk, angle_rad=angle)) == "TRN-041"
    assert code_of(gait_of_walk, dataclasses.replace(walk, joint=JointKind.ANKLE)) == "TRN-042"


def test_the_newest_controllers_own_walk_is_taken(store: Store, visit_id: str, walk_id: str) -> None:
    long_id = saved(store, walk_id, longer(store.load(walk_id, ExoWalk), 2))
    found = check_walk(store, long_id, visit_id)
    newest = store.latest(visit_id, RecordKind.CONTROLLER)
    assert newest is not None and found.controller_id == newest.id
    assert newest_walk(store, visit_id) == (store.info(long_id), None)


def test_a_walk_of_another_controller_exo_or_visit_is_refused(
    store: Store, visit_id: str, walk_id: str
) -> None:
    long_id = saved(store, walk_id, longer(store.load(walk_id, ExoWalk), 2))
    other = store.start_visit(store.visit(visit_id).patient_id).id
    stranger = store.start_visit(store.add_patient(Subject("P-2", 1980, Sex.MALE, 1.8, 80.0))).id
    assert code_of(check_walk, store, long_id, other) == "TRN-047"
    assert code_of(check_walk, store, long_id, stranger) == "TRN-047"
    patient_id, subject = store.visit(visit_id).patient_id, store.subject_of(visit_id)
    store.edit_patient(patient_id, dataclasses.replace(subject, device="OpenExo_L1"))
    assert code_of(check_walk, store, long_id) == "TRN-046"
    store.edit_patient(patient_id, subject)
    without = store.save(RecordKind.WALK, store.load(long_id, ExoWalk), visit_id=visit_id, summary="")
    assert code_of(check_walk, store, without) == "TRN-045"
    records.fill(store, visit_id, Step.TRAIN)
    assert code_of(check_walk, store, long_id) == "TRN-045"


def saved(store: Store, like: str, walk: ExoWalk) -> str:
    """The walk as a record, made from the same records as another one."""
    info = store.info(like)
    inputs = tuple(name for name, _ in info.provenance.inputs)
    return store.save(RecordKind.WALK, walk, visit_id=info.visit_id, inputs=inputs, summary="")


def test_a_controller_from_thigh_gyros_is_not_fine_tuned_but_its_teacher(store: Store, visit_id: str) -> None:
    made = records.fill(store, visit_id, Step.DEPLOY)
    trained = store.load(made[Step.TRAIN], TrainedController)
    student = dataclasses.replace(trained, controller=delayed_gyros())
    own = store.save(RecordKind.CONTROLLER, student, visit_id=visit_id, inputs=(), summary="")
    walk = store.load(records.walk(store, visit_id, made[Step.DEPLOY]), ExoWalk)
    worn = store.save(RecordKind.WALK, walk, visit_id=visit_id, inputs=(own,), summary="")
    assert code_of(check_walk, store, worn) == "TRN-067"
