"""Who acts in this process: the ticket of its sign-in or job. Nothing heavy is imported here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

TICKET_VARIABLE = "EXOTWIN_TICKET"
NO_TICKET = ""


def ticket_of_process() -> str:
    return os.environ.get(TICKET_VARIABLE, NO_TICKET)


@contextmanager
def process_acts_with(ticket: str) -> Iterator[None]:
    """Every store that is opened meanwhile acts for who has this ticket."""
    before = os.environ.get(TICKET_VARIABLE)
    os.environ[TICKET_VARIABLE] = ticket
    try:
        yield
    finally:
        if before is None:
            del os.environ[TICKET_VARIABLE]
        else:
            os.environ[TICKET_VARIABLE] = before
