"""Where copies of the record go: only by who looks after it, where people have accounts."""

from __future__ import annotations

from pathlib import Path

from core.domain.people import Action
from core.store.people import RECORD
from core.store.repository import Store
from core.store.second_place import choose_second_place


def choose_place(store: Store, place: Path | None, *, by: str) -> None:
    """As `choose_second_place`. Refuses PPL-001 to PPL-003 where people have accounts."""
    person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
    choose_second_place(store.data_dir, place)
    words = "none" if place is None else "another folder"  # its name may name people
    store.log(by if person is None else person.name, "second place chosen", "", words)
