"""Frozen dataclasses to JSON and back, refusing whatever does not fit exactly.

Reading accepts untrusted bytes: an unknown key, a missing one without a default, a value of another type, or
a number that is not finite raises ValueError and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from core.domain import outside_json

T = TypeVar("T")
_MOST_BYTES = 8 << 20  # of a whole package


def canonical_json(value: Any) -> bytes:
    """Sorted keys and no spaces: the same value always gives the same bytes."""
    is_value = dataclasses.is_dataclass(value) and not isinstance(value, type)
    tree = dataclasses.asdict(value) if is_value else value
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def read_json(kind: type[T], raw: bytes) -> T:
    """A value of dataclass `kind`; refuses bytes other than those that `canonical_json` gives for it.

    Fields with a default may be left out: files of earlier versions do not know them.
    """
    tree = parse_json(raw)
    value: T = _value(kind, tree, "")
    if canonical_json(tree) != raw:
        raise ValueError("it is not written in the one allowed way")
    return value


def parse_json(raw: bytes) -> Any:
    """Plain JSON; raises ValueError for anything else."""
    return outside_json.parse_json(raw, most_bytes=_MOST_BYTES)


def _value(kind: Any, tree: Any, path: str) -> Any:
    if get_origin(kind) is types.UnionType:
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        return None if tree is None else _value(choices[0], tree, path)
    if get_origin(kind) is tuple:
        items = _typed(list, tree, path)
        return tuple(
            _value(get_args(kind)[0], item, f"{path}[{number}]") for number, item in enumerate(items)
        )
    if get_origin(kind) is dict:
        return _typed(dict, tree, path)
    if dataclasses.is_dataclass(kind):
        return _fields(kind, _typed(dict, tree, path), path)
    value = _typed(kind, tree, path)
    if kind is float and not math.isfinite(value):
        raise ValueError(f"{path} is not finite")
    return value


def _fields(kind: Any, tree: dict[str, Any], path: str) -> Any:
    hints = get_type_hints(kind)
    missing = dataclasses.MISSING
    needed = {one.name for one in dataclasses.fields(kind) if one.default is one.default_factory is missing}
    if not needed <= tree.keys() <= hints.keys():
        differing = sorted((tree.keys() - hints.keys()) | (needed - tree.keys()))
        raise ValueError(f"{path or 'it'} has other fields than it should: {', '.join(differing)[:200]}")
    return kind(**{name: _value(hints[name], item, f"{path}.{name}") for name, item in tree.items()})


def _typed(kind: Any, tree: Any, path: str) -> Any:
    if type(tree) is not kind:  # exact: bool does not count as int, nor int as float
        raise ValueError(f"{path or 'it'} is no {kind.__name__}")
    return tree
