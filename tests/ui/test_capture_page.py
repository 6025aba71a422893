"""Capture: import leads to the person by itself; several people are a choice for the clinician."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.calibration import Calibration
from core.domain.findings import Severity
from core.domain.record import RecordKind
from core.domain.recording import Recording
from core.errors import Advice
from core.jobs.values import Done, Refused, Sample
from core.session.flow import Step
from tests.ui.board import HandBoard
from tests.ui.live_camera import camera_view
from tests.ui.samples import finding, landmarks, recording, several_cameras
from tests.ui.waiting import until
from ui.pages.capture import CapturePage
from ui.presenters.capture import CapturePresenter
from ui.presenters.capture_result import capture_verdict
from ui.presenters.live_camera import lights
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.widgets.basics import Button
from ui.widgets.video_player import PersonCard


@pytest.fixture
def page(context: SessionContext) -> CapturePage:
    page = CapturePage()
    page.presenter = CapturePresenter(page, context)  # type: ignore[attr-defined]
    return page


def refresh(page: CapturePage) -> None:
    page.presenter.refresh()  # type: ignore[attr-defined]


def save_landmarks(context: SessionContext, visit_id: str, people: int = 1, **more: object) -> str:
    recorded = context.store.save(RecordKind.RECORDING, recording(), visit_id=visit_id, summary="walk")
    payload = landmarks(people, **more)  # type: ignore[arg-type]
    return context.store.save(
        RecordKind.LANDMARKS, payload, visit_id=visit_id, summary="seen", inputs=(recorded,)
    )


def test_an_imported_video_is_searched_for_the_person_at_once(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    page.files_chosen.emit((Path("/tmp/walk.mp4"),))
    job = board.states()[0].spec
    assert (job.kind, job.params["files"]) == ("import_video", ["/tmp/walk.mp4"])
    record_id = context.store.save(RecordKind.RECORDING, recording(), visit_id=visit_id, summary="walk")
    board.happens(job.id, Done(record_id))
    until(lambda: len(board.jobs) == 2)
    following = board.states()[0].spec
    assert (following.kind, following.params["recording_id"]) == ("detect_pose", record_id)


def test_a_refused_import_shows_its_advice(page: CapturePage, board: HandBoard, visit_id: str) -> None:
    page.files_chosen.emit((Path("/tmp/notes.mp4"),))
    advice = Advice("This is not a video.", "It is text.", "Choose another file.", "CAP-010")
    board.happens(board.states()[0].spec.id, Refused(advice))
    until(lambda: page._advice.isVisibleTo(page))
    assert page._advice.isVisibleTo(page)


def test_without_a_visit_the_page_leads_to_the_patients(context: SessionContext, page: CapturePage) -> None:
    steps: list[Step] = []
    context.go_to.connect(steps.append)
    refresh(page)
    page.main_action.emit()
    assert steps == [Step.PATIENT]


def test_several_people_are_shown_as_cards_and_the_clinician_decides(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    landmarks_id = save_landmarks(context, visit_id, people=2)
    refresh(page)
    cards = page.findChildren(PersonCard)
    assert [card.isChecked() for card in cards] == [True, False]
    cards[1].click()
    job = board.states()[0].spec
    assert (job.kind, job.params) == ("choose_person", {"landmarks_id": landmarks_id, "person": 1})


def save_several(context: SessionContext, visit_id: str) -> str:
    videos = tuple(replace(recording().videos[0], name=f"camera-{n}.mp4") for n in (1, 2, 3, 4))
    recorded = context.store.save(
        RecordKind.RECORDING, Recording(videos, "file"), visit_id=visit_id, summary="4 videos"
    )
    context.store.save(
        RecordKind.LANDMARKS, several_cameras(), visit_id=visit_id, summary="seen", inputs=(recorded,)
    )
    return recorded


def test_every_camera_has_its_verdict(context: SessionContext, page: CapturePage, visit_id: str) -> None:
    save_several(context, visit_id)
    refresh(page)
    table = page._camera_table
    assert table.isVisibleTo(page)
    shown = [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]
    assert shown == [
        ["Camera 1", "100 %", "gives the time", "–", "–", "used"],
        ["Camera 2", "97 %", "12.3 frames later", "120 ppm slow", "6.5 px", "used"],
        ["Camera 3", "97 %", "6.0 frames earlier, not sure", "too short to tell", "8.0 px", "used"],
        ["Camera 4 · cam04", "–", "–", "–", "–", "left out: it saw nobody"],
    ]
    assert [button.text() for button in page.findChildren(Button) if button.text().startswith("Camera ")] == [
        f"Camera {number}" for number in (1, 2, 3, 4)
    ]


def test_one_camera_has_no_table_and_needs_no_calibration(
    context: SessionContext, page: CapturePage, visit_id: str
) -> None:
    save_landmarks(context, visit_id)
    refresh(page)
    assert not page._camera_table.isVisibleTo(page)
    assert "Calibration file…" not in [button.text() for button in page.findChildren(Button)]


def test_a_calibration_file_is_used_with_the_videos_that_are_here(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    recorded = save_several(context, visit_id)
    refresh(page)
    page.calibration_chosen.emit(Path("/tmp/rig.toml"))
    job = board.states()[0].spec
    assert (job.kind, job.params["recording_id"]) == ("detect_pose", recorded)
    assert job.params["calibration"] == str(Path("/tmp/rig.toml"))


def test_looking_again_uses_the_calibration_of_the_last_time(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    store = context.store
    videos = tuple(replace(recording().videos[0], name=f"camera-{n}.mp4") for n in (1, 2))
    recorded = store.save(RecordKind.RECORDING, Recording(videos, "file"), visit_id=visit_id, summary="2")
    rig = store.save(RecordKind.CALIBRATION, Calibration((), "a file", ()), visit_id=visit_id, summary="rig")
    store.save(RecordKind.LANDMARKS, several_cameras(), visit_id=visit_id, summary="", inputs=(recorded, rig))
    page.presenter.start()  # type: ignore[attr-defined]
    assert board.states()[0].spec.params["calibration"] == rig


def test_a_calibration_chosen_first_goes_with_the_videos_chosen_next(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    refresh(page)
    page.calibration_chosen.emit(Path("/tmp/rig.toml"))
    assert board.states() == ()
    assert page._headline.text() == "No walk recorded yet. Calibration: rig.toml."
    page.files_chosen.emit((Path("/tmp/cam1.mp4"), Path("/tmp/cam2.mp4")))
    job = board.states()[0].spec
    assert (job.kind, job.params["calibration"]) == ("import_video", str(Path("/tmp/rig.toml")))


def test_a_single_video_is_imported_without_the_calibration(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    refresh(page)
    page.calibration_chosen.emit(Path("/tmp/rig.toml"))
    page.files_chosen.emit((Path("/tmp/walk.mp4"),))
    assert "calibration" not in board.states()[0].spec.params


def test_a_stop_finding_asks_for_another_recording(
    context: SessionContext, page: CapturePage, visit_id: str
) -> None:
    save_landmarks(context, visit_id, findings=(finding(Severity.STOP),))
    refresh(page)
    assert page._main.text() == "Import another video"


def test_the_verdict_names_how_well_the_patient_is_seen() -> None:
    assert capture_verdict(landmarks()) == ("Patient seen in 98\u00a0% of frames.", Tone.OK)
    assert capture_verdict(landmarks(2))[1] is Tone.WARN


def test_the_player_steps_through_frames_and_stays_inside(
    context: SessionContext, page: CapturePage, visit_id: str
) -> None:
    save_landmarks(context, visit_id)
    refresh(page)
    page.player.go_to(0.0)
    page.step_frames.emit(-1)
    assert page.player.time_s == 0.0
    page.step_frames.emit(1)
    assert page.player.time_s == pytest.approx(1 / 30)


def test_the_camera_shows_lights_and_is_told_to_record(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    camera_view(page, board, (0, "Webcam"))
    page.camera_on.emit(0)
    job = board.states()[0].spec
    assert (job.kind, job.params["camera"]) == ("record_camera", 0)
    board.happens(job.id, Sample(0.1, {"in_view": 0.4, "fps_hz": 30.0}))
    until(lambda: page.panel._lights[1].isVisibleTo(page.panel))
    shown = [light._words.text() for light in page.panel._lights if light.isVisibleTo(page.panel)]
    assert shown == ["Step back 1 m so that both feet are visible.", "30 frames/s"]
    page.record_start.emit()
    page.record_stop.emit()
    assert board.sent == [(job.id, "start"), (job.id, "stop")]


def record_of(context: SessionContext, visit_id: str, *, hidden: bool = False, made_from: str = "") -> str:
    """A recording with its video in the record's folder."""
    payload = replace(recording(), heads_hidden=hidden)
    inputs = (made_from,) if made_from else ()
    record_id = context.store.save(
        RecordKind.RECORDING, payload, visit_id=visit_id, summary="", inputs=inputs
    )
    (context.store.folder(record_id) / payload.videos[0].name).touch()
    (context.store.folder(record_id) / "camera-1.mp4").touch()
    return record_id


def seen_in(context: SessionContext, visit_id: str, recording_id: str, **more: object) -> str:
    payload = landmarks(1, **more)  # type: ignore[arg-type]
    return context.store.save(
        RecordKind.LANDMARKS, payload, visit_id=visit_id, summary="seen", inputs=(recording_id,)
    )


def actions(page: CapturePage) -> list[str]:
    return [key for key, _words in page._secondary_actions]


def test_heads_are_hidden_on_the_way_in_when_asked_for(
    page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    page.options.hide_heads.setChecked(True)
    page.files_chosen.emit((Path("/tmp/walk.mp4"),))
    assert board.states()[0].spec.params["hide_face"] is True


def test_heads_of_a_recorded_walk_are_hidden_and_the_recording_removed(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    refresh(page)
    page.options.hide_heads.setChecked(True)
    camera_view(page, board, (0, "Webcam"))
    page.camera_on.emit(0)
    recorded = record_of(context, visit_id)
    board.happens(board.states()[0].spec.id, Done(recorded))
    until(lambda: len(board.jobs) == 3)
    params = board.states()[0].spec.params
    assert (params["recording_id"], params["hide_face"], params["remove_original"]) == (recorded, True, True)


def test_heads_of_an_earlier_recording_can_be_hidden(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    recorded = record_of(context, visit_id)
    seen_in(context, visit_id, recorded)
    refresh(page)
    assert "hide" in actions(page) and "remove" not in actions(page)
    page.secondary_action.emit("hide")
    job = board.states()[0].spec
    assert (job.kind, job.params["recording_id"], job.params["hide_face"]) == ("import_video", recorded, True)


def test_the_original_is_removed_after_a_second_look_only(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    copy = record_of(context, visit_id, hidden=True, made_from=record_of(context, visit_id))
    seen_in(context, visit_id, copy)
    refresh(page)
    assert "remove" in actions(page) and not page.options.remove.isVisibleTo(page)
    page.secondary_action.emit("remove")
    assert page.options.remove.isVisibleTo(page) and not board.jobs
    page.options.keep.click()
    assert not page.options.remove.isVisibleTo(page) and not board.jobs
    page.secondary_action.emit("remove")
    page.options.remove.click()
    job = board.states()[0].spec
    assert (job.kind, job.params["recording_id"]) == ("remove_original", copy)


def test_a_video_that_lies_on_its_side_is_turned_as_the_patient_stands_in_it(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    recorded = record_of(context, visit_id)
    lying = replace(landmarks(), findings=(finding(Severity.STOP, "CAP-032"),))
    upright = lying.people[0].tracks[0]
    turned = replace(
        upright, image_px=np.stack([360 - upright.image_px[..., 1], upright.image_px[..., 0]], -1)
    )
    payload = replace(lying, people=(replace(lying.people[0], tracks=(turned,)),))
    context.store.save(RecordKind.LANDMARKS, payload, visit_id=visit_id, summary="", inputs=(recorded,))
    refresh(page)
    assert page._main.text() == "Turn the video"
    page.main_action.emit()
    params = board.states()[0].spec.params
    assert (params["recording_id"], params["turn_deg"]) == (recorded, [270])


def test_the_lights_tell_the_view_and_while_recording_what_was_lost() -> None:
    values = {"in_view": 0.2, "feet_in_view": 1.0, "view_deg": 44.0, "near_left": 1.0, "facing": 0.0}
    assert [light.words for light in lights(values)] == [
        "Both feet are visible, the rest is not: step back 1 m.",
        "Seen from the left side, 44° askew. Walking, the patient should be seen from the side.",
    ]
    assert lights({"view_deg": float("nan")})[0].words == "Nobody is visible yet."
    lost = {"dropped_by_camera": 2.0, "dropped_by_disk": 0.0}
    assert lights(lost) == ()
    assert lights(lost, recording=True)[0].words.startswith("2 pictures did not come from the camera")
    assert lights({"dropped_by_camera": 0.0}, recording=True)[0].tone is Tone.OK


def test_several_cameras_are_one_choice(
    context: SessionContext, page: CapturePage, board: HandBoard, visit_id: str
) -> None:
    camera_view(page, board, *((number, f"Webcam {number}") for number in range(5)))
    choice = page.panel._choice.findText("The first 3 cameras together")
    page.camera_on.emit(choice)
    assert board.states()[0].spec.params["cameras"] == [0, 1, 2]
