"""An encrypted video through OpenCV: decrypted piece by piece as it is read, and nowhere on a disk as it was.

OpenCV 5.0 reads from a stream of Python, with two traps: an exception in the stream ends the process, and
`release` drops the stream without holding the interpreter's lock. So the stream here raises nothing, and the
capture is let go of instead of released.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import cv2

from core.vault.files import open_read


class _QuietStream(io.BufferedIOBase):
    """Ends where another stream fails, and keeps why."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        try:
            return b"" if self.failure else self._stream.read(-1 if size is None else size)
        except Exception as error:  # noqa: BLE001 - the border to C++, which cannot take one
            self.failure = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._stream.seek(offset, whence)
        except Exception:  # noqa: BLE001 - as above; FFmpeg asks for places that are not there, too
            return -1

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()


class SealedCapture:
    """As much of `cv2.VideoCapture` as is used here. Raises what reading the encrypted file raises."""

    def __init__(self, path: Path) -> None:
        self._stream = _QuietStream(open_read(path))
        source: Any = self._stream  # any io.BufferedIOBase will do; OpenCV's annotations do not say so
        self._capture: Any = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [])
        self._check()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return bool(self._capture.isOpened())

    def get(self, what: int) -> float:
        return float(self._capture.get(what))

    def grab(self) -> bool:
        grabbed = bool(self._capture.grab())
        self._check()
        return grabbed

    def retrieve(self, image: Any = None) -> tuple[bool, Any]:
        ok, image = self._capture.retrieve(image)
        return bool(ok), image

    def release(self) -> None:
        self._capture = None
        self._stream.close()

    def _check(self) -> None:
        if self._stream.failure is not None:
            failure = self._stream.failure
            self.release()
            raise failure
