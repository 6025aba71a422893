"""The program's own log: one rotating file in the data folder, for the engineer."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.store.files import folder_errors
from core.vault.opened import ensure_open

_MAX_BYTES = 2_000_000
_KEPT = 5


def _formatter(data_dir: Path) -> logging.Formatter:
    """Plain lines, or encrypted ones where the data folder is: sentences may name a patient."""
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    keys = ensure_open(data_dir)
    if keys is None:
        return plain
    from core.vault.log_lines import LineSeal, SealingFormatter

    return SealingFormatter(plain, LineSeal(keys))


def start_logging(data_dir: Path) -> Path:
    """Write log records of this process to `logs/exotwin.log` and return its path.

    Raises UserError REC-006 when the folder cannot be written.
    """
    path = data_dir / "logs" / "exotwin.log"
    with folder_errors(data_dir):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(_formatter(data_dir))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return path


def stop_logging() -> None:
    """Close the log: its file may be exchanged for an encrypted one. Nothing where none was started."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()
