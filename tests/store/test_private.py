"""Claims about who may read a data folder: its owner alone, on systems that know the difference."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.session_request import check_results_folder
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path
from core.store.private import make_private, ordinary_permissions
from core.store.repository import open_store
from tests.masks import ORDINARY, mode
from tests.store.samples import a_subject
from ui.presenters.take_away import write_away
from ui.saving import copy_to

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")


def open_to_others(folder: Path) -> list[str]:
    """What somebody else may read, write or enter."""
    found = [folder, *folder.rglob("*")]
    return [f"{path} {mode(path)}" for path in found if not path.is_symlink() and path.stat().st_mode & 0o077]


@pytest.mark.slow
def test_a_finished_store_is_closed_to_others_and_so_are_results_elsewhere(
    tmp_path: Path, repository: Path
) -> None:
    """The real program, its worker and its log: a simulated walk, then a key and a mistake."""
    data, out = tmp_path / "data", tmp_path / "out"

    def types(*words: str) -> int:
        command = [sys.executable, "-m", "app", *words, "--data-dir", str(data)]
        environment = {**os.environ, "EXOTWIN_KEY_PASSPHRASE": "a long passphrase"}
        return subprocess.run(
            command, cwd=repository, env=environment, umask=ORDINARY, capture_output=True, timeout=120
        ).returncode

    walk = ("simulate", "level", "--starts", "1", "--seconds", "5")
    assert types("key", "make", "--file") == 0
    assert types(*walk, "--out", str(out)) == 0
    back_up(data, datetime.now(UTC))
    make_private(data)  # of the backup, which this process made by its own mask

    written = {path.relative_to(data).parts[0] for path in data.rglob("*") if path.is_file()}
    locks = {"exotwin.lock", "exotwin.next", "exotwin.turn"}
    assert written == {"exotwin.db", "store.json", "backups", "jobs", "keys"} | locks
    assert open_to_others(data) == []
    assert {mode(path) for path in out.iterdir()} == {"600"} and mode(out) == "700"


def test_whatever_a_private_process_writes_is_closed_to_others(tmp_path: Path, private_process: None) -> None:
    from app.logs import start_logging
    from core.deploy.keys.site_secret import site_secret
    from core.virtual_exo.machine import Flash
    from ui.preferences import Preferences
    from ui.theme import Mode

    data = tmp_path / "data"
    with open_store(data) as store:
        store.start_visit(store.add_patient(a_subject()))
        store.back_up_if_due()
    start_logging(data)
    site_secret(data)
    Flash(data / "virtual-exo")
    Preferences(data).keep_mode(Mode.DARK)

    assert open_to_others(data) == []


def test_what_is_put_elsewhere_keeps_the_permissions_of_the_person(
    tmp_path: Path, private_process: None
) -> None:
    with ordinary_permissions():
        (tmp_path / "theirs").touch()
        with ordinary_permissions():
            pass
        (tmp_path / "theirs too").touch()
    (tmp_path / "ours").touch()

    assert [mode(tmp_path / name) for name in ("theirs", "theirs too", "ours")] == ["640", "640", "600"]


def test_what_leaves_of_a_patient_is_the_owners_alone_whatever_the_mask(
    tmp_path: Path, private_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made.pdf"
    made.write_bytes(b"%PDF")
    for mask, expected in (("0", "600"), ("27", "600"), ("277", "400")):
        monkeypatch.setenv("EXOTWIN_ORDINARY_UMASK", mask)
        copy_to(made, tmp_path / f"report-{mask}.pdf", "The report")
        write_away(tmp_path / f"angles-{mask}.csv", b"1")
        assert mode(tmp_path / f"report-{mask}.pdf") == mode(tmp_path / f"angles-{mask}.csv") == expected
    monkeypatch.setenv("EXOTWIN_ORDINARY_UMASK", "0")
    check_results_folder(tmp_path / "out")
    assert mode(tmp_path / "out") == "700"


def earlier_version(data: Path) -> None:
    """A data folder as earlier versions left it, open to everybody."""
    with open_store(data) as store:
        store.add_patient(a_subject())
    for name in ("records/motion/1/record.json", "jobs/1/checkpoint.pt", "logs/exotwin.log", "site_secret"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("{}")
    (data / "exotwin.db-wal").touch()
    back_up(data, datetime.now(UTC))
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_folder_of_an_earlier_version_is_closed_when_it_is_opened(tmp_path: Path) -> None:
    earlier_version(tmp_path / "data")
    assert len(open_to_others(tmp_path / "data")) > 10

    open_store(tmp_path / "data").close()

    assert open_to_others(tmp_path / "data") == []
    assert mode(tmp_path / "data") == "700" and mode(database_path(tmp_path / "data")) == "600"


def test_nothing_outside_and_nothing_of_others_is_touched(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    earlier_version(data)
    (elsewhere / "folder").mkdir(parents=True)
    (elsewhere / "video.mp4").write_text("the patient's own file")
    (data / "jobs" / "link").symlink_to(elsewhere / "folder")
    os.link(elsewhere / "video.mp4", data / "jobs" / "camera-1.mp4")  # as earlier versions imported videos
    (data / "notes.sh").write_text("not ours")
    before = {path: mode(path) for path in (elsewhere, *elsewhere.rglob("*"), data / "notes.sh")}

    open_store(data).close()

    assert {path: mode(path) for path in before} == before
