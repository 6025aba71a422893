"""Files of a data folder, opened so that whoever reads or writes them need not know whether it is encrypted.

A file is encrypted or not by its own first bytes, and a new one is encrypted where its data folder is. So a
folder of both kinds reads well, as it is while it is being encrypted, and so do files from anywhere else.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from core.vault.opened import keys_for

if TYPE_CHECKING:
    from core.vault.stream import Owner

MAGIC = b"EXOVLT\x01\n"  # as in `core.vault.stream`, which a plain folder need not import
_COPY_BYTES = 1 << 20


def is_sealed(path: Path) -> bool:
    """Whether this file is encrypted. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def require_ordinary(path: Path) -> None:
    """Raises OSError for a pipe or a device, which might never begin or never end, and where nothing is."""
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        raise OSError(errno.EINVAL, "It is no ordinary file")


def open_read(path: Path) -> BinaryIO:
    """Its content as a stream that seeks. Raises OSError, and as `core.vault.opened.ensure_open`.

    OSError as `require_ordinary`, too. Of an encrypted file also UserError REC-035 (its key is gone) and
    REC-036 (it was damaged or changed).
    """
    require_ordinary(path)
    file = path.open("rb")
    try:
        sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        return _unsealing(file, path) if sealed else file
    except BaseException:
        file.close()
        raise


def open_write(path: Path, owner: Owner | None = None) -> BinaryIO:
    """A stream that makes or replaces the file; encrypted for `owner` where the data folder is encrypted.

    Without one, that is the job of a file in a job's folder, and the data folder itself otherwise. An
    encrypted stream cannot seek, and must be left without an exception to be complete.
    """
    keys = keys_for(path)
    if keys is None:
        return path.open("wb")
    from core.vault.stream import SealingWriter

    owner = owner or owner_by_place(keys.data_dir, path)
    key = keys.make(owner)
    return cast(BinaryIO, SealingWriter(path.open("wb"), owner, key))


def sync(file: BinaryIO) -> None:
    """Have what was written to a stream of `open_write` on the disk; nothing more can be written then."""
    finish = getattr(file, "finish", file.flush)
    finish()
    os.fsync(file.fileno())


def owner_by_place(data_dir: Path, path: Path) -> Owner:
    """Whose a file is by its folder alone."""
    from core.vault.keys import job
    from core.vault.stream import Owner

    parts = path.resolve().relative_to(data_dir).parts
    return job(parts[1]) if parts[0] == "jobs" and len(parts) > 2 else Owner()


def forget_job(folder: Path) -> None:
    """Destroy the key of a job whose folder was removed."""
    keys = keys_for(folder)
    if keys is not None:
        from core.vault.keys import job

        keys.destroy(job(folder.name))


def read_bytes(path: Path) -> bytes:
    with open_read(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    return read_bytes(path).decode("utf-8")


def write_bytes(path: Path, content: bytes, owner: Owner | None = None) -> None:
    with open_write(path, owner) as file:
        file.write(content)


def write_text(path: Path, content: str, owner: Owner | None = None) -> None:
    write_bytes(path, content.encode("utf-8"), owner)


def sealed(path: Path, content: bytes, owner: Owner | None = None) -> bytes:
    """The bytes that a file of this content has there: to be written in another way than by `open_write`."""
    keys = keys_for(path)
    if keys is None:
        return content
    from core.vault.stream import sealed_bytes

    owner = owner or owner_by_place(keys.data_dir, path)
    return sealed_bytes(content, owner, keys.make(owner))


def content_bytes(path: Path) -> int:
    """How long the content is."""
    with open_read(path) as file:
        return file.seek(0, os.SEEK_END)


def copy(source: Path, target: Path, owner: Owner | None = None) -> None:
    """Copy the content of a file; encrypted where the target's data folder is, and plain elsewhere."""
    with open_read(source) as reader, open_write(target, owner) as writer:
        while chunk := reader.read(_COPY_BYTES):
            writer.write(chunk)


def _unsealing(file: BinaryIO, path: Path) -> BinaryIO:
    from core.vault.stream import BrokenSealError, SealedReader

    keys = keys_for(path)
    if keys is None:
        raise BrokenSealError(file, "the data folder that it belongs to is another one")
    return cast(BinaryIO, SealedReader(file, keys.of))
