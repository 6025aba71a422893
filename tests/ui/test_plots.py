"""Gait-cycle plots and live curves."""

from __future__ import annotations

import csv
import gc
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from tests import masks
from ui.plots.against import against, chance_words, difference_of, differences_of
from ui.plots.curves import CurveStyle, CycleCurve, ExoQuantity, JointPanel, Likeness, Measure, NormalBand
from ui.plots.difference_strip import DifferenceStrip
from ui.plots.gait_cycle import GaitCyclePlot
from ui.plots.joint_grid import JointGrid
from ui.plots.live_curve import LivePlot, Ring, Trace
from ui.plots.plot_key import PlotKey
from ui.plots.plot_style import curve_pen
from ui.theme import Mode, theme

WAVE = np.sin(np.linspace(0, 2 * np.pi, 101))


def panel(kind: JointKind = JointKind.KNEE, side: Side = Side.LEFT, size: float = 30.0) -> JointPanel:
    curve = CycleCurve("measured", side, size * WAVE, np.full(101, 2.0), CurveStyle.MEASURED)
    band = NormalBand(20 * WAVE, np.full(101, 5.0))
    return JointPanel(kind, side, (curve,), band, 0.62, (Likeness("default twin", 0.91, 4.4),))


def test_left_and_right_of_a_joint_share_their_range(app: QApplication) -> None:
    grid = JointGrid()
    sizes = {Side.LEFT: 60.0, Side.RIGHT: 20.0}
    grid.show_panels(tuple(panel(kind, side, sizes[side]) for kind in SAGITTAL for side in SIDES))
    left, right = (grid.plots[JointKind.KNEE, side].box.viewRange()[1] for side in SIDES)
    assert left == right


def test_small_numbers_keep_their_size_when_a_plot_is_drawn_again(app: QApplication) -> None:
    plot = GaitCyclePlot()
    curve = CycleCurve("measured", Side.LEFT, 0.3 * WAVE, None, CurveStyle.MEASURED)
    plot.set_panel(JointPanel(Measure("Knee moment", "Knee", " N·m/kg"), Side.LEFT, (curve,)))
    plot.draw()
    assert plot.left.autoSIPrefixScale == 1.0
    assert plot.box.viewRange()[1][1] < 0.5
    assert plot.read_out(0.25) == "25 %\nmeasured 0.30 N·m/kg"


def test_a_grid_shows_other_quantities_in_the_same_places(app: QApplication) -> None:
    grid = JointGrid()
    plots = list(grid.plots.values())
    one = Measure("Hip rotation moment", "Hip rotation", " N·m/kg")
    grid.set_rows((one,))
    assert list(grid.plots) == [(one, Side.LEFT), (one, Side.RIGHT)]
    assert [plot.isVisibleTo(grid) for plot in plots] == [True, True, False, False, False, False]
    grid.set_rows(SAGITTAL)
    assert list(grid.plots.values()) == plots and all(plot.isVisibleTo(grid) for plot in plots)


def held_against(size: float, band_sd: float = 5.0) -> JointPanel:
    """A sine of 20 degrees as A, a larger one as B, and normal gait."""
    curves = tuple(
        CycleCurve(name, Side.LEFT, height * WAVE, None, style)
        for name, height, style in (
            ("without exo", 20.0, CurveStyle.PERSONALIZED),
            ("default controller", 90.0, CurveStyle.DEFAULT),
            ("personalized controller", size, CurveStyle.WITH_EXO),
        )
    )
    whole = JointPanel(JointKind.KNEE, Side.LEFT, curves, NormalBand(20 * WAVE, np.full(101, band_sd)))
    (found,) = against((whole,), "without exo", "personalized controller")
    return found


def test_the_difference_tells_where_it_exceeds_the_spread_of_normal_gait() -> None:
    found = difference_of(held_against(30.0))
    assert found is not None
    assert found.words() == "B − A: −10° to 10°; more than ± 1 SD of normal apart at 9–41 %, 59–91 %"
    assert found.spans() == ((9, 41), (59, 91))  # ten times a sine is above five from 30 to 150 degrees
    assert difference_of(held_against(22.0)).words().endswith("nowhere more than ± 1 SD of normal apart")  # type: ignore[union-attr]


def test_without_normal_gait_the_band_of_the_measured_curve_counts_and_else_none() -> None:
    whole = held_against(30.0)
    curves = (replace(whole.curves[0], sd=np.full(101, 8.0)), whole.curves[1])
    measured = difference_of(replace(whole, curves=curves, band=None))
    assert measured is not None and measured.words().endswith(
        "more than the band of A apart at 15–35 %, 65–85 %"
    )
    bare = difference_of(replace(whole, band=None))
    assert bare is not None and bare.words() == "B − A: −10° to 10°" and not bare.spans()


def test_the_likeness_of_two_gaits_is_that_of_their_own_curves() -> None:
    (same,) = held_against(30.0).likeness
    assert same.words() == "r 1.00 · 7°"  # ten times the root mean square of a sine


def test_a_strip_of_the_difference_stands_under_two_gaits_only(app: QApplication) -> None:
    grid = JointGrid((JointKind.KNEE,))
    grid.show_panels((held_against(30.0),))
    strip = grid.cell(JointKind.KNEE, Side.LEFT).strip
    assert strip.isVisibleTo(grid) and strip.accessibleDescription().startswith("B − A: −10° to 10°")
    strip.resize(300, strip.height())
    assert not strip.grab().isNull()
    grid.show_panels((panel(),))
    assert not strip.isVisibleTo(grid)


def with_starts(bump: float) -> JointPanel:
    """Five starts each; B is higher around 70 % of the cycle."""
    noise = np.random.RandomState(0).rand(2, 5, 1)
    first, second = (20.0 * WAVE + np.sin(2.0 * np.pi * (np.linspace(0, 1, 101) + one)) for one in noise)
    second = second + bump * np.exp(-(((np.arange(101) - 70.0) / 6.0) ** 2))
    found = held_against(30.0)
    a, b = (replace(curve, starts=one) for curve, one in zip(found.curves, (first, second), strict=True))
    return replace(found, curves=(a, b))


def test_where_two_gaits_differ_by_more_than_chance_is_shaded_and_told(app: QApplication) -> None:
    grid = JointGrid((JointKind.KNEE,))
    grid.show_panels((with_starts(25.0),))

    difference = grid.cell(JointKind.KNEE, Side.LEFT).strip.difference
    assert difference is not None and difference.test is not None and difference.test.n == 5
    ((begin, end),) = difference.beyond_chance
    assert 55 < begin < 70 < end < 85
    assert difference.words().endswith(f"; beyond chance at {begin:.0f}–{end:.0f} %")
    told = "Shaded: beyond chance (SPM, p < 0.05); n = 5 simulated starts, not people."
    assert grid._band_words.text().endswith(told)
    assert "4 degrees of freedom" in grid._band_words.toolTip()


def test_the_shade_is_drawn(app: QApplication) -> None:
    def shaded(bump: float) -> int:
        """Points of the uppermost line that are not as its beginning; nothing else is drawn there."""
        strip = DifferenceStrip(Side.LEFT, 36)
        (difference,) = differences_of((replace(with_starts(bump), band=None),))
        strip.show_difference(difference, 50.0)
        strip.resize(300, strip.height())
        image = strip.grab().toImage()
        return sum(image.pixelColor(x, 1) != image.pixelColor(40, 1) for x in range(40, image.width() - 14))

    assert shaded(25.0) > 20
    assert shaded(0.0) == 0


def test_nothing_beyond_chance_is_said_as_well_and_what_nobody_tested_is_not(app: QApplication) -> None:
    equal, untested = with_starts(0.0), held_against(30.0)

    words = chance_words(differences_of((equal, equal)))

    assert (
        words == "Nowhere beyond chance (SPM, p < 0.05 of all 2 curves); n = 5 simulated starts, not people."
    )
    assert chance_words(differences_of((untested,))) == ""
    few = tuple(replace(curve, starts=curve.starts[:2]) for curve in equal.curves)  # type: ignore[index]
    assert chance_words(differences_of((replace(equal, curves=few),))) == ""


def test_starts_without_a_stride_in_one_of_the_gaits_do_not_count() -> None:
    panel_ = with_starts(25.0)
    lost = panel_.curves[1].starts.copy()  # type: ignore[union-attr]
    lost[3] = np.nan

    (found,) = differences_of(
        (replace(panel_, curves=(panel_.curves[0], replace(panel_.curves[1], starts=lost))),)
    )

    assert found is not None and found.test is not None and found.test.n == 4


def test_a_click_on_its_title_gives_a_joint_all_the_room(app: QApplication) -> None:
    grid = JointGrid()
    grid.show_panels(tuple(panel(kind, side) for kind in SAGITTAL for side in SIDES))
    cell = grid.cell(JointKind.KNEE, Side.LEFT)
    assert cell.title.text() == "Left knee flexion (°)"
    cell.title.click()
    assert [kind for (kind, side), plot in grid.plots.items() if plot.isVisibleTo(grid)] == [
        JointKind.KNEE
    ] * 2
    cell.plot.box.doubly_clicked.emit()  # and back
    assert all(plot.isVisibleTo(grid) for plot in grid.plots.values())


def test_words_stand_outside_of_the_curves(app: QApplication) -> None:
    grid = JointGrid((JointKind.KNEE,))
    grid.show_panels((held_against(30.0),))
    grid.resize(900, 200)
    grid.show()
    app.processEvents()
    cell = grid.cell(JointKind.KNEE, Side.LEFT)
    assert cell.words.text() == "r 1.00 · 7°"
    cell.plot.hovered.emit(0.25)
    assert cell.words.text() == "25 % · A 20° · B 30° · normal 20 ± 5°"
    grid.resize(300, 200)
    app.processEvents()
    cell.plot.hovered.emit(0.25)  # no room: in the place of the key
    assert grid._read_out.text() == "Left knee flexion at 25 %: A 20°, B 30°, normal 20 ± 5°"
    cell.plot.hovered.emit(None)
    assert grid._above.currentWidget() is grid._key and cell.words.text() == "r 1.00 · 7°"
    assert not [item for item in cell.plot.box.addedItems if isinstance(item, pg.TextItem)]
    grid.close()
    grid.deleteLater()


def test_the_key_takes_another_line_where_names_have_no_room(app: QApplication) -> None:
    key = PlotKey()
    key.show_entries([(CurveStyle.MEASURED, "A name of some length"), (CurveStyle.WORN, "And another one")])
    key.resize(800, 40)
    key.show()
    app.processEvents()
    assert key._columns == 2
    key.resize(200, 40)
    app.processEvents()
    assert key._columns == 1
    key.close()
    key.deleteLater()


def test_every_gait_looks_different_and_each_side_keeps_its_colour() -> None:
    for mode in Mode:
        look = theme(mode)
        pens = {
            (
                pen.widthF(),
                tuple(pen.dashPattern()),
                pen.color().name(),
                style is CurveStyle.WITH_EXO,  # the one with markers
            )
            for style in CurveStyle
            if (pen := curve_pen(look, Side.LEFT, style))
        }
        assert len(pens) == len(CurveStyle)
        assert curve_pen(look, Side.LEFT, CurveStyle.PERSONALIZED).color().name() == look.colors.left.lower()
        assert (
            curve_pen(look, Side.RIGHT, CurveStyle.PERSONALIZED).color().name() == look.colors.right.lower()
        )


def test_the_read_out_names_every_curve_with_its_unit(app: QApplication) -> None:
    plot = GaitCyclePlot()
    plot.set_panel(panel())
    assert plot.read_out(0.25).splitlines() == ["25 %", "measured 30°", "normal 20 ± 5°"]


def test_a_saved_picture_and_its_numbers_may_be_read_as_other_files_of_the_person(
    private_process: None, app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_parent: object, _title: str, name: str, _kind: str) -> tuple[str, str]:
        return str(tmp_path / Path(name).name), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    plot = GaitCyclePlot()
    plot.set_panel(panel())
    plot._save_picture()
    plot._save_table()
    assert sorted((path.suffix, masks.mode(path)) for path in tmp_path.iterdir()) == [
        (".csv", "600"),
        (".png", "600"),
    ]


def test_setting_the_cursor_moves_it_without_telling_that_a_person_did(app: QApplication) -> None:
    plot = GaitCyclePlot()
    emitted: list[float] = []
    plot.cursor_moved.connect(emitted.append)
    plot.set_panel(panel())
    plot.set_cursor(0.4)
    assert plot._cursor.value() == pytest.approx(40.0)
    assert emitted == []


def test_picking_a_place_in_the_plot_tells_the_share_of_the_cycle(app: QApplication) -> None:
    grid = JointGrid()
    emitted: list[tuple[Side, float]] = []
    grid.cursor_moved.connect(lambda side, fraction: emitted.append((side, fraction)))
    grid.plots[JointKind.KNEE, Side.RIGHT].box.picked.emit(72.0)
    grid.plots[JointKind.KNEE, Side.RIGHT].box.picked.emit(140.0)
    assert emitted == [(Side.RIGHT, 0.72), (Side.RIGHT, 1.0)]


def test_the_exported_table_holds_what_is_drawn() -> None:
    rows = list(csv.reader(io.StringIO(panel().table())))
    assert rows[0] == [
        "gait cycle (%)",
        "normal mean (deg)",
        "normal SD (deg)",
        "measured mean (deg)",
        "measured SD (deg)",
    ]
    assert len(rows) == 102
    assert float(rows[26][3]) == pytest.approx(30.0, abs=0.01)


def test_exo_torque_is_shown_in_newton_metres(app: QApplication) -> None:
    curve = CycleCurve("default controller", Side.LEFT, 8 * WAVE, None, CurveStyle.DEFAULT)
    torque = JointPanel(ExoQuantity.TORQUE, Side.LEFT, (curve,))
    plot = GaitCyclePlot()
    plot.set_panel(torque)
    assert plot.read_out(0.25) == "25 %\ndefault controller 8 N·m"
    assert "N m" in torque.table().splitlines()[0]


def test_a_ring_keeps_the_newest_points_in_order() -> None:
    ring = Ring(series=2, capacity=5)
    for number in range(12):
        ring.add(float(number), (number, -number))
    time_s, value = ring.view()
    assert time_s.tolist() == [7, 8, 9, 10, 11]
    assert value[:, 1].tolist() == [-7, -8, -9, -10, -11]


def test_a_live_plot_shows_only_its_window_and_keeps_the_limits_in_view(app: QApplication) -> None:
    plot = LivePlot((Trace("left", "left"), Trace("right", "right")), window_s=10.0, capacity=4000)
    plot.show_torque_limit(12.0)
    for number in range(2000):
        plot.add(number * 0.01, 3.0, -3.0)
    plot._redraw()
    (start, end), (low, high) = plot.box.viewRange()
    assert start == pytest.approx(9.99, abs=0.2) and end == pytest.approx(19.99, abs=0.2)
    assert low < -12.0 < 12.0 < high


def test_a_plot_that_changes_its_limit_survives_the_garbage_collector(app: QApplication) -> None:
    """Removed items that were deleted during a paint ended the program, with the exo under power."""
    plot = LivePlot((Trace("left", "left"), Trace("right", "right")), window_s=10.0, capacity=100)
    plot.resize(400, 200)
    plot.show()
    usual = gc.get_threshold()
    gc.set_threshold(1, 1, 1)  # as often as it can
    try:
        for number in range(12):
            plot.show_torque_limit(6.0 if number % 2 else 12.0)
            plot.add(0.1 * number, 3.0, -3.0)
            app.processEvents()
            plot.repaint()
    finally:
        gc.set_threshold(*usual)
    plot.close()
    assert gc.isenabled()


def test_a_plot_that_is_drawn_again_keeps_nothing_of_before(app: QApplication) -> None:
    """A limit that changed left its old line in the scene, at 12 and 6 N·m at once."""
    live = LivePlot((Trace("left", "left"),))
    for limit in (12.0, 6.0):
        live.show_torque_limit(limit)
    lines = [item for item in live.scene().items() if isinstance(item, pg.InfiniteLine)]
    assert sorted(line.value() for line in lines) == [-6.0, 6.0]
    plot = GaitCyclePlot()
    plot.set_panel(panel())
    counts = []
    for _ in range(2):
        plot.draw()
        counts.append(len(plot.scene().items()))
    assert counts[0] == counts[1]
