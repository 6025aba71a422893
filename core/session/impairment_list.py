"""The list of impairments that stands, and how many a twin can have."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.chosen_impairments import MOST_CHOSEN, ChosenImpairment, ChosenImpairments
from core.domain.impairment import Slot
from core.domain.record import RecordKind
from core.errors import refuse
from core.store.repository import Store


def chosen(store: Store, visit_id: str) -> tuple[ChosenImpairment, ...]:
    """What a person chose and did not remove, in the order in which it was chosen."""
    info = store.latest(visit_id, RecordKind.CHOSEN_IMPAIRMENTS)
    return () if info is None else store.load(info.id, ChosenImpairments).chosen


def check_room(new: Slot, others: Iterable[Slot]) -> None:
    """Refuses (PER-003) one impairment more than a twin has beside the others that stand."""
    if len({new, *others}) > MOST_CHOSEN:
        raise refuse(
            "PER-003",
            f"{new.label} was not put into the twin.",
            f"A twin has at most {MOST_CHOSEN} impairments, accepted weaknesses among them: more cannot be "
            "told apart in a gait.",
            "Remove one of the others first, or take back an accepted weakness.",
        )
