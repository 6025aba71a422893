"""What commands print, without control signs: a name in a file could steer the terminal by them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO, cast

from core.errors import without_controls


@contextmanager
def plain_output() -> Iterator[None]:
    """Meanwhile whatever is printed goes through this."""
    with redirect_stdout(cast(TextIO, _Plain(sys.stdout))):
        yield


class _Plain:
    """A stream that passes on letters, line ends and tabs, and is as the one behind it in all else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(without_controls(text))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
