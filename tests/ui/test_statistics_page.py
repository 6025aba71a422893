"""Statistics of a table: chosen, told what its columns are, tested by a worker, read and saved as CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyqtgraph as pg
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
from ui.widgets.empty import EmptyState

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
    names = ("value", "F", "df", "p", "eta", "W", "p of W", "epsilon")
    told = dict(zip(names, effect, strict=True))
    assert (
        told["p"].startswith("< 0.001") and 0.5 <= float(told["epsilon"]) <= 1.0 and float(told["W"]) <= 1.0
    )
    assert told["eta"].endswith(", large") and float(told["eta"].split()[0]) > 0.5
    pairs = cells(desk, "pairs")
    assert [row[0] for row in pairs] == ["default − none", "own − none", "own − default"]
    assert [row[0] for row in cells(desk, "conditions")] == list(CONDITIONS)
    assert "n = 8 subjects): the conditions differ" in desk.page._words.text()


def test_rows_of_several_values_stand_below_the_name_of_each(desk: Desk, tmp_path: Path) -> None:
    path = write_long(tmp_path / "watts.csv")
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    noise = np.random.default_rng(1).normal(0.0, 1.0, len(lines))
    rows = (f"{line},{value:.3f}" for line, value in zip(lines, noise, strict=True))
    path.write_text("\n".join([f"{head},metres", *rows]), encoding="utf-8")
    desk.opens(path)
    desk.page.values.item(1).setCheckState(Qt.CheckState.Unchecked)
    desk.tests()

    assert [row[0] for row in cells(desk, "conditions")] == [
        *("watts", *(f"    {name}" for name in CONDITIONS)),
        *("metres", *(f"    {name}" for name in CONDITIONS)),
    ]
    assert [row[0] for row in cells(desk, "pairs")][:2] == ["watts", "    default − none"]
    tabs = desk.page.tables
    assert [tabs.isTabVisible(tab) for tab in range(tabs.count())] == [False, True, True, True]


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


def test_without_a_table_the_page_says_what_it_is_for_and_asks_for_one(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = desk.page.findChild(EmptyState)
    assert empty is not None and not empty.isHidden() and empty.button.text() == "Choose table"
    asked: list[Path] = [write_long(tmp_path / "watts.csv")]
    monkeypatch.setattr("ui.pages.statistics.ask_file", lambda *_: asked.pop())

    empty.button.click()
    desk.work()

    assert empty.isHidden() and not asked
    assert "shows here" in desk.page._words.text()  # until it is tested


def write_curves(path: Path, subjects: int = 8) -> Path:
    """A hip that flexes more in the middle with the own controller, and two numbers beside it."""
    random, cycle = np.random.default_rng(3), np.arange(101)
    lines = [",".join(["patient", "controller", "speed", *(f"hip_{n}" for n in cycle)])]
    for number in range(subjects):
        level = random.normal(0.0, 3.0)
        for name in ("none", "own"):
            bump = 8.0 * np.exp(-(((cycle - 50) / 8.0) ** 2)) * (name == "own")
            curve = level + 20.0 * np.cos(cycle / 16.0) + random.normal(0.0, 0.5) * np.sin(cycle / 9.0) + bump
            lines.append(f"P{number},{name},{1.0 + 0.01 * number}," + ",".join(f"{v:.4f}" for v in curve))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_curve_is_one_value_and_is_told_and_drawn_where_it_differs(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.opens(write_curves(tmp_path / "hip.csv"))
    assert [desk.page.values.item(n).text() for n in range(2)] == ["speed", "hip (a curve of 101 points)"]
    assert desk.page.subject.findText("hip_50") < 0  # a point of a curve says nothing of who it is
    desk.page.values.item(1).setCheckState(Qt.CheckState.Checked)
    assert "one curve alone" in desk.page.main_buttons[0].toolTip()
    desk.page.values.item(0).setCheckState(Qt.CheckState.Unchecked)
    desk.tests()

    ((way, begin, end, p),) = cells(desk, "places")
    assert way == "own higher than none" and float(begin) < 50.0 < float(end) and p == "< 0.001"
    assert f"differ at {begin} to {end} %" in desk.page._words.text()
    assert not desk.page.curve.isHidden() and cells(desk, "effects") == []
    drawn = desk.page.curve.statistic.box.addedItems
    (shade,) = (one for one in drawn if isinstance(one, pg.LinearRegionItem))
    assert shade.getRegion() == pytest.approx((float(begin), float(end)), abs=0.5)

    out = tmp_path / "result.csv"
    monkeypatch.setattr(desk.page, "ask_path", lambda *_: out)
    desk.page.secondary_action.emit("save")
    saved = out.read_text(encoding="utf-8")
    assert "hip,cluster,1,p," in saved and "hip,point,100,mean of own," in saved


def test_a_choice_while_it_tests_stops_the_test_of_the_earlier_one(desk: Desk, tmp_path: Path) -> None:
    desk.opens(write_long(tmp_path / "watts.csv"))
    desk.page.main_action.emit()

    desk.page.simulated.setChecked(True)
    desk.work()  # its answer comes all the same

    assert not cells(desk, "effects") and desk.page.main_buttons[0].isEnabled()


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


def test_columns_in_a_row_that_may_be_conditions_are_offered_as_both(desk: Desk, tmp_path: Path) -> None:
    path, weeks = tmp_path / "weeks.csv", range(1, 13)
    rows = [",".join(["id", *(f"week_{n}" for n in weeks)])]
    rows += [f"P{number}," + ",".join(str(number + n) for n in weeks) for number in range(4)]
    path.write_text("\n".join(rows), encoding="utf-8")
    desk.opens(path)

    assert desk.page.chosen().values == tuple(f"week_{n}" for n in weeks)
    assert desk.page.values.item(12).text() == "week (a curve of 12 points)"
