"""Array types, and the check of every array field when a value is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def frozen(owner: object, name: str, shape: tuple[int | None, ...], dtype: Any = np.float64) -> None:
    """Replace field `name` of a frozen dataclass by a read-only array and check its shape.

    `None` in `shape` accepts any length along that axis. Raises ValueError on another shape.
    """
    array = np.array(getattr(owner, name), dtype=dtype)
    if array.ndim != len(shape) or any(
        want is not None and want != have for want, have in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"{type(owner).__name__}.{name}: expected shape {shape}, got {array.shape}")
    array.setflags(write=False)
    object.__setattr__(owner, name, array)


def unbroken(flags: BoolArray) -> Iterator[slice]:
    """Pieces of (T,) that are true without interruption."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    for first, last in edges.reshape(-1, 2).tolist():
        yield slice(first, last)
