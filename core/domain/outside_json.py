"""JSON from outside: the one reader for files that people, other programs or other PCs wrote.

It raises ValueError and nothing else, in words that fit into a sentence. Beyond the format it refuses what
such files never need and what breaks readers: too many bytes, deep nesting, an entry that stands twice (of
which one would silently count), and numbers that are none or that no variable holds.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from core.vault.files import open_read

MOST_BYTES = 4_000_000
DEEPEST = 40  # levels; the deepest of ours has 12
_LARGEST_INTEGER = 1 << 63
_MOST_DIGITS = 40


def read_json_file(path: Path, *, most_bytes: int = MOST_BYTES) -> Any:
    """The content of a file. Raises ValueError, or OSError when it cannot be opened."""
    with open_read(path) as file:
        raw = file.read(most_bytes + 1)
    return parse_json(raw, most_bytes=most_bytes)


def parse_json(raw: bytes | str, *, most_bytes: int = MOST_BYTES) -> Any:
    """Plain JSON in UTF-8, with or without a byte order mark."""
    if len(raw) > most_bytes:
        raise ValueError(f"it has more than {most_bytes / 1e6:g} MB")
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
        tree = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
            object_pairs_hook=_entries,
        )
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    _check_depth(tree)
    if "\\u" in text:
        _check_text(tree)
    return tree


_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"


def _check_text(tree: Any) -> None:
    """Only an escape can hold half a sign or the end of a string in C: kept, it breaks whatever writes it."""
    try:
        whole = json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("it has half a sign, which is no text") from error
    if b"\\u0000" in whole:
        raise ValueError("it has a sign of number zero, which is no text")


def _check_depth(tree: Any) -> None:
    level = [tree]
    for _depth in range(DEEPEST + 1):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _inside(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return list(tree.values())
    return tree if isinstance(tree, list) else []


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS or abs(value := int(digits)) >= _LARGEST_INTEGER:
        raise ValueError(f"{digits[:20]}… is too large a number")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is too large a number")
    return value


def _entries(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        (twice, _times), *_others = Counter(name for name, _value in pairs).most_common(1)
        raise ValueError(f"“{twice[:40]}” stands twice")
    return entries
