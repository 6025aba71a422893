"""What the mapping table needs to know of an EMG file before a job reads it in full."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.emg.naming import suggested_sites
from ui.widgets.channel_map import MappedChannel


@dataclass(frozen=True, slots=True)
class EmgFile:
    path: Path
    channels: tuple[str, ...]
    has_rate: bool


def look_into(path: Path) -> EmgFile:
    """Names of the channels. Refuses EMG-001 when the file cannot be read, EMG-002 when it has none."""
    from core.emg.readers import read_head  # only when needed: it loads the C3D library

    head = read_head(path)
    return EmgFile(path, head.channels, head.has_rate)


def first_map(channels: tuple[str, ...]) -> tuple[MappedChannel, ...]:
    """Suggestions by name, each site once; what looks like a muscle comes first."""
    sites = suggested_sites(channels)
    mapped = (MappedChannel(name, sites.get(name), suggested=name in sites) for name in channels)
    return tuple(sorted(mapped, key=lambda channel: channel.site is None))
