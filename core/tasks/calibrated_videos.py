"""The calibration that a job is given, and its cameras for the videos of a recording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from core.capture.calibration.bars import black_bars
from core.capture.calibration.files import read_calibration
from core.capture.calibration.matching import View, matched
from core.capture.calibration.placing import NO_BARS, Bars
from core.devices.cameras import VideoFileSource
from core.domain.calibration import Calibration
from core.domain.recording import VideoFile
from core.store.repository import Store

_RECORD_ID = re.compile(r"[0-9a-f]{32}")
_LOOKED_AT, _APART = 5, 5  # pictures in which black bars are looked for, and every how many is one


def told_calibration(store: Store, told: str) -> tuple[Calibration, str]:
    """The calibration of a file, or of a record, whose id is then the second result.

    Refuses CAL-001 to CAL-006 (see `read_calibration`).
    """
    if _RECORD_ID.fullmatch(told) and not Path(told).is_file():
        return store.load(told, Calibration), told
    return read_calibration(Path(told)), ""


def of_videos(calibration: Calibration, videos: Sequence[VideoFile], paths: Sequence[Path]) -> Calibration:
    """One camera per video, for pictures of its size. Refuses CAL-007 to CAL-009 (see `matched`)."""
    sizes = {(camera.width_px, camera.height_px) for camera in calibration.cameras}
    views = [
        View(
            video.camera,
            video.width_px,
            video.height_px,
            NO_BARS if (video.width_px, video.height_px) in sizes else _bars(path, video.turn_deg),
        )
        for video, path in zip(videos, paths, strict=True)
    ]
    return matched(calibration, views)


def _bars(path: Path, turn_deg: int) -> Bars:
    """Black rims, from some of the first pictures: they are the same throughout."""
    with VideoFileSource(path, turn_deg) as source:
        some = islice(enumerate(source.times()), _LOOKED_AT * _APART)
        images = (source.retrieve() for number, _ in some if number % _APART == 0)  # one buffer for all
        return black_bars(image for image in images if image is not None)
