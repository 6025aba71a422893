"""Claims about results that lie in a store which PCs share: a job fetches them, and the window answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from core.domain.condition import Condition
from core.domain.frames import PICTURES, write_frames
from core.domain.record import RecordKind
from core.errors import Advice
from core.jobs.values import Done, JobSpec, Outcome, Refused, SilentContext
from core.store.artifacts.local_copies import NUMBERS
from core.tasks import fetch_results
from tests import captured
from tests.ui import compared
from tests.ui.board import HandBoard
from tests.ui.samples import landmarks, recording
from tests.ui.waiting import until
from ui.pages.capture import CapturePage
from ui.pages.frame import Page
from ui.pages.patients import PatientsPage
from ui.pages.visits import VisitsPage
from ui.presenters.capture import CapturePresenter
from ui.presenters.patients import PatientsPresenter
from ui.presenters.visits import VisitsPresenter
from ui.session_context import SessionContext

AWAY = Advice("The store cannot be reached.", "The system says: no route.", "Check the network.", "REC-070")


@pytest.fixture
def share(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("share")
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(folder))
    return folder


@pytest.fixture
def made(share: Path, context: SessionContext, visit_id: str, tmp_path: Path) -> tuple[str, str]:
    """A recording with pictures and the landmarks in it, of which nothing is here."""
    frames = write_frames(tmp_path, [(0.0, b"jpeg")], size_px=(64, 48), source_size_px=(640, 480))
    recorded = context.store.save(
        RecordKind.RECORDING, recording(), visit_id=visit_id, summary="walk", files=frames
    )
    seen = context.store.save(
        RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen", inputs=(recorded,)
    )
    shutil.rmtree(context.store.data_dir / "records")
    return seen, recorded


def fetch(context: SessionContext, board: HandBoard, outcome: Outcome | None = None) -> dict[str, object]:
    """Run the job that is waiting, or have it end like this; returns its parameters."""
    state = next(state for state in board.states() if state.outcome is None)
    if outcome is None:
        spec = JobSpec(state.spec.id, state.spec.kind, state.spec.params, context.store.data_dir)
        fetch_results.run(spec.params, SilentContext(spec, context.store.data_dir))
    board.happens(state.spec.id, outcome or Done(""))
    until(lambda: context.fetching.running is None)
    return dict(state.spec.params)


def words(page: Page) -> str:
    return " ".join(label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page))


def test_a_film_that_lies_elsewhere_is_fetched_by_a_job_and_told_meanwhile(
    context: SessionContext, board: HandBoard, made: tuple[str, str], share: Path
) -> None:
    for record_id in made:
        context.store.folder(record_id, NUMBERS)
    page = CapturePage()
    presenter = CapturePresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    presenter.refresh()

    assert "The film is being fetched." in words(page) and str(share) in words(page)
    assert page._running.isVisibleTo(page)
    presenter.refresh()
    assert len(board.jobs) == 1
    assert fetch(context, board) == {"record_ids": [made[1]], "like": PICTURES}

    assert "being fetched" not in words(page) and "Patient seen" in words(page)
    assert context.store.is_here(made[1]) and page.player._clip is not None


def test_a_film_that_does_not_come_is_asked_for_again_only_by_the_person(
    context: SessionContext, board: HandBoard, made: tuple[str, str]
) -> None:
    context.store.folder(made[0])
    context.store.folder(made[1], NUMBERS)
    page = CapturePage()
    presenter = CapturePresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    presenter.refresh()
    fetch(context, board, Refused(AWAY))

    assert "The film is not here." in words(page) and AWAY.what in words(page) and len(board.jobs) == 1
    page.main_buttons[1].click()
    assert len(board.jobs) == 2 and "The film is being fetched." in words(page)


def test_a_visit_opens_when_the_numbers_of_its_results_are_here(
    context: SessionContext, board: HandBoard, made: tuple[str, str], visit_id: str
) -> None:
    opened: list[str | None] = []
    context.visit_changed.connect(lambda: opened.append(context.visit_id))
    page = PatientsPage()
    patients = PatientsPresenter(page, context)
    context.visit_changed.connect(patients.refresh)
    context.open_visit(visit_id)
    assert context.visit_id is None and context.opening == visit_id
    assert "being fetched" in words(page) and not page.main_buttons[0].isVisibleTo(page)
    fetch(context, board, Refused(AWAY))
    assert context.visit_id is None and context.opening is None
    assert "no visit is open" in words(page) and not page.main_buttons[0].isVisibleTo(page)

    context.open_visit(visit_id)
    assert set(fetch(context, board)["record_ids"]) == set(made)  # type: ignore[call-overload]
    assert context.visit_id == visit_id and context.opening is None and opened[-1] == visit_id
    assert context.store.is_here(made[1], NUMBERS) and not context.store.is_here(made[1])


def test_recordings_of_other_visits_are_fetched_by_a_job_before_they_are_compared(
    context: SessionContext, board: HandBoard, visit_id: str, share: Path
) -> None:
    earlier = captured.save(context.store, visit_id, captured.walk(seed=1), Condition.NO_EXO)
    later_visit = context.store.start_visit(context.store.visit(visit_id).patient_id).id
    later = captured.save(context.store, later_visit, captured.walk(seed=2, knee=1.4), Condition.PERSONALIZED)
    predicted = context.store.save(
        RecordKind.COMPARISON, compared.comparison(), visit_id=later_visit, inputs=(), summary=""
    )
    shutil.rmtree(context.store.data_dir / "records")
    for record_id in earlier:  # of the open visit
        context.store.folder(record_id, NUMBERS)
    page = VisitsPage()
    presenter = VisitsPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    presenter.refresh()

    assert "The recordings of all visits are being fetched." in words(page)
    assert {button.text() for button in page.findChildren(QPushButton) if button.isVisibleTo(page)} >= {
        "Back"
    }
    fetch(context, board, Refused(AWAY))
    assert "Not all recordings of this patient are here." in words(page) and AWAY.what in words(page)
    page.main_buttons[1].click()
    assert fetch(context, board) == {"record_ids": [*later, predicted], "like": NUMBERS}
    assert "being fetched" not in words(page)
    assert set(page.recordings.ticks) == {earlier[1], later[1]}
    assert "Measurably different from visit 1" in words(page)

    share.rename(share.with_name("gone"))  # what it reads is here
    VisitsPresenter(page, context).refresh()
    assert "Measurably different from visit 1" in words(page)
