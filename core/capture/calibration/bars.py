"""Black rims of pictures that were made to fit another shape."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.capture.calibration.placing import NO_BARS, Bars

_BLACK = 48  # of 255; compression leaves black rims a little grey, most where the picture begins
_LARGEST_SHARE = 0.4  # of the picture, at one side: more is a dark picture, not a rim
_SAME_PX = 2  # rims of a centred picture differ by rounding only


def black_bars(images: Iterable[NDArray[np.uint8]]) -> Bars:
    """Rims (px) that are black in all these pictures (height, width, channels), alike on both sides.

    Rims on one side only are a dark part of the scene, and do not count.
    """
    brightest: NDArray[np.uint8] | None = None
    for image in images:
        brightest = image.copy() if brightest is None else np.maximum(brightest, image)
    if brightest is None:
        return NO_BARS
    light = brightest.reshape(*brightest.shape[:2], -1).max(axis=2)
    left, right = _rims(light.max(axis=0))
    top, bottom = _rims(light.max(axis=1))
    return Bars(left, top, right, bottom)


def _rims(line: NDArray[np.uint8]) -> tuple[int, int]:
    """Dark ends of a line of the brightest values, or none where they differ."""
    lit = np.flatnonzero(line > _BLACK)
    if len(lit) == 0:
        return 0, 0
    first, last = int(lit[0]), len(line) - 1 - int(lit[-1])
    if abs(first - last) > _SAME_PX or max(first, last) > _LARGEST_SHARE * len(line):
        return 0, 0
    return first, last
