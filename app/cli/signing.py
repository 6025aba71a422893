"""Signing in and signing from a terminal: the PIN is asked for, or read from the environment; never kept."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.people import Action
from core.errors import refuse

if TYPE_CHECKING:
    from core.store.repository import Store

PIN_VARIABLE, NEW_PIN_VARIABLE = "EXOTWIN_PIN", "EXOTWIN_NEW_PIN"


def add_as(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="as_name",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help=f"whose account acts, where people have accounts (PIN: typed, or in {PIN_VARIABLE})",
    )


@contextmanager
def acting(data_dir: Path, name: str) -> Iterator[None]:
    """What is done meanwhile is done by this person; without a name as the process was started.

    Refuses PPL-014 without a PIN, REC-016 without a record, and what `sign_in` refuses.
    """
    if not name:
        yield
        return
    from core.store.database import require_a_record
    from core.store.repository import open_store
    from core.store.tickets import NO_TICKET, process_acts_with

    require_a_record(data_dir)
    with open_store(data_dir, NO_TICKET) as store:
        store.people.sign_in(name, ask_pin(f"PIN of {name}: "))
        try:
            with process_acts_with(store.people.ticket):
                yield
        finally:
            store.people.sign_out()


def signed(store: Store, action: Action, about: str, typed: tuple[str, str]) -> tuple[str, str]:
    """Name and role that answer for this: in single-user mode as typed; else the PIN is asked for again.

    Refuses PPL-001 where nobody acts, PPL-002 by role, PPL-004 and PPL-014.
    """
    if store.people.single_user:
        return typed
    present = store.people.present
    if present is None or store.people.blocked(action):
        store.people.check(action, by="" if present is None else present.name)  # refuses, in words
        return typed
    person = store.people.prove(
        present.name, ask_pin(f"PIN of {present.name}, to {action.value}: "), action, about
    )
    return person.name, person.role.value


def ask_pin(prompt: str, variable: str = PIN_VARIABLE) -> str:
    """From the environment, or typed unseen. Refuses PPL-014."""
    given = os.environ.get(variable, "")
    if given:
        return given
    if not sys.stdin.isatty():
        raise refuse(
            "PPL-014",
            "A PIN is needed.",
            "There is no terminal to type it.",
            f"Set {variable}, or run this command in a terminal.",
        )
    return getpass.getpass(prompt)


def ask_new_pin(name: str) -> str:
    """Typed twice, or from the environment. Refuses PPL-014 and PPL-016."""
    first = ask_pin(f"New PIN of {name}: ", NEW_PIN_VARIABLE)
    if os.environ.get(NEW_PIN_VARIABLE, "") == first:
        return first
    if getpass.getpass("Once more: ") != first:
        raise refuse(
            "PPL-016", "Nothing was changed.", "The two PINs differ.", "Try again and type it slowly."
        )
    return first
