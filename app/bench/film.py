"""Short films rendered anew: other codecs, sizes, rates, light; and things drawn before the legs."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Change = Callable[[Image, int], Image]  # a picture and its number in the original film

RATE_HZ = 30.0


@dataclass(frozen=True, slots=True)
class Rendering:
    """One harmless variant of a film. What is not given stays as it is."""

    name: str
    codec: str = "mp4v"  # OpenCV's four letters, or the name of an encoder of ffmpeg
    ending: str = ".mp4"
    options: tuple[str, ...] = ()  # of ffmpeg
    scale: float = 0.5
    rate_hz: float = RATE_HZ
    trimmed: int = 0  # frames cut off at the start
    mirrored: bool = False
    change: Change | None = None


def encoders_of_ffmpeg() -> bool:
    """Whether the encoders that OpenCV's wheels lack are here (`imageio-ffmpeg`, for developers)."""
    return importlib.util.find_spec("imageio_ffmpeg") is not None


def read_film(path: Path) -> list[Image]:
    """All pictures of a film."""
    capture = cv2.VideoCapture(str(path))
    pictures: list[Image] = []
    while True:
        ok, picture = capture.read()
        if not ok:
            capture.release()
            return pictures
        pictures.append(np.asarray(picture, dtype=np.uint8))


def write_rendering(film: list[Image], rendering: Rendering, folder: Path) -> Path | None:
    """The film as this rendering in `folder`; None where its encoder is not on this PC."""
    path = folder / f"{rendering.name}{rendering.ending}"
    pictures = rendered(film, rendering)
    if len(rendering.codec) == 4:
        return path if _write_opencv(pictures, rendering, path) else None
    return path if encoders_of_ffmpeg() and _write_ffmpeg(pictures, rendering, path) else None


def rendered(film: list[Image], rendering: Rendering) -> Iterator[Image]:
    """The pictures one after another; another frame rate takes the nearest one of the original."""
    seconds = (len(film) - rendering.trimmed) / RATE_HZ
    for number in range(int(seconds * rendering.rate_hz)):
        source = min(rendering.trimmed + round(number / rendering.rate_hz * RATE_HZ), len(film) - 1)
        picture = film[source]
        if rendering.change is not None:
            picture = rendering.change(picture, source)
        height, width = (2 * round(size * rendering.scale / 2) for size in picture.shape[:2])
        if (height, width) != picture.shape[:2]:
            picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
        yield np.ascontiguousarray(picture[:, ::-1]) if rendering.mirrored else picture


def _write_opencv(pictures: Iterator[Image], rendering: Rendering, path: Path) -> bool:
    writer = None
    for picture in pictures:
        if writer is None:
            code = cv2.VideoWriter.fourcc(*rendering.codec)
            size = picture.shape[1], picture.shape[0]
            writer = cv2.VideoWriter(str(path), code, rendering.rate_hz, size)
        if not writer.isOpened():
            return False
        writer.write(picture)
    if writer is not None:
        writer.release()
    return writer is not None


def _write_ffmpeg(pictures: Iterator[Image], rendering: Rendering, path: Path) -> bool:
    import imageio_ffmpeg

    first = next(pictures)
    size = f"{first.shape[1]}x{first.shape[0]}"
    source = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size, "-r", f"{rendering.rate_hz:g}", "-i", "-")
    target = ("-c:v", rendering.codec, "-pix_fmt", "yuv420p", *rendering.options, str(path))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *source, *target]
    raw = first.tobytes() + b"".join(picture.tobytes() for picture in pictures)
    return subprocess.run(command, input=raw, capture_output=True, check=False).returncode == 0


# Changes of single pictures


def noise(sd: float) -> Change:
    """Sensor noise, the same in every run."""

    def change(picture: Image, number: int) -> Image:
        added = np.random.default_rng(number).normal(0.0, sd, picture.shape)
        return np.asarray(np.clip(picture + added, 0, 255), dtype=np.uint8)

    return change


def light(*, gain: float = 1.0, offset: float = 0.0) -> Change:
    """Contrast and brightness."""

    def change(picture: Image, _number: int) -> Image:
        return np.asarray(np.clip((picture - 128.0) * gain + 128.0 + offset, 0, 255), dtype=np.uint8)

    return change


def blur(sd_px: float) -> Change:
    def change(picture: Image, _number: int) -> Image:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sd_px), dtype=np.uint8)

    return change


def jpeg(quality: int) -> Change:
    """Every picture compressed on its own, as cheap cameras do."""

    def change(picture: Image, _number: int) -> Image:
        _ok, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)

    return change


def crop(left: float, top: float, right: float, bottom: float) -> Change:
    """Fractions of the picture cut off at its edges."""

    def change(picture: Image, _number: int) -> Image:
        height, width = picture.shape[:2]
        rows = slice(round(top * height), height - round(bottom * height))
        return picture[rows, round(left * width) : width - round(right * width)]

    return change
