"""Files that leave an encrypted data folder stay encrypted, and under names that tell nothing of them.

Each result has a key of its own, made of the data key: another PC needs that and nothing else. A name is not
the hash of the content, which somebody who guesses the content could look for, but that hash under a key.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import BinaryIO, cast

from core.store.artifacts.interface import Artifact
from core.vault.keys import Keys
from core.vault.stream import Owner, SealedReader, SealingWriter


class Sealing:
    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.key_id = keys.key_id

    def name_of(self, artifact: Artifact) -> str:
        key = self._keys.derived(f"names in {artifact.scope}")
        return hmac.new(key, artifact.sha256.encode(), hashlib.sha256).hexdigest()

    def writer(self, artifact: Artifact, file: BinaryIO) -> SealingWriter:
        return SealingWriter(file, Owner(), self._key(artifact))

    def reader(self, artifact: Artifact, file: BinaryIO) -> BinaryIO:
        """Raises BrokenSealError."""
        return cast(BinaryIO, SealedReader(file, lambda _owner: self._key(artifact)))

    def _key(self, artifact: Artifact) -> bytes:
        return self._keys.derived(f"files of {artifact.scope}")
