"""Landmarks of a walk from an .npz file instead of a video.

One person: `time_s` (T,), `image_px` (T, 33, 2), `world_m` (T, 33, 3), `visibility` (T, 33) and `size_px`
(2,), the width and height of the picture. Several people: the first four names begin with the person's, as in
`patient_time_s`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.outside_arrays import read_arrays
from core.domain.recording import LANDMARK_COUNT, LandmarkTrack
from core.errors import UserError, refuse

_SHAPES = {
    "time_s": (),
    "image_px": (LANDMARK_COUNT, 2),
    "world_m": (LANDMARK_COUNT, 3),
    "visibility": (LANDMARK_COUNT,),
}


def read_landmark_file(path: Path) -> tuple[LandmarkTrack, ...]:
    """The people of the file, in the order of their names there. Refuses (CAP-080) what is no such file."""
    try:
        arrays = {name: array.astype(float, copy=False) for name, array in read_arrays(path).items()}
    except (OSError, ValueError) as error:
        raise _no_track(path, "It is no .npz file of numeric arrays") from error
    suffix = "time_s"
    people = [name.removesuffix(suffix) for name in arrays if name.endswith(suffix)]
    if not people:
        raise _no_track(path, "It holds no time_s")
    size = arrays.get("size_px", np.zeros(0))
    if size.shape != (2,) or not (np.isfinite(size).all() and (size >= 1.0).all()):
        raise _no_track(path, "Its size_px is not the width and height of a picture")
    return tuple(_track(path, arrays, person, size) for person in people)


def _track(path: Path, arrays: dict[str, FloatArray], person: str, size: FloatArray) -> LandmarkTrack:
    parts = {}
    frames = arrays[f"{person}time_s"].size
    for name, shape in _SHAPES.items():
        array = arrays.get(f"{person}{name}")
        if array is None:
            raise _no_track(path, f"It holds no {person}{name}")
        if array.shape != (frames, *shape):
            wanted = " x ".join(str(length) for length in (frames, *shape))
            raise _no_track(path, f"Its {person}{name} is not {wanted} numbers")
        parts[name] = array
    for name in ("image_px", "world_m"):
        if not np.isfinite(parts[name]).any():
            raise _no_track(path, f"Its {person}{name} holds no numbers")
    time_s = parts["time_s"]
    if frames < 2 or not np.isfinite(time_s).all() or not (np.diff(time_s) > 0).all():
        raise _no_track(path, f"Its {person}time_s does not increase from picture to picture")
    seen = np.asarray(np.isfinite(parts["image_px"]).all(axis=2))
    visibility = np.where(seen, np.clip(np.nan_to_num(parts["visibility"]), 0.0, 1.0), 0.0)
    image = np.where(seen[..., None], parts["image_px"], np.nan)
    world = np.where(np.isfinite(parts["world_m"]), parts["world_m"], np.nan)
    return LandmarkTrack(time_s, image, world, visibility, round(size[0]), round(size[1]))


def _no_track(path: Path, why: str) -> UserError:
    return refuse(
        "CAP-080",
        f"The landmarks in {path.name} cannot be used.",
        f"{why}.",
        "Give an .npz file with time_s, image_px, world_m, visibility and size_px, or a video.",
    )
