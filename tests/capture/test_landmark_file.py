"""Landmarks from a file: one person or several, and what is no such file is told."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.capture.landmark_file import read_landmark_file
from tests.refusals import refused


def arrays(frames: int = 20) -> dict[str, Any]:
    return {
        "time_s": np.arange(frames) / 30.0,
        "image_px": np.ones((frames, 33, 2), dtype=np.float32),
        "world_m": np.zeros((frames, 33, 3), dtype=np.float32),
        "visibility": np.full((frames, 33), 0.9, dtype=np.float32),
        "size_px": np.array([640, 360]),
    }


def saved(path: Path, **content: Any) -> Path:
    np.savez(path, **content)
    return path


def test_one_person_and_several_come_back(tmp_path: Path) -> None:
    (one,) = read_landmark_file(saved(tmp_path / "one.npz", **arrays()))
    assert (len(one.time_s), one.width_px, one.height_px) == (20, 640, 360)
    content = arrays()
    named = {
        f"{who}_{name}": content[name]
        for who in ("patient", "nurse")
        for name in content
        if name != "size_px"
    }
    two = read_landmark_file(saved(tmp_path / "two.npz", **named, size_px=content["size_px"]))
    assert len(two) == 2


def test_what_was_not_seen_has_no_visibility(tmp_path: Path) -> None:
    content = arrays()
    content["image_px"][3, 5] = np.inf
    content["visibility"][4] = np.nan
    (track,) = read_landmark_file(saved(tmp_path / "gaps.npz", **content))
    assert np.isnan(track.image_px[3, 5]).all() and track.visibility[3, 5] == 0.0
    assert (track.visibility[4] == 0.0).all()


def changed(**values: Any) -> dict[str, Any]:
    return {**arrays(), **values}


BAD = {
    "names missing": {"size_px": np.array([640, 360])},
    "no picture size": {k: v for k, v in arrays().items() if k != "size_px"},
    "no world": {k: v for k, v in arrays().items() if k != "world_m"},
    "wrong shape": changed(image_px=np.ones((20, 17, 2))),
    "other length": changed(visibility=np.ones((19, 33))),
    "time stands still": changed(time_s=np.zeros(20)),
    "time unknown": changed(time_s=np.full(20, np.nan)),
    "no frames": {name: value[:0] if name != "size_px" else value for name, value in arrays().items()},
    "words": changed(image_px=np.array(["a"] * 20)),
    "objects": changed(image_px=np.array([{}] * 20, dtype=object)),
    "size of nothing": changed(size_px=np.array([0, 360])),
    "no place in space": changed(world_m=np.full((20, 33, 3), np.nan)),
}


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_are_no_landmarks_are_refused(tmp_path: Path, name: str) -> None:
    with refused("CAP-080"):
        read_landmark_file(saved(tmp_path / "bad.npz", **BAD[name]))


@pytest.mark.parametrize("kind", ["text", "empty", "folder", "cut short", "other zip", "single array"])
def test_files_that_are_no_landmarks_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.npz"
    whole = io.BytesIO()
    np.savez_compressed(whole, **arrays())
    if kind == "folder":
        path.mkdir()
    elif kind == "other zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("letter.txt", "Dear colleague")
    elif kind == "single array":
        with path.open("wb") as file:
            np.save(file, np.ones(3))
    else:
        content = {"text": b"time,x,y\n", "empty": b"", "cut short": whole.getvalue()[:-300]}
        path.write_bytes(content[kind])
    with refused("CAP-080"):
        read_landmark_file(path)
