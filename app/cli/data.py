"""`exotwin data`: whether the data folder is encrypted, encrypting it, and the ways to its key."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.signing import signed
from app.paths import data_dir_default, operator_name
from core.domain.people import Action
from core.errors import refuse

if TYPE_CHECKING:
    from core.store.protection import ProtectionState
    from core.store.repository import Store

_RECOVERY = (
    "Recovery key of this data folder:\n\n    {key}\n\n"
    "Print or write it down and keep it in a safe place, not on this computer. It opens the data when the\n"
    "computer, the login or the passphrase is lost; without it they are lost then, too. It is shown once."
)


def add_data(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("data", help="encrypt the data folder; passphrase and recovery key")
    parser.set_defaults(command=_status, as_json=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    status = actions.add_parser("status", help="whether the data folder is encrypted, and where its key is")
    status.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    protect = actions.add_parser("protect", help="encrypt the data folder, with all that is in it")
    unlock = actions.add_parser("unlock", help="bring its key here by the printed recovery key")
    recovery = actions.add_parser("recovery", help="print a new recovery key; an earlier one is void then")
    logs = actions.add_parser("logs", help="print the program's log of an encrypted data folder")
    for action in (protect, unlock):
        action.add_argument(
            "--passphrase-file",
            type=Path,
            metavar="FILE",
            help="its first line becomes the passphrase (default: the key store of this login)",
        )
        action.add_argument("--passphrase", action="store_true", help="ask for one, also beside a key store")
    unlock.add_argument("--recovery-file", type=Path, metavar="FILE", help="holds the recovery key")
    made = ((status, _status), (protect, _protect), (unlock, _unlock), (recovery, _recovery), (logs, _logs))
    for action, command in made:
        add_data_dir(action)
        action.set_defaults(command=command)


def _data_dir(args: argparse.Namespace) -> Path:
    folder: Path | None = getattr(args, "data_dir", None)
    return folder or data_dir_default()


def _status(args: argparse.Namespace) -> int:
    from core.store.protection import protection_of
    from core.vault.places import sealed_file

    folder = _data_dir(args)
    state = protection_of(folder)
    if args.as_json:
        told = {"encrypted": state.encrypted, "begun": state.begun, "plain_files": len(state.plain)}
        print(json.dumps(told))
        return 0
    print(f"{folder}: {protection_words(state)}")
    if state.begun:
        place = "a file under a passphrase" if sealed_file(folder).exists() else "the key store of a login"
        print(f"The key is kept in {place}, and can be had by the printed recovery key.")
    return 0


def protection_words(state: ProtectionState) -> str:
    """One sentence."""
    if not state.begun:
        return "not encrypted. `exotwin data protect` encrypts it."
    if state.encrypted and not state.plain:
        return "encrypted."
    return f"encrypted in part, {len(state.plain)} files are not yet. Run `exotwin data protect`."


def _protect(args: argparse.Namespace) -> int:
    from core.store.protection import begin, encrypt, protection_of
    from core.store.repository import open_store
    from core.vault.key_store import DATA_KEYS, system_key_store
    from core.vault.opened import ensure_open

    folder = _data_dir(args)
    if protection_of(folder).begun:
        ensure_open(folder, _passphrase_to_open(args, folder))  # who began it was asked; this only goes on
    else:
        passphrase, store = _wanted_passphrase(args), system_key_store(DATA_KEYS)
        if not passphrase and store is None:
            passphrase = _typed_twice()
        with open_store(folder) as record:
            printed = begin(record, store, passphrase, by=_who(record))
        print(_RECOVERY.format(key=printed), flush=True)
    done = encrypt(folder, _told_on_terminal)
    _log(folder, "data folder encrypted", f"{done} files")
    files = "1 file was" if done == 1 else f"{done} files were"
    print(f"The data folder {folder} is encrypted ({files} plain before).")
    print(
        "What was plain may still be found in unused parts of its disk; only an encrypted disk prevents that."
    )
    return 0


def _unlock(args: argparse.Namespace) -> int:
    from core.vault.data_key import keep, unlock_by_recovery
    from core.vault.key_store import DATA_KEYS, system_key_store

    folder = _data_dir(args)
    _check_encrypted(folder)
    if args.recovery_file is not None:
        typed = _first_line(args.recovery_file)
    else:
        typed = _asked("Recovery key: ", "Give the file that holds it: --recovery-file FILE.")
    keys = unlock_by_recovery(folder, typed)
    passphrase, store = _wanted_passphrase(args), system_key_store(DATA_KEYS)
    if not passphrase and store is None:
        passphrase = _typed_twice()
    keep(keys, store, passphrase)
    place = "kept under the new passphrase" if passphrase else "in the key store of this login"
    print(f"The data folder opens again: its key is {place}. The recovery key stays as it is.")
    return 0


def _recovery(args: argparse.Namespace) -> int:
    from core.store.protection import replace_recovery_key
    from core.store.repository import open_store
    from core.vault.opened import ensure_open

    folder = _data_dir(args)
    _check_encrypted(folder)
    ensure_open(folder, _passphrase_to_open(args, folder))
    with open_store(folder) as record:
        printed = replace_recovery_key(record, by=_who(record))
    print(_RECOVERY.format(key=printed))
    return 0


def _logs(args: argparse.Namespace) -> int:
    from core.vault.log_lines import opened_lines
    from core.vault.opened import ensure_open

    folder = _data_dir(args)
    _check_encrypted(folder)
    keys = ensure_open(folder, _passphrase_to_open(args, folder))
    assert keys is not None
    for path in sorted((folder / "logs").glob("*.log*"), key=lambda log: log.stat().st_mtime):
        for line in opened_lines(path, keys):
            print(line)
    return 0


def _check_encrypted(folder: Path) -> None:
    from core.vault.places import is_protected, told_protection

    if not is_protected(folder) and not told_protection(folder)[0]:
        raise refuse(
            "REC-034",
            "There is nothing to unlock.",
            f"The data folder {folder} is not encrypted.",
            "Choose the folder that is with --data-dir, or encrypt this one: `exotwin data protect`.",
        )


def _who(record: Store) -> str:
    """Who looks after the record: their PIN is asked for again. Refuses PPL-001 to PPL-004."""
    from core.store.people import RECORD

    return signed(record, Action.LOOK_AFTER, RECORD, (operator_name(), ""))[0]


def _log(folder: Path, action: str, detail: str) -> None:
    from core.store.repository import open_store

    with open_store(folder) as store:
        store.log(store.people.who(operator_name()), action, "", detail)


def _told_on_terminal(fraction: float, sentence: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{100 * fraction:3.0f} %  {sentence}", end="", file=sys.stderr, flush=True)


def _wanted_passphrase(args: argparse.Namespace) -> str:
    """From the file, the environment or typed twice; empty where none was asked for."""
    from core.vault.data_key import passphrase_of_environment

    if args.passphrase_file is not None:
        return _first_line(args.passphrase_file)
    return passphrase_of_environment() or (_typed_twice() if args.passphrase else "")


def _passphrase_to_open(args: argparse.Namespace, folder: Path) -> str:
    """Of a folder that has one; asked only where nothing else gives it."""
    from core.vault.data_key import has_passphrase, passphrase_of_environment

    file = getattr(args, "passphrase_file", None)
    if file is not None:
        return _first_line(file)
    if not has_passphrase(folder) or passphrase_of_environment() or not sys.stdin.isatty():
        return ""
    return getpass.getpass("Passphrase of the data folder: ")


def _first_line(path: Path) -> str:
    try:
        first = path.read_text(encoding="utf-8").partition("\n")[0].strip()
        if not first:
            raise ValueError("it is empty")
    except (OSError, ValueError) as error:
        raise refuse(
            "REC-038",
            f"{path.name} cannot be used.",
            f"Its first line cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Give a text file whose first line is what is asked for.",
        ) from error
    return first


def _asked(question: str, otherwise: str) -> str:
    if not sys.stdin.isatty():
        raise refuse("REC-038", "Nothing was changed.", "There is no terminal to type in.", otherwise)
    return getpass.getpass(question)


def _typed_twice() -> str:
    from core.vault.data_key import check_passphrase, check_typed_twice

    otherwise = "Give it with --passphrase-file FILE, or run this command in a terminal."
    first = _asked("Passphrase for the data folder: ", otherwise)
    check_passphrase(first)
    check_typed_twice(first, getpass.getpass("Once more: "))
    return first
