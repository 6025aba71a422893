"""A clinic of a manager, a physician and a therapist, in a data folder and on a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.record_address import DATABASE_VARIABLE
from core.store.repository import Store, open_store
from tests.postgres_server import EMPTY, RECORD, PostgresServer
from tests.store.clinics import Clock, a_clinic


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="session")
def made_on_server(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a PC; the rows are kept on the server as `clinic`."""
    postgres.bring(EMPTY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATABASE_VARIABLE, postgres.url(RECORD))
        folder = a_clinic(tmp_path_factory.mktemp("clinic"))
    postgres.keep("clinic")
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def clinic(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("made_once")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        folder = request.getfixturevalue("made_on_server")
        server.bring("clinic")
        monkeypatch.setenv(DATABASE_VARIABLE, server.url(RECORD))
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock(clinic: Store, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clinic.people, "_now", made)
    return made
