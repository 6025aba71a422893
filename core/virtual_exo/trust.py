"""The public keys that a virtual exo trusts: the present ones of a data folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.deploy.keys.site_key import KeyKind, exo_keys
from core.errors import UserError
from core.exo_core.device import ExoKey

Stamp = tuple[int, ...]


class TrustedFolder:
    """Reads the keys again when some were added or removed: a site may make its first one meanwhile."""

    def __init__(self, data_dir: Path | None) -> None:
        """Raises UserError KEY-006 when a key is damaged."""
        self._data_dir = data_dir
        self._read_stamp = self._stamp()
        self.keys = self._read()

    def refresh(self) -> bool:
        """True when `keys` changed. A damaged key leaves them as they were."""
        stamp = self._stamp()
        if stamp == self._read_stamp:
            return False
        before, self._read_stamp = self.keys, stamp
        with suppress(UserError):
            self.keys = self._read()
        return self.keys != before

    def _read(self) -> tuple[ExoKey, ...]:
        found = () if self._data_dir is None else exo_keys(self._data_dir)
        return tuple(ExoKey(key.public.raw, key.kind is KeyKind.PRACTICE) for key in found)

    def _stamp(self) -> Stamp:
        """Modification times of the key folders; files appear in them under their final name."""
        if self._data_dir is None:
            return ()
        folders = (self._data_dir / "keys", self._data_dir / "keys" / "trusted")
        return tuple(folder.stat().st_mtime_ns if folder.is_dir() else 0 for folder in folders)
