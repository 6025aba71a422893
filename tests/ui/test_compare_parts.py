"""The further parts of Compare: situations, help on each side, correlations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.record import RecordKind
from core.session.flow import Step
from tests.ui import compared, records, walks
from tests.ui.board import HandBoard
from ui.page_stack import PageArea
from ui.pages.compare import ComparePage
from ui.pages.correlations import CorrelationsView
from ui.pages.help_by_side import HelpView
from ui.pages.situations import SituationsPanel, SituationsView
from ui.pages.torque_curves import LEAST_GRID_PX
from ui.plots.color_map import ColorMap, contrast, ink_on, number_words
from ui.plots.curves import CurveStyle, ExoQuantity
from ui.plots.plot_style import mixed
from ui.presenters.assistance import help_view, torque_view
from ui.presenters.compare import ComparePresenter
from ui.presenters.correlations import correlations_view
from ui.presenters.gait_curves import exo_panels
from ui.presenters.situations import situations_view
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.theme.tokens import DARK, LIGHT, Colors
from ui.widgets.empty import Missing


def situations(
    costs: dict[str, tuple[float, float, tuple[int, int, int]]] = compared.COSTS,
) -> SituationsView:
    view = situations_view(compared.comparison(costs), "Compare again")
    assert isinstance(view, SituationsView)
    return view


def cells(view: SituationsView, key: str) -> tuple[tuple[str, ...], tuple[Tone, ...]]:
    row = view.table.rows[[detail.key for detail in view.details].index(key)]
    return tuple(words.replace("\u00a0", " ") for words in row.cells), row.tones


def test_every_situation_has_its_row_and_what_is_worse_is_said_in_words_and_amber() -> None:
    view = situations()
    assert [row.name for row in view.table.rows][:3] == ["Level walking", "Ramp up, 5°", "Ramp down, 5°"]
    assert cells(view, "level")[0] == ("4 % less", "12 % less (−12 · −12)", "0 · 0 · 0 of 6", "0.94 → 0.98")
    assert cells(view, "ramp-down-5")[0][:2] == ("unclear", "unclear (0 · 0)")
    assert cells(view, "stairs-down")[0][1] == "4 % more (+4 · +4)"
    assert cells(view, "stairs-down")[1] == (Tone.WARN, Tone.WARN, Tone.NEUTRAL, Tone.NEUTRAL)
    assert cells(view, "push") == (
        ("–", "–", "1 · 1 · 2 of 6", "–"),
        (*[Tone.NEUTRAL] * 2, Tone.WARN, Tone.NEUTRAL),
    )
    assert cells(view, "run-2.0")[0][1] == "not judged"  # without the exo most of its walks end by a fall


def test_the_whole_is_never_greener_than_its_worst_situation() -> None:
    view = situations()
    assert view.tone is Tone.WARN
    assert view.sentence.startswith(
        "Worse with the personalized controller: stairs down (4.0\u00a0% more energy)"
    )
    assert "push from the side (falls in 2 of 6 walks instead of 1)" in view.sentence
    good = situations({key: compared.COSTS[key] for key in ("level", "ramp-up-5")})
    assert good.tone is Tone.OK and "2 of 2" in good.sentence
    mixed = situations({key: compared.COSTS[key] for key in ("level", "ramp-down-5", "run-2.0")})
    assert mixed.tone is Tone.NEUTRAL and "cannot walk there: running 2.0 m/s" in mixed.sentence


def test_many_worse_situations_are_counted_and_the_table_names_them() -> None:
    keys = ("level", "ramp-up-5", "ramp-down-5", "stairs-up", "stairs-down")
    view = situations(dict.fromkeys(keys, (1.0, 1.1, (0, 0, 0))))
    assert "ramp down 5°" in view.sentence and "and 2 more, in amber below." in view.sentence
    assert "stairs" not in view.sentence and [row.tones[1] for row in view.table.rows] == [Tone.WARN] * 5


def test_a_controller_that_makes_the_legs_less_alike_is_worse() -> None:
    made = compared.comparison({"level": compared.COSTS["level"]})
    uneven = [
        dataclasses.replace(one, measures=dataclasses.replace(one.measures, symmetry=np.full(6, 0.9)))
        if one.label == compared.PERSONAL
        else one
        for one in made.situations
    ]
    view = situations_view(dataclasses.replace(made, situations=tuple(uneven)), "")
    assert isinstance(view, SituationsView)
    assert view.tone is Tone.WARN and "less even" in view.sentence
    assert view.table.rows[0].cells[3] == "0.94 ↘ 0.90" and view.table.rows[0].tones[3] is Tone.WARN


def test_stairs_tell_who_came_up_without_the_handrail() -> None:
    detail = next(one for one in situations().details if one.key == "stairs-up")
    words = detail.sentence.replace("\u00a0", " ")
    assert "Without handrail: 6 of 6 starts without support (default 5, no exo 5)." in words
    assert "carries 2.0 % of body weight (default 5.0 %, no exo 6.0 %)" in words
    assert "handrail" not in next(one for one in situations().details if one.key == "level").sentence


def test_as_many_falls_as_without_the_exo_are_no_change() -> None:
    view = situations({"push": (1.0, 1.0, (2, 2, 2))})
    assert (
        view.details[0]
        .sentence.replace("\u00a0", " ")
        .endswith("it falls in 2 of 6 walks, as without the exo.")
    )


def test_no_column_of_the_situations_is_cut_where_room_is_short(app: QApplication) -> None:
    panel = SituationsPanel()
    panel.show_view(situations({**compared.COSTS, "course": (0.96, 1.12, (1, 2, 3))}))
    panel.resize(1094, 400)  # what a screen of 1366 px leaves
    panel.show()
    app.processEvents()
    table = panel.table
    assert table.horizontalScrollBar().maximum() == 0
    panel.resize(700, 400)
    app.processEvents()
    last = table.columnCount() - 1
    assert table.columnWidth(last) >= table.sizeHintForColumn(last)
    panel.close()
    panel.deleteLater()


def test_choosing_a_row_by_key_shows_its_torque_on_both_sides(app: QApplication) -> None:
    panel = SituationsPanel()
    panel.show_view(situations())
    assert "Level walking" in panel._detail.text()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    assert panel._detail.text().startswith("Ramp up, 5°:") and "Ramp up, 5°" in panel.torque._title.text()
    assert panel.torque.grid is not None
    left, right = (plot.panel for plot in panel.torque.grid.plots.values())
    assert left is not None and right is not None
    assert [curve.style for curve in left.curves] == [CurveStyle.DEFAULT, CurveStyle.WITH_EXO]
    assert left.curves[1].mean.max() == pytest.approx(1.4 * right.curves[1].mean.max())
    assert left.curves[0].sd is not None and left.unit == " N·m/kg"
    panel.show_view(situations())  # new values: the row stays chosen
    assert panel._detail.text().startswith("Ramp up, 5°:")
    panel.deleteLater()


def test_published_peaks_are_drawn_under_level_walking_only_and_cited() -> None:
    made = compared.comparison()
    level = torque_view(made, "level", "Level walking", 18.0)
    assert [len(panel.published) for panel in level.panels] == [1, 1]
    (field,) = level.panels[0].published
    assert (field.low, field.high, field.begin, field.end) == (0.20, 0.46, 0.51, 0.54)
    words = level.words.replace("\u00a0", " ")
    assert "Quinlivan et al. 2017" in words and "doi" in level.sources
    assert "left 0.196 at 62 %, size outside, time outside" in words
    assert not torque_view(made, "stairs-up", "Stairs up").panels[0].published
    weak = torque_view(made, "level", "Level walking", 9.6).words  # 0.14 N·m/kg of 68 kg is all it may give
    assert "right 0.14 at 62\u00a0%, size outside (limit of the controller)" in weak
    ankle = torque_view(compared.comparison(joint=JointKind.ANKLE), "level", "Level walking")
    assert ankle.panels[0].published[0].high == -0.17  # plantarflexion is negative
    assert "right 0.60 at 50\u00a0%, size inside, time inside" in ankle.words


def test_without_torque_the_place_of_the_curves_says_so() -> None:
    view = torque_view(compared.comparison(), "moonwalk", "Moonwalk")
    assert not view.panels and view.missing


def test_help_on_each_side_tells_timing_and_size_and_the_deficit() -> None:
    view = help_view(compared.comparison(), "")
    assert isinstance(view, HelpView)
    rows = {row.name: row for row in view.table.rows}
    assert rows["Left, personalized"].cells[0] == "13.3 N·m, 62 %"
    assert rows["Left, personalized"].side is Side.LEFT
    assert any(
        words.startswith("Weakness, left hip flexors: the left side gets 40") for words in view.sentences
    )
    assert "simulated" in view.note
    ankle = help_view(compared.comparison(joint=JointKind.ANKLE), "")
    assert isinstance(ankle, HelpView)
    assert ankle.table.columns[1:3] == ("Most dorsiflexion,\nand when", "Most plantarflexion,\nand when")
    healthy = help_view(compared.comparison(healthy=False), "")
    assert isinstance(healthy, HelpView) and any("no impairment" in words for words in healthy.sentences)


def test_correlations_name_the_joint_that_gets_less_alike() -> None:
    view = correlations_view(compared.comparison(), "")
    assert isinstance(view, CorrelationsView)
    assert (
        view.sentence
        == "Less like its healthy self with the exo: right ankle. Over all joints mean r 0.91 with the "
        "exo, 0.84 without."
    )
    assert view.tone is Tone.WARN
    rows = {row.name: row for row in view.table.rows}
    assert rows["Left hip"].cells == ("0.92", "0.84", "0.87", "0.93", "higher")
    assert rows["Right ankle"].cells[-1] == "lower" and rows["Right ankle"].tones[-1] is Tone.WARN
    assert rows["Left hip, within"].cells == ("0.97", "0.97", "0.97", "0.97", "same")
    assert "Healthy: the twin without its impairment" in view.note
    assert view.names == ("Patient", "Healthy", "No exo", "Default", "Personal")
    assert [shown.side for shown in view.maps[:2]] == [Side.LEFT, Side.RIGHT]


def test_a_healthy_twin_is_compared_with_the_patient() -> None:
    view = correlations_view(compared.comparison(healthy=False), "")
    assert isinstance(view, CorrelationsView)
    assert "the measured gait" in view.sentence and "Healthy" not in view.names
    assert "impairment" not in view.note
    assert view.table.rows[0].cells[0] == "" and view.table.rows[6].cells[0] == "0.97"


def test_the_colour_map_can_be_read_aloud_and_on_every_colour(app: QApplication) -> None:
    place = ColorMap()
    place.show_matrix("Left hip flexion", ("Patient", "No exo"), np.array([[0.98, np.nan], [np.nan, 0.4]]))
    assert place.accessibleDescription() == (
        "Patient with Patient: r 0.98; Patient with No exo: r –; No exo with No exo: r 0.40"
    )
    place.resize(200, 120)
    assert not place.grab().isNull()
    assert number_words(-0.25) == "−0.25"
    place.deleteLater()


@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_the_numbers_of_the_colour_map_can_be_read_on_each_of_its_colours(colors: Colors) -> None:
    for share in np.linspace(0.0, 1.0, 21):
        back = mixed(QColor(colors.sunken), QColor(colors.accent), float(share))
        assert contrast(ink_on(back), back) >= 4.5  # WCAG 2.2 for small letters


def test_the_parts_of_an_earlier_comparison_say_what_to_do(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)  # without situations
    page = ComparePage()
    presenter = ComparePresenter(page, context)
    presenter.refresh()
    for panel in (page.situations, page.help, page.correlations):
        assert isinstance(panel._view, Missing) and "earlier version" in panel._view.detail
        assert panel.empty._button.text() == "Compare again"
    page.situations.empty.action.emit()
    assert [job.spec.kind for job in board.jobs.values()] == ["compare"]
    presenter.refresh()
    assert page.help.empty._button.isHidden()  # it is on its way


def test_a_comparison_with_situations_fills_all_parts(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    inputs = (made[Step.TRAIN], made[Step.PERSONALIZE], made[Step.MOTION])
    context.store.save(
        RecordKind.COMPARISON, compared.comparison(), visit_id=visit_id, inputs=inputs, summary=""
    )
    page = ComparePage()
    ComparePresenter(page, context).refresh()
    assert page._headline.text().endswith("Harder in other situations: stairs down and push from the side.")
    assert page.situations.table.rowCount() == len(compared.COSTS)
    assert page.help.table.rowCount() == 4 and page.correlations.table.rowCount() == 12
    names = [page.tabs.tabText(number) for number in range(page.tabs.count())]
    assert names == ["Level walking", "Situations", "Help on each side", "Correlations"]


@pytest.mark.parametrize("harder", [False, True])
def test_every_part_fits_a_small_screen_below_a_verdict_of_three_lines(
    context: SessionContext, visit_id: str, harder: bool
) -> None:
    """Also where a reason is asked for above the signature."""
    made = records.fill(context.store, visit_id, Step.TRAIN)
    inputs = (made[Step.TRAIN], made[Step.PERSONALIZE], made[Step.MOTION])
    found = compared.comparison()
    if harder:
        found = dataclasses.replace(found, scores=records.scores(1.3))
    context.store.save(RecordKind.COMPARISON, found, visit_id=visit_id, inputs=inputs, summary="")
    page = ComparePage()
    ComparePresenter(page, context).refresh()
    page.resize(1142, 672)  # beside the list of steps and between the strips of a window of 1366 x 768
    page.show()
    assert page.reason.isVisible() is harder
    layout = page.layout()
    assert layout is not None
    page.comparison.tabs.setCurrentWidget(page.comparison.joints)
    for number in range(page.tabs.count()):
        page.tabs.setCurrentIndex(number)
        QApplication.processEvents()
        assert layout.totalMinimumHeightForWidth(1142) <= 672, page.tabs.tabText(number)
    QApplication.processEvents()
    assert page.correlations.table.horizontalScrollBar().maximum() == 0
    page.close()
    page.deleteLater()


def test_pictures_and_torque_keep_their_height_below_a_long_verdict(
    context: SessionContext, visit_id: str
) -> None:
    """Everything got worse: headline and sentence are long, and the page scrolls rather than run over."""
    made = records.fill(context.store, visit_id, Step.TRAIN)
    inputs = (made[Step.TRAIN], made[Step.PERSONALIZE], made[Step.MOTION])
    worse = compared.comparison(dict.fromkeys(compared.COSTS, (1.0, 1.3, (0, 2, 2))))
    context.store.save(RecordKind.COMPARISON, worse, visit_id=visit_id, inputs=inputs, summary="")
    page = ComparePage()
    ComparePresenter(page, context).refresh()
    view = page.comparison._view
    assert view is not None
    page.comparison.show_view(dataclasses.replace(view, sentence="It costs more energy per metre. " * 16))
    area = PageArea(page)
    area.resize(1142, 672)
    area.show()
    QApplication.processEvents()
    stage = page.comparison.stage
    assert stage.height() >= stage.minimumSizeHint().height()
    assert "stairs down (" not in page._reason_prompt.text()  # the Situations tab tells them one by one
    page.tabs.setCurrentWidget(page.situations)
    QApplication.processEvents()
    grid = page.situations.torque.grid
    assert grid is not None and grid.height() >= LEAST_GRID_PX
    area.close()
    area.deleteLater()


def test_the_power_of_an_ankle_exo_is_that_at_the_ankle() -> None:
    walk = walks.rollout(compared.PERSONAL)
    velocity = walk.joint_velocity_rad_s.copy()
    velocity[:, Joint.of(JointKind.ANKLE, Side.LEFT).column] *= 2.0
    walk = dataclasses.replace(walk, joint_velocity_rad_s=velocity)
    at_ankle = dataclasses.replace(walk, exo_joint=JointKind.ANKLE)
    hip, ankle = (
        next(one for one in panels if one.kind is ExoQuantity.POWER and one.side is Side.LEFT)
        for panels in (exo_panels([walk]), exo_panels([at_ankle]))
    )
    assert ankle.curves[0].mean.max() == pytest.approx(2.0 * hip.curves[0].mean.max())


def test_two_gaits_are_tested_by_the_starts_that_they_share(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    inputs = (made[Step.TRAIN], made[Step.PERSONALIZE], made[Step.MOTION])
    context.store.save(
        RecordKind.COMPARISON, compared.comparison(), visit_id=visit_id, inputs=inputs, summary=""
    )
    page = ComparePage()
    ComparePresenter(page, context).refresh()
    page.comparison.choose(0, compared.DEFAULT.value)

    joints, exo = page.comparison.joints, page.comparison.exo
    assert exo is not None
    left, right = (joints.cell(JointKind.HIP_FLEXION, side).strip.difference for side in SIDES)
    torque = exo.cell(ExoQuantity.TORQUE, Side.RIGHT).strip.difference
    power = exo.cell(ExoQuantity.POWER, Side.RIGHT).strip.difference
    assert left is not None and right is not None and torque is not None and power is not None
    ((begin, end),) = left.beyond_chance
    assert 65 < begin < 80 < end < 95
    assert right.test is not None and not right.beyond_chance
    assert torque.beyond_chance and power.test is None
    assert "p < 0.05 of all 6 curves); n = 5 simulated starts, not people" in joints._band_words.text()


def test_space_plays_nothing_behind_another_tab(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page = ComparePage()
    ComparePresenter(page, context).refresh()
    page.tabs.setCurrentIndex(1)
    page.play_pause.emit()
    assert not page.comparison.stage.playing
