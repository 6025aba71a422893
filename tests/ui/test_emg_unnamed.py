"""A table whose columns nobody named: the page asks what it cannot know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.readers import read_emg
from tests.ui.board import HandBoard
from tests.ui.test_emg_page import choose
from ui.pages.emg import EmgPage
from ui.presenters.emg import EmgPresenter
from ui.session_context import SessionContext

LINES = 2000


def table(path: Path, *first: FloatArray) -> Path:
    signals = np.random.default_rng(1).normal(size=(LINES, 2))
    np.savetxt(path, np.column_stack([*first, signals]), delimiter=",", fmt="%.5f")
    return path


@pytest.fixture
def page(context: SessionContext) -> EmgPage:
    page = EmgPage()
    EmgPresenter(page, context)
    return page


def test_an_unnamed_first_column_is_asked_about_and_never_taken_for_time_unasked(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path
) -> None:
    choose(page, context, board, table(tmp_path / "emg.csv", np.arange(LINES) / 1000.0))
    assert page._headline.text() == (
        "0 of 2 channels mapped to muscles. The file names no columns. Its first one looks like time at "
        "1000 Hz: enter the sampling rate if that is so."
    )
    page.site_changed.emit("column 2", ChannelSite(EmgMuscle.SOLEUS, Side.LEFT))
    page.main_action.emit()  # Process, without an answer
    assert page._advice._code.text() == "EMG-009" and "1000 Hz" in page._advice._why.text()
    page._fields.rate.setText("1000")
    page.main_action.emit()
    job = board.states()[0].spec
    assert (job.kind, job.params["rate_hz"]) == ("import_emg", 1000.0)


def test_a_table_of_signals_only_is_asked_about_too(
    page: EmgPage, context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path
) -> None:
    choose(page, context, board, table(tmp_path / "emg.csv"))
    assert page._headline.text().endswith("The file names no columns: which is which muscle?")


def test_an_unnamed_count_is_of_samples_where_a_person_says_so(tmp_path: Path) -> None:
    """Read as milliseconds it was 1000 Hz, and the rate that the advice asked for was refused."""
    counted = table(tmp_path / "emg.csv", np.arange(1.0, LINES + 1.0))
    assert read_emg(counted).rate_hz == 1000.0
    raw = read_emg(counted, 2000.0)
    assert (raw.rate_hz, raw.channels, raw.findings) == (2000.0, ("column 2", "column 3"), ())
