"""Save and Copy beside the title of the pages that show results."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from core.domain.record import RecordKind
from core.session.flow import Step
from tests.ui import records, samples
from ui.page_stack import BUILDERS, Built
from ui.session_context import SessionContext
from ui.widgets.take_away import TakeAway


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Every dialog is answered with a file in the test's folder; what was proposed is kept."""
    asked: list[str] = []

    def answer(_parent: object, _title: str, proposed: str, _pattern: str) -> tuple[str, str]:
        asked.append(Path(proposed).name)
        return str(tmp_path / Path(proposed).name), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return asked


def page_of(context: SessionContext, step: Step) -> Built:
    page, presenter = BUILDERS[step](context)
    presenter.refresh()
    return page, presenter


@pytest.mark.parametrize("step", [Step.MOTION, Step.REVIEW, Step.COMPARE])
def test_pages_with_results_offer_to_save_and_copy_them(
    context: SessionContext, visit_id: str, step: Step, chosen: list[str], tmp_path: Path
) -> None:
    assert not page_of(context, step)[0].take_away.isVisibleTo(None)
    made = records.fill(context.store, visit_id, step)

    page, presenter = page_of(context, step)

    assert not page.take_away.isHidden() and presenter.shown_records()[0] == made[step]
    page.take_away.chosen.emit(TakeAway.CSV)
    assert chosen == [f"P-0042-visit-1-{step.value}.csv"]
    assert made[step] in (tmp_path / chosen[0]).read_text(encoding="utf-8")


def test_the_zip_of_a_page_has_its_figure_and_says_what_is_in_it(
    context: SessionContext, visit_id: str, chosen: list[str], tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, _ = page_of(context, Step.MOTION)

    page.take_away.chosen.emit(TakeAway.ZIP)

    with zipfile.ZipFile(tmp_path / chosen[0]) as archive:
        names = archive.namelist()
    assert {"README.txt", "SHA256SUMS.txt", "measured_walk.c3d", "measured_joint_angles.png"} < set(names)


def test_emg_is_offered_once_it_is_there_and_not_while_a_file_is_chosen(
    context: SessionContext, visit_id: str, chosen: list[str], tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    context.store.save(RecordKind.EMG, samples.emg(), visit_id=visit_id, summary="")

    page, presenter = page_of(context, Step.EMG)
    page.take_away.chosen.emit(TakeAway.CSV)

    assert "signal to noise" in (tmp_path / "P-0042-visit-1-emg.csv").read_text(encoding="utf-8")
    page.secondary_action.emit("skip")
    assert presenter.shown_records() == ()


def test_a_figure_is_saved_at_300_dots_per_inch(
    context: SessionContext, visit_id: str, chosen: list[str], tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, _ = page_of(context, Step.MOTION)

    for what in (TakeAway.PNG, TakeAway.SVG, TakeAway.PDF):
        page.take_away.chosen.emit(what)

    image = QImage(str(tmp_path / "P-0042-visit-1-motion.png"))
    assert image.width() == 2480 and image.dotsPerMeterX() == round(300 / 0.0254)  # as wide as A4
    assert "Hip flexion (°)" in (tmp_path / "P-0042-visit-1-motion.svg").read_text(encoding="utf-8")
    assert (tmp_path / "P-0042-visit-1-motion.pdf").read_bytes().startswith(b"%PDF")


def test_figure_and_numbers_go_to_the_clipboard(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, _ = page_of(context, Step.MOTION)
    clipboard = QGuiApplication.clipboard()

    page.take_away.chosen.emit(TakeAway.COPY_FIGURE)
    assert clipboard.image().width() > 1000
    page.take_away.chosen.emit(TakeAway.COPY_NUMBERS)

    cells = [line.split("\t") for line in clipboard.text().splitlines()]
    assert ["speed", "both sides", "1.21"] in [row[:3] for row in cells]


def test_without_a_stride_there_is_no_figure_and_the_advice_says_what_to_take(
    context: SessionContext, visit_id: str, chosen: list[str]
) -> None:
    context.store.save(RecordKind.MOTION, samples.squat_motion(), visit_id=visit_id, summary="")
    page, _ = page_of(context, Step.MOTION)

    page.take_away.chosen.emit(TakeAway.PNG)

    assert page._advice._code.text() == "OUT-003"
    assert chosen == []


def test_a_folder_that_takes_nothing_is_advice(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    nowhere = str(tmp_path / "nowhere" / "walk.csv")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (nowhere, ""))
    page, _ = page_of(context, Step.MOTION)

    page.take_away.chosen.emit(TakeAway.CSV)

    assert page._advice._code.text() == "OUT-002"
