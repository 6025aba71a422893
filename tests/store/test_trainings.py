"""Claims about the one training of a visit that may run: on this PC and, in a shared record, on any."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.store.repository import Store, open_store
from core.store.schema import TrainingTable
from core.store.trainings import LAPSES_S, Trainings, taken_over
from tests.refusals import refused

VISIT = "visit-1"


@pytest.fixture
def store(tmp_path: Path, each_database: str) -> Iterator[Store]:
    with open_store(tmp_path) as store:
        yield store


def program(store: Store) -> Trainings:
    """As another program on another PC has them, of the same record."""
    return Trainings(store._engine, store._errors, shared=True)


def fall_silent(store: Store, seconds: float) -> None:
    """As if every program had been silent for so long."""
    with Session(store._engine) as session, session.begin():
        row = session.get_one(TrainingTable, VISIT)
        before = row.alive_utc - timedelta(seconds=seconds)
        session.execute(update(TrainingTable).values(alive_utc=before))


def test_a_second_training_of_a_visit_is_told_which_runs_since_when_and_for_whom(store: Store) -> None:
    store.trainings.take(VISIT, "learn_gait", "Dr. Lind")
    with refused("JOB-020") as told:
        store.trainings.take(VISIT, "train_controller", "A. Berger")
    why = told.value.advice.why
    assert "Teach the twin this gait" in why and "Dr. Lind" in why and "this PC" in why
    store.trainings.take("visit-2", "learn_gait", "A. Berger")  # another visit is not in the way


def test_what_was_given_back_may_be_taken(store: Store) -> None:
    name = store.trainings.take(VISIT, "learn_gait", "")
    assert store.trainings.running(VISIT) is not None
    store.trainings.give_back(name)
    assert store.trainings.running(VISIT) is None
    store.trainings.take(VISIT, "fit_twin", "")


def test_another_pc_waits_until_a_training_was_not_heard_of_for_a_while(store: Store) -> None:
    here, there = program(store), program(store)
    name = here.take(VISIT, "learn_gait", "Dr. Lind")
    fall_silent(store, LAPSES_S - 10.0)
    with refused("JOB-020"):
        there.take(VISIT, "learn_gait", "A. Berger")
    assert here.renew() == frozenset()
    fall_silent(store, LAPSES_S - 10.0)
    with refused("JOB-020"):  # it was renewed
        there.take(VISIT, "learn_gait", "A. Berger")

    fall_silent(store, LAPSES_S)
    there.take(VISIT, "learn_gait", "A. Berger")
    assert here.renew() == frozenset({name})  # it is told that it lost it
    here.give_back(name)
    running = there.running(VISIT)
    assert running is not None and running.who == "A. Berger"  # giving back takes nothing from the other
    assert "A. Berger" in taken_over("Teach the twin", running).why


def test_a_killed_programs_training_is_over_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        program(store).take(VISIT, "learn_gait", "")
        row = store._engine
        with Session(row) as session:
            assert session.get(TrainingTable, VISIT) is not None
    with open_store(tmp_path) as store, Session(store._engine) as session:
        assert session.get(TrainingTable, VISIT) is None
        store.trainings.take(VISIT, "learn_gait", "")


def test_trainings_leave_no_row_in_the_trail(store: Store) -> None:
    before = len(store.trail())
    store.trainings.give_back(store.trainings.take(VISIT, "learn_gait", ""))
    assert len(store.trail()) == before
