"""Frozen dataclasses to JSON plus arrays, and back, driven by their type hints alone."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Arrays = dict[str, NDArray[Any]]
_ARRAY_KEY = "$array"


def encode(value: Any) -> tuple[Any, Arrays]:
    """Return a JSON tree and the arrays it refers to by their path."""
    arrays: Arrays = {}
    return _encode(value, "", arrays), arrays


def decode(kind: type[T], tree: Any, arrays: Mapping[str, NDArray[Any]]) -> T:
    """Rebuild a value of type `kind`. Raises KeyError or TypeError when the tree does not fit."""
    result: T = _decode(kind, tree, arrays)
    return result


def _encode(value: Any, path: str, arrays: Arrays) -> Any:
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {_ARRAY_KEY: path}
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.name: _encode(getattr(value, f.name), f"{path}/{f.name}", arrays) for f in fields}
    if isinstance(value, (tuple, list)):
        return [_encode(item, f"{path}/{number}", arrays) for number, item in enumerate(value)]
    if isinstance(value, dict):
        return {str(key): _encode(item, f"{path}/{key}", arrays) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return value


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, tree: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if tree is None else _decode(_only_choice(kind), tree, arrays)
    if origin is np.ndarray:
        return arrays[tree[_ARRAY_KEY]]
    if origin is tuple:
        return _decode_tuple(get_args(kind), tree, arrays)
    if origin is dict:
        return {key: _decode(get_args(kind)[1], item, arrays) for key, item in tree.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{key: _decode(hints[key], item, arrays) for key, item in tree.items()})
    if isinstance(kind, type) and issubclass(kind, (Enum, float)):
        return kind(tree)
    return tree


def _decode_tuple(items: tuple[Any, ...], tree: Any, arrays: Mapping[str, NDArray[Any]]) -> tuple[Any, ...]:
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_decode(items[0], item, arrays) for item in tree)
    return tuple(_decode(kind, item, arrays) for kind, item in zip(items, tree, strict=True))


def _only_choice(kind: Any) -> Any:
    choices = [choice for choice in get_args(kind) if choice is not type(None)]
    if len(choices) != 1:
        raise TypeError(f"Only optional values can be stored, not {kind}")
    return choices[0]
