"""Opens the camera's view of Capture on a PC with given cameras."""

from __future__ import annotations

import json

from core.jobs.values import Done, Message
from tests.ui.board import HandBoard
from tests.ui.waiting import until
from ui.pages.capture import CapturePage


def camera_view(page: CapturePage, board: HandBoard, *found: tuple[int, str]) -> None:
    """Open the camera's view on a PC with these cameras."""
    page.presenter.refresh()  # type: ignore[attr-defined]
    page.secondary_action.emit("camera")
    job = board.states()[0].spec
    assert job.kind == "list_cameras"
    words = json.dumps([{"number": number, "name": name} for number, name in found])
    board.happens(job.id, Message(words))
    board.happens(job.id, Done(""))
    until(lambda: not page._headline.text().startswith("Looking"))
