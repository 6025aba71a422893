"""The claim of an encrypted data folder: whatever a session does, however it ends, nothing can be read."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs.service import JobService
from app.logs import start_logging
from core.devices.cameras import VideoFileSource
from core.domain.recording import Recording
from core.domain.subject import Sex, Subject
from core.jobs.table import JOB_TABLE, JobKind
from core.jobs.values import Crashed, Done
from core.store.backups import back_up_if_due
from core.store.repository import open_store
from core.vault import opened
from core.vault.data_key import PASSPHRASE_VARIABLE
from core.vault.log_lines import opened_lines
from tests.capture.figures import noise, write_video
from tests.vault.protected import PASSPHRASE, protect

CODE, DIAGNOSIS = "Marker-4711", "a diagnosis that nobody may read"
LIMIT_S = 60.0
# Beginnings of files that tell what they are: JPEG, Matroska, ZIP (arrays), SQLite, PDF, MP4.
SIGNATURES = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"\x1a\x45\xdf\xa3\x01",
    b"PK\x03\x04\x14",
    b"SQLite format 3",
    b"%PDF-1",
    b"ftypisom",
)
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere videos lie on the disk for a while"
)


def readable(folders: tuple[Path, ...], marks: tuple[bytes, ...]) -> list[str]:
    """Files, or names of files, that tell something."""
    paths = [path for folder in folders for path in folder.rglob("*")]
    told = [path for path in paths if any(mark in path.name.encode() for mark in marks)]
    contents = (path for path in paths if path.is_file() and not path.is_symlink())
    return [str(path) for path in told] + [
        f"{path}: {mark!r}" for path in contents for mark in marks if mark in path.read_bytes()
    ]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """An encrypted data folder, and the folder of temporary files of this process and its workers."""
    data, temporary = tmp_path / "data", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    protect(data)
    yield data, temporary
    opened.forget(data)


@pytest.mark.slow
def test_nothing_is_to_be_read_after_a_session_and_a_killed_worker(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    data, _ = places
    log = start_logging(data)
    handler = logging.getLogger().handlers[-1]
    film = tmp_path / "films" / f"{CODE}.avi"
    film.parent.mkdir()
    write_video(film, noise(30), 30.0, "MJPG")
    frame = film.read_bytes()[-3000:-2900]
    with open_store(data) as store:
        patient = store.add_patient(Subject(CODE, 1980, Sex.FEMALE, 1.68, 60.0, diagnosis=DIAGNOSIS))
        visit_id = store.start_visit(patient).id
    logging.getLogger(__name__).warning("%s was opened", CODE)
    table = {name: JOB_TABLE[name] for name in ("import_video",)}
    table["die"] = JobKind("tasks_in_secret:tell_and_die", "die")
    jobs = JobService(data, "tester", table)

    imported = jobs.wait(jobs.submit("import_video", {"visit_id": visit_id, "files": [str(film)]}), LIMIT_S)
    died = jobs.submit("die", {"visit_id": visit_id})
    assert isinstance(jobs.wait(died, LIMIT_S), Crashed)
    back_up_if_due(data, after_s=0.0)
    jobs.close()
    logging.getLogger().removeHandler(handler)
    handler.close()

    marks = (CODE.encode(), DIAGNOSIS.encode(), frame, *SIGNATURES)
    assert len(readable((tmp_path / "films",), marks)) == 2  # its name and a picture: it can be found
    assert readable(places, marks) == []
    assert isinstance(imported, Done)
    with open_store(data) as store:
        assert store.load(imported.record_id, Recording).videos[0].name == "camera-1.avi"
        with VideoFileSource(store.folder(imported.record_id) / "camera-1.avi") as video:
            assert len(list(video.times())) == 30
    keys = opened.ensure_open(data)
    assert keys is not None and CODE in "".join(opened_lines(log, keys))
    assert CODE in "".join(opened_lines(data / "jobs" / died / "worker.log", keys))
    assert any(state.spec.id == died and state.resumable for state in JobService(data, "", table).states())


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nothing_is_to_be_read_after_a_whole_session_with_the_demo_patient(
    places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli.commands import run

    data, _ = places
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    out = tmp_path / "results"
    assert run(["session", "demo", "--data-dir", str(data), "--minutes", "0.3", "--out", str(out)]) == 0
    assert json.loads((out / "summary.json").read_text())
    assert readable(places, (b"DEMO-01", b"Weak left leg", *SIGNATURES)) == []
