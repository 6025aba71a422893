"""Keep and find the interpretation of a visit."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from core.domain.interpretation import MOST_LETTERS, Interpretation
from core.domain.people import Action
from core.domain.record import RecordKind
from core.errors import refuse
from core.store.repository import Store


class Interpreted(NamedTuple):
    """The newest interpretation, and where it stands in the record."""

    interpretation: Interpretation
    record_id: str
    on_utc: datetime


def keep_interpretation(store: Store, visit_id: str, text: str, *, by: str, role: str = "") -> str:
    """Id of the record. Refuses RPT-020 without words, RPT-021 without a name, RPT-022 when too long, and
    PPL-003 without a signature where people have accounts.
    """
    text = text.strip()
    by, role = store.people.named(Action.INTERPRET, by, role, visit_id)
    if not text:
        raise refuse(
            "RPT-020",
            "No interpretation was kept.",
            "There are no words in it.",
            "Write what the results mean, then keep it.",
        )
    if not by:
        raise refuse(
            "RPT-021",
            "The interpretation was not kept.",
            "Whoever interprets a visit stands for it by name.",
            "Write your name below the interpretation, then keep it.",
        )
    if len(text) > MOST_LETTERS:
        raise refuse(
            "RPT-022",
            "The interpretation is too long.",
            f"It has {len(text)} letters, and the report's first page has room for {MOST_LETTERS}.",
            "Shorten it, then keep it.",
        )
    kept = Interpretation(text, by, role)
    return store.save(
        RecordKind.INTERPRETATION,
        kept,
        visit_id=visit_id,
        summary=f"Interpretation by {by}, {len(text)} letters.",
        operator=by,
    )


def interpretation_of(store: Store, visit_id: str) -> Interpreted | None:
    """The newest one; None where nobody wrote one."""
    info = store.latest(visit_id, RecordKind.INTERPRETATION)
    if info is None:
        return None
    return Interpreted(store.load(info.id, Interpretation), info.id, info.created_utc)
