"""What a test of a record server finds, in words; whoever shows it needs no driver for that."""

from __future__ import annotations

from dataclasses import dataclass

from core.store.migrating import HEAD

SLOW_S = 0.05  # of one question: a page asks some dozens


@dataclass(frozen=True, slots=True)
class ServerLook:
    server: str  # its name and its database
    version: str
    account: str
    encrypted: bool  # TLS, or no network in between
    latency_s: float  # until the server answers one question
    revision: str | None = None  # of the record's tables; None where there are none
    lacks: tuple[str, ...] = ()  # rights that the account needs and has not, such as "INSERT on record"
    owns: bool = False  # the account may change what only grows

    @property
    def ready(self) -> bool:
        return self.revision == HEAD and not self.lacks and not self.owns

    @property
    def good(self) -> tuple[str, ...]:
        """What was found to be as it should be."""
        found = [f"{self.server} answers: PostgreSQL {self.version}, account {self.account}."]
        if self.latency_s <= SLOW_S:
            found.append(f"An answer takes {1e3 * self.latency_s:.1f} ms.")
        if self.encrypted:
            found.append("Nobody in between can read along.")
        if self.ready:
            found.append("The record is prepared for this version, and the account has the rights it needs.")
        return tuple(found)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is not, and what helps; first what keeps the record from being used."""
        told = []
        if self.revision is None:
            told.append("There is no record yet: exotwin record server-setup makes one.")
        elif self.revision < HEAD:
            told.append(
                "The record was prepared for an earlier version: exotwin record server-setup brings it up."
            )
        elif self.revision > HEAD:
            told.append("The record was prepared for a newer version: install that one on this PC.")
        if self.lacks:
            missing = ", ".join(self.lacks[:4])
            told.append(f"The account lacks rights ({missing}): exotwin record server-setup gives them.")
        if self.owns:
            told.append(
                "The account may change results and trail: take the one of exotwin record server-setup."
            )
        if not self.encrypted:
            told.append("The connection is not encrypted: patients' data cross the network in the clear.")
        if self.latency_s > SLOW_S:
            told.append(f"An answer takes {1e3 * self.latency_s:.0f} ms: pages will open slowly.")
        return tuple(told)
