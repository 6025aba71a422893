"""The public keys that a virtual exo is given: those of a data folder, as they are at the moment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.deploy.keys.site_key import KeyKind, exo_keys
from core.errors import UserError
from core.exo_core.device import ExoKey

Stamp = tuple[int, ...]


class TrustedFolder:
    """Looks again when a key was added or taken away: a site may make its first one while its exo runs."""

    def __init__(self, data_dir: Path | None) -> None:
        """Raises UserError KEY-006 when a key is damaged."""
        self._data_dir = data_dir
        self._seen = self._stamp()
        self.keys = self._read()

    def look(self) -> bool:
        """True when `keys` are others than before; a damaged key changes nothing."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        before, self._seen = self.keys, stamp
        with suppress(UserError):
            self.keys = self._read()
        return self.keys != before

    def _read(self) -> tuple[ExoKey, ...]:
        found = () if self._data_dir is None else exo_keys(self._data_dir)
        return tuple(ExoKey(key.public.raw, key.kind is KeyKind.PRACTICE) for key in found)

    def _stamp(self) -> Stamp:
        """When the folders of keys changed; files appear in them under their final name."""
        if self._data_dir is None:
            return ()
        folders = (self._data_dir / "keys", self._data_dir / "keys" / "trusted")
        return tuple(folder.stat().st_mtime_ns if folder.is_dir() else 0 for folder in folders)
