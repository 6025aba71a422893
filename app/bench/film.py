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
_GREY, _CLOTH = (120, 120, 120), (90, 40, 40)


@dataclass(frozen=True, slots=True)
class Walker:
    """Where the person of a film is, in its pixels."""

    start_x_px: float
    step_x_px: float  # per frame
    hip_y_px: float
    floor_y_px: float

    @property
    def leg_px(self) -> float:
        return self.floor_y_px - self.hip_y_px

    def hip_x_px(self, number: int) -> float:
        return self.start_x_px + self.step_x_px * number


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
        height, width = (2 * round(size * rendering.scale / 2) for size in picture.shape[:2])
        if (height, width) != picture.shape[:2]:
            picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
        if rendering.change is not None:
            picture = rendering.change(picture, source)
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
        added = np.random.default_rng(number).standard_normal(picture.shape, dtype=np.float32)
        return np.asarray(np.clip(picture + sd * added, 0, 255), dtype=np.uint8)

    return change


def light(*, gain: float = 1.0, offset: float = 0.0) -> Change:
    """Contrast and brightness."""

    def change(picture: Image, _number: int) -> Image:
        return np.asarray(np.clip((picture - 128.0) * gain + 128.0 + offset, 0, 255), dtype=np.uint8)

    return change


def before_the_legs(
    posts: tuple[float, ...], rails: tuple[float, ...], width_px: int, walker: Walker
) -> Change:
    """A frame that moves with the walker: posts and rails at these places, in lengths of the leg."""

    def change(picture: Image, number: int) -> Image:
        drawn, x = picture.copy(), walker.hip_x_px(number)
        ends = [round(x + post * walker.leg_px) for post in posts]
        for end in ends:
            cv2.line(drawn, (end, round(walker.hip_y_px)), (end, round(walker.floor_y_px)), _GREY, width_px)
        for rail in rails:
            y = round(walker.hip_y_px + rail * walker.leg_px)
            cv2.line(drawn, (min(ends), y), (max(ends), y), _GREY, width_px)
        return drawn

    return change


def bars(heights: tuple[float, ...], width_px: int, walker: Walker) -> Change:
    """Parallel bars along the walkway."""

    def change(picture: Image, _number: int) -> Image:
        drawn = picture.copy()
        for height in heights:
            y = round(walker.hip_y_px + height * walker.leg_px)
            cv2.line(drawn, (0, y), (drawn.shape[1], y), _GREY, width_px)
        return drawn

    return change


def skirt(length: float, walker: Walker) -> Change:
    """Cloth from the hips down, by this length of the leg."""

    def change(picture: Image, number: int) -> Image:
        drawn, x, leg = picture.copy(), walker.hip_x_px(number), walker.leg_px
        bottom = walker.hip_y_px + length * leg
        corners = ((-0.2, walker.hip_y_px), (0.2, walker.hip_y_px), (0.4, bottom), (-0.4, bottom))
        cv2.fillPoly(drawn, [np.array([(x + part * leg, y) for part, y in corners], dtype=np.int32)], _CLOTH)
        return drawn

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
        cut = picture[rows, round(left * width) : width - round(right * width)]
        return cut[: len(cut) // 2 * 2, : cut.shape[1] // 2 * 2]  # codecs want even sizes

    return change
