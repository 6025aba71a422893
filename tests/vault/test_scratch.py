"""Claims about paths for libraries: the content is whole, and lies on no disk in an encrypted data folder."""

from __future__ import annotations

import secrets
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.devices.cameras import VideoFileSource
from core.vault import files, opened, scratch
from core.vault.keys import Keys
from tests.capture.figures import noise, write_video
from tests.refusals import code_of

MARKER = b"a frame of the patient"


@pytest.fixture
def folder(tmp_path):
    keys = Keys(tmp_path.resolve() / "data", secrets.token_bytes(32))
    keys.data_dir.mkdir()
    opened.bring_in(keys)
    yield keys.data_dir
    opened.forget(keys.data_dir)


def on_disk(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_library_reads_an_encrypted_file_by_a_path_of_the_same_name(folder, monkeypatch, in_memory):
    monkeypatch.setattr(scratch, "IN_MEMORY", in_memory and scratch.IN_MEMORY)
    kept = folder / "trial.c3d"
    files.write_bytes(kept, MARKER)
    with scratch.readable_path(kept) as path:
        assert path.name == kept.name and Path(path).read_bytes() == MARKER
        assert (MARKER in on_disk(folder)) is not scratch.IN_MEMORY
    assert not path.exists() and MARKER not in on_disk(folder)


def test_a_plain_file_is_read_where_it_is(tmp_path):
    plain = tmp_path / "trial.c3d"
    plain.write_bytes(MARKER)
    with scratch.readable_path(plain) as path:
        assert path == plain


@pytest.mark.skipif(not scratch.IN_MEMORY, reason="needs memfd_create")
def test_a_video_is_written_and_read_without_a_picture_on_the_disk(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with scratch.scratch(folder / "jobs" / "1") as places:
        video = places.place("camera-1.mkv")
        writer = cv2.VideoWriter(str(video), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (64, 48))
        for level in range(20):
            writer.write(np.full((48, 64, 3), level * 10, np.uint8))
        writer.release()
        content = video.read_bytes()
        assert content.startswith(b"\x1a\x45\xdf\xa3") and content[:64] not in on_disk(tmp_path)
        kept = folder / "camera-1.mkv"
        files.copy(video, kept)
    assert files.read_bytes(kept) == content and content[:64] not in on_disk(tmp_path)
    with VideoFileSource(kept) as source:
        levels = [round(float(image.mean()) / 10) for _, image in source.frames()]
    assert levels == list(range(20))


def test_a_video_that_was_damaged_on_the_disk_is_refused_while_it_is_read(folder):
    kept = folder / "camera-1.avi"
    plain = write_video(folder.parent / "plain.avi", noise(400), 30.0, "MJPG")
    files.write_bytes(kept, plain.read_bytes())
    damaged = bytearray(kept.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    kept.write_bytes(damaged)

    def read_all() -> None:
        with VideoFileSource(kept) as source:
            assert len(list(source.times())) > 0

    assert code_of(read_all) == "REC-036"
    with VideoFileSource(plain) as source:
        assert len(list(source.times())) == 400


def test_what_a_killed_process_left_is_removed_at_the_next_start(folder):
    left = folder / "jobs" / ".plain-x"
    left.mkdir(parents=True)
    (left / "camera-1.mkv").write_bytes(MARKER)
    assert scratch.sweep(folder) == 1 and not left.exists()
    assert scratch.sweep(folder) == 0


def test_a_job_has_a_key_of_its_own(folder):
    path = folder / "jobs" / "0123" / "job.json"
    path.parent.mkdir(parents=True)
    files.write_text(path, "{}")
    assert (folder / "keys" / "jobs" / "0123.key").is_file()
    assert files.content_bytes(path) == 2 and path.stat().st_size > 2
