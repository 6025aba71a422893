"""Which camera of a calibration filmed which video, and the calibration for pictures of that size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from core.capture.calibration.placing import NO_BARS, Bars, scaled
from core.domain.calibration import Calibration, Camera
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse

_LEAST_SERIAL = 4  # a camera named by so many digits is found anywhere in the name of a video
_SAME_SCALE = 0.001  # of both directions; a pixel of a thousand is lost in rounding


@dataclass(frozen=True, slots=True)
class View:
    """What is known of one video: its file's name as the person knows it ("" when not), and its pictures."""

    name: str
    width_px: int
    height_px: int
    bars: Bars = NO_BARS


def matched(calibration: Calibration, views: Sequence[View]) -> Calibration:
    """One camera per view, in the order of the views, for pictures of their size.

    Names decide. Where none of them matches and there are as many cameras as videos, they belong together in
    the order given, which is told (CAL-010). Refuses CAL-007 (other numbers), CAL-008 (names that match only
    partly) and CAL-009 (pictures of another shape).
    """
    order, by_name = _order(calibration, views)
    findings = list(calibration.findings)
    if not by_name and len(views) > 1:
        findings.append(_in_order(calibration, views))
    cameras: list[Camera] = []
    for number, view in zip(order, views, strict=True):
        camera, found = fitted(calibration.cameras[number], view)
        cameras.append(camera)
        findings += found
    told_mm = calibration.camera_error_mm
    return replace(
        calibration,
        cameras=tuple(cameras),
        error_px=tuple(calibration.error_px[number] for number in order),
        findings=tuple(findings),
        camera_error_mm=tuple(told_mm[number] for number in order) if told_mm else (),
    )


def fitted(camera: Camera, view: View) -> tuple[Camera, tuple[Finding, ...]]:
    """The camera for pictures of the view's size. Refuses CAL-009.

    A picture made smaller or larger by the same factor in both directions is accepted, also inside black
    bars; a picture that was cut or squeezed is not, for what was cut away where is not known.
    """
    size = (view.width_px, view.height_px)
    if size == (camera.width_px, camera.height_px):
        return camera, ()
    bars = view.bars
    inside = (size[0] - bars.left - bars.right, size[1] - bars.top - bars.bottom)
    if min(inside) < 1:
        raise _other_size(camera, view)
    scale = (inside[0] / camera.width_px, inside[1] / camera.height_px)
    # A row of pixels more or less is what rounding to whole pixels, and a grey edge row, may leave.
    slack = max(_SAME_SCALE, 1.5 / min(inside)) if bars != NO_BARS else _SAME_SCALE
    if abs(scale[0] / scale[1] - 1.0) > slack:
        raise _other_size(camera, view)
    factor = _better_known(scale, bars)
    offset = Bars(
        *(
            round(value)
            for value in (
                (size[0] - factor * camera.width_px) / 2 if bars.left or bars.right else 0,
                (size[1] - factor * camera.height_px) / 2 if bars.top or bars.bottom else 0,
                0,
                0,
            )
        )
    )
    told = _scaled(camera, view, factor)
    return scaled(camera, factor, size, offset), (Finding(Severity.NOTE, told),)


def _better_known(scale: tuple[float, float], bars: Bars) -> float:
    """The scale along the side without bars is exact; where bars begin is known to a pixel only."""
    if (bars.left or bars.right) and not (bars.top or bars.bottom):
        return scale[1]
    if (bars.top or bars.bottom) and not (bars.left or bars.right):
        return scale[0]
    return (scale[0] + scale[1]) / 2


def _order(calibration: Calibration, views: Sequence[View]) -> tuple[list[int], bool]:
    """For each view the number of its camera, and whether names told it."""
    found = [_named(view.name, calibration.cameras) for view in views]
    whole = [number for number in found if number is not None]
    if len(whole) == len(views) and len(set(whole)) == len(views):
        return whole, True
    if len(calibration.cameras) != len(views):
        raise _other_number(calibration, views)
    if whole:
        raise _partly(calibration, views)
    return list(range(len(views))), False


def _named(video: str, cameras: Sequence[Camera]) -> int | None:
    """The one camera that the video's name tells, if it tells one."""
    fits = [number for number, camera in enumerate(cameras) if _tells(video, camera.name)]
    return fits[0] if len(fits) == 1 else None


def _tells(video: str, camera: str) -> bool:
    stem, wanted = _plain(PurePath(video).stem), _plain(camera)
    if not stem or not wanted:
        return False
    if stem == wanted:
        return True
    if wanted.isdigit():
        return len(wanted) >= _LEAST_SERIAL and re.search(rf"(?<!\d){wanted}(?!\d)", stem) is not None
    # "trial 3 cam 1": at one end of the name, and not as part of a longer word or number.
    begins = re.match(rf"{re.escape(wanted)}(?![a-z0-9])", stem)
    ends = re.search(rf"(?<![a-z0-9]){re.escape(wanted)}$", stem)
    return begins is not None or ends is not None


def _plain(name: str) -> str:
    """Lower case; letters and digits part, numbers without leading zeros: "Cam_01" and "cam1" alike."""
    words = re.findall(r"[^\W\d_]+|\d+", name.lower())
    return " ".join(str(int(word)) if word.isdigit() else word for word in words)


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _in_order(calibration: Calibration, views: Sequence[View]) -> Finding:
    pairs = "; ".join(
        f"{view.name or f'video {number}'}: {camera.name}"
        for number, (view, camera) in enumerate(zip(views, calibration.cameras, strict=True), 1)
    )
    advice = Advice(
        "Videos and calibrated cameras were put together in their order.",
        f"Their names do not tell which belong together ({pairs}).",
        "If this is not so, name the videos like the cameras and import them again.",
        "CAL-010",
    )
    return Finding(Severity.WARNING, advice)


def _other_number(calibration: Calibration, views: Sequence[View]) -> UserError:
    cameras = [camera.name for camera in calibration.cameras]
    counted = f"{len(cameras)} camera{'s' if len(cameras) > 1 else ''} ({', '.join(cameras)})"
    videos = f"{len(views)} video{'s' if len(views) > 1 else ''}"
    return refuse(
        "CAL-007",
        f"The calibration has {counted}, but there {'are' if len(views) > 1 else 'is'} {videos}.",
        "Each video needs its own camera in the calibration, and names do not tell which one."
        if len(cameras) > len(views)
        else "Each video needs its own camera in the calibration.",
        "Give one video per calibrated camera, named like it, or the calibration of these cameras.",
    )


def _partly(calibration: Calibration, views: Sequence[View]) -> UserError:
    return refuse(
        "CAL-008",
        "Which camera filmed which video is not clear.",
        f"The videos are called {_names([view.name for view in views])}, the cameras "
        f"{_names([camera.name for camera in calibration.cameras])}.",
        "Name each video like its camera.",
    )


def _other_size(camera: Camera, view: View) -> UserError:
    return refuse(
        "CAL-009",
        f"The calibration of {camera.name} is for pictures of {camera.width_px}x{camera.height_px}, "
        f"{view.name or 'the video'} has {view.width_px}x{view.height_px}.",
        "The picture was cut or squeezed, or the camera filmed in another mode: its sides differ in scale.",
        "Use the videos as the camera wrote them, or calibrate with pictures of this size.",
    )


def _scaled(camera: Camera, view: View, factor: float) -> Advice:
    inside = " inside black bars" if view.bars != NO_BARS else ""
    return Advice(
        f"The calibration of {camera.name} was scaled to the video.",
        f"It was made with pictures of {camera.width_px}x{camera.height_px}; {view.name or 'the video'} has "
        f"{view.width_px}x{view.height_px}, {factor:.4g} times as large{inside}.",
        "Nothing needs to be done if the video was only made smaller or larger after filming.",
        "CAL-014",
    )
