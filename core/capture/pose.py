"""Pose detection. MediaPipe hides behind this module; nothing else imports it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from core.domain.arrays import FloatArray, frozen
from core.domain.recording import LANDMARK_COUNT, Landmark
from core.errors import refuse, set_up_again

Result = TypeVar("Result")
_HIPS = (Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value)


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One person in one picture."""

    image_px: FloatArray  # (33, 2) x right, y down
    world_m: FloatArray  # (33, 3) hip-centred metres, MediaPipe's axes
    visibility: FloatArray  # (33,) 0..1

    def __post_init__(self) -> None:
        frozen(self, "image_px", (LANDMARK_COUNT, 2))
        frozen(self, "world_m", (LANDMARK_COUNT, 3))
        frozen(self, "visibility", (LANDMARK_COUNT,))

    @property
    def centre_px(self) -> FloatArray:
        """(2,) between the hips."""
        centre: FloatArray = self.image_px[_HIPS, :].mean(axis=0)
        return centre

    @property
    def size_px(self) -> float:
        """Diagonal of the box around all landmarks; close to the body height of a standing person."""
        return float(np.hypot(*np.ptp(self.image_px, axis=0)))

    def moved(self, shift_px: FloatArray) -> Pose:
        return Pose(self.image_px + shift_px, self.world_m, self.visibility)


class PoseDetector:
    """MediaPipe's pose landmarker. Use it as a context manager, from one thread at a time.

    A `tracking` detector follows people from frame to frame and is fast; one that does not track searches
    every picture anew.
    """

    def __init__(self, model: Path, *, people: int = 1, tracking: bool = True) -> None:
        if not model.is_file():
            raise refuse(
                "CAP-020",
                "People cannot be found in videos yet.",
                f"The pose model {model.name} is not on this PC.",
                set_up_again(),
            )
        self._tracking = tracking
        self._last_ms = -1
        mode = vision.RunningMode.VIDEO if tracking else vision.RunningMode.IMAGE
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)), running_mode=mode, num_poses=people
        )
        self._landmarker: Any = vision.PoseLandmarker.create_from_options(options)

    def __enter__(self) -> PoseDetector:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._landmarker.close()

    def detect(self, image: NDArray[np.uint8], time_s: float = 0.0) -> tuple[Pose, ...]:
        """People in a red-green-blue picture (H, W, 3); times of a tracking detector must increase."""
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        if self._tracking:
            self._last_ms = max(self._last_ms + 1, round(time_s * 1000))
            result = self._landmarker.detect_for_video(picture, self._last_ms)
        else:
            result = self._landmarker.detect(picture)
        height, width = image.shape[:2]
        people = zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
        return tuple(_pose(image, world, width, height) for image, world in people)


class Searcher:
    """A detector for single pictures in a thread of its own, so that whole-picture searches cost little."""

    def __init__(self, open_detector: Callable[[], PoseDetector]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="searcher")
        self._detector = self._thread.submit(open_detector)

    def __enter__(self) -> Searcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)
        if not self._detector.cancelled() and self._detector.exception() is None:
            self._detector.result().__exit__(kind, error, trace)

    def submit(self, task: Callable[[PoseDetector], Result]) -> Future[Result]:
        """Run `task` in the searcher's thread; the pictures it reads must not change until it is done."""
        return self._thread.submit(lambda: task(self._detector.result()))


def _pose(image: Sequence[Any], world: Sequence[Any], width: int, height: int) -> Pose:
    return Pose(
        image_px=np.array([(point.x * width, point.y * height) for point in image]),
        world_m=np.array([(point.x, point.y, point.z) for point in world]),
        visibility=np.array([point.visibility for point in image]),
    )
