"""A small record, and an attacker who can write everything in its folder but has neither site key nor exo."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import make_site_key, signing_key
from core.deploy.package import SUFFIX
from core.deploy.signed_heads import FOLDER, sign_head
from core.domain.audit import NO_ENTRIES, AuditEvent, AuditHead, AuditStep, content_sha256, next_entry
from core.domain.controller import Package
from core.domain.record import RecordKind, Verdict
from core.domain.report import Report
from core.store.dialects.sqlite_file import database_path
from core.store.repository import Store, open_store
from core.store.trail import CHAINED
from tests.deploy.controllers import DEVICE, LIMITS, TAG, built
from tests.store.samples import a_subject

PASSPHRASE = "correct horse battery staple"
EARLIER = "earlier.db"  # a backup of the database, from before the package
_LINKS = ("number", "on_utc", "previous_sha256", "sha256", "salt")


def small_record(folder: Path) -> None:
    """One patient from the first visit to a signed package, and a little after it."""
    with open_store(folder) as store:
        visit_id = store.start_visit(store.add_patient(a_subject(), by="Dr A"), by="Dr A").id
        first = _report(store, visit_id, "first")
        store.decide(visit_id, "compare", Verdict.SIGNED, record_id=first, by="Dr A", role="physician")
    shutil.copyfile(database_path(folder), folder / EARLIER)
    make_site_key(folder, None, PASSPHRASE)
    key = signing_key(folder, None, PASSPHRASE)
    with open_store(folder) as store:
        _report(store, visit_id, "second", first)
        store.log("Dr A", "report shown", first)
        _package(store, visit_id, key)
        store.audit(AuditEvent(AuditStep.PACKED, "Dr A", visit_id=visit_id))
        sign_head(store, key, "package 1.0.0", "Dr A")
        store.log("Dr A", "record closed", visit_id)


def _report(store: Store, visit_id: str, name: str, *inputs: str) -> str:
    payload = Report(f"{name}.pdf", "P-0001", 1)
    return store.save(
        RecordKind.REPORT, payload, visit_id=visit_id, summary=name, inputs=inputs, operator="Dr A", seed=1
    )


def _package(store: Store, visit_id: str, key: PrivateKey) -> None:
    made = built(key=key, audit=store.audit_head())
    file = store.data_dir / f"controller{SUFFIX}"
    file.write_bytes(made.archive)
    payload = Package(file.name, made.device_sha256, len(made.archive), DEVICE, TAG, LIMITS)
    store.save(RecordKind.PACKAGE, payload, visit_id=visit_id, summary="package", files=(file,))
    file.unlink()


class Attacker:
    """Drops the triggers first. Statements are SQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drop_triggers()

    def drop_triggers(self) -> None:
        triggers = self.read("SELECT name FROM sqlite_master WHERE type='trigger'")
        self.write(*(f"DROP TRIGGER {row['name']}" for row in triggers))

    def read(self, query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(database_path(self.folder))) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]

    def write(self, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
        with closing(sqlite3.connect(database_path(self.folder))) as connection, connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            for statement in statements:
                if isinstance(statement, str):
                    connection.execute(statement)
                else:
                    connection.execute(*statement)

    def record_folder(self, record_id: str) -> Path:
        (path,) = (self.folder / "records").glob(f"*/{record_id}")
        return path

    def build_chain_anew(self, *, append: bool = False) -> None:
        """A whole trail again: its entries as they stand now, about the rows as they stand now.

        Rows that were added get their entry early in the trail, or at its end.
        """
        rows = {
            f"{table}:{row[key]}": row
            for table, key in CHAINED.items()
            for row in self.read(f"SELECT * FROM {table}")
        }
        said = self.read("SELECT * FROM audit ORDER BY number")
        newest = {entry["about"]: entry["number"] for entry in said if entry["about"]}
        events = [
            (entry["on_utc"], self._again(entry, rows, newest), entry["salt"])
            for entry in said
            if not entry["about"] or entry["about"] in rows
        ]
        for about, row in rows.items():
            if about not in newest:
                event = AuditEvent("written", "", about=about, content_sha256=content_sha256(row, "s"))
                place = len(events) if append else 1
                events.insert(place, (said[place - 1]["on_utc"], event, "s"))
        self._write_chain(events)

    def append_entries(self) -> None:
        """Leave the chain and add an entry to its end for each row that is not what the trail says."""
        said = self.read("SELECT * FROM audit ORDER BY number")
        newest = {entry["about"]: entry for entry in said if entry["about"]}
        head = AuditHead(said[-1]["number"], said[-1]["sha256"])
        events = [(entry["on_utc"], AuditEvent(**_event_fields(entry)), entry["salt"]) for entry in said]
        for table, key in CHAINED.items():
            for row in self.read(f"SELECT * FROM {table}"):
                about, known = f"{table}:{row[key]}", newest.get(f"{table}:{row[key]}")
                if known is None or content_sha256(row, known["salt"]) != known["content_sha256"]:
                    step = "written" if known is None else "changed"
                    event = AuditEvent(step, "", about=about, content_sha256=content_sha256(row, "s"))
                    events.append((said[-1]["on_utc"], event, "s"))
        self._write_chain(events)
        assert self.read(f"SELECT sha256 FROM audit WHERE number={head.length}")[0]["sha256"] == head.sha256

    def _again(self, entry: dict[str, Any], rows: dict[str, Any], newest: dict[str, int]) -> AuditEvent:
        fields = _event_fields(entry)
        about = entry["about"]
        if about and newest[about] == entry["number"]:
            fields["content_sha256"] = content_sha256(rows[about], entry["salt"])
        return AuditEvent(**fields)

    def _write_chain(self, events: list[tuple[str, AuditEvent, str]]) -> None:
        statements: list[str | tuple[str, tuple[Any, ...]]] = ["DELETE FROM audit"]
        head = NO_ENTRIES
        for on_utc, event, salt in events:
            entry = next_entry(head, on_utc, event)
            names = [*event.__dataclass_fields__, *_LINKS]
            values = [getattr(event, name) for name in event.__dataclass_fields__]
            values += [entry.number, on_utc, head.sha256, entry.sha256, salt]
            places = ", ".join("?" * len(names))
            statements.append((f"INSERT INTO audit ({', '.join(names)}) VALUES ({places})", tuple(values)))
            head = AuditHead(entry.number, entry.sha256)
        self.write(*statements, ("UPDATE audit_head SET length=?, sha256=?", (head.length, head.sha256)))

    def remove_what_was_signed(self) -> None:
        """Signed ends and the package with all its traces."""
        shutil.rmtree(self.folder / FOLDER)
        shutil.rmtree(self.folder / "records" / "package")
        self.write(
            "DELETE FROM record WHERE kind='package'",
            "DELETE FROM audit WHERE step IN ('trail signed', 'package made')",
        )


def _event_fields(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _LINKS}


# the ways


def _one(attacker: Attacker, query: str) -> dict[str, Any]:
    return attacker.read(query)[0]


def content_of_patient(attacker: Attacker) -> None:
    row = _one(attacker, "SELECT * FROM patient")
    subject = json.dumps({**json.loads(row["subject"]), "mass_kg": 99.0})
    attacker.write(("UPDATE patient SET subject=?", (subject,)))


def diagnosis_blanked(attacker: Attacker) -> None:
    row = _one(attacker, "SELECT * FROM patient")
    subject = json.dumps({**json.loads(row["subject"]), "diagnosis": ""})
    attacker.write(("UPDATE patient SET subject=?", (subject,)))


def record_removed(attacker: Attacker) -> None:
    record_id = _one(attacker, "SELECT id FROM record WHERE summary='second'")["id"]
    shutil.rmtree(attacker.record_folder(record_id))
    attacker.write(("DELETE FROM record WHERE id=?", (record_id,)))


def record_added(attacker: Attacker) -> None:
    row = _one(attacker, "SELECT * FROM record WHERE summary='first'")
    shutil.copytree(attacker.record_folder(row["id"]), attacker.record_folder(row["id"]).with_name("forged"))
    row |= {"sequence": 99, "id": "forged", "created_utc": "2026-01-07 10:00:00"}
    attacker.write((f"INSERT INTO record VALUES ({', '.join('?' * len(row))})", tuple(row.values())))


def result_replaced(attacker: Attacker) -> None:
    """The file and its hash together."""
    record_id = _one(attacker, "SELECT id FROM record WHERE summary='first'")["id"]
    file = attacker.record_folder(record_id) / "record.json"
    file.write_text(file.read_text(encoding="utf-8").replace("first.pdf", "other.pdf"), encoding="utf-8")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    attacker.write(("UPDATE record SET content_sha256=? WHERE id=?", (digest, record_id)))


def signer_changed(attacker: Attacker) -> None:
    attacker.write("UPDATE decision SET by='Dr Mallory'", "UPDATE audit SET who='Dr Mallory' WHERE about=''")


def verdict_turned(attacker: Attacker) -> None:
    attacker.write("UPDATE decision SET verdict='rejected'")


def decision_removed(attacker: Attacker) -> None:
    attacker.write("DELETE FROM decision", "DELETE FROM audit WHERE step='approved'")


def log_entry_removed(attacker: Attacker) -> None:
    attacker.write("DELETE FROM log WHERE action='report shown'")


def audit_entry_changed(attacker: Attacker) -> None:
    attacker.write("UPDATE audit SET who='Dr Mallory' WHERE step='package made'")


def tail_cut_off(attacker: Attacker) -> None:
    """Entries, rows and the head, so that what is left is whole."""
    record_removed(attacker)
    log_entry_removed(attacker)
    attacker.write("DELETE FROM log WHERE action='record closed'")
    cut = _one(attacker, "SELECT min(number) AS at FROM audit WHERE step='package made'")["at"]
    attacker.write(f"DELETE FROM audit WHERE number >= {cut}")
    attacker.build_chain_anew()


def older_backup(attacker: Attacker) -> None:
    shutil.copyfile(attacker.folder / EARLIER, database_path(attacker.folder))
    attacker.drop_triggers()


def package_replaced(attacker: Attacker) -> None:
    """By one that somebody else signed, with its hashes."""
    (file,) = (attacker.folder / "records" / "package").glob(f"*/*{SUFFIX}")
    content = file.parent / "record.json"
    told = json.loads(content.read_text(encoding="utf-8"))
    file.write_bytes(built(key=PrivateKey.new()).archive)
    told["files"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    content.write_text(json.dumps(told), encoding="utf-8")
    digest = hashlib.sha256(content.read_bytes()).hexdigest()
    attacker.write(("UPDATE record SET content_sha256=? WHERE id=?", (digest, file.parent.name)))


def time_moved_back(attacker: Attacker) -> None:
    attacker.write("UPDATE decision SET on_utc='2020-01-01 10:00:00'")


IN_ROWS = (
    content_of_patient,
    diagnosis_blanked,
    record_removed,
    record_added,
    result_replaced,
    signer_changed,
    verdict_turned,
    decision_removed,
    log_entry_removed,
    package_replaced,
    time_moved_back,
)
IN_THE_CHAIN = (audit_entry_changed, tail_cut_off, older_backup)
