"""What the mapping table needs to know of an EMG file before a job reads it in full."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from core.emg.naming import suggested_sites
from core.errors import Advice
from ui.widgets.channel_map import MappedChannel


@dataclass(frozen=True, slots=True)
class EmgFile:
    path: Path
    channels: tuple[str, ...]
    has_rate: bool


def emg_file_of(path: Path, message: str) -> EmgFile:
    """From the message of the job that read the head of the file."""
    head = json.loads(message)
    return EmgFile(path, tuple(head["channels"]), bool(head["has_rate"]))


def ended_early(name: str) -> Advice:
    """The process that read a file died; no more is known than that."""
    return Advice(
        f"{name} could not be read.",
        "The process that read it ended early. A damaged file can do that.",
        "Export the recording again, or as CSV with one column per muscle, and choose the new file.",
        "EMG-011",
    )


def first_map(channels: tuple[str, ...]) -> tuple[MappedChannel, ...]:
    """Suggestions by name, each site once; what looks like a muscle comes first."""
    sites = suggested_sites(channels)
    mapped = (MappedChannel(name, sites.get(name), suggested=name in sites) for name in channels)
    return tuple(sorted(mapped, key=lambda channel: channel.site is None))
