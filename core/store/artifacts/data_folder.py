"""The files of a data folder by their hash, as they always lay there: `records/kind/id` and `jobs/id`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.errors import UserError
from core.store.artifacts.interface import Artifact, checked, copied
from core.store.artifacts.refusals import changed, missing
from core.store.files import folder_errors, make_folder, open_to_read, open_to_write, sync_file, sync_folder

if TYPE_CHECKING:
    from core.vault.stream import Owner

OwnerOf = Callable[[str], "Owner | None"]  # whose a scope is, where the data folder is encrypted


class DataFolderArtifacts:
    """Refuses REC-003 and REC-006 where others refuse REC-070 to REC-073: it is the disk of this PC."""

    def __init__(self, data_dir: Path, owner_of: OwnerOf = lambda _scope: None) -> None:
        self._data_dir = data_dir
        self._owner_of = owner_of
        self.place = str(data_dir)

    def put(self, artifact: Artifact, content: BinaryIO) -> None:
        path = self._path(artifact)
        aside = path.with_name(f".{path.name}-aside")
        with folder_errors(self._data_dir):
            make_folder(path.parent)
            try:
                with open_to_write(aside, self._owner_of(artifact.scope)) as kept:
                    if copied(content, kept) != artifact.sha256:
                        raise ValueError(f"the content of {artifact.scope}/{artifact.name} has another hash")
                sync_file(aside)
                aside.replace(path)
                sync_folder(path.parent)
            finally:
                aside.unlink(missing_ok=True)

    def open(self, artifact: Artifact) -> BinaryIO:
        name = f"{artifact.scope}/{artifact.name}"
        with folder_errors(self._data_dir):
            try:
                file = open_to_read(self._path(artifact))
                if checked(file, artifact.sha256):
                    file.seek(0)
                    return file
            except FileNotFoundError as error:
                raise missing(self.place, name) from error
            except UserError as error:
                if error.advice.code != "REC-036":  # an encrypted file that was changed
                    raise
                raise changed(self.place, name) from error
        file.close()
        raise changed(self.place, name)

    def copy_to(self, artifact: Artifact, target: BinaryIO) -> None:
        with self.open(artifact) as content:
            copied(content, target)

    def exists(self, artifact: Artifact) -> bool:
        path = self._path(artifact)
        if not path.is_file():
            return False
        with open_to_read(path) as file:
            return checked(file, artifact.sha256)

    def remove(self, artifact: Artifact) -> None:
        self._path(artifact).unlink(missing_ok=True)

    def remove_scope(self, scope: str) -> None:
        shutil.rmtree(self._folder(scope), ignore_errors=True)

    def scopes(self) -> Iterator[str]:
        for path in sorted((self._data_dir / "records").glob("*/[!.]*")):
            yield f"{path.parent.name}/{path.name}"

    def strangers(self, scope: str, known: frozenset[Artifact]) -> tuple[str, ...]:
        names = {artifact.name for artifact in known}
        folder = self._folder(scope)
        found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return tuple(f"{scope}/{name}" for name in found if name not in names)

    def _folder(self, scope: str) -> Path:
        kind, _, name = scope.partition("/")
        return self._data_dir / "jobs" / name if kind == "jobs" else self._data_dir / "records" / kind / name

    def _path(self, artifact: Artifact) -> Path:
        return self._folder(artifact.scope) / artifact.name
