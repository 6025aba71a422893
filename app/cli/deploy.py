"""`exotwin package`, `key`, `audit` and `rollback`: what goes onto an exo, and who released it."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.audit import add_audit
from app.cli.signing import signed
from app.paths import data_dir_default, operator_name
from core.domain.people import Action
from core.errors import refuse

if TYPE_CHECKING:
    from core.store.repository import Store

EXIT_OK, EXIT_FAILED = 0, 2
AddDataDir = Callable[[argparse.ArgumentParser], None]


def add_deploy(commands: Any, add_data_dir: AddDataDir) -> None:
    """Add `package`, `key`, `audit` and `rollback` to the parsers of the commands."""
    _add_package(commands, add_data_dir)
    _add_key(commands, add_data_dir)
    add_audit(commands, add_data_dir)
    _add_rollback(commands, add_data_dir)


def _add_package(commands: Any, add_data_dir: AddDataDir) -> None:
    package = commands.add_parser("package", help="look into a controller package, or check it")
    actions = package.add_subparsers(required=True)
    inspect = actions.add_parser("inspect", help="what is in it")
    inspect.set_defaults(command=_inspect)
    usable = "whether it may be used, be it on a virtual exo only; the exit status is 0 only then"
    verify = actions.add_parser("verify", help=usable)
    verify.add_argument("--patient", default="", metavar="CODE", help="must be for this patient")
    verify.add_argument("--device", default="", metavar="ID", help="must be for this exo model")
    verify.set_defaults(command=_verify)
    for parser in (inspect, verify):
        parser.add_argument("file", type=Path, help="the .exopkg file")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
        add_data_dir(parser)


def _add_key(commands: Any, add_data_dir: AddDataDir) -> None:
    actions = commands.add_parser("key", help="the key this site signs packages with").add_subparsers(
        required=True
    )
    make = actions.add_parser("make", help="make it; packing does so by itself where there is a key store")
    make.add_argument("--file", action="store_true", help="keep it in a file under a passphrase")
    make.add_argument("--replace", action="store_true", help="retire the present key")
    make.set_defaults(command=_make_key)
    show = actions.add_parser("show", help="which keys count here")
    show.set_defaults(command=_show_keys)
    trust = actions.add_parser("trust", help="accept packages of another site")
    trust.add_argument("file", type=Path, help="that site's site.pub.pem")
    trust.set_defaults(command=_trust_key)
    for parser in (make, show, trust):
        add_data_dir(parser)


def _add_rollback(commands: Any, add_data_dir: AddDataDir) -> None:
    parser = commands.add_parser("rollback", help="let the exo run the patient's controller from before")
    parser.add_argument("--patient", required=True, metavar="CODE", help="whose exo it is")
    parser.add_argument("--exo", required=True, metavar="ADDRESS", help="serial port or tcp:host:port")
    own = "where people have accounts, that of --as counts"
    parser.add_argument("--name", default="", help=f"who decides it; {own}")
    parser.add_argument("--role", default="", help=f"for example physician; {own}")
    parser.add_argument("--reason", required=True, help="why the older one runs again; it is kept")
    add_data_dir(parser)
    parser.set_defaults(command=_rollback)


def _rollback(args: argparse.Namespace) -> int:
    from app.terminal import open_terminal
    from core.deploy.provisional import check_approver
    from core.domain.controller import Approver
    from core.store.database import require_a_record
    from core.store.repository import open_store

    folder = _data_dir(args)
    require_a_record(folder)
    with open_store(folder) as store:
        visit_id = _newest_visit(store, args.patient)
        name, role = signed(store, Action.ROLL_BACK, visit_id, (args.name, args.role))
    check_approver(Approver(name, role, "before anything is connected"))
    params = {
        "address": args.exo,
        "confirmed_patient": args.patient,
        "name": name,
        "role": role,
        "reason": args.reason,
    }
    with open_terminal(folder) as terminal:
        record_id = terminal.run("roll_back", params, visit_id=visit_id)
    with open_store(folder) as store:
        print(store.info(record_id).summary)
    return EXIT_OK


def _newest_visit(store: Store, code: str) -> str:
    patient = next((row for row in store.patients() if row.subject.code == code), None)
    visits = () if patient is None else store.visits(patient.id)
    if not visits:
        raise refuse(
            "PAT-012",
            f"There is no visit of a patient {code}.",
            "The code is wrong, the patient is archived, or it is another data folder.",
            "Check --patient and --data-dir.",
        )
    return visits[-1].id


def _inspect(args: argparse.Namespace) -> int:
    from core.deploy.package import read_package
    from core.deploy.package_text import package_lines

    package = read_package(args.file)
    if args.as_json:
        manifest = dataclasses.asdict(package.manifest)
        values = {"manifest": manifest, "manifest_sha256": package.manifest_sha256, "report": package.report}
        print(json.dumps(values, indent=2))
    else:
        print("\n".join(package_lines(package)))
    return EXIT_OK


def _verify(args: argparse.Namespace) -> int:
    from core.deploy.checks import CheckContext, examine
    from core.deploy.keys.site_key import trusted_keys
    from core.deploy.keys.site_secret import site_secret, subject_tag
    from core.deploy.package import read_bytes
    from core.deploy.package_text import check_lines, check_values, use_values
    from core.store.database import require_a_record

    folder = _data_dir(args)
    if args.patient:
        require_a_record(folder)  # its secret tells patients apart
    tag = subject_tag(site_secret(folder), args.patient) if args.patient else ""
    check_context = CheckContext(
        trusted_keys(folder), datetime.now(UTC), device_id=args.device, subject_tag=tag
    )
    examination = examine(read_bytes(args.file), args.file.name, check_context)
    if args.as_json:
        checks = [check_values(check) for check in examination.checks]
        values = {
            "passed": examination.passed,
            "checks": checks,
            **use_values(examination, check_context.keys),
        }
        print(json.dumps(values, indent=2))
    else:
        print("\n".join(check_lines(examination, check_context.keys)))
    return EXIT_OK if examination.passed else EXIT_FAILED


def _make_key(args: argparse.Namespace) -> int:
    from core.deploy.key_changes import KEYS, make_key
    from core.deploy.keys.site_key import make_site_key
    from core.vault.key_store import system_key_store

    store = None if args.file else system_key_store()
    passphrase = _ask_passphrase() if store is None else ""
    with _record(_data_dir(args)) as record:
        if record is None:
            key = make_site_key(_data_dir(args), store, passphrase, replace=args.replace)
        else:
            by = signed(record, Action.MANAGE_KEYS, KEYS, (operator_name(), ""))[0]
            key = make_key(record, store, passphrase, by=by, replace=args.replace)
    place = "a file under your passphrase" if store is None else "the key store of this login"
    print(f"The site's key is {key.key_id}; it is kept in {place}.")
    return EXIT_OK


@contextmanager
def _record(folder: Path) -> Iterator[Store | None]:
    """The record that a key belongs to: keys without a database count as the remains of a lost one.

    None where it is damaged: a key has nothing to do with the damage, and nobody can be asked for a role.
    Where people have accounts that is refused (REC-002): a key counts by who accepted it.
    """
    from core.store.accepted_keys import accepted_keys
    from core.store.database import is_damaged
    from core.store.repository import open_store

    if is_damaged(folder) and accepted_keys(folder) is None:
        yield None
        return
    with open_store(folder) as store:
        yield store


def _ask_passphrase() -> str:
    """From the environment, or typed twice."""
    from core.deploy.keys.sealed_key import check_passphrase
    from core.deploy.keys.site_key import PASSPHRASE_VARIABLE, passphrase_of_environment

    args = passphrase_of_environment()
    if args:
        return args
    if not sys.stdin.isatty():
        raise refuse(
            "KEY-010",
            "The key needs a passphrase.",
            "There is no terminal to type it, and no key store on this computer.",
            f"Set {PASSPHRASE_VARIABLE}, or run this command in a terminal.",
        )
    first = getpass.getpass("Passphrase for the site's key: ")
    check_passphrase(first)
    if getpass.getpass("Once more: ") != first:
        raise refuse(
            "KEY-011", "No key was made.", "The two passphrases differ.", "Try again and type it slowly."
        )
    return first


def _show_keys(args: argparse.Namespace) -> int:
    from core.deploy.keys.site_key import laid_keys, trusted_keys

    keys = trusted_keys(_data_dir(args))
    for key_id, key in keys.items():
        print(f"{key_id}  {key.kind.value}")
    for key_id in sorted({key.key_id for key in laid_keys(_data_dir(args))} - set(keys)):
        print(f"{key_id}  does not count: nobody who may has accepted it (exotwin key trust FILE)")
    if not keys:
        print("There is no key yet; the first package makes one.")
    return EXIT_OK


def _trust_key(args: argparse.Namespace) -> int:
    from core.deploy.key_changes import KEYS, trust_key
    from core.deploy.keys.site_key import read_public_key, trust

    key = read_public_key(args.file)
    with _record(_data_dir(args)) as record:
        if record is None:
            trust(_data_dir(args), key)
        else:
            by = signed(record, Action.MANAGE_KEYS, KEYS, (operator_name(), ""))[0]
            trust_key(record, key, by=by)
    print(f"Packages signed with {key.key_id} are accepted here from now on.")
    return EXIT_OK


def _data_dir(args: argparse.Namespace) -> Path:
    return getattr(args, "data_dir", None) or data_dir_default()
