"""Claims about the small pictures kept for playback."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.frames import read_frame, read_index, write_frames


def _write(folder: Path, camera: int = 0) -> None:
    pictures = [(0.0, b"first"), (0.1, b"second one"), (0.2, b"third")]
    write_frames(folder, pictures, size_px=(640, 360), source_size_px=(1280, 720), camera=camera)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    _write(tmp_path)
    index = read_index(tmp_path)
    assert index is not None
    assert [read_frame(tmp_path, index, k) for k in range(len(index))] == [b"first", b"second one", b"third"]
    assert index.scale == 0.5


def test_the_picture_on_screen_is_the_last_one_taken(tmp_path: Path) -> None:
    _write(tmp_path, camera=1)
    index = read_index(tmp_path, camera=1)
    assert index is not None
    assert [index.at(t) for t in (-1.0, 0.0, 0.05, 0.1, 9.0)] == [0, 0, 0, 1, 2]


def test_a_record_without_pictures_has_no_index(tmp_path: Path) -> None:
    assert read_index(tmp_path) is None


def test_a_picture_beyond_the_end_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path)
    index = read_index(tmp_path)
    assert index is not None
    with pytest.raises(IndexError):
        read_frame(tmp_path, index, 3)
