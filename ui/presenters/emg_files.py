"""What the mapping table needs to know of an EMG file before a job reads it in full."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from core.emg.naming import suggest_site
from core.errors import refuse
from ui.widgets.channel_map import MappedChannel

_TIME_NAMES = ("time", "time_s", "t", "seconds", "time [s]", "time (s)")
_HEAD = 8192  # enough for the header line of a text file


@dataclass(frozen=True, slots=True)
class EmgFile:
    path: Path
    channels: tuple[str, ...]
    has_rate: bool


def look_into(path: Path) -> EmgFile:
    """Names of the channels. Refuses EMG-001 when the file cannot be read."""
    if path.suffix.lower() == ".c3d":
        from core.emg.readers import read_emg  # only when needed: it loads the C3D library

        return EmgFile(path, read_emg(path).channels, has_rate=True)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            head = stream.read(_HEAD)
        dialect = csv.Sniffer().sniff(head, delimiters=",;\t")
        names = [name.strip() for name in next(csv.reader(head.splitlines(), dialect))]
    except (OSError, UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise refuse(
            "EMG-001",
            f"{path.name} cannot be read as EMG.",
            "It is not a table with a header line.",
            "Export it as CSV with one column per muscle, or as C3D.",
        ) from error
    times = [name for name in names if name.lower() in _TIME_NAMES]
    return EmgFile(path, tuple(name for name in names if name and name not in times), bool(times))


def first_map(channels: tuple[str, ...]) -> tuple[MappedChannel, ...]:
    """Suggestions by name, each site once; what looks like a muscle comes first."""
    taken = set()
    mapped = []
    for name in channels:
        site = suggest_site(name)
        if site in taken:
            site = None
        taken.add(site)
        mapped.append(MappedChannel(name, site, suggested=site is not None))
    return tuple(sorted(mapped, key=lambda channel: channel.site is None))
