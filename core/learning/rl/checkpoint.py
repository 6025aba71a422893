"""Checkpoints as bytes. Only tensors and plain values go in, so that reading one never runs code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


def pack(content: dict[str, Any]) -> bytes:
    """A checkpoint of tensors and plain values, by name."""
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def unpack(checkpoint: bytes) -> dict[str, Any]:
    """The inverse of `pack`. Raises RuntimeError or UnpicklingError for bytes that are no checkpoint."""
    content: dict[str, Any] = torch.load(io.BytesIO(checkpoint), weights_only=True)
    return content


def to_tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Copies of named arrays as tensors, for a checkpoint."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def to_arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """The inverse of `to_tensors`; the arrays share memory with the tensors."""
    return {name: tensor.numpy() for name, tensor in tensors.items()}
