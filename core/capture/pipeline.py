"""Decode in one thread while another one detects: frames arrive converted and ahead of time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

ByteImage = NDArray[np.uint8]
TimedFrame = tuple[float, ByteImage]  # seconds, blue-green-red picture valid until the next one
Observe = Callable[[int, float, ByteImage], None]  # frame number, seconds, blue-green-red picture

KEPT_FRAMES = 16  # this many earlier pictures stay valid, so that they can be searched again
_FRAMES_AHEAD = 6
_Item = tuple[int, float, ByteImage] | BaseException | None  # a picture, what went wrong, or the end


def decoded_ahead(
    frames: Iterator[TimedFrame], observe: Observe
) -> Generator[tuple[int, float, ByteImage], None, None]:
    """Yield (number, time_s, red-green-blue picture), reading `frames` in a second thread.

    `observe` is called in that thread for every frame. A yielded picture and the `KEPT_FRAMES` pictures
    before it stay unchanged until the next one is requested; memory is reused, which is much faster than
    allocating. Close the generator (`contextlib.closing`) to stop the thread early.
    """
    decoder = _Decoder(frames, observe)
    thread = threading.Thread(target=decoder.run, name="decode", daemon=True)
    thread.start()
    try:
        while (item := decoder.decoded.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        decoder.stop.set()
        thread.join()


class _Decoder:
    """The thread's side: converts pictures into a ring of buffers and hands them over."""

    def __init__(self, frames: Iterator[TimedFrame], observe: Observe) -> None:
        self.decoded: queue.Queue[_Item] = queue.Queue(_FRAMES_AHEAD)
        self.stop = threading.Event()
        self._frames, self._observe = frames, observe

    def run(self) -> None:
        try:
            self._decode()
        except BaseException as error:  # noqa: BLE001 - thread border: raised again in the reading thread
            self._hand_over(error)
        else:
            self._hand_over(None)

    def _decode(self) -> None:
        # One being written, the ones in the queue, the current one, and those kept.
        buffers: list[ByteImage | None] = [None] * (KEPT_FRAMES + _FRAMES_AHEAD + 2)
        for number, (time_s, image) in enumerate(self._frames):
            slot = number % len(buffers)
            picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=buffers[slot])
            buffers[slot] = picture
            self._observe(number, time_s, image)
            if not self._hand_over((number, time_s, picture)):
                return

    def _hand_over(self, item: _Item) -> bool:
        """Wait for room; False when the reader has stopped."""
        while not self.stop.is_set():
            try:
                self.decoded.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False
