"""Decode in one thread while another one looks: frames arrive converted and early."""

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

KEPT = 16  # this many earlier pictures stay valid, for looking back
_AHEAD = 6


def decoded_ahead(
    frames: Iterator[TimedFrame], observe: Observe
) -> Generator[tuple[int, float, ByteImage], None, None]:
    """Yield (number, time_s, red-green-blue picture), reading `frames` in a second thread.

    `observe` is called in that thread for every frame. A yielded picture and the `KEPT` pictures before it
    stay unchanged until the next one is asked for; memory is reused, which is much faster than allocating.
    Close the generator (`contextlib.closing`) to stop the thread early.
    """
    waiting: queue.Queue[tuple[int, float, ByteImage] | BaseException | None] = queue.Queue(_AHEAD)
    stop = threading.Event()

    def hand_over(item: tuple[int, float, ByteImage] | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        # One being written, the ones waiting, the current one, and those kept.
        buffers: list[ByteImage | None] = [None] * (KEPT + _AHEAD + 2)
        try:
            for number, (time_s, image) in enumerate(frames):
                slot = number % len(buffers)
                picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=buffers[slot])
                buffers[slot] = picture
                observe(number, time_s, image)
                if not hand_over((number, time_s, picture)):
                    return
            hand_over(None)
        except BaseException as error:  # noqa: BLE001 - thread border: raised again in the reading thread
            hand_over(error)

    thread = threading.Thread(target=read, name="decode", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
