"""Statistics of a table: chosen, told what its columns are, tested by a worker, read and saved as CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.jobs.values import Message, Refused, SilentContext
from core.tasks import table_statistics
from tests.refusals import refused
from tests.ui.board import HandBoard
from ui.asides import Aside
from ui.main_window import MainWindow
from ui.pages.statistics import StatisticsPage
from ui.presenters.statistics import JOB, StatisticsPresenter, on_the_page, proposal
from ui.session_context import SessionContext

CONDITIONS = ("none", "default", "own")


def write_long(path: Path, subjects: int = 8, rows: int = 1) -> Path:
    random = np.random.default_rng(5)
    lines = ["patient,controller,watts,steps"]
    for number in range(subjects):
        level = random.normal(3.0, 0.5)
        for place, name in enumerate(CONDITIONS):
            for _ in range(rows):
                lines.append(
                    f"P{number},{name},{level - 0.4 * place + random.normal(0, 0.2):.4f},{place + number}"
                )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Desk:
    """The page; a job is done by its task as soon as it is submitted."""

    def __init__(self, context: SessionContext, board: HandBoard, tmp_path: Path) -> None:
        self.page, self.board, self.tmp_path = StatisticsPage(), board, tmp_path
        self.presenter = StatisticsPresenter(self.page, context)
        self.presenter.refresh()

    def work(self) -> None:
        """What was submitted last."""
        state = list(self.board.jobs.values())[-1]
        context = SilentContext(state.spec, self.tmp_path / "work")
        table_statistics.run(state.spec.params, context)
        (message,) = (event for event in context.events if isinstance(event, Message))
        self.presenter._told(state.spec.id, message)

    def opens(self, path: Path) -> None:
        self.page.file_chosen.emit(path)
        self.work()

    def tests(self) -> None:
        self.page.main_action.emit()
        self.work()


@pytest.fixture
def desk(context: SessionContext, board: HandBoard, tmp_path: Path) -> Desk:
    return Desk(context, board, tmp_path)


def cells(desk: Desk, name: str) -> list[list[str]]:
    table = getattr(desk.page, name)
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_a_long_table_is_understood_and_tested(desk: Desk, tmp_path: Path) -> None:
    desk.opens(write_long(tmp_path / "watts.csv"))
    chosen = desk.page.chosen()
    assert (chosen.subject, chosen.within, chosen.values) == ("patient", ("controller",), ("watts", "steps"))
    assert list(desk.board.jobs.values())[-1].spec.kind == JOB

    desk.page.values.item(1).setCheckState(Qt.CheckState.Unchecked)
    desk.tests()

    (effect,) = (row for row in cells(desk, "effects") if "ranks" not in row[0])
    names = ("value", "F", "df", "p", "W", "p of W", "epsilon", "eta")
    told = dict(zip(names, effect, strict=True))
    assert (
        told["p"].startswith("< 0.001") and 0.5 <= float(told["epsilon"]) <= 1.0 and float(told["W"]) <= 1.0
    )
    assert told["eta"].endswith(", large") and float(told["eta"].split()[0]) > 0.5
    pairs = cells(desk, "pairs")
    assert [row[0] for row in pairs] == ["default − none", "own − none", "own − default"]
    assert [row[0] for row in cells(desk, "conditions")] == list(CONDITIONS)
    assert "n = 8 subjects): the conditions differ" in desk.page._words.text()


def test_the_result_is_saved_as_csv_with_every_number(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.opens(write_long(tmp_path / "watts.csv"))
    desk.tests()
    out = tmp_path / "result.csv"
    monkeypatch.setattr(desk.page, "ask_path", lambda *_: out)
    desk.page.secondary_action.emit("save")
    with out.open(encoding="utf-8", newline="") as rows:
        told = {
            (row["value"], row["part"], row["of"], row["measure"]): row["number"]
            for row in csv.DictReader(rows)
        }
    found = desk.presenter._answer
    assert found is not None
    (watts,) = (one for one in found["found"]["values"] if one["value"] == "watts")
    assert float(told["watts", "repeated-measures ANOVA", "", "mauchly w"]) == pytest.approx(
        watts["anova"]["mauchly_w"]
    )
    assert float(told["watts", "pair", "own - none", "p bonferroni"]) == pytest.approx(
        watts["pairs"][1]["p_bonferroni"]
    )
    assert ("watts", "repeated-measures ANOVA", "", "partial eta squared value") in told


def test_another_choice_forgets_the_answer_of_the_earlier_one(desk: Desk, tmp_path: Path) -> None:
    desk.opens(write_long(tmp_path / "watts.csv"))
    desk.tests()
    assert cells(desk, "effects")
    desk.page.simulated.setChecked(True)
    assert not cells(desk, "effects") and desk.page.main_buttons[0].isEnabled()
    desk.tests()
    assert "subjects, simulated" in desk.page._words.text()


def test_a_wide_table_needs_two_ticked_columns(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    rows = ["id,none,own", *(f"{n},{n + 3.1 + 0.1 * n * n},{n + 2.0 + 0.3 * (n % 3)}" for n in range(7))]
    path.write_text("\n".join(rows), encoding="utf-8")
    desk.opens(path)
    assert desk.page.chosen().within == () and desk.page.chosen().values == ("none", "own")
    first = desk.page.values.item(1)  # the numbers of the subjects are not ticked
    first.setCheckState(Qt.CheckState.Unchecked)
    assert not desk.page.main_buttons[0].isEnabled()
    first.setCheckState(Qt.CheckState.Checked)
    desk.tests()
    assert "by paired t" in desk.page._words.text() or "Wilcoxon" in desk.page._words.text()


def test_a_bad_table_ends_in_advice_that_the_page_can_do(desk: Desk, tmp_path: Path) -> None:
    desk.opens(write_long(tmp_path / "strides.csv", rows=2))
    desk.page.main_action.emit()
    state = list(desk.board.jobs.values())[-1]
    with refused("STA-006") as told:
        table_statistics.run(state.spec.params, SilentContext(state.spec, tmp_path / "work"))
    assert "--average" in told.value.advice.next_step
    shown = []
    desk.page.show_advice = lambda advice, *_: shown.append(advice)  # type: ignore[method-assign]
    desk.presenter._ended(state.spec.id, Refused(told.value.advice))
    assert shown[-1].code == "STA-006" and "--" not in shown[-1].next_step

    desk.page.average.setChecked(True)
    desk.tests()
    assert cells(desk, "effects")


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "STA-001"), ("id,condition,watts\na,x,1\na,y,2\nb,x,1\nb,y,3\n", "STA-004")],
)
def test_advice_for_the_page_names_no_option_of_a_terminal(tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    board = HandBoard(tmp_path)
    question = {"subject": "id", "within": ["condition"], "values": ["watts"]}
    job = board.submit(JOB, {"file": str(path), "question": question})
    with refused(code) as told:
        table_statistics.run(
            board.jobs[job].spec.params, SilentContext(board.jobs[job].spec, tmp_path / "work")
        )
    assert "--" not in on_the_page(told.value.advice).next_step


def test_columns_are_proposed_by_their_names() -> None:
    chosen = proposal(("speed", "participant", "model", "rmse"), ("speed", "rmse"))
    assert (chosen.subject, chosen.within, chosen.values) == ("participant", ("model",), ("speed", "rmse"))


def test_it_is_reached_from_the_menu_and_left_again(context: SessionContext) -> None:
    window = MainWindow(context)
    window.header.show_statistics.emit()
    assert window.pages.shown is Aside.STATISTICS
    window.pages.page(Aside.STATISTICS).secondary_action.emit("back")
    assert window.pages.shown is not Aside.STATISTICS


def test_the_message_is_json(desk: Desk, tmp_path: Path) -> None:
    """The pipe carries text: what is not known must be null."""
    desk.opens(write_long(tmp_path / "watts.csv", subjects=3))
    desk.tests()
    assert desk.presenter._answer is not None
    json.dumps(desk.presenter._answer, allow_nan=False)
