"""EMG: names suggest muscles, a person decides, and skipping needs a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.record import RecordKind, Verdict
from core.errors import UserError
from core.session.flow import Step, StepState
from tests.ui.board import HandBoard
from tests.ui.samples import emg
from ui.pages.emg import EmgPage
from ui.presenters.emg import EmgPresenter, emg_verdict
from ui.presenters.emg_files import first_map, look_into
from ui.session_context import Desk
from ui.theme import Tone


@pytest.fixture
def page(desk: Desk) -> EmgPage:
    page = EmgPage()
    presenter = EmgPresenter(page, desk)
    desk.record_changed.connect(presenter.refresh)
    return page


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "walk.csv"
    path.write_text("L_tibialis_anterior,R_soleus,Fz1\n" + "0.1,0.2,700\n" * 40, encoding="utf-8")
    return path


def test_channels_are_mapped_by_their_names_and_muscles_come_first() -> None:
    mapped = first_map(("Fz1", "R_soleus", "L_tibialis_anterior"))
    assert [channel.name for channel in mapped] == ["R_soleus", "L_tibialis_anterior", "Fz1"]
    assert mapped[0].site == ChannelSite(EmgMuscle.SOLEUS, Side.RIGHT)


def test_a_file_that_is_not_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UserError) as refused:
        look_into(path)
    assert refused.value.advice.code == "EMG-001"


def test_the_import_carries_the_map_and_the_rate(
    page: EmgPage, board: HandBoard, visit_id: str, csv_file: Path
) -> None:
    page.file_chosen.emit(csv_file)
    page.site_changed.emit("R_soleus", None)
    page._rate.setText("1000")
    page.main_action.emit()
    job = board.states()[0].spec
    assert job.kind == "import_emg" and job.params["rate_hz"] == 1000.0
    assert job.params["sites"] == {"L_tibialis_anterior": ["tibialis anterior", "left"]}


def test_a_missing_rate_is_asked_for(page: EmgPage, board: HandBoard, visit_id: str, csv_file: Path) -> None:
    page.file_chosen.emit(csv_file)
    page.main_action.emit()
    assert page._advice.isVisibleTo(page) and board.states() == ()


def test_one_muscle_cannot_be_chosen_twice(page: EmgPage, visit_id: str, csv_file: Path) -> None:
    page.file_chosen.emit(csv_file)
    page.site_changed.emit("Fz1", ChannelSite(EmgMuscle.SOLEUS, Side.RIGHT))
    assert not page._main.isEnabled() and page._why_not.text() == "Right soleus is chosen twice."


def test_skipping_needs_a_reason_which_is_kept(desk: Desk, page: EmgPage, visit_id: str) -> None:
    page.secondary_action.emit("skip")
    page.skipped.emit("  ")
    assert desk.status(Step.EMG).state is StepState.NOT_STARTED
    page.skipped.emit("no electrodes today")
    decision = desk.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.reason) == (Verdict.SKIPPED, "no electrodes today")
    assert desk.status(Step.EMG).state is StepState.SKIPPED


def test_the_result_says_how_many_channels_are_good(desk: Desk, page: EmgPage, visit_id: str) -> None:
    desk.store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="emg")
    desk.record_changed.emit()
    assert emg_verdict(emg()) == ("6 of 6 channels good, relative to the recorded maximum.", Tone.OK)
    assert page._quality.rowCount() == 6
