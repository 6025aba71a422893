"""`exotwin record server`: test a record server, choose it for a data folder, keep its password."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.paths import data_dir_default
from core.errors import refuse

if TYPE_CHECKING:
    from sqlalchemy import URL

EXIT_OK, EXIT_NOT_READY = 0, 1
_URL = "postgresql://ACCOUNT@HOST/DATABASE"


def add_record_server(actions: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = actions.add_parser("server", help="the record on a PostgreSQL server: test, use, password")
    server = parser.add_subparsers(required=True)
    test = server.add_parser(
        "test", help="version, rights and speed of a record server; exits with 0 only where it can be used"
    )
    test.add_argument("address", metavar="URL", nargs="?", help=f"{_URL}; default: the one in use")
    test.add_argument("--json", action="store_true", dest="as_json", help="for programs")
    test.set_defaults(command=_test)
    use = server.add_parser("use", help="the record of this data folder lies on this server from now on")
    use.add_argument("address", metavar="URL", help=_URL)
    use.set_defaults(command=_use)
    here = server.add_parser("here", help="take that back, as long as the server was not used")
    here.set_defaults(command=_here)
    password = server.add_parser(
        "password", help="keep the account's password in the key store of this login"
    )
    password.add_argument("address", metavar="URL", nargs="?", help=f"{_URL}; default: the one in use")
    password.set_defaults(command=_password)
    for one in (test, use, here, password):
        add_data_dir(one)


def _test(args: argparse.Namespace) -> int:
    from core.store.dialects.postgresql_look import look_at

    look = look_at(_address(args))
    if args.as_json:
        print(json.dumps({**asdict(look), "ready": look.ready, "doubts": look.doubts}, indent=2))
    else:
        print("\n".join((*look.good, *look.doubts)))
    return EXIT_OK if look.ready else EXIT_NOT_READY


def _use(args: argparse.Namespace) -> int:
    from core.store.dialects.postgresql_look import look_at
    from core.store.server_choice import choose_server, chosen_words, require_free, require_ready

    folder, url = _data_dir(args), _address(args)
    require_free(folder)
    require_ready(look_at(url))
    choose_server(folder, url)
    print(chosen_words(url))
    return EXIT_OK


def _here(args: argparse.Namespace) -> int:
    from core.store.server_choice import choose_folder

    choose_folder(_data_dir(args))
    print("The record lies in the data folder from now on.")
    return EXIT_OK


def _password(args: argparse.Namespace) -> int:
    from core.store.dialects.postgresql_connect import keep_password

    url = _address(args)
    typed = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    keep_password(url, typed)
    print("It is in the key store of this login, and in no file of ExoTwin.")
    return EXIT_OK


def _address(args: argparse.Namespace) -> URL:
    """The one that was given, or the one in use. Refuses REC-057 and REC-066 (there is none)."""
    from core.store.record_address import checked_url, record_url

    if args.address:
        return checked_url(args.address)
    url = record_url(_data_dir(args))
    if url is None:
        raise refuse(
            "REC-066",
            "No record server was tried.",
            f"The record of {_data_dir(args)} lies in the folder itself.",
            f"Give an address: {_URL}.",
        )
    return url


def _data_dir(args: argparse.Namespace) -> Path:
    folder: Path = getattr(args, "data_dir", None) or data_dir_default()
    return folder
