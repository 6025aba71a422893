"""Files for libraries that want a path, without their content on a disk.

In an encrypted data folder on Linux such a path is a link to memory (`memfd_create`), in a private folder
of its own; it holds nothing on any disk, and nothing is left when the process dies. Windows and macOS have
no such thing: there the content lies in a private folder of the data folder for as long as the library
needs it, marked as temporary so that Windows keeps it in memory where it can, and is removed afterwards, or
at the next start when the process died (`sweep`). Elsewhere it is the file itself.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.vault.files import is_sealed, open_read
from core.vault.opened import keys_for

IN_MEMORY = hasattr(os, "memfd_create")
_PLAIN_PREFIX = ".plain-"  # of folders that `sweep` removes
_COPY_BYTES = 1 << 20
_FILE_ATTRIBUTE_TEMPORARY = 0x100


class Scratch:
    """Places for files that are made by their path, such as videos, and read from there into the record."""

    def __init__(self, folder: Path, links: Path | None) -> None:
        self._folder = folder
        self._links = links
        self._handles: list[int] = []

    def place(self, name: str) -> Path:
        """A path that ends with this name, for a file that does not exist yet or is empty."""
        if self._links is None:
            return self._folder / name
        handle = os.memfd_create(name)
        self._handles.append(handle)
        path = self._links / name
        path.unlink(missing_ok=True)  # of an earlier one of this name
        path.symlink_to(f"/proc/{os.getpid()}/fd/{handle}")
        return path

    def close(self) -> None:
        for handle in self._handles:
            os.close(handle)
        self._handles.clear()


@contextmanager
def scratch(folder: Path) -> Iterator[Scratch]:
    """Places in `folder`; where its data folder is encrypted, what stands for them until the end.

    In a plain data folder they stay, and are the caller's to remove.
    """
    keys = keys_for(folder / "any")
    if keys is None:
        folder.mkdir(parents=True, exist_ok=True)
        yield Scratch(folder, None)
        return
    if not IN_MEMORY:
        with _private_folder(keys.data_dir / "jobs") as private:
            yield Scratch(private, None)
        return
    with tempfile.TemporaryDirectory(prefix="exotwin-") as links:
        places = Scratch(folder, Path(links))
        try:
            yield places
        finally:
            places.close()


@contextmanager
def temporary(data_dir: Path) -> Iterator[Scratch]:
    """Places for what a library writes on its way into the record or to the person; gone at the end."""
    if keys_for(data_dir / "any") is not None:
        with scratch(data_dir / "jobs") as places:
            yield places
        return
    with tempfile.TemporaryDirectory(prefix="exotwin-") as folder:
        yield Scratch(Path(folder), None)


@contextmanager
def readable_path(path: Path) -> Iterator[Path]:
    """A path from which any library reads the content of this file; it has the same name."""
    if not is_sealed(path):
        yield path
        return
    with scratch(path.parent) as places, open_read(path) as reader:
        place = places.place(path.name)
        with place.open("wb") as writer:
            _mark_temporary(place)
            while chunk := reader.read(_COPY_BYTES):
                writer.write(chunk)
        yield place


def sweep(data_dir: Path) -> int:
    """Remove what a process left that died while it had plain files; returns how many folders there were.

    Only for a program that starts, and to which the data folder belongs alone.
    """
    left = list((data_dir / "jobs").glob(f"{_PLAIN_PREFIX}*"))
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


@contextmanager
def _private_folder(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PLAIN_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mark_temporary(path: Path) -> None:
    """Ask Windows to keep the file in memory as long as there is room."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetFileAttributesW(str(path), _FILE_ATTRIBUTE_TEMPORARY)
