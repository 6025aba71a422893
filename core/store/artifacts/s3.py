"""Bytes under a name in a bucket of S3 or what speaks like it, by `fsspec` and `s3fs`.

Endpoint, region and keys come from the usual variables and files of AWS, never from ours. An object of S3 is
there whole or not at all. All is tried again after a pause while the network fails: what is under a name
never changes, so that putting, reading and removing twice is as good as once.
"""

from __future__ import annotations

import errno
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from core.errors import UserError
from core.store.artifacts.blobs import Fill
from core.store.artifacts.refusals import full, no_such_place, not_allowed, out_of_reach

T = TypeVar("T")
_log = logging.getLogger(__name__)
PAUSES_S = (0.3, 1.0, 3.0)  # between one try and the next
_BLOCK_BYTES = 16 << 20  # what is held in memory and asked for at once
_CONNECT_S, _SILENT_S = 5, 30  # until a server that says nothing counts as out of reach
_FULL = frozenset({"507", "InsufficientStorage", "QuotaExceeded", "StorageFull", "XMinioStorageFull"})
_REFUSED = frozenset({"InvalidToken", "AuthorizationHeaderMalformed", "InvalidAccessKeyId", "AccessDenied"})


class S3Blobs:
    """`address`: `bucket` or `bucket/prefix`."""

    def __init__(self, address: str) -> None:
        self._root = address.strip("/")
        self.place = f"s3://{self._root}"
        self._opened: Any = None

    def free_bytes(self) -> int | None:
        return None

    def put(self, key: str, fill: Fill) -> None:
        with _temporary_file() as path:
            with path.open("wb") as file:
                fill(file)
            if path.stat().st_size <= _BLOCK_BYTES:
                content = path.read_bytes()
                self._tried(lambda fs, there: fs.pipe_file(there, content), key)
            else:  # a stream of s3fs that is left by an exception would keep the half of it
                self._tried(lambda fs, there: fs.put_file(str(path), there), key)

    def open(self, key: str) -> BinaryIO | None:
        try:
            return self._read(key)
        except FileNotFoundError:
            return None

    def exists(self, key: str) -> bool:
        return bool(self._tried(lambda fs, path: fs.exists(path), key))

    def remove(self, key: str) -> None:
        self._tried(lambda fs, path: fs.rm_file(path), key)

    def remove_below(self, prefix: str) -> None:
        for key in self.below(prefix):
            self.remove(key)

    def below(self, prefix: str) -> Iterator[str]:
        found = self._tried(lambda fs, path: fs.find(path), prefix)
        yield from (path[len(self._root) + 1 :] for path in found)

    def _read(self, key: str) -> BinaryIO:
        """Block by block, so that a connection that breaks costs one of them."""
        content = cast(BinaryIO, tempfile.SpooledTemporaryFile(_BLOCK_BYTES))  # noqa: SIM115 - the caller's
        try:
            while content.write(self._block(key, content.tell())) == _BLOCK_BYTES:
                pass
            content.seek(0)
            return content
        except BaseException:
            content.close()
            raise

    def _block(self, key: str, start: int) -> bytes:
        """Shorter than a whole one at the end of the object, and empty behind it."""
        return self._tried(lambda fs, path: _range(fs, path, start, start + _BLOCK_BYTES), key)

    def _tried(self, work: Callable[[Any, str], T], key: str) -> T:
        """Raises FileNotFoundError for an object that is not there."""
        path = f"{self._root}/{key}".rstrip("/")
        for pause_s in PAUSES_S:
            try:
                return self._once(work, path)
            except UserError as error:
                if error.advice.code != "REC-070":
                    raise
            time.sleep(pause_s)
        return self._once(work, path)

    def _once(self, work: Callable[[Any, str], T], path: str) -> T:
        if self._opened is None:
            self._opened = self._open()
        try:
            return work(self._opened, path)
        except Exception as error:
            refusal = _refusal(self.place, error)
            if refusal is None:
                raise
            raise refusal from error

    def _open(self) -> Any:
        """Refuses REC-072 where `s3fs` is not installed."""
        told = sorted(name for name in os.environ if name.startswith("AWS_"))
        try:
            return _file_system(tuple((name, os.environ[name]) for name in told))
        except ImportError as error:
            why = "This installation lacks the part that speaks S3."
            step = "Add it: python3 installer/bootstrap.py setup --with server."
            raise no_such_place(self.place, why, step) from error


@lru_cache(maxsize=4)
def _file_system(_variables: tuple[tuple[str, str], ...]) -> Any:
    """Costs half a second, so that each process keeps it as long as the variables are these."""
    import s3fs

    limits = {"connect_timeout": _CONNECT_S, "read_timeout": _SILENT_S, "retries": {"max_attempts": 1}}
    made = s3fs.S3FileSystem(config_kwargs=limits, use_listings_cache=False, skip_instance_cache=True)
    made.retries = 1  # `_tried` does it
    made.loop.call_soon_threadsafe(made.loop.set_exception_handler, _note_left)
    return made


def _note_left(_loop: Any, context: dict[str, Any]) -> None:
    """What a connection that was cut leaves in the library; whoever waited for it was told."""
    _log.debug("left by a connection: %s", context.get("exception") or context.get("message"))


def _range(files: Any, path: str, start: int, end: int) -> bytes:
    try:
        return cast(bytes, files.cat_file(path, start=start, end=end))
    except OSError as error:
        if _told(error)[0] not in ("InvalidRange", "416"):
            raise
        return b""


def _refusal(place: str, error: Exception) -> UserError | None:
    """What an error of the libraries means; None for an object that is not there, and for a bug."""
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    code, told = _told(error)
    if code == "NoSuchBucket":
        return no_such_place(place, "The server has no such bucket.")
    if isinstance(error, FileNotFoundError):
        return None
    no_key = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError)
    if isinstance(error, (PermissionError, *no_key)) or code in _REFUSED:
        return not_allowed(place, told)
    if code in _FULL or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return full(place, told)
    cut_off = (OSError, TimeoutError, boto.ConnectionError, boto.HTTPClientError, ResponseParserError)
    if isinstance(error, cut_off):
        return out_of_reach(place, told)
    if isinstance(error, (boto.BotoCoreError, ValueError)):  # a name or an endpoint that cannot be
        return no_such_place(place, f"It is no address: {told}")
    return None


def _told(error: Exception) -> tuple[str, str]:
    """The code of a server's answer, "" without one, and what is told of it."""
    answer = getattr(error, "response", None) or getattr(error.__cause__, "response", None) or {}
    said = answer.get("Error", {}) if isinstance(answer, dict) else {}
    return str(said.get("Code", "")), str(said.get("Message") or error)


@contextmanager
def _temporary_file() -> Iterator[Path]:
    """A path that others may open, too, which Windows does not allow of an open temporary file."""
    handle, name = tempfile.mkstemp(prefix="exotwin-")
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
