"""What can be done with a recording after import: turn it, hide its heads, remove the original.

Each change makes a new recording from the one on screen.
"""

from __future__ import annotations

from core.capture.upright import needed_turn_deg
from core.domain.people import Action
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Recording
from core.jobs.values import JsonValue
from core.tasks.remove_original import originals_of
from ui.presenters.base import StepPresenter
from ui.signature import Signed

TURN, HIDE = ("turn", "Turn the video"), ("hide", "Hide heads")
REMOVE = ("remove", "Remove original…")
_QUARTER_DEG = 90
_ERASES = "I let the original video be removed; a copy with hidden heads and all numbers stay."


class RecordingChanges:
    """Changes that a page offers; its presenter shows them and submits their jobs."""

    def __init__(self, presenter: StepPresenter) -> None:
        self._presenter, self._store = presenter, presenter.context.store
        self.asks_removal = False

    def privacy_action(self, landmarks_id: str) -> tuple[str, str] | None:
        """Hide the heads, or remove the original once they are hidden; None when nothing is left to do."""
        recording_id = self._recording_of(landmarks_id)
        if recording_id is None:
            return None
        recording = self._store.load(recording_id, Recording)
        if recording.heads_hidden:
            return REMOVE if originals_of(self._store, recording_id) else None
        kept = {video.name for video in recording.videos}
        return HIDE if kept and kept <= set(self._store.file_names(recording_id)) else None

    def turn(self) -> None:
        """As the people stand in it; a quarter clockwise where nobody was found."""
        recording_id = self._recording_id()
        if recording_id is None:
            return
        videos = len(self._store.load(recording_id, Recording).videos)
        landmarks = self._presenter.newest(RecordKind.LANDMARKS)
        turns: list[JsonValue] = [_QUARTER_DEG] * videos
        if landmarks is not None and self._recording_of(landmarks.id) == recording_id:
            tracks = self._store.load(landmarks.id, Landmarks).patient.tracks
            needed = [needed_turn_deg(track) for track in tracks]
            turns = list(needed) if len(needed) == videos else [max(needed)] * videos
        self._change(turn_deg=turns)

    def hide_heads(self) -> None:
        self._change(hide_face=True)

    def ask_removal(self) -> None:
        """Ask whether the original shall be removed, or no longer."""
        self.asks_removal = not self.asks_removal
        self._presenter.refresh()

    def answer_removal(self, yes: bool) -> None:
        recording_id = self._recording_id()
        self.asks_removal = False
        if not yes or recording_id is None:
            self._presenter.refresh()
            return

        def erase(_by: Signed) -> None:
            self._presenter.submit("remove_original", recording_id=recording_id)

        visit_id = self._presenter.context.visit_id or ""
        self._presenter.sign(Action.ERASE, visit_id, ("", ""), _ERASES, erase)

    def forget(self) -> None:
        self.asks_removal = False

    def _change(self, **how: JsonValue) -> None:
        recording_id, visit_id = self._recording_id(), self._presenter.context.visit_id
        if recording_id is not None and visit_id is not None:
            self.asks_removal = False
            self._presenter.submit("import_video", visit_id=visit_id, recording_id=recording_id, **how)

    def _recording_id(self) -> str | None:
        """The recording on screen."""
        recording = self._presenter.newest(RecordKind.RECORDING)
        landmarks = self._presenter.newest(RecordKind.LANDMARKS)
        if landmarks is None or (recording is not None and recording.created_utc > landmarks.created_utc):
            return None if recording is None else recording.id
        return self._recording_of(landmarks.id)

    def _recording_of(self, landmarks_id: str) -> str | None:
        """The recording that landmarks come from, through choices of the person."""
        earlier = self._presenter.input_of(landmarks_id, RecordKind.LANDMARKS)
        found = self._presenter.input_of(landmarks_id, RecordKind.RECORDING)
        return found if found is not None or earlier is None else self._recording_of(earlier)
