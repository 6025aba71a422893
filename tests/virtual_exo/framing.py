"""SMP frames on a serial line: base64 lines, length and CRC-16/XMODEM.

Written from the public format, neither with the library that the app uses nor as the exo's core does it, so
that each checks the others.
"""

from __future__ import annotations

import base64
import binascii
import struct

START = b"\x06\x09"
CONTINUE = b"\x04\x14"
LINE_BYTES = 127
MAX_FRAME_BYTES = 4096


class FrameReader:
    """Collects bytes and gives whole frames. Whatever is damaged is dropped without an answer."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._frame: bytearray | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Frames completed by `data`, without length and CRC."""
        frames = []
        for byte in data:
            if byte == 0x0A:
                frame = self._take_line(bytes(self._line))
                self._line.clear()
                if frame is not None:
                    frames.append(frame)
            elif len(self._line) < 4 * MAX_FRAME_BYTES:
                self._line.append(byte)
        return frames

    def _take_line(self, line: bytes) -> bytes | None:
        start, more = line.rfind(START), line.rfind(CONTINUE)
        if start >= 0:
            self._frame = bytearray()
            payload = line[start + 2 :]
        elif more >= 0 and self._frame is not None:
            payload = line[more + 2 :]
        else:
            return None
        try:
            decoded = base64.b64decode(payload.rstrip(b"\r"), validate=True)
        except binascii.Error:
            self._frame = None
            return None
        assert self._frame is not None
        self._frame += decoded
        return self._complete()

    def _complete(self) -> bytes | None:
        assert self._frame is not None
        if len(self._frame) < 2:
            return None
        (length,) = struct.unpack_from("!H", self._frame)
        if length > MAX_FRAME_BYTES or len(self._frame) > length + 2:
            self._frame = None
        elif len(self._frame) == length + 2:
            body = bytes(self._frame[2:])
            self._frame = None
            if len(body) > 2 and binascii.crc_hqx(body, 0) == 0:  # a CRC over its own value is zero
                return body[:-2]
        return None


def encode_frame(frame: bytes) -> bytes:
    """The lines of one frame."""
    body = frame + struct.pack("!H", binascii.crc_hqx(frame, 0))
    text = base64.b64encode(struct.pack("!H", len(body)) + body)
    step = (LINE_BYTES - 3) // 4 * 4
    lines = [text[at : at + step] for at in range(0, len(text), step)]
    return b"".join((CONTINUE if number else START) + line + b"\n" for number, line in enumerate(lines))
