"""Claims about the chain of the audit trail: nothing can be changed, moved, put in or taken out unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from core.domain.audit import (
    NO_ENTRIES,
    AuditEntry,
    AuditEvent,
    AuditHead,
    AuditStep,
    entry_sha256,
    first_broken_link,
    next_entry,
)

Trail = list[AuditEntry]


def trail(length: int = 4, who: str = "Dr A") -> tuple[Trail, AuditHead]:
    head, entries = NO_ENTRIES, []
    for number in range(length):
        event = AuditEvent(AuditStep.UPLOADED, who, detail=f"{number} kB")
        entries.append(next_entry(head, f"2026-11-20T10:00:0{number}.000000", event))
        head = AuditHead(entries[-1].number, entries[-1].sha256)
    return entries, head


def test_a_whole_trail_has_no_broken_link_not_even_an_empty_one() -> None:
    assert first_broken_link(*trail()) is None
    assert first_broken_link([], NO_ENTRIES) is None


def forged(entries: Trail) -> Trail:
    """The second event is replaced, and its own hash made to fit."""
    event = replace(entries[1].event, who="Dr B")
    old = entries[1]
    sha256 = entry_sha256(old.number, old.on_utc, event, old.previous_sha256)
    return [entries[0], replace(old, event=event, sha256=sha256), *entries[2:]]


@pytest.mark.parametrize(
    ("change", "number", "why"),
    [
        (lambda e: [e[0], *e[2:]], 2, "missing"),
        (lambda e: [e[1], e[0], *e[2:]], 1, "missing"),
        (lambda e: [*e[:2], e[1], *e[2:]], 3, "missing"),
        (lambda e: [e[0], replace(e[1], on_utc="2026-11-21T10:00:01.000000"), *e[2:]], 2, "changed"),
        (forged, 3, "does not follow"),
        (lambda e: e[:-1], 4, "last ones are missing"),
        (lambda e: [*e, next_entry(AuditHead(4, e[-1].sha256), "x", AuditEvent("armed", "Dr C"))], 5, "end"),
    ],
    ids=["taken out", "moved", "put in twice", "changed", "changed with its hash", "cut off", "put on"],
)
def test_whatever_is_done_to_a_trail_is_found_where_it_was_done(
    change: Callable[[Trail], Trail], number: int, why: str
) -> None:
    entries, head = trail()
    found = first_broken_link(change(entries), head)
    assert found is not None and found.number == number and why in found.why


def test_a_trail_of_another_program_with_hashes_that_fit_is_not_the_one_of_this_head() -> None:
    entries, _ = trail(who="Dr B")
    found = first_broken_link(entries, trail()[1])
    assert found is not None and "end of the trail" in found.why


@pytest.mark.parametrize("name", [field.name for field in fields(AuditEvent)])
def test_every_field_of_an_event_counts(name: str) -> None:
    event = AuditEvent(AuditStep.ARMED, "Dr A")
    other = replace(event, **{name: "something else"})
    assert entry_sha256(1, "t", event, "p") != entry_sha256(1, "t", other, "p")
