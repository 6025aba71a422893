"""Bytes under a name, in a folder that several PCs share; `core.store.artifacts.s3` has the same in S3.

Names are paths of plain words. What is there is whole: it was written aside, synced to the disk and renamed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from core.store.artifacts.refusals import folder_refusals, no_such_place, out_of_reach
from core.store.files import make_folder, sync_folder

MARKER = "exotwin-store.json"  # in every store: of which record it is
_ASIDE = ".aside-"
Fill = Callable[[BinaryIO], None]  # writes content into an open file; by raising it has none of it kept


class Blobs(Protocol):
    """Refuses REC-070 to REC-073."""

    @property
    def place(self) -> str: ...

    def free_bytes(self) -> int | None:
        """Room that is left; None where the place does not tell."""

    def put(self, key: str, fill: Fill) -> None: ...

    def open(self, key: str) -> BinaryIO | None:
        """A stream that seeks; None where there is no such thing."""

    def exists(self, key: str) -> bool: ...

    def remove(self, key: str) -> None: ...

    def below(self, prefix: str) -> Iterator[str]:
        """Every name below this folder of names; "" for all."""

    def remove_below(self, prefix: str) -> None: ...


class FolderBlobs:
    """A share that is not connected often leaves its empty folder: nothing is written where no marker is."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.place = str(root)

    def free_bytes(self) -> int | None:
        with folder_refusals(self.place):
            return shutil.disk_usage(self._root).free

    def put(self, key: str, fill: Fill) -> None:
        path = self._path(key)
        with folder_refusals(self.place):
            self._check(key)
            make_folder(path.parent)
            aside = path.parent / f"{_ASIDE}{secrets.token_hex(8)}"
            try:
                with aside.open("wb") as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
                sync_folder(path.parent)
            except BaseException:
                with suppress(OSError):
                    aside.unlink(missing_ok=True)
                raise

    def open(self, key: str) -> BinaryIO | None:
        with folder_refusals(self.place):
            try:
                return self._path(key).open("rb")
            except FileNotFoundError:
                self._check(key)
                return None

    def exists(self, key: str) -> bool:
        with folder_refusals(self.place):
            if self._path(key).is_file():
                return True
            self._check(key)
            return False

    def remove(self, key: str) -> None:
        with folder_refusals(self.place):
            self._check(key)
            self._path(key).unlink(missing_ok=True)

    def remove_below(self, prefix: str) -> None:
        folder = self._path(prefix)
        with folder_refusals(self.place):
            self._check(prefix)
            if folder.is_dir():
                shutil.rmtree(folder)  # with what a killed program had begun in it
            with suppress(OSError):  # another PC puts something beside it
                folder.parent.rmdir()

    def below(self, prefix: str) -> Iterator[str]:
        with folder_refusals(self.place):
            self._check(prefix)
            found = sorted(
                path.relative_to(self._root).as_posix()
                for path in (self._root / prefix).rglob("*")
                if path.is_file() and not path.name.startswith(_ASIDE)
            )
        yield from found

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*key.split("/"))

    def _check(self, key: str) -> None:
        """That the folder is there, and ours: only the marker, and a look whether it is empty, come first."""
        if not self._root.is_dir():
            if key == MARKER:
                raise no_such_place(
                    self.place, "There is no such folder, or its disk or share is not connected."
                )
            raise out_of_reach(self.place, "the folder is gone")
        if key not in (MARKER, "") and not (self._root / MARKER).is_file():
            raise out_of_reach(self.place, f"the folder is there, but its file {MARKER} is not")
