"""`exotwin patient`: everything of one patient as files, erasing one, and who was kept long enough."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.signing import signed
from app.paths import data_dir_default, operator_name
from core.domain.people import Action
from core.errors import refuse

if TYPE_CHECKING:
    from core.store.repository import PatientRow, Store

EXIT_OK = 0


def add_patient(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    actions = commands.add_parser(
        "patient", help="a patient's data as files, or erased; who was kept long enough"
    ).add_subparsers(required=True)
    export = actions.add_parser("export", help="everything about one patient, in open formats")
    export.add_argument("code", help="the patient's code")
    export.add_argument("--out", type=Path, required=True, help="an empty or new folder")
    export.set_defaults(command=_export)
    erase = actions.add_parser("erase", help="remove one patient from the record; cannot be undone")
    erase.add_argument("code", help="the patient's code")
    erase.add_argument("--reason", default="", help="why; it stays in the trail, so without code or name")
    erase.add_argument("--by", default="", help="your name (where people have accounts: that of --as)")
    erase.add_argument("--role", default="", help="your role, such as physician")
    erase.add_argument(
        "--yes-erase", metavar="CODE", default="", help="the code again, instead of typing it when asked"
    )
    erase.set_defaults(command=_erase)
    due = actions.add_parser("due", help="who was kept as long as the clinic wants to; erases nobody")
    due.set_defaults(command=_due)
    keep = actions.add_parser("keep", help="how long patients are kept after their last visit")
    keep.add_argument("years", help="whole years, or off")
    keep.set_defaults(command=_keep)
    for parser in (export, erase, due, keep):
        add_data_dir(parser)


def _export(args: argparse.Namespace) -> int:
    from core.session.patient_export import export_patient
    from core.store.private import patient_permissions

    with _open(args, to_read=True) as store:
        patient = _patient(store, args.code)
        with patient_permissions():
            count = export_patient(store, patient.id, args.out)
    print(f"{count} files about {args.code} are in {args.out}; README.txt says what they are.")
    return EXIT_OK


def _erase(args: argparse.Namespace) -> int:
    from core.session.erasing import goes_and_stays

    with _open(args) as store:
        patient = _patient(store, args.code)
        print("\n".join(goes_and_stays(store, patient.id)), file=sys.stderr)
        _confirm(args)
        typed = args.by.strip() or _ask("Your name: "), args.role.strip() or _ask("Your role: ")
        by, role = signed(store, Action.ERASE, patient.id, typed)
        reason = args.reason.strip() or _ask("Why (without code or name): ")
        done = store.erase_patient(patient.id, reason, by=by, role=role)
    print(f"Erased: {done.records} results and {done.rows} rows. The trail says who did it, when and why.")
    for sentence in done.waiting:
        print(sentence)
    return EXIT_OK


def _confirm(args: argparse.Namespace) -> None:
    typed = args.yes_erase or _ask(f"Type {args.code} to erase this patient for good: ")
    if typed.strip() != args.code:
        raise refuse(
            "PAT-035",
            "Nothing was erased.",
            "The code was not typed as it is.",
            "Start again; in a script give it with --yes-erase.",
        )


def _ask(question: str) -> str:
    """What is typed; "" where there is no terminal, which is refused later in words."""
    return input(question) if sys.stdin.isatty() else ""


def _due(args: argparse.Namespace) -> int:
    from core.session.record_care import due_patients
    from core.store.clinic import read_clinic

    with _open(args, to_read=True) as store:
        years = read_clinic(store.data_dir).keep_years
        found = due_patients(store, datetime.now(UTC).replace(tzinfo=None))
    if years is None:
        print("No time is set; exotwin patient keep YEARS sets one.")
        return EXIT_OK
    for one in found:
        print(f"{one.code}  last seen {one.last_utc:%Y-%m-%d}")
    print(f"{len(found)} patients were last seen more than {years} years ago. Nobody is erased by itself.")
    return EXIT_OK


def _keep(args: argparse.Namespace) -> int:
    from core.session.record_care import choose_keep_years
    from core.store.people import RECORD

    off = args.years.strip().casefold() == "off"
    years = None if off else int(args.years) if args.years.strip().isdecimal() else 0
    with _open(args) as store:
        by, _role = signed(store, Action.LOOK_AFTER, RECORD, (operator_name(), ""))
        choose_keep_years(store, years, by=by)
    print("No time is set any more." if off else f"Patients are listed {years} years after their last visit.")
    return EXIT_OK


def _patient(store: Store, code: str) -> PatientRow:
    """Archived ones, too. Refuses PAT-036."""
    for archived in (False, True):
        for row in store.patients(archived=archived):
            if row.subject.code == code:
                return row
    raise refuse(
        "PAT-036",
        f"There is no patient {code} in this record.",
        "Codes are compared letter by letter.",
        "Look the code up on the Patients page, or name another data folder.",
    )


def _open(args: argparse.Namespace, *, to_read: bool = False) -> Store:
    from core.store.database import require_a_record
    from core.store.repository import open_store

    folder: Path = getattr(args, "data_dir", None) or data_dir_default()
    require_a_record(folder)
    return open_store(folder, to_read=to_read)
