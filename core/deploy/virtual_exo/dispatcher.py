"""From an SMP frame to an answer. Every request gets exactly one, and no request can raise out of here."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import cbor2

READ, WRITE = 0, 2
HEADER = struct.Struct("!BBHHBB")  # version and op, flags, length, group, sequence, command

Answer = dict[str, Any]
Handler = Callable[[Answer], Answer]
Handlers = dict[tuple[int, int, int], Handler]  # (group, command, op)

# Refusals that every group shares (MCUmgr's MGMT_ERR).
EINVAL, ENOENT, EBADSTATE, ENOTSUP = 3, 5, 6, 8


class Refusal(Exception):  # noqa: N818 - an answer, not an error of this program
    """A refusal of one group (`group` set), or one that all groups share."""

    def __init__(self, code: int, group: int | None = None) -> None:
        super().__init__(code, group)
        self.code = code
        self.group = group


class Dispatcher:
    """Routes frames to handlers."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def answer(self, frame: bytes) -> bytes | None:
        """The answering frame; None when there is not even a header to answer to."""
        if len(frame) < HEADER.size:
            return None
        first, _, length, group, sequence, command = HEADER.unpack_from(frame)
        version, operation = first >> 3 & 0b11, first & 0b111
        if operation not in (READ, WRITE):
            return None
        try:
            request = _payload(frame[HEADER.size :], length)
            handler = self._handlers.get((group, command, operation))
            if handler is None:
                raise Refusal(ENOTSUP)
            body = handler(request)
        except Refusal as refusal:
            body = _refusal_body(refusal, version)
        data = cbor2.dumps(body, canonical=True)
        return HEADER.pack(version << 3 | operation + 1, 0, len(data), group, sequence, command) + data


def _payload(data: bytes, length: int) -> Answer:
    if len(data) != length:
        raise Refusal(EINVAL)
    if not data:
        return {}
    try:
        request = cbor2.loads(data)
    except (cbor2.CBORError, ValueError, TypeError, EOFError, RecursionError, OverflowError) as error:
        raise Refusal(EINVAL) from error
    if not isinstance(request, dict):
        raise Refusal(EINVAL)
    return request


def _refusal_body(refusal: Refusal, version: int) -> Answer:
    if refusal.group is None or version == 0:
        return {"rc": refusal.code}
    return {"err": {"group": refusal.group, "rc": refusal.code}}


def whole(request: Answer, key: str, default: int | None = None) -> int:
    """A whole number of the request. Raises Refusal when it is missing or something else."""
    value = request.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 0xFFFFFFFF:
        raise Refusal(EINVAL)
    return value


def real(request: Answer, key: str) -> float:
    value = request.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal(EINVAL)
    return float(value)


def octets(request: Answer, key: str, default: bytes | None = None) -> bytes:
    value = request.get(key, default)
    if not isinstance(value, bytes):
        raise Refusal(EINVAL)
    return value


def text(request: Answer, key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise Refusal(EINVAL)
    return value


def truth(request: Answer, key: str, default: bool | None = None) -> bool:
    value = request.get(key, default)
    if not isinstance(value, bool):
        raise Refusal(EINVAL)
    return value
