"""`store.json`: written once beside the first database, so that the record knows that it exists."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from core.errors import UserError, refuse
from core.store.files import write_synced
from core.store.migrating import HEAD

STORE_FILE = "store.json"
FORMAT = 1
_STAMP_BITS = 0x7FFFFFFF  # of SQLite's user_version, a signed number of 32 bits


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """What `store.json` says. What is missing there has the value of the first version."""

    id: str  # random; names this record wherever its folder lies
    made_utc: str  # ISO 8601
    format: int = FORMAT
    protection: str = "none"
    key_id: str = ""  # of the data key, where it is encrypted
    people: bool = False  # whether accounts were ever made
    server: str = ""  # where the record lies, of a folder that holds only files; "" where it lies here

    @property
    def may_have_people(self) -> bool:
        """Whether people may have accounts, though the record cannot be asked: another PC makes some, too."""
        return self.people or bool(self.server)

    @property
    def stamp(self) -> int:
        """What the database bears of it, so that one of another record is told apart; never 0."""
        return (int(self.id[:8], 16) & _STAMP_BITS) or 1


def has_identity(data_dir: Path) -> bool:
    """Whether there is a `store.json`, readable or not."""
    return (data_dir / STORE_FILE).exists()


def read_identity(data_dir: Path) -> StoreIdentity | None:
    """None where there is none, or where it cannot be read. Refuses REC-005 what a newer ExoTwin wrote."""
    try:
        told = json.loads((data_dir / STORE_FILE).read_text(encoding="utf-8"))
        known = {field.name for field in fields(StoreIdentity)}
        identity = StoreIdentity(**{name: value for name, value in told.items() if name in known})
        readable = identity.stamp > 0 and identity.format >= 1
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if readable and identity.format > FORMAT:
        raise written_by_a_newer_version()
    return identity if readable else None


def new_identity() -> StoreIdentity:
    return StoreIdentity(uuid4().hex, datetime.now(UTC).isoformat(timespec="seconds"))


def make_identity(data_dir: Path) -> StoreIdentity:
    """Write a new one, on the disk before this returns. One that cannot be read is kept beside it."""
    identity = new_identity()
    write_identity(data_dir, identity)
    return identity


def write_identity(data_dir: Path, identity: StoreIdentity) -> None:
    path = data_dir / STORE_FILE
    if path.exists() and read_identity(data_dir) is None:
        path.replace(path.with_suffix(".json.damaged"))
    write_synced(path, json.dumps(asdict(identity), indent=2).encode())


def remember_people(data_dir: Path) -> None:
    """From now on a database without accounts is one from before them."""
    identity = read_identity(data_dir)
    if identity is not None and not identity.people:
        write_identity(data_dir, replace(identity, people=True))


def written_by_a_newer_version() -> UserError:
    return refuse(
        "REC-005",
        "This data folder cannot be opened.",
        "It was written by a newer version of ExoTwin.",
        "Start the newer version, or have it write a copy for this one: `exotwin restore --revision "
        f"{HEAD} --out DIR`; or choose another data folder.",
    )
