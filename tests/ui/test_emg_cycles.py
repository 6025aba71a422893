"""The EMG page shows muscles per gait cycle, the protocol of maximum contractions, and the chains."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.record import RecordKind
from core.emg.cocontraction import Cocontraction
from core.emg.presets import PRESETS
from tests.ui import test_emg_page
from tests.ui.board import HandBoard
from tests.ui.samples import emg, motion
from ui.pages.emg import EmgPage
from ui.pages.number_table import FittingTable
from ui.plots.curves import EmgQuantity
from ui.plots.gait_cycle import GaitCyclePlot
from ui.presenters.emg import quality_table
from ui.presenters.emg_cycles import _pair_table, cycles_view
from ui.presenters.mvc import MvcChoice
from ui.session_context import SessionContext

page, csv_file, choose = test_emg_page.page, test_emg_page.csv_file, test_emg_page.choose


def test_without_a_motion_or_a_common_time_the_page_says_what_is_missing() -> None:
    assert "needs the strides of the Motion step" in cycles_view(emg(), None).instead
    elsewhere = replace(emg(), offset_s=1000.0)
    assert "No stride of the motion lies within the EMG" in cycles_view(elsewhere, motion()).instead


def test_every_channel_with_a_stride_has_a_curve_in_percent_and_a_row() -> None:
    view = cycles_view(emg(), motion())
    assert not view.instead and view.panels
    assert view.activity is not None and len(view.activity.rows) == len(view.panels)
    panel = view.panels[0]
    assert panel.unit == " % of max"
    assert panel.table().splitlines()[0] == "gait cycle (%),measured mean (% of max)"
    assert "nothing says so" in view.words
    assert "are from the same file" in cycles_view(replace(emg(), offset_from="same file"), motion()).words


def test_the_axis_is_in_percent_of_mvc_or_in_microvolts_as_the_data_are() -> None:
    of_maximum = replace(emg(), normalised_to="MVC")
    assert {panel.axis.split("(")[1] for panel in cycles_view(of_maximum, motion()).panels} == {"% MVC)"}
    in_volts = replace(emg(), full_uv=tuple(100.0 + 10.0 * n for n in range(len(emg().channels))))
    panels = cycles_view(in_volts, motion()).panels
    assert all(panel.axis.endswith("(µV)") for panel in panels)
    shares = cycles_view(emg(), motion()).panels
    np.testing.assert_allclose(panels[1].curves[0].mean, 1.1 * shares[1].curves[0].mean)


def test_bars_show_when_the_muscle_works_normally_and_say_who_published_it(app: QApplication) -> None:
    view = cycles_view(emg(), motion())
    panel = next(p for p in view.panels if p.kind == EmgQuantity(EmgMuscle.GLUTEUS_MEDIUS, "% of max"))
    assert panel.active == ((0.0, 29.0), (95.0, 100.0))
    assert "Perry 1992" in view.words
    plot = GaitCyclePlot()
    plot.set_panel(panel)
    items = plot.box.childGroup.childItems()
    drawn = [item.getData()[0].tolist() for item in items if hasattr(item, "getData")]
    assert [0.0, 29.0] in drawn and [95.0, 100.0] in drawn


def test_the_page_draws_them_beside_the_signals(
    context: SessionContext,
    page: EmgPage,
    visit_id: str,
) -> None:
    context.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="motion")
    context.store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="emg")
    context.record_changed.emit()
    assert page._cycles.findChildren(GaitCyclePlot) == []  # not while its tab is hidden: they take their time
    page.show()
    page._result.setCurrentWidget(page._cycles)
    drawn = [plot.panel for plot in page._cycles.findChildren(GaitCyclePlot) if plot.panel is not None]
    assert drawn and all(isinstance(panel.kind, EmgQuantity) for panel in drawn)
    assert page._cycles.activity.rowCount() == len(drawn)


def test_the_protocol_shows_what_the_mapped_muscles_need_and_its_files_go_with_the_job(
    page: EmgPage,
    context: SessionContext,
    board: HandBoard,
    visit_id: str,
    csv_file: Path,
) -> None:
    choose(page, context, board, csv_file)
    page.protocol_opened.emit()
    assert page.mvc.isVisibleTo(page)
    state = page.mvc._state
    assert state is not None
    assert [(card.key, card.muscles) for card in state.cards] == [
        ("plantarflexion-seated", "right soleus"),
        ("dorsiflexion", "left tibialis anterior"),
    ]
    page.mvc.files_chosen.emit("dorsiflexion", (Path("ta1.csv"), Path("ta2.csv")))
    page.mvc.files_chosen.emit("plantarflexion-seated", (Path("ta1.csv"),))
    page.mvc.files_removed.emit("plantarflexion-seated")
    page.mvc.closed.emit()
    assert page._protocol.text() == "By protocol: 2 files"
    page._fields.rate.setText("1000")
    page._chain.setCurrentIndex(1)
    page.main_action.emit()
    job = board.states()[0].spec
    assert job.params["mvc_files"] == ["ta1.csv", "ta2.csv"]
    assert job.params["processing"] == PRESETS[1].key == "seniam"


def test_a_file_of_several_contractions_is_read_once() -> None:
    choice = MvcChoice()
    choice.add("dorsiflexion", [Path("all.csv"), Path("all.csv")])
    choice.add("knee-extension", [Path("all.csv"), Path("knee.csv")])
    assert choice.paths == (Path("all.csv"), Path("knee.csv"))
    both = choice.state([ChannelSite(EmgMuscle.SOLEUS, side) for side in Side])
    assert both.cards[0].muscles == "left and right soleus"


@pytest.mark.slow
def test_the_page_loads_no_scipy() -> None:
    loads = "import sys, ui.presenters.emg_cycles, ui.presenters.mvc; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0


def test_a_channel_that_is_not_good_has_a_verdict_in_place_of_times() -> None:
    spoilt = replace(emg().channels[0], verdict="noise")
    view = cycles_view(replace(emg(), channels=(spoilt, *emg().channels[1:])), motion())
    assert view.activity is not None
    assert view.activity.rows[0].cells[:2] == ("noise", "–")


def test_tables_are_whole_in_their_half_of_a_small_screen(app: QApplication) -> None:
    """Quality read "✓ g…" beside long names, and co-contraction in swing lay beyond the edge."""
    sites = (EmgMuscle.GASTROCNEMIUS_MEDIALIS, EmgMuscle.TIBIALIS_ANTERIOR)
    channel = replace(emg().channels[0], verdict="crosstalk")
    channels = tuple(replace(channel, site=ChannelSite(muscle, Side.LEFT)) for muscle in sites)
    pair = Cocontraction(Side.LEFT, sites, 18.0, 13.0, 12.0, 0.5)
    measured = replace(emg(), channels=channels, envelope=emg().envelope[:, :2])
    for table, width in ((quality_table(measured), 400), (_pair_table((pair,)), 538)):
        widget = FittingTable()
        widget.resize(width - 12, 300)  # the scroll bar of all rows takes some
        widget.show_numbers(table)
        widget.show()
        for number in range(len(table.columns)):
            assert widget.columnWidth(number) >= widget.sizeHintForColumn(number), (width, number)
        assert widget.horizontalScrollBar().maximum() == 0
