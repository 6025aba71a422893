"""Job `take_logo`: a picture from outside becomes the clinic's logo, drawn anew.

The file is only ever decoded here: what the reports draw is the copy that this job wrote.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.jobs.values import JobContext, Params
from core.store.clinic import logo_refused, read_picture, write_logo

LONGEST_SIDE_PX = 800  # three times what the report prints at 300 dpi

Pixels = NDArray[np.uint8]


def run(params: Params, context: JobContext) -> str:
    """Keeps `file` as the logo of this data folder; writes no record. Refuses RPT-023 what is no picture."""
    file = Path(str(params["file"]))
    context.progress(None, f"Reading {file.name}")
    ok, png = cv2.imencode(".png", _decoded(file))
    if not ok:
        raise logo_refused(file, "It cannot be drawn.")
    context.check_cancelled()
    drawn = context.work_dir / "logo.png"
    drawn.write_bytes(png.tobytes())
    write_logo(context.spec.data_dir, drawn)
    return ""


def _decoded(file: Path) -> Pixels:
    """The picture with 8 bits a colour, no larger than a report needs."""
    content = np.frombuffer(read_picture(file), np.uint8)
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise logo_refused(file, "It is damaged.")
        if picture.dtype == np.uint16:
            picture = (picture >> 8).astype(np.uint8)
        smaller = LONGEST_SIDE_PX / max(picture.shape[:2])
        if smaller < 1.0:
            picture = cv2.resize(picture, None, fx=smaller, fy=smaller, interpolation=cv2.INTER_AREA)
    except cv2.error as error:
        raise logo_refused(file, "It is damaged, or far larger than a logo.") from error
    return np.asarray(picture)
