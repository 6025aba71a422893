"""Where the cameras stand: calibrated here, taken over from an earlier visit, or read from a file."""

from __future__ import annotations

from pathlib import Path

from core.domain.calibration import Calibration
from core.domain.record import RecordKind
from core.jobs.values import JsonValue
from core.session.calibrated import earlier_calibration
from ui.pages.capture import CaptureState
from ui.presenters.base import StepPresenter
from ui.presenters.camera_calibration import calibration_page


class ChosenCalibration:
    """The calibration that the next films are looked through with, and the jobs that make one."""

    def __init__(self, presenter: StepPresenter) -> None:
        self._presenter, self._context = presenter, presenter.context
        self.file: Path | None = None  # chosen for the films imported next
        self.shown = False  # instead of the walk

    def page_state(self) -> CaptureState:
        store, visit_id = self._context.store, self._context.visit_id
        info = self._presenter.newest(RecordKind.CALIBRATION)
        calibration = None if info is None else store.load(info.id, Calibration)
        earlier = None if visit_id is None else earlier_calibration(store, visit_id)
        return calibration_page(calibration, earlier, busy=self._presenter.running_job() is not None)

    def from_films(self, films: tuple[Path, ...], board: dict[str, JsonValue]) -> None:
        """`board`: its parameters, as entered on the page."""
        names: list[JsonValue] = [str(path) for path in films]
        self._submit(videos=names, **board)

    def from_file(self, file: Path) -> None:
        self._submit(file=str(file))

    def as_before(self) -> None:
        """The person at the screen says that no camera was moved; the record keeps who."""
        if self._context.visit_id is None:
            return
        earlier = earlier_calibration(self._context.store, self._context.visit_id)
        if earlier is not None:
            self._submit(earlier=earlier.id, by=self._context.operator)

    def for_import(self, videos: int) -> dict[str, JsonValue]:
        """For a job: the chosen file, else the newest calibration of this visit, if of as many cameras."""
        if videos < 2:
            return {}
        if self.file is not None:
            return {"calibration": str(self.file)}
        info = self._presenter.newest(RecordKind.CALIBRATION)
        if info is None or len(self._context.store.load(info.id, Calibration).cameras) != videos:
            return {}
        return {"calibration": info.id}

    def for_search(self, recording_id: str, videos: int) -> dict[str, JsonValue]:
        """Likewise, else the calibration that this recording was looked through with the last time."""
        return {} if videos < 2 else self.for_import(videos) or self._used_before(recording_id)

    def forget(self) -> None:
        self.file, self.shown = None, False

    def _used_before(self, recording_id: str) -> dict[str, JsonValue]:
        landmarks = self._presenter.newest(RecordKind.LANDMARKS)
        if landmarks is None:
            return {}
        if self._presenter.input_of(landmarks.id, RecordKind.RECORDING) != recording_id:
            return {}
        earlier = self._presenter.input_of(landmarks.id, RecordKind.CALIBRATION)
        return {} if earlier is None else {"calibration": earlier}

    def _submit(self, **params: JsonValue) -> None:
        if self._context.visit_id is not None:
            self.file = None  # what is calibrated now counts, not a file chosen before
            self._presenter.submit("calibrate_cameras", visit_id=self._context.visit_id, **params)
