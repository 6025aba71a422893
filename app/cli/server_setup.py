"""`exotwin record server-setup`: what the admin of a PostgreSQL server does once, and after updates."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from core.errors import refuse

_ACCOUNT = "exotwin"


def add_server_setup(actions: Any) -> None:
    parser = actions.add_parser(
        "server-setup", help="prepare a PostgreSQL server for a record, or update one; for its admin"
    )
    parser.add_argument(
        "address",
        metavar="URL",
        help="postgresql://ADMIN@HOST/DATABASE; the database is made if it is missing",
    )
    parser.add_argument(
        "--account", default=_ACCOUNT, metavar="NAME", help=f"of the program on all PCs ({_ACCOUNT})"
    )
    password = parser.add_mutually_exclusive_group()
    password.add_argument(
        "--new-password", action="store_true", help="give the account another password than it has"
    )
    password.add_argument(
        "--no-password", action="store_true", help="the server lets the account in by certificate or login"
    )
    parser.set_defaults(command=_set_up)


def _set_up(args: argparse.Namespace) -> int:
    from core.store.dialects.postgresql_setup import set_up
    from core.store.record_address import DATABASE_VARIABLE, checked_url

    admin = checked_url(args.address)
    ask = (lambda: None) if args.no_password else _asked_password
    done = set_up(admin, args.account, ask, renew=args.new_password)
    made = "made" if done.made_database else "brought up to date"
    print(f"The database {done.database} was {made}; the account {done.account} can use it.")
    print("It can add to results, decisions, log and trail, and change or delete nothing of them.")
    print(f"On each PC: {DATABASE_VARIABLE}={done.address.render_as_string()}")
    return 0


def _asked_password() -> str:
    """Typed twice, or the first line of what is piped in. Refuses REC-051 an empty one, or two."""
    if not sys.stdin.isatty():
        typed = again = sys.stdin.readline().rstrip("\r\n")
    else:
        typed, again = getpass.getpass("New password of the account: "), getpass.getpass("Once more: ")
    if not typed or typed != again:
        raise refuse(
            "REC-051",
            "The server was not set up.",
            "The account needs a password, typed twice alike.",
            "Do it again; a server that lets the account in by other means is set up with --no-password.",
        )
    return typed
