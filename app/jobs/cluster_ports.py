"""Which ports a cluster's processes listen at, so that a firewall can be opened for just these."""

from __future__ import annotations

from dataclasses import dataclass

from app.jobs.cluster_refusals import not_started

HEAD_PORT = 6379  # of the head, where others reach it
_SERVICES = (
    "node-manager-port", "object-manager-port", "dashboard-agent-grpc-port", "dashboard-agent-listen-port",
    "runtime-env-agent-port", "metrics-export-port",
)  # fmt: skip
_LEAST = len(_SERVICES) + 10  # each worker listens at one of its own, and so does each program with jobs
_LOWEST, _HIGHEST = 1024, 65535


@dataclass(frozen=True, slots=True)
class Ports:
    """All of one PC but the head's own, both ends included."""

    first: int
    last: int

    @property
    def words(self) -> str:
        return f"{self.first}-{self.last}"

    def options(self) -> list[str]:
        """For Ray: one port for each of its services, the rest for workers."""
        services = [f"--{name}={self.first + number}" for number, name in enumerate(_SERVICES)]
        first_worker = self.first + len(_SERVICES)
        return [*services, f"--min-worker-port={first_worker}", f"--max-worker-port={self.last}"]


# Below those that Linux and Windows give to outgoing connections.
DEFAULT = Ports(26380, 26579)


def read_ports(text: str) -> Ports:
    """`FIRST-LAST`. Refuses JOB-039 what is no such range or too small for a node."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise not_started(f"“{text}” is no range of ports, such as {DEFAULT.words}.")
    found = Ports(int(first), int(last))
    if not _LOWEST <= found.first <= found.last <= _HIGHEST or found.last - found.first + 1 < _LEAST:
        raise not_started(
            f"The ports of a PC lie between {_LOWEST} and {_HIGHEST}, and are {_LEAST} or more; “{text}” is "
            "not such a range."
        )
    return found
