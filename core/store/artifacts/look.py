"""How the store of a data folder's results stands: tried out, and left as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.store.artifacts.choice import chosen_address, shared_at
from core.store.identity import read_identity


@dataclass(frozen=True, slots=True)
class StoreLook:
    """A store that PCs share."""

    place: str
    prepared: bool  # else it is there, and the first result makes it the store of its record
    free_bytes: int | None  # None where the place does not tell, as S3


def look_at_files(data_dir: Path) -> StoreLook | None:
    """Reach it, and where it is in use write and remove a file; None where results lie in the data folder.

    Refuses REC-070 to REC-073 and REC-076, and of an encrypted folder what opening it does.
    """
    address = chosen_address(data_dir)
    if not address:
        return None
    store, identity = shared_at(data_dir, address), read_identity(data_dir)
    prepared = store.is_prepared
    if prepared and identity is not None:
        store.check(identity.id)
        store.try_out()
    return StoreLook(store.place, prepared, store.free_bytes)


def where_results_lie(data_dir: Path) -> str:
    """For a person; nothing is reached for it."""
    return chosen_address(data_dir) or f"the data folder {data_dir}"
