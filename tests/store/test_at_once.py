"""Claims about many at once: a new record is made once, its trail has no gap, and numbers are given once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench.record_at_once import Request, at_once
from core.store.identity import read_identity
from tests.postgres_server import ADMIN, PostgresServer

OPENERS, WRITERS, VISITS = 16, 8, 2


def folders_of_pcs(tmp_path: Path) -> tuple[str, ...]:
    return tuple(str(tmp_path / f"pc-{number}") for number in range(OPENERS))


def as_one_would(told: dict, entries: int) -> None:
    assert told["open"]["failures"] == [] and told["write"].pop("failures") == []
    written = {name: told["write"][name] for name in ("entries", "breaks", "faults", "gaps")}
    assert written == {"entries": entries, "breaks": 0, "faults": 0, "gaps": 0}
    assert (told["write"]["visits"], told["write"]["visit_gaps"]) == (WRITERS * VISITS, 0)


def test_16_processes_open_a_new_folder_at_once_and_8_write_one_trail(tmp_path: Path) -> None:
    told = at_once(Request((str(tmp_path),), "", OPENERS, WRITERS, 5, VISITS))

    as_one_would(told, WRITERS * 5)


def test_16_pcs_open_a_new_server_database_at_once_and_8_write_one_trail(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.url(postgres.new_database(), ADMIN)
    pcs = folders_of_pcs(tmp_path)

    told = at_once(Request(pcs, url, OPENERS, WRITERS, 5, VISITS))

    as_one_would(told, WRITERS * 5)
    assert len({identity.id for pc in pcs if (identity := read_identity(Path(pc)))}) == 1


@pytest.mark.long
@pytest.mark.timeout(2000)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_2000_entries_of_8_writers_are_one_chain(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if database == "sqlite":
        folders, url = (str(tmp_path),), ""
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        folders, url = folders_of_pcs(tmp_path), server.url(server.new_database(), ADMIN)

    as_one_would(at_once(Request(folders, url, OPENERS, WRITERS, 250, VISITS)), 2000)
