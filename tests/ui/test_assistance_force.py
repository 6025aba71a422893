"""The assistance force on the EMG page: files with forces go to a job, and its result is told in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.domain.amplitude import Amplitude, MeasuredActivity
from core.domain.body import Side
from core.domain.findings import Finding, Severity
from core.domain.record import RecordKind
from core.errors import Advice
from core.jobs.values import Message
from core.session.flow import Step
from tests.refusals import refused
from tests.ui.board import HandBoard
from ui.pages.amplitude_panel import AmplitudeValues
from ui.pages.emg import EmgPage
from ui.presenters.amplitude import AmplitudeChoice, activity_table, result_words
from ui.presenters.emg import EmgPresenter
from ui.session_context import SessionContext
from ui.widgets.channel_map import MappedChannel

FILES = tuple(Path(f"/walks/{force} N.csv") for force in range(10, 61, 10))


def found(*, simulated: bool = False, again_n: float | None = None) -> Amplitude:
    force = np.arange(10.0, 61.0, 10.0)
    grid = np.arange(10.0, 60.5, 0.5)
    activity = 5.5 + 0.005 * (force - 34.0) ** 2
    measured = MeasuredActivity(
        force,
        np.repeat(activity[:, None], 3, axis=1),
        np.full((6, 3), 1.0),
        np.full(6, 0.6),
        np.full(6, 6),
        Side.RIGHT,
        ("simulated: the twin in Hippo_L1" if simulated else "a.csv",) * 6,
        simulated,
    )
    more = (Finding(Severity.WARNING, Advice("Wide.", "So.", "Measure again at 35 N.", "AMP-009")),)
    return Amplitude(
        measured,
        grid,
        5.5 + 0.005 * (grid - 34.0) ** 2,
        np.full(len(grid), 0.2),
        best_n=34.0,
        band_n=(28.0, 39.0),
        bound_n=60.0,
        bound_why="Neither vastus rises up to the largest force measured.",
        better_than_usual=0.58,
        again_n=again_n,
        length_n=50.0,
        signal_percent=8.0,
        noise_percent=0.3,
        findings=more if again_n else (),
    )


@pytest.fixture
def page(context: SessionContext, visit_id: str) -> EmgPage:
    page = EmgPage()
    presenter = EmgPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    presenter.refresh()
    page.secondary_action.emit("force")
    return page


def test_forces_in_the_names_of_files_are_proposed_and_can_be_corrected() -> None:
    choice = AmplitudeChoice()
    choice.add((*FILES[:2], Path("/walks/walk_3.csv")))
    assert [one.force for one in choice.files] == ["10", "20", ""]
    assert "walk_3.csv" in choice.why_not
    choice.write(Path("/walks/walk_3.csv"), "30 N")
    assert choice.why_not == "" and choice.params(AmplitudeValues())["forces_n"] == [10.0, 20.0, 30.0]


def test_what_is_no_force_or_rate_is_refused_before_a_job_starts() -> None:
    choice = AmplitudeChoice()
    choice.add(FILES[:1])
    with refused("EMG-009"):
        choice.params(AmplitudeValues(rate="fast"))
    choice.write(FILES[0], "10 kg")
    with refused("AMP-006"):
        choice.params(AmplitudeValues())


def test_files_forces_and_fields_go_to_the_job(
    page: EmgPage, context: SessionContext, board: HandBoard
) -> None:
    panel = page.amplitude
    panel.files_chosen.emit(FILES)
    panel.maxima_chosen.emit((Path("/walks/mvc.csv"),))
    panel.side.setCurrentIndex(2)
    panel.strikes.setText("FSR 1")
    page.main_action.emit()
    spec = board.states()[0].spec
    assert spec.kind == "tune_amplitude" and spec.params["side"] == "right"
    assert spec.params["files"] == [str(path) for path in FILES] and spec.params["strikes"] == "FSR 1"
    assert spec.params["forces_n"] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert spec.params["mvc_files"] == ["/walks/mvc.csv"] and spec.params["visit_id"] == context.visit_id


def head(*channels: str) -> Message:
    return Message(json.dumps({"channels": channels, "has_rate": True, "units": ["mV"] * len(channels)}))


def test_a_channel_that_is_named_oddly_is_told_by_hand_and_the_others_by_their_names(
    page: EmgPage, board: HandBoard, context: SessionContext
) -> None:
    panel = page.amplitude
    panel.files_chosen.emit(FILES)
    look = board.states()[0].spec
    assert look.kind == "read_emg_head" and look.params["file"] == str(FILES[0])
    assert not panel.muscles[0].isEnabled(), "nothing is known of the file yet"
    context.jobs.messaged.emit(look.id, head("EMG 7", "R vastus medialis", "R vastus lateralis", "FSR"))
    panel.muscles[0].setCurrentText("EMG 7")
    page.main_action.emit()
    spec = board.states()[0].spec
    assert spec.params["side"] == "right"
    assert spec.params["sites"] == {
        "EMG 7": ["rectus femoris", "right"],
        "R vastus medialis": ["vastus medialis", "right"],
        "R vastus lateralis": ["vastus lateralis", "right"],
    }


@pytest.mark.parametrize(
    ("channels", "side", "code"),
    [(("EMG 7", "EMG 8", "EMG 9"), "", "AMP-010"), (("EMG 7", "EMG 7", "EMG 9"), "left", "AMP-011")],
)
def test_channels_of_no_leg_or_of_two_muscles_are_refused(
    channels: tuple[str, ...], side: str, code: str
) -> None:
    choice = AmplitudeChoice()
    choice.add(FILES)
    choice.mapped = tuple(MappedChannel(name, None) for name in ("EMG 7", "EMG 8", "EMG 9"))
    with refused(code):
        choice.params(AmplitudeValues(side=side, channels=channels))
    whole = choice.params(AmplitudeValues(side="left", channels=("EMG 7", "EMG 8", "EMG 9")))
    assert whole["sites"]["EMG 9"] == ["vastus lateralis", "left"]  # type: ignore[index, call-overload]


def test_the_result_is_shown_and_recordings_can_be_chosen_again(
    page: EmgPage, context: SessionContext
) -> None:
    context.store.save(
        RecordKind.AMPLITUDE, found(again_n=35.0), visit_id=context.visit_id or "", summary="34 N"
    )
    context.record_changed.emit()
    assert page.amplitude.plot.found is not None and page.amplitude.numbers.rowCount() == 6
    page.main_action.emit()
    assert context.status(Step.EMG).record_id is None  # the step itself has no result yet
    page.amplitude.files_chosen.emit(FILES[:1])
    assert "10 N.csv" in [one.path.name for one in page.amplitude._files or ()]


def test_words_tell_the_bound_the_usual_force_and_what_is_simulated() -> None:
    words = " ".join(result_words(found(simulated=True)))
    assert "58 %" in words and "simulated walk" in words and "up to 60 N" in words
    assert "No further recording" in words and "No further" not in " ".join(result_words(found(again_n=35.0)))
    assert activity_table(found()).rows[0].cells[-1] == "6"
