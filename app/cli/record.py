"""`exotwin record` and `exotwin restore`: what keeps the record, and what brings it back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.record_artifacts import add_artifacts
from app.cli.record_move import add_move
from app.cli.record_server import add_record_server
from app.cli.server_setup import add_server_setup
from app.cli.signing import signed
from app.paths import data_dir_default, operator_name
from core.domain.people import Action
from core.errors import refuse

if TYPE_CHECKING:
    from core.store.checking import Fault
    from core.store.repository import Store
    from core.store.verifying import RecordCheck

EXIT_OK, EXIT_FAILED = 0, 1
_MOST_PRINTED = 30


def add_record(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    restore = commands.add_parser("restore", help="put the last good backup of a damaged record in place")
    restore.add_argument(
        "--from",
        type=Path,
        dest="place",
        metavar="DIR",
        help="second place with a copy of the record, also when the whole data folder is lost",
    )
    restore.add_argument(
        "--revision",
        metavar="NUMBER",
        help="write the record as it was before a newer version converted it, for the older program; "
        "this data folder stays as it is",
    )
    restore.add_argument("--out", type=Path, metavar="DIR", help="new folder for that copy")
    restore.set_defaults(command=_restore)
    actions = commands.add_parser("record", help="check the record, and keep copies of it").add_subparsers(
        required=True
    )
    verify = actions.add_parser("verify", help="rehash everything; the exit status is 0 only if all is whole")
    verify.add_argument("--json", action="store_true", dest="as_json", help="for programs")
    verify.set_defaults(command=_verify)
    backup = actions.add_parser("backup", help="keep a backup now, here and in the second place")
    place = backup.add_mutually_exclusive_group()
    place.add_argument("--to", type=Path, metavar="DIR", help="second place from now on, on another disk")
    place.add_argument("--only-here", action="store_true", help="no second place from now on")
    backup.set_defaults(command=_backup)
    add_move(actions, add_data_dir)
    add_artifacts(actions, add_data_dir)
    add_server_setup(actions)
    add_record_server(actions, add_data_dir)
    for parser in (restore, verify, backup):
        add_data_dir(parser)


def _restore(args: argparse.Namespace) -> int:
    from core.store.backups import restore_backup
    from core.store.database import database_of, is_damaged
    from core.store.dialects.sqlite_file import database_path
    from core.store.restoring import restore_from

    folder = _data_dir(args)
    if args.revision is not None or args.out is not None:
        return _write_older_copy(args, folder)
    database_of(folder).require_file("REC-009", "Nothing was restored.")
    existed = database_path(folder).exists()
    kept = "the damaged database is kept beside it" if existed else "there was no database"
    if args.place is not None:
        restored = restore_from(folder, args.place, by=_who_looks_after(folder))
        if restored.backup is None:
            print(f"{restored.records} results that were missing or damaged are back.")
            return EXIT_OK
        _log_restored(folder, restored.backup.name, kept)
        print(f"{restored.backup.name} is in place; {kept}. {restored.records} results came back with it.")
        return EXIT_OK
    if not is_damaged(folder):
        raise refuse(
            "REC-009",
            "Nothing was restored.",
            f"The record in {folder} is not damaged." if existed else f"There is no record in {folder} yet.",
            "Start ExoTwin as usual, name another folder with --data-dir, or a copy of it with --from.",
        )
    backup = restore_backup(folder)
    _log_restored(folder, backup.name, kept)
    print(f"{backup.name} is in place; {kept}.")
    return EXIT_OK


def _who_looks_after(folder: Path) -> str:
    """Whose PIN stands for it; of a record that cannot be read nobody's can be asked for."""
    from core.store.database import is_damaged
    from core.store.dialects.sqlite_file import database_path
    from core.store.people import RECORD
    from core.store.repository import open_store

    if not database_path(folder).exists() or is_damaged(folder):
        return ""
    with open_store(folder) as store:
        return signed(store, Action.LOOK_AFTER, RECORD, (operator_name(), ""))[0]


def _write_older_copy(args: argparse.Namespace, folder: Path) -> int:
    from core.store.database import require_a_record
    from core.store.people import RECORD
    from core.store.repository import open_store
    from core.store.way_back import write_older_copy

    if args.revision is None or args.out is None or args.place is not None:
        raise refuse(
            "PC-022",
            "This command cannot be understood.",
            "A copy for an older program needs --revision and --out, and nothing from elsewhere.",
            "See exotwin restore --help.",
        )
    require_a_record(folder)
    with open_store(folder) as store:
        store.database.require_file("REC-017", "No copy for an older program was written.")
        by, _role = signed(store, Action.LOOK_AFTER, RECORD, (operator_name(), ""))
        made = write_older_copy(folder, args.revision, args.out)
        store.log(by, "older copy written", made.database.name, f"{made.records} results")
    print(
        f"{args.out} has the record as it was at revision {args.revision}, with {made.records} results, "
        f"for the older program (--data-dir). What came later is only in {folder}."
    )
    for name in made.missing:
        print(f"Not in the copy, because it is not here any more: {name}")
    return EXIT_OK


def _log_restored(folder: Path, backup: str, kept: str) -> None:
    from core.store.repository import open_store

    with open_store(folder) as store:
        store.log(operator_name(), "backup restored", backup, kept)


def _verify(args: argparse.Namespace) -> int:
    from core.store.repository import open_store

    with open_store(_data_dir(args), to_read=True) as store:
        found = verified(store)
    if args.as_json:
        print(json.dumps({"whole": found.whole, **asdict(found)}, indent=2, ensure_ascii=False))
        return EXIT_OK if found.whole else EXIT_FAILED
    return _print_check(found)


def verified(store: Store) -> RecordCheck:
    """The whole record, with what was signed of its trail: that contradicts a trail that was built anew."""
    from core.deploy.trail_report import examine_trail
    from core.store.verifying import trail_faults, verify_record

    found, signed = verify_record(store), examine_trail(store)
    told = {(fault.about, fault.sentence) for fault in found.faults}
    more = trail_faults(signed.broken, signed.faults)
    new = (fault for fault in more if (fault.about, fault.sentence) not in told)
    return replace(found, faults=(*found.faults, *new), notes=(*found.notes, *_notes_on_keys(store)))


def _notes_on_keys(store: Store) -> tuple[str, ...]:
    from core.deploy.key_changes import keys_nobody_accepted

    unknown = keys_nobody_accepted(store)
    if not unknown:
        return ()
    count = "count here" if store.people.single_user else "lie here and do not count"
    words = f"Keys of other sites {count}, and the log does not say who accepted them"
    way = "delete their files in keys/trusted; else accept each by exotwin key trust FILE"
    return (f"{words}: {', '.join(unknown)}. If nobody here did, {way}.",)


def _print_check(found: RecordCheck) -> int:
    for note in found.notes:
        print(note)
    for fault in found.faults[:_MOST_PRINTED]:
        print(f"{fault.about}: {fault.sentence}" if fault.about else fault.sentence)
    if len(found.faults) > _MOST_PRINTED:
        print(f"… and {len(found.faults) - _MOST_PRINTED} more; --json prints all.")
    if not found.whole:
        raise refuse(
            "REC-012",
            "The record is not what was written.",
            f"{len(found.faults)} things are missing, changed or do not belong to it; they are listed above.",
            _way_on(found.faults),
        )
    print(
        f"The record is whole: {found.records} results, {found.backups} backups, the trail and the database."
    )
    return EXIT_OK


def _way_on(faults: Sequence[Fault]) -> str:
    kinds = {fault.kind.value for fault in faults}
    if kinds == {"second place"}:
        return "Delete the folders named above in the second place; exotwin record backup copies them again."
    if kinds <= {"missing", "changed", "extra"}:
        return "Where there is a second place: exotwin restore --from DIR brings whole results back."
    return "Keep this data folder as it is, and compare it with a backup or the second place."


def _backup(args: argparse.Namespace) -> int:
    from core.session.record_care import choose_place
    from core.store.database import require_a_record
    from core.store.dialects.port import BACKED_UP
    from core.store.people import RECORD
    from core.store.repository import open_store

    folder = _data_dir(args)
    require_a_record(folder)
    with open_store(folder) as store:
        if args.to is not None or args.only_here:
            by, _role = signed(store, Action.LOOK_AFTER, RECORD, (operator_name(), ""))
            choose_place(store, args.to, by=by)
        made = store.database.back_up_now(datetime.now(UTC))
        if store.shared and made is not None:
            store.log(operator_name(), BACKED_UP, "", made.name)  # told to all PCs, by exotwin doctor
        print("Nothing changed since the last backup." if made is None else f"{made.name} is in backups.")
        if store.shares_files:
            print(f"The files of results lie in {store.artifacts.place}; have that backed up, too.")
        else:
            _copy(store)
    return EXIT_OK


def _copy(store: Store) -> None:
    from core.store.second_place import copy_record

    done = copy_record(store.data_dir, store.stored_records())
    if done is None:
        print("There is no second place; --to DIR chooses one.")
        return
    print(f"The second place has {done.records} results, {done.copied} of them new: {done.folder}.")
    for fault in done.faults:
        print(f"Not copied, because it is not whole here: {fault.about}: {fault.sentence}")


def _data_dir(args: argparse.Namespace) -> Path:
    return getattr(args, "data_dir", None) or data_dir_default()
