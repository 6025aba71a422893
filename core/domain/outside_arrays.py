"""Arrays from outside: the one reader for `.npz` files that people and other programs wrote."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 512_000_000
_DAMAGED = (
    EOFError,
    KeyError,
    TypeError,
    AttributeError,
    NotImplementedError,  # packed in a way that nobody uses
    RuntimeError,  # locked by a password
    ArithmeticError,
    SyntaxError,  # of what an array says of itself
    TokenError,
    MemoryError,  # a size that no array of this file can have
    zipfile.BadZipFile,
    zlib.error,
)


def read_arrays(path: Path, *, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[np.generic]]:
    """All arrays by name. Raises ValueError, in words that fit into a sentence, or OSError.

    How much a packed file unfolds to is looked at before it is unfolded; nothing in it is ever run.
    """
    try:
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                unfolded = sum(member.file_size for member in archive.infolist())
            if unfolded > most_bytes:
                raise ValueError(f"it unfolds to more than {most_bytes / 1e6:g} MB")
            file.seek(0)
            with np.load(file, allow_pickle=False) as content:
                return {name: np.asarray(content[name]) for name in content.files}
    except _DAMAGED as error:
        raise ValueError(f"it is no .npz file of arrays, or it is damaged ({error})") from error
