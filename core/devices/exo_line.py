"""The line to an exo: one request at a time, resynchronised after every error, never repeated by itself.

smpclient has no lock and never recovers from a late answer (its issue 104): the lock is here, and
`ExoTransport` skips late answers. Commands are sent exactly once; only reads are repeated once, and an upload
continues at the offset that the exo reports. Whatever a device sends, a request ends in time and takes little
memory.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cbor2 import CBORError
from pydantic import ValidationError
from smp.error import MGMT_ERR
from smp.exceptions import SMPException
from smpclient import SMPClient
from smpclient.exceptions import SMPClientException, SMPUploadError
from smpclient.generics import error as is_error
from smpclient.requests.file_management import FileDownload
from smpclient.requests.os_management import EchoWrite
from smpclient.transport import SMPTransportDisconnected

from core.devices.exo_answers import own_code, reason_of
from core.devices.exo_refusals import (
    broken_answers,
    in_use,
    not_answering,
    refused,
    token_refused,
    unplugged,
    upload_refused,
)
from core.devices.exo_transport import ExoTransport, parse_address

T = TypeVar("T")
OnProgress = Callable[[int, int], None]  # bytes done, bytes in all

REQUEST_TIMEOUT_S = 1.0
SLOW_TIMEOUT_S = 5.0  # for commands that start a controller or write to flash
UPLOAD_FIRST_TIMEOUT_S = 10.0  # a device may erase its flash first
UPLOAD_RESTARTS = 5
STANDSTILLS = 20  # answers of an upload that bring it no further
DOWNLOAD_BYTES = 1 << 21  # no file of an exo is longer
DOWNLOAD_S = 120.0
# smpclient logs whole requests, weights included, before it raises; its exceptions say enough.
logging.getLogger("smpclient").setLevel(logging.CRITICAL)
# Everything that smp's parser raises on malformed bytes; some of its checks are plain asserts.
_GARBLED = (
    SMPClientException,
    SMPException,
    ValidationError,
    CBORError,
    ValueError,
    TypeError,
    AssertionError,
    struct.error,
)


class ExoLine:
    """Requests to one exo, from any thread; they queue up. Raises UserError as `ExoLink` says."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._transport = ExoTransport(parse_address(address))
        self._client = SMPClient(self._transport, address, REQUEST_TIMEOUT_S)
        self._loop = asyncio.new_event_loop()
        self._lock = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="exo-link", daemon=True)
        self._thread.start()

    def open(self, timeout_s: float) -> None:
        self._run(self._open(timeout_s))

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._run(self._client.disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5.0)
        self._loop.close()

    def ask(self, request: Any, *, tries: int, slow: bool = False, code: str = "EXO-010") -> Any:
        """The answer to a request; `code` is that of a refusal by the exo."""
        timeout_s = SLOW_TIMEOUT_S if slow else REQUEST_TIMEOUT_S
        return self._run(self._request(request, tries=tries, timeout_s=timeout_s, code=code))

    def download(self, name: str, on_progress: OnProgress | None) -> bytes:
        """A file of the exo; it may be empty."""
        data, total, until_s = b"", 1, time.monotonic() + DOWNLOAD_S
        while len(data) < total:
            answer = self.ask(FileDownload(off=len(data), name=name), tries=2)
            total = answer.len if answer.off == 0 else total
            if answer.off != len(data) or (not answer.data and total) or total > DOWNLOAD_BYTES:
                raise broken_answers(self.address)
            if time.monotonic() > until_s:
                raise not_answering(self.address)
            data += answer.data
            if on_progress is not None:
                on_progress(len(data), total)
        return data

    def upload(self, blob: bytes, on_progress: OnProgress) -> None:
        self._run(self._upload(blob, on_progress))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self, timeout_s: float) -> None:
        try:
            await self._client.connect(timeout_s)
        except (SMPTransportDisconnected, OSError) as error:
            raise unplugged(self.address) from error
        except _GARBLED as error:
            raise broken_answers(self.address) from error
        await self._request(EchoWrite(d="exotwin"), tries=2, timeout_s=REQUEST_TIMEOUT_S)

    async def _request(self, request: Any, *, tries: int, timeout_s: float, code: str = "EXO-010") -> Any:
        async with self._lock:
            for remaining in reversed(range(tries)):
                try:
                    answer = await self._client.request(request, timeout_s)
                    break
                except TimeoutError as error:
                    self._resynchronise()
                    if not remaining:
                        raise not_answering(self.address) from error
                except (SMPTransportDisconnected, OSError) as error:
                    raise unplugged(self.address) from error
                except _GARBLED as error:
                    self._resynchronise()
                    if not remaining:
                        raise broken_answers(self.address) from error
        if is_error(answer):
            raise self._refusal(code, answer)
        return answer

    def _refusal(self, code: str, answer: Any) -> Exception:
        """Why the exo does not do it, or not for this program."""
        match getattr(answer, "rc", None):
            case MGMT_ERR.EBUSY:
                return in_use(self.address)
            case MGMT_ERR.EACCESSDENIED:
                return token_refused(self.address, "It serves only programs that know its token.")
        return refused(code, reason_of(answer), own_code(answer))

    async def _upload(self, blob: bytes, on_progress: OnProgress) -> None:
        async with self._lock:
            progress = _Progress(len(blob), on_progress)
            while True:
                try:
                    upload = self._client.upload(
                        blob, first_timeout_s=UPLOAD_FIRST_TIMEOUT_S, subsequent_timeout_s=REQUEST_TIMEOUT_S
                    )
                    async for done in upload:
                        if not progress.goes_on(done):
                            raise broken_answers(self.address)
                    return
                except SMPUploadError as error:
                    raise upload_refused(str(error)) from error
                except (SMPTransportDisconnected, ConnectionError) as error:
                    raise unplugged(self.address, uploading=True) from error
                except (TimeoutError, *_GARBLED) as error:
                    self._resynchronise(uploading=True)
                    if not progress.may_restart():
                        raise not_answering(self.address) from error
                except OSError as error:
                    raise unplugged(self.address, uploading=True) from error

    def _resynchronise(self, *, uploading: bool = False) -> None:
        try:
            self._transport.resynchronise()
        except OSError as error:
            raise unplugged(self.address, uploading=uploading) from error


class _Progress:
    """Of an upload; ends one that gets nowhere."""

    def __init__(self, total: int, told: OnProgress) -> None:
        self._total, self._told = total, told
        self._reached, self._restarts, self._standstills = 0, 0, 0

    def goes_on(self, done: int) -> bool:
        """False when the exo tells of bytes that there are not, or stands still."""
        if done > self._reached:
            self._reached, self._restarts, self._standstills = done, 0, 0
        else:
            self._standstills += 1
        if done > self._total or self._standstills > STANDSTILLS:
            return False
        self._told(done, self._total)
        return True

    def may_restart(self) -> bool:
        """Once more, unless it did not advance since it was restarted last, time and again."""
        self._restarts += 1
        return self._restarts < UPLOAD_RESTARTS
