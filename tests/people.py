"""A clinic for tests: one account for each role, with PINs that cost nothing to check."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.people import Action, Role
from core.domain.release import signed_thing
from core.store.pins import PinCost
from core.store.repository import Store

CHEAP = PinCost(2)
PIN, FIRST = "274951", "586203"
NAMES = {
    Role.IT: "I. Adler",
    Role.ASSISTANT: "A. Busch",
    Role.THERAPIST: "T. Cramer",
    Role.PHYSICIAN: "P. Dorn",
    Role.ENGINEER: "E. Ernst",
}
MANAGER = NAMES[Role.IT]


def make_clinic(store: Store, roles: Iterable[Role] = tuple(Role)) -> None:
    """Accounts of these roles, IT first; everybody has chosen the own PIN."""
    store.people.add(MANAGER, Role.IT, PIN, cost=CHEAP)
    for role in roles:
        if role is not Role.IT:
            add_person(store, NAMES[role], role)


def add_person(store: Store, name: str, role: Role) -> None:
    store.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, name)
    store.people.add(name, role, FIRST, by=MANAGER, cost=CHEAP)
    store.people.change_own_pin(name, FIRST, PIN, cost=CHEAP)


def sign(store: Store, role: Role, action: Action, about: str, words: str = "") -> str:
    """Give the PIN of who has this role, for a release for these words; the name."""
    store.people.prove(NAMES[role], PIN, action, thing(action, about, words))
    return NAMES[role]


def thing(action: Action, about: str, words: str = "") -> str:
    """What a PIN is given for: a release is bound to its words."""
    return signed_thing(about, words) if action is Action.RELEASE else about
