"""`exotwin people`: who works here, what each may do, and the clinic's rules for signing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.signing import ask_new_pin, ask_pin, signed
from app.paths import data_dir_default
from core.domain.people import MATRIX, SINGLE_USER, Action, Role, may

if TYPE_CHECKING:
    from core.store.repository import Store

EXIT_OK = 0
_ROLE_HELP = "what the person answers for; `exotwin people list` tells what each may do"
_AFTER_THE_FIRST = (
    " From now on everybody signs in here: in the window, or with --as NAME. Give a second person of IT an "
    "account, too: nobody can replace a forgotten PIN of the only one."
)
AddDataDir = Callable[[argparse.ArgumentParser], None]


def add_people(commands: Any, add_data_dir: AddDataDir) -> None:
    """Add `people` to the parsers of the commands."""
    people = commands.add_parser(
        "people", help="accounts with a PIN and a role; without any: single-user mode"
    )
    actions = people.add_subparsers(required=True)
    listing = actions.add_parser("list", help="everybody, and what each role may do")
    listing.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    listing.set_defaults(command=_list)
    add = actions.add_parser("add", help="the first one ends the single-user mode; it has to be of IT")
    add.add_argument("--role", required=True, choices=[role.value for role in Role], help=_ROLE_HELP)
    change = actions.add_parser("change", help="another role, or a first PIN for who forgot theirs")
    change.add_argument("--role", choices=[role.value for role in Role], help=_ROLE_HELP)
    change.add_argument("--pin", action="store_true", help="give a first PIN")
    deactivate = actions.add_parser("deactivate", help="whoever left; the account stays in the record")
    activate = actions.add_parser("activate", help="whoever came back")
    own = actions.add_parser("pin", help="choose your own PIN; for who forgot theirs: change NAME --pin")
    for parser, command in ((add, _add), (change, _change), (own, _own_pin)):
        parser.set_defaults(command=command)
    for parser, active in ((deactivate, False), (activate, True)):
        parser.set_defaults(command=_set_active, active=active)
    for parser in (add, change, deactivate, activate, own):
        parser.add_argument("name", help="as it will stand under what this person signs")
    four = actions.add_parser(
        "four-eyes", help="whether two people have to release a controller for a patient"
    )
    four.add_argument("state", choices=("on", "off"), help="the rule from now on")
    four.set_defaults(command=_four_eyes)
    idle = actions.add_parser("idle", help="minutes until the screen locks")
    idle.add_argument("minutes", type=int, help="without a key or a click")
    idle.set_defaults(command=_idle)
    for parser in (listing, add, change, deactivate, activate, own, four, idle):
        add_data_dir(parser)


def _list(args: argparse.Namespace) -> int:
    with _store(args) as store:
        everybody, rules, present = store.people.all(), store.people.rules, store.people.words
    if args.as_json:
        print(json.dumps(_values(everybody, rules, present), indent=2))
        return EXIT_OK
    for one in everybody:
        state = "" if one.active else "  (not active)"
        state += "  (has to choose a PIN)" if one.first_pin and one.active else ""
        print(f"{one.person.name}  {one.person.role.value}{state}")
    if not everybody:
        print(f"There is no account: {SINGLE_USER}.")
    print(f"Four eyes: {'on' if rules.four_eyes else 'off'}. The screen locks after {rules.idle_min} min.")
    for role in Role:
        print(f"{role.value}: {'; '.join(action.value for action in Action if may(role, action))}")
    return EXIT_OK


def _values(everybody: Any, rules: Any, present: str) -> dict[str, Any]:
    people = [
        {"name": one.person.name, "role": one.person.role.value, "active": one.active} for one in everybody
    ]
    matrix = {action.name.lower(): sorted(MATRIX[action]) for action in Action}
    return {
        "people": people,
        "acting": present,
        "four_eyes": rules.four_eyes,
        "idle_min": rules.idle_min,
        "may": matrix,
    }


def _add(args: argparse.Namespace) -> int:
    with _store(args, may_be_new=True) as store:
        by = _managed_by(store, " ".join(args.name.split()))
        person = store.people.add(args.name, Role(args.role), ask_new_pin(args.name), by=by)
    first = "" if by else _AFTER_THE_FIRST
    own = " The PIN has to be replaced at the first sign-in." if by else ""
    print(f"{person.name}, {person.role.value}, has an account.{own}{first}")
    return EXIT_OK


def _change(args: argparse.Namespace) -> int:
    with _store(args) as store:
        name = _name_of(store, args.name)
        if args.role:
            store.people.change_role(name, Role(args.role), by=_managed_by(store, name))
        if args.pin:
            store.people.give_pin(name, ask_new_pin(name), by=_managed_by(store, name))
    print(f"The account of {name} was changed." if args.role or args.pin else "Nothing was to be changed.")
    return EXIT_OK


def _set_active(args: argparse.Namespace) -> int:
    with _store(args) as store:
        name = _name_of(store, args.name)
        store.people.set_active(name, args.active, by=_managed_by(store, name))
    print(f"{name} {'may sign in again' if args.active else 'can no longer sign in'}.")
    return EXIT_OK


def _own_pin(args: argparse.Namespace) -> int:
    with _store(args) as store:
        present = ask_pin(f"Present PIN of {args.name}: ")
        store.people.change_own_pin(args.name, present, ask_new_pin(args.name))
    print("The new PIN counts from now on.")
    return EXIT_OK


def _four_eyes(args: argparse.Namespace) -> int:
    with _store(args) as store:
        rules = replace(store.people.rules, four_eyes=args.state == "on")
        store.people.set_rules(rules, by=_managed_by(store, _rules()))
    needed = "Two people have" if rules.four_eyes else "One person has"
    print(f"{needed} to release a controller for a patient from now on.")
    return EXIT_OK


def _idle(args: argparse.Namespace) -> int:
    with _store(args) as store:
        rules = replace(store.people.rules, idle_min=args.minutes)
        store.people.set_rules(rules, by=_managed_by(store, _rules()))
    print(f"The screen locks after {args.minutes} min without a key or the mouse.")
    return EXIT_OK


def _rules() -> str:
    from core.store.people import RULES

    return RULES


def _managed_by(store: Store, about: str) -> str:
    return signed(store, Action.MANAGE_PEOPLE, about, ("", ""))[0]


def _name_of(store: Store, typed: str) -> str:
    """As the account spells it: this is what is signed for."""
    wanted = " ".join(typed.split()).casefold()
    return next((a.person.name for a in store.people.all() if a.person.name.casefold() == wanted), typed)


@contextmanager
def _store(args: argparse.Namespace, *, may_be_new: bool = False) -> Iterator[Store]:
    """The record; only the first account may begin one. Refuses REC-016."""
    from core.store.database import require_a_record
    from core.store.repository import open_store

    folder: Path = getattr(args, "data_dir", None) or data_dir_default()
    if not may_be_new:
        require_a_record(folder)
    with open_store(folder) as store:
        yield store
