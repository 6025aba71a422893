"""Claims about two trainings of one visit: the second is refused, in one program and in two."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.jobs.admission import anybody, by_role
from app.jobs.one_training import OneTraining
from app.jobs.service import JobService
from core.domain.people import Role
from core.jobs.table import JobKind
from core.jobs.values import Cancelled, Refused
from core.store import trainings
from core.store.repository import Store, open_store
from core.store.schema import TrainingTable
from core.store.trainings import Trainings
from tests.people import NAMES, PIN, make_clinic
from tests.refusals import code_of, refused
from tests.store.programs import another_programs_environment
from tests.store.samples import a_subject

WAITS = "tasks_for_tests:wait_for_cancel"
TABLE = {"learn_gait": JobKind(WAITS, "Teach", heavy=True), "fit_twin": JobKind(WAITS, "Fit")}
LONG_S = 60.0


@pytest.fixture(autouse=True)
def _tasks_can_be_imported_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


_TRAINS = (
    "import sys\n"
    "from pathlib import Path\n"
    "from app.jobs.admission import anybody\n"
    "from app.jobs.one_training import OneTraining\n"
    "from core.jobs.table import JOB_TABLE\n"
    "from core.store.folder_lock import name_program\n"
    "from core.store.repository import open_store\n"
    "name_program('exotwin session')\n"
    "with open_store(Path(sys.argv[1])) as store:\n"
    "    trainings = OneTraining(store, anybody, 'A. Berger', renew_s=0.3)\n"
    "    trainings.admit('learn_gait', JOB_TABLE['learn_gait'], {}, sys.argv[2])\n"
    "    print('trains', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Store, str, ExitStack]]:
    """A store, a visit in it, and what is closed at the end."""
    with ExitStack() as clean_up:
        store = clean_up.enter_context(open_store(tmp_path))
        yield store, store.start_visit(store.add_patient(a_subject())).id, clean_up


def board(store: Store, clean_up: ExitStack, **told: float) -> JobService:
    one_training = OneTraining(store, anybody, "Dr. Lind", **told)
    clean_up.callback(one_training.close)
    jobs = JobService(store.data_dir, "tester", TABLE, admit=one_training.admit)
    clean_up.callback(jobs.close)
    return jobs


@pytest.mark.usefixtures("record_url")
def test_a_training_on_another_pc_is_told_and_ends_with_its_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two programs with a data folder each and one record on a server; one of them is killed."""
    with ExitStack() as clean_up:
        store = clean_up.enter_context(open_store(tmp_path / "room-1"))
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        jobs = board(store, clean_up)
        other = subprocess.Popen(
            [sys.executable, "-c", _TRAINS, str(tmp_path / "room-2"), visit_id],
            env=another_programs_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None and other.stdin is not None
        clean_up.callback(other.stdin.close)
        clean_up.callback(other.stdout.close)
        try:
            assert other.stdout.readline() == "trains\n"
            monkeypatch.setattr(trainings, "LAPSES_S", 1.5)
            time.sleep(2.0)  # longer than a lease lasts that nobody renews
            with refused("JOB-020") as told:
                jobs.submit("fit_twin", {}, visit_id=visit_id)
            assert "by A. Berger" in told.value.advice.why and "exotwin session" in told.value.advice.why
        finally:
            other.kill()
            other.wait()
        time.sleep(2.0)
        jobs.submit("fit_twin", {}, visit_id=visit_id)


def test_the_second_training_of_a_visit_is_refused_until_the_first_ends(
    opened: tuple[Store, str, ExitStack],
) -> None:
    store, visit_id, clean_up = opened
    jobs = board(store, clean_up)
    first = jobs.submit("learn_gait", {}, visit_id=visit_id)
    with refused("JOB-020") as told:
        jobs.submit("fit_twin", {}, visit_id=visit_id)
    assert "Dr. Lind" in told.value.advice.why
    assert code_of(jobs.submit, "fit_twin", {"visit_id": visit_id}) == "JOB-020"  # as a terminal names it

    jobs.cancel(first)
    assert jobs.wait(first, LONG_S) == Cancelled()
    again = jobs.resume(first)
    assert jobs.resume(first) == again  # of what runs already: no second one
    assert code_of(jobs.submit, "fit_twin", {}, visit_id=visit_id) == "JOB-020"


def test_one_that_waits_for_its_turn_counts_and_gives_way_when_it_is_cancelled(
    opened: tuple[Store, str, ExitStack],
) -> None:
    store, visit_id, clean_up = opened
    other = store.start_visit(store.visit(visit_id).patient_id).id
    jobs = board(store, clean_up)
    jobs.submit("learn_gait", {}, visit_id=other)
    waiting = jobs.submit("learn_gait", {}, visit_id=visit_id)
    assert code_of(jobs.submit, "fit_twin", {}, visit_id=visit_id) == "JOB-020"
    jobs.cancel(waiting)
    assert store.trainings.running(visit_id) is None
    jobs.submit("learn_gait", {}, visit_id=visit_id)
    jobs.close()
    assert store.trainings.running(visit_id) is None and store.trainings.running(other) is None


def test_what_cannot_be_put_in_the_queue_keeps_nothing(
    opened: tuple[Store, str, ExitStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, visit_id, clean_up = opened
    jobs = board(store, clean_up)

    def no_room(_spec: object) -> Path:
        raise OSError("no room")

    monkeypatch.setattr("app.jobs.service.write_spec", no_room)
    with pytest.raises(OSError, match="no room"):
        jobs.submit("learn_gait", {}, visit_id=visit_id)
    assert store.trainings.running(visit_id) is None


def test_who_may_not_train_keeps_nobody_from_it(opened: tuple[Store, str, ExitStack]) -> None:
    store, visit_id, clean_up = opened
    make_clinic(store, (Role.ASSISTANT,))
    store.people.sign_in(NAMES[Role.ASSISTANT], PIN)
    one_training = OneTraining(store, by_role(store.people))
    clean_up.callback(one_training.close)
    assert code_of(one_training.admit, "fit_twin", TABLE["fit_twin"], {}, visit_id) == "PPL-002"
    assert store.trainings.running(visit_id) is None


def test_a_training_that_another_pc_has_taken_over_stops_and_says_so(
    opened: tuple[Store, str, ExitStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, visit_id, clean_up = opened
    monkeypatch.setattr(store, "trainings", Trainings(store._engine, store._errors, shared=True))
    jobs = board(store, clean_up, renew_s=0.2)
    job_id = jobs.submit("learn_gait", {}, visit_id=visit_id)
    with Session(store._engine) as session, session.begin():  # as one that begins after this one was silent
        session.execute(update(TrainingTable).values(name="another", who="A. Berger", host="ROOM-2"))

    outcome = jobs.wait(job_id, LONG_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-021"
    assert "A. Berger" in outcome.advice.why and "the PC ROOM-2" in outcome.advice.why
    assert store.trainings.running(visit_id) is not None  # the other one's
