"""What `exotwin doctor` looks at of the record: its database, the files of results, backups, encryption."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.cli.doctor_check import GIGABYTE, LITTLE_DISK_GB, NO_DISK_GB, Check, State
from core.errors import UserError
from core.store.artifacts.look import StoreLook, look_at_files
from core.store.backup_files import newest_backup
from core.store.database import database_of
from core.store.protection import ProtectionState

OLD_BACKUP_DAYS = 2


def check_record(data_dir: Path) -> Check:
    try:
        return Check("Record", State.OK, database_of(data_dir).look())
    except UserError as error:
        advice = error.advice
    if advice.code != "REC-002":
        return Check("Record", State.WARN, advice.what, advice.next_step)
    how = "" if newest_backup(data_dir) is None else " Use exotwin restore."
    return Check("Record", State.FAIL, advice.why, advice.next_step + how)


def check_files(data_dir: Path) -> Check:
    """The store of results: tried out where it is another one than the data folder."""
    try:
        return judge_files(look_at_files(data_dir), shared=database_of(data_dir).shared)
    except UserError as error:
        told = error.advice
        ours = told.code.startswith("REC-07")  # else the record's own line tells it
        state = State.FAIL if ours else State.WARN
        return Check("Results", state, f"{told.what} {told.why}", told.next_step)


def judge_files(look: StoreLook | None, *, shared: bool) -> Check:
    """`shared`: several PCs write in the record."""
    if look is None and shared:
        finding = "Files of results lie in the data folder: no other PC of this record can open them."
        advice = "exotwin record move --artifacts PLACE brings them where all PCs reach them."
        return Check("Results", State.WARN, finding, advice)
    if look is None:
        return Check("Results", State.OK, "Files of results lie in the data folder.")
    if not look.prepared:
        finding = f"{look.place} is there, and not in use yet: the first result of a new record begins it."
        return Check("Results", State.OK, finding)
    finding = f"{look.place} is there and can be written."
    if look.free_bytes is None:
        return Check("Results", State.OK, f"{finding} How much room is left, it does not tell.")
    free_gb = look.free_bytes / GIGABYTE
    finding = f"{finding} {free_gb:.1f} GB are free."
    if free_gb < NO_DISK_GB:
        return Check("Results", State.FAIL, finding, "Have room made there; a visit needs up to 1 GB.")
    if free_gb < LITTLE_DISK_GB:
        return Check("Results", State.WARN, finding, "Have room made there soon; a visit needs up to 1 GB.")
    return Check("Results", State.OK, finding)


def check_backup(data_dir: Path) -> Check:
    """When the last backup was made, as far as it is known of."""
    try:
        database = database_of(data_dir)
        return judge_backup(database.last_backup(), shared=database.shared)
    except UserError as error:
        return Check("Backup", State.WARN, error.advice.what, error.advice.next_step)


def judge_backup(made_utc: datetime | None, *, shared: bool) -> Check:
    """Of a folder they are made by themselves; of a server by whoever looks after it."""
    if made_utc is None:
        told = "No backup of the record is known of."
    else:
        told = f"The last backup was made at {made_utc.astimezone():%H:%M on %Y-%m-%d}."
    if not shared:
        return Check("Backup", State.OK, f"{told} One is made each hour in which something changed.")
    if made_utc is not None and datetime.now(UTC) - made_utc < timedelta(days=OLD_BACKUP_DAYS):
        return Check("Backup", State.OK, told)
    advice = (
        "ExoTwin makes none of a server by itself: have exotwin record backup run every night on one PC. "
        "What other programs back up there, such as pg_dump, is not seen from here."
    )
    return Check("Backup", State.WARN, told, advice)


def judge_protection(state: ProtectionState) -> Check:
    """Whether who gets hold of the disk can read patients' data; a plain folder is a choice."""
    if not state.begun:
        return Check("Encryption", State.OK, "The data folder is not encrypted.")
    if state.encrypted and not state.plain:
        return Check("Encryption", State.OK, "The data folder is encrypted.")
    left = f"{len(state.plain)} files of the data folder are not encrypted yet."
    return Check(
        "Encryption", State.WARN, left, "Run exotwin data protect again; it goes on where it stopped."
    )
