"""Files of results in a place that several PCs share: checked on every read, sealed where the record is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from core.errors import UserError
from core.store.artifacts.blobs import MARKER, Blobs
from core.store.artifacts.interface import CHUNK_BYTES, Artifact, checked
from core.store.artifacts.refusals import changed, missing, of_another

if TYPE_CHECKING:
    from core.store.artifacts.sealing import Sealing

FORMAT = 1
_OTHER_RECORD = (
    "Give the address of this record's own store in EXOTWIN_ARTIFACTS, or an empty one for a new record."
)
_OTHER_KEY = (
    "Copy the file keys/data.json of a PC that has the key into the folder keys of this data folder, then "
    "`exotwin data unlock` with the printed recovery key."
)


class SharedArtifacts:
    """Keys of the blobs are `scope/hash`. Use `check` or `prepare` once before the rest."""

    def __init__(self, blobs: Blobs, sealing: Sealing | None = None) -> None:
        self._blobs = blobs
        self._sealing = sealing
        self.place = blobs.place

    @property
    def is_prepared(self) -> bool:
        return self._blobs.exists(MARKER)

    def prepare(self, record_id: str) -> None:
        """Make it the store of this record, where it is none yet. Refuses REC-076, also what is not empty."""
        if self.is_prepared:
            return self.check(record_id)
        if next(self._blobs.below(""), None) is not None:
            why = "There are files in it that are not of ExoTwin."
            raise of_another(self.place, why, "Choose an empty folder, or a prefix of its own in the bucket.")
        told = {"format": FORMAT, "record": record_id, "key_id": self._key_id}
        self._blobs.put(MARKER, lambda file: _write(file, json.dumps(told).encode()))
        return None

    def check(self, record_id: str) -> None:
        """Refuses REC-076: of another record, never prepared, of a newer ExoTwin, or under another key."""
        told = self._told()
        if told.get("record") != record_id:
            words = "It is of another record." if told else f"It has no file {MARKER}, so it is of no record."
            raise of_another(self.place, words, _OTHER_RECORD)
        if told.get("format") != FORMAT:
            raise of_another(self.place, "It was written by a newer version of ExoTwin.", "Start that one.")
        if told.get("key_id") != self._key_id:
            raise self._other_key(str(told.get("key_id")))

    def put(self, artifact: Artifact, content: BinaryIO) -> None:
        writers = []  # one that seals closes its file when it goes, which is not before the blob is kept

        def fill(file: BinaryIO) -> None:
            digest = hashlib.sha256()
            writer = file if self._sealing is None else self._sealing.writer(artifact, file)
            writers.append(writer)
            while chunk := content.read(CHUNK_BYTES):
                digest.update(chunk)
                writer.write(chunk)
            if digest.hexdigest() != artifact.sha256:
                raise ValueError(f"the content of {artifact.scope}/{artifact.name} has another hash")
            getattr(writer, "finish", writer.flush)()

        self._blobs.put(self._key(artifact), fill)

    def open(self, artifact: Artifact) -> BinaryIO:
        file = self._blobs.open(self._key(artifact))
        if file is None:
            raise missing(self.place, f"{artifact.scope}/{artifact.name}")
        try:
            content = file if self._sealing is None else self._sealing.reader(artifact, file)
            if checked(content, artifact.sha256):
                content.seek(0)
                return content
        except UserError as error:  # a seal that is broken
            file.close()
            raise changed(self.place, f"{artifact.scope}/{artifact.name}") from error
        file.close()
        raise changed(self.place, f"{artifact.scope}/{artifact.name}")

    def exists(self, artifact: Artifact) -> bool:
        return self._blobs.exists(self._key(artifact))

    def remove(self, artifact: Artifact) -> None:
        self._blobs.remove(self._key(artifact))

    def remove_scope(self, scope: str) -> None:
        for key in list(self._blobs.below(f"{scope}/")):
            self._blobs.remove(key)

    def scopes(self) -> Iterator[str]:
        found = (key.rpartition("/")[0] for key in self._blobs.below(""))
        yield from dict.fromkeys(scope for scope in found if scope)

    def strangers(self, scope: str, known: frozenset[Artifact]) -> tuple[str, ...]:
        keys = {self._key(artifact) for artifact in known}
        return tuple(key for key in self._blobs.below(f"{scope}/") if key not in keys)

    def withdraw(self) -> None:
        """Take the mark away from a store that was prepared and not used, or moved out of."""
        self._blobs.remove(MARKER)

    @property
    def _key_id(self) -> str:
        return "" if self._sealing is None else self._sealing.key_id

    def _key(self, artifact: Artifact) -> str:
        name = artifact.sha256 if self._sealing is None else self._sealing.name_of(artifact)
        return f"{artifact.scope}/{name}"

    def _told(self) -> dict[str, object]:
        file = self._blobs.open(MARKER)
        if file is None:
            return {}
        with file, suppress(ValueError):
            told = json.loads(file.read())
            return told if isinstance(told, dict) else {}
        return {}

    def _other_key(self, key_id: str) -> UserError:
        if not key_id:
            why = "What is in it is not encrypted, and this data folder is."
            step = "Move the record back into a data folder with `exotwin record move`, and from there again."
            return of_another(self.place, why, step)
        why = "It is encrypted with a key that this data folder does not have."
        return of_another(self.place, why, _OTHER_KEY)


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)
