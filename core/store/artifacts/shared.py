"""Files of results in a place that several PCs share: checked on every read, sealed where the record is."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, BinaryIO, cast

from core.errors import UserError
from core.store.artifacts.blobs import MARKER, Blobs
from core.store.artifacts.interface import Artifact, checked, copied
from core.store.artifacts.refusals import changed, missing, of_another

if TYPE_CHECKING:
    from core.store.artifacts.sealing import Sealing

FORMAT = 1
_OTHER_RECORD = (
    "Give the address of this record's own store in EXOTWIN_ARTIFACTS. Results that lie elsewhere get into "
    "an empty one by `exotwin record move --artifacts`."
)
_CONNECTED = "Where it is a share or a disk, look first that it is connected: what is not is an empty folder."
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

    def prepare(self, record_id: str, *, filling: bool = False) -> None:
        """Make it the store of this record, where it is none yet. Refuses REC-076, also what is not empty.

        `filling`: files are being moved into it, and it is not used until it is prepared without.
        """
        if self.is_prepared:
            self._check(record_id, self._told())
        elif next(self._blobs.below(""), None) is not None:
            why = "There are files in it that are not of ExoTwin."
            raise of_another(self.place, why, "Choose an empty folder, or a prefix of its own in the bucket.")
        told = {"format": FORMAT, "record": record_id, "key_id": self._key_id}
        self._tell({**told, "filling": True} if filling else told)

    def check(self, record_id: str) -> None:
        """Refuses REC-076: never prepared, moved, of another record or key, or of a newer ExoTwin."""
        told = self._told()
        self._check(record_id, told)
        if told.get("moved_to"):
            raise of_another(self.place, f"Its files were moved to {told['moved_to']}.", _OTHER_RECORD)
        if told.get("filling"):
            why = "A move of the record into it was begun and did not come to its end."
            raise of_another(self.place, why, "Do it again: exotwin record move goes on where it stopped.")

    def _check(self, record_id: str, told: Mapping[str, object]) -> None:
        if told.get("record") != record_id:
            if not told:
                raise of_another(self.place, f"It has no file {MARKER}.", f"{_CONNECTED} {_OTHER_RECORD}")
            raise of_another(self.place, "It is of another record.", _OTHER_RECORD)
        if told.get("format") != FORMAT:
            raise of_another(self.place, "It was written by a newer version of ExoTwin.", "Start that one.")
        if told.get("key_id") != self._key_id:
            raise self._other_key(str(told.get("key_id")))

    @property
    def free_bytes(self) -> int | None:
        """Room that is left; None where the place does not tell."""
        return self._blobs.free_bytes()

    def try_out(self) -> None:
        """Whether a file can be written and removed; one of no result, which is gone afterwards."""
        name = f"exotwin-try-{secrets.token_hex(8)}"
        self._blobs.put(name, lambda file: _write(file, b"ExoTwin"))
        self._blobs.remove(name)

    def put(self, artifact: Artifact, content: BinaryIO) -> None:
        writers = []  # one that seals closes its file when it goes, which is not before the blob is kept

        def fill(file: BinaryIO) -> None:
            writer = file if self._sealing is None else self._sealing.writer(artifact, file)
            writers.append(writer)
            if copied(content, cast(BinaryIO, writer)) != artifact.sha256:
                raise ValueError(f"the content of {artifact.scope}/{artifact.name} has another hash")
            getattr(writer, "finish", writer.flush)()

        self._blobs.put(self._key(artifact), fill)

    def open(self, artifact: Artifact) -> BinaryIO:
        with ExitStack() as undo:
            content = undo.enter_context(self._opened(artifact))
            if not self._fits(artifact, lambda: checked(content, artifact.sha256)):
                raise changed(self.place, f"{artifact.scope}/{artifact.name}")
            content.seek(0)
            undo.pop_all()
            return content

    def copy_to(self, artifact: Artifact, target: BinaryIO) -> None:
        with self._opened(artifact) as content:
            if not self._fits(artifact, lambda: copied(content, target) == artifact.sha256):
                raise changed(self.place, f"{artifact.scope}/{artifact.name}")

    def _opened(self, artifact: Artifact) -> BinaryIO:
        file = self._blobs.open(self._key(artifact))
        if file is None:
            raise missing(self.place, f"{artifact.scope}/{artifact.name}")
        sealing = self._sealing
        if sealing is None:
            return file
        try:
            return sealing.reader(artifact, file)
        except UserError as error:
            file.close()
            raise changed(self.place, f"{artifact.scope}/{artifact.name}") from error

    def _fits(self, artifact: Artifact, read: Callable[[], bool]) -> bool:
        """Whether reading it finds what was written; an encrypted file may break at any part."""
        try:
            return read()
        except UserError as error:
            if error.advice.code != "REC-036":
                raise
            return False

    def exists(self, artifact: Artifact) -> bool:
        return self._blobs.exists(self._key(artifact))

    def remove(self, artifact: Artifact) -> None:
        self._blobs.remove(self._key(artifact))

    def remove_scope(self, scope: str) -> None:
        self._blobs.remove_below(scope)

    def scopes(self) -> Iterator[str]:
        found = (key.rpartition("/")[0] for key in self._blobs.below(""))
        yield from dict.fromkeys(scope for scope in found if scope)

    def strangers(self, scope: str, known: frozenset[Artifact]) -> tuple[str, ...]:
        keys = {self._key(artifact) for artifact in known}
        return tuple(key for key in self._blobs.below(scope) if key not in keys)

    def note_moved(self, where: str) -> None:
        """From now on nobody uses it; what is in it stays until somebody deletes it."""
        self._tell({**self._told(), "moved_to": where})

    @property
    def _key_id(self) -> str:
        return "" if self._sealing is None else self._sealing.key_id

    def _key(self, artifact: Artifact) -> str:
        name = artifact.sha256 if self._sealing is None else self._sealing.name_of(artifact)
        return f"{artifact.scope}/{name}"

    def _tell(self, told: Mapping[str, object]) -> None:
        if told != self._told():
            self._blobs.put(MARKER, lambda file: _write(file, json.dumps(told).encode()))

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
