"""Every file of every result, copied from one store into another and read back there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.store.artifacts.interface import Artifact, ArtifactStore
from core.store.artifacts.local_copies import artifacts_of_record
from core.store.checking import StoredRecord

Report = Callable[[float, str], None]  # fraction done, sentence


@dataclass(frozen=True, slots=True)
class FilesMoved:
    """What is in the target now and reads back with its hash."""

    results: int
    files: int
    bytes: int
    copied: int  # files that were not there before

    def __add__(self, other: FilesMoved) -> FilesMoved:
        return FilesMoved(
            self.results + other.results,
            self.files + other.files,
            self.bytes + other.bytes,
            self.copied + other.copied,
        )


def copy_files(
    source: ArtifactStore, target: ArtifactStore, records: Iterable[StoredRecord], report: Report
) -> FilesMoved:
    """What is there already is read back, too, so that this may be done again after it was cut short.

    Refuses REC-074 and REC-075 what is not whole in either, and what the stores refuse.
    """
    wanted = list(records)
    files = count = copied = 0
    for number, record in enumerate(wanted):
        report(number / len(wanted), f"Result {number + 1} of {len(wanted)}")
        for artifact in artifacts_of_record(source, record):
            if not target.exists(artifact):
                with source.open(artifact) as content:
                    target.put(artifact, content)
                copied += 1
            files, count = files + 1, count + _size(target, artifact)
    return FilesMoved(len(wanted), files, count, copied)


def _size(store: ArtifactStore, artifact: Artifact) -> int:
    """In bytes of content, which are hashed on the way."""
    with store.open(artifact) as content:
        return content.seek(0, os.SEEK_END)
