"""`exotwin audit`: who did what, and whether anybody rewrote it since."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.signing import signed
from app.paths import data_dir_default
from core.domain.people import Action
from core.errors import UserError, refuse

if TYPE_CHECKING:
    from core.deploy.keys.signature import PrivateKey
    from core.deploy.trail_report import TrailReport
    from core.domain.audit import AuditEntry
    from core.store.repository import Store

EXIT_OK, EXIT_FAILED = 0, 2
_SHOWN = 10  # findings on the screen; `--json` has all
AddDataDir = Callable[[argparse.ArgumentParser], None]


def add_audit(commands: Any, add_data_dir: AddDataDir) -> None:
    """Add `audit` to the parsers of the commands."""
    actions = commands.add_parser("audit", help="who did what to which controller").add_subparsers(
        required=True
    )
    verify = actions.add_parser(
        "verify",
        help="whether the trail is whole and the record is what it says; the exit status is 0 only then",
    )
    verify.add_argument(
        "--printed", default="", metavar="NUMBER:HASH", help="compare also with what stands on a report"
    )
    verify.add_argument("--exo", default="", metavar="ADDRESS", help="compare also with what this exo keeps")
    verify.set_defaults(command=_verify)
    listing = actions.add_parser("list", help="every entry about controllers, exos and people, oldest first")
    listing.add_argument("--all", action="store_true", dest="rows", help="also those about single rows")
    listing.set_defaults(command=_list)
    clock = actions.add_parser("clock", help="say that the clock of this PC is right, after it was wrong")
    clock.add_argument("--name", required=True, help="who says so")
    clock.add_argument("--reason", required=True, help="how it came to be wrong")
    clock.set_defaults(command=_clock)
    restored = actions.add_parser("restored", help="explain why the record lacks ends that were signed")
    restored.add_argument("--name", required=True, help="who explains it")
    restored.add_argument("--reason", required=True, help="which backup was restored, and why")
    restored.add_argument("--exo", default="", metavar="ADDRESS", help="also the ends that this exo keeps")
    restored.set_defaults(command=_restored)
    for parser in (clock, restored):
        add_data_dir(parser)
    for parser in (verify, listing):
        parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
        add_data_dir(parser)


def _verify(args: argparse.Namespace) -> int:
    from core.deploy.trail_report import examine_trail
    from core.store.repository import open_store

    with open_store(_data_dir(args), to_read=True) as store:
        report, doubt = examine_trail(store), store.clock_doubt()
        if args.printed:
            report = _with_paper(report, args.printed)
        if args.exo:
            report = _with_exo(store, report, args.exo)
    if args.as_json:
        print(json.dumps(_values(report)))
        return EXIT_OK if report.whole else EXIT_FAILED
    if doubt is not None:
        print(f"Clock: {doubt.words}")
    for remark in report.check.remarks:
        print(f"Remark: {remark}")
    if not report.whole:
        raise _rewritten(report)
    print(_whole_words(report))
    return EXIT_OK


def _with_exo(store: Store, report: TrailReport, address: str) -> TrailReport:
    from core.devices.exo_link import connect
    from core.tasks.trail_on_exo import exo_faults

    with connect(address) as link:
        kept, faults = exo_faults(store, link)
    return dataclasses.replace(report, on_exo=kept, faults=(*report.faults, *faults))


def _with_paper(report: TrailReport, printed: str) -> TrailReport:
    from core.deploy.trail_report import contradicted
    from core.domain.audit import AuditHead
    from core.store.trail_check import RowFault

    head = AuditHead.of_short(printed)
    if head is None:
        raise refuse(
            "REC-041",
            f"{printed} cannot be compared with the record.",
            "A report shows the number of an entry and 16 characters, as 1234:0123456789abcdef.",
            "Type both as they stand at the foot of the report.",
        )
    if contradicted(report.check.entries, [head]) is None:
        return report
    why = "the entry is another one now: the record was rewritten, or an older backup was restored"
    fault = RowFault(f"report {printed}", why, head.length)
    return dataclasses.replace(report, faults=(*report.faults, fault))


def _values(report: TrailReport) -> dict[str, Any]:
    return {
        "whole": report.whole,
        "entries": len(report.check.entries),
        "rows": report.check.rows,
        "erased": report.check.erased,
        "signed_ends": report.signed,
        "packages": report.packages,
        "ends_on_exo": report.on_exo,
        "signed_up_to": report.covered,
        "explained": report.explained,
        "broken": None if report.broken is None else dataclasses.asdict(report.broken),
        "faults": [dataclasses.asdict(fault) for fault in report.faults],
        "remarks": list(report.check.remarks),
    }


def _whole_words(report: TrailReport) -> str:
    check = report.check
    words = f"The audit trail is whole: {len(check.entries)} entries, {report.packages} signed packages and "
    words += f"{report.signed} signed ends agree with it, and so do all {check.rows} rows of the record."
    if report.on_exo is not None:
        words += f" The exo keeps {report.on_exo} ends of it, and they agree."
    if report.explained:
        words += f" {report.explained} more are of the record before a restored backup, as was explained."
    if check.erased:
        words += f" {check.erased} rows were erased at somebody's wish."
    after = len(check.entries) - report.covered
    if after:
        words += f" The newest {after} entries came after the last signature and have only their chain."
    return words


def _rewritten(report: TrailReport) -> UserError:
    keep = "Keep this data folder as it is, and compare it with a backup."
    if report.broken is not None:
        return refuse(
            "AUD-001",
            f"The audit trail is broken at entry {report.broken.number}.",
            f"Reason: {report.broken.why}.",
            f"{keep} If it was you who restored a backup, explain it once: exotwin audit restored.",
        )
    told = [f"{fault.about}: {fault.why}" for fault in report.faults[:_SHOWN]]
    more = len(report.faults) - len(told)
    if more:
        told.append(f"and {more} more")
    return refuse(
        "REC-040",
        "The record is not what the audit trail says.",
        f"Found: {'; '.join(told)}.",
        keep,
    )


def _clock(args: argparse.Namespace) -> int:
    from core.store.database import require_a_record
    from core.store.people import RECORD
    from core.store.repository import open_store

    require_a_record(_data_dir(args))
    with open_store(_data_dir(args)) as store:
        name, _role = signed(store, Action.LOOK_AFTER, RECORD, (args.name, ""))
        store.confirm_clock(name, args.reason)
    print("Noted in the audit trail. From now on later entries count against the clock, earlier ones do not.")
    return EXIT_OK


def _restored(args: argparse.Namespace) -> int:
    from core.deploy.restored import explain_restore
    from core.deploy.trail_report import signed_ends
    from core.devices.exo_link import connect
    from core.store.people import RECORD
    from core.store.repository import open_store
    from core.tasks.trail_on_exo import exo_ends

    key = _site_key(_data_dir(args))
    with open_store(_data_dir(args)) as store:
        ends = signed_ends(store)
        if args.exo:
            with connect(args.exo) as link:
                ends += exo_ends(store, link)
        name, _role = signed(store, Action.LOOK_AFTER, RECORD, (args.name, ""))
        count = explain_restore(store, key, ends, name, args.reason)
    print(f"Noted and signed: {count} ends are of the record before the restored backup.")
    return EXIT_OK


def _site_key(folder: Path) -> PrivateKey:
    """Never a new one: that would prove nothing about what was signed before."""
    from core.deploy.keys.site_key import passphrase_of_environment, signing_key, site_public_key
    from core.vault.key_store import system_key_store

    if site_public_key(folder) is None:
        raise refuse(
            "REC-045",
            "The restored backup was not explained.",
            "This data folder has no site key, so nothing can sign for it.",
            "Copy the folder keys back from a saved data folder first.",
        )
    typed = passphrase_of_environment()
    if not typed and any((folder / "keys").glob("*.sealed.json")) and sys.stdin.isatty():
        typed = getpass.getpass("Passphrase of the site's key: ")
    return signing_key(folder, system_key_store(), typed)


def _list(args: argparse.Namespace) -> int:
    from core.store.repository import open_store

    with open_store(_data_dir(args), to_read=True) as store:
        entries = store.trail() if args.rows else store.audit_trail()
    if args.as_json:
        print(json.dumps([dataclasses.asdict(entry) for entry in entries], indent=2))
    else:
        for entry in entries:
            print(_entry_line(entry))
    return EXIT_OK


def _entry_line(entry: AuditEntry) -> str:
    event = entry.event
    who = f"{event.who} ({event.role})" if event.role else event.who
    about = " ".join(text for text in (event.device_serial, event.meaning, event.about, event.detail) if text)
    return f"{entry.number:>5}  {entry.on_utc[:19]}  {event.step:<12}  {who}  {about}"


def _data_dir(args: argparse.Namespace) -> Path:
    return getattr(args, "data_dir", None) or data_dir_default()
