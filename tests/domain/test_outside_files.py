"""Claims about the one reader of JSON, and the one of arrays, from outside: they refuse in words."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.domain.outside_arrays import read_arrays
from core.domain.outside_json import DEEPEST, parse_json, read_json_file


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000, "nested"),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), "nested"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "nested"),
        ('{"soleus": 1, "soleus": 2}', "stands twice"),
        ("NaN", "no number"),
        ("[1e999]", "too large"),
        ("[" + "9" * 5000 + "]", "too large"),
        ('"' + "x" * 4_000_000 + '"', "4 MB"),
        (r'{"notes": "half \ud800"}', "half a sign"),
        (r'{"\udfff": 1}', "half a sign"),
        (r'["nothing \u0000"]', "number zero"),
        ("{", "property name"),
        ("", "Expecting value"),
    ],
)
def test_json_that_no_honest_file_holds_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_json(text)


def test_json_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    told = {"name": "Jürgen", "deep": [[1.5, None, True]]}
    file = tmp_path / "file.json"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text(json.dumps(told, ensure_ascii=False), encoding=encoding)
        assert read_json_file(file) == told
    assert parse_json(r'["J\u00fcrgen \ud83d\ude00"]') == ["Jürgen \U0001f600"]
    assert parse_json("[" * DEEPEST + "]" * DEEPEST)
    file.write_bytes(b'"\xff"')
    with pytest.raises(ValueError):
        read_json_file(file)


def test_arrays_are_read_and_nothing_in_them_is_run(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.npz", tmp_path / "bad.npz"
    np.savez_compressed(good, a=np.arange(3), b=np.ones((2, 2)))
    assert {name: array.tolist() for name, array in read_arrays(good).items()} == {
        "a": [0, 1, 2],
        "b": [[1.0, 1.0], [1.0, 1.0]],
    }
    np.savez(bad, a=np.array([print], dtype=object))
    with pytest.raises(ValueError):
        read_arrays(bad)


def test_what_unfolds_to_more_than_the_memory_is_refused_before_it_is_unfolded(tmp_path: Path) -> None:
    file = tmp_path / "large.npz"
    np.savez_compressed(file, a=np.zeros(1_000_000))
    with pytest.raises(ValueError, match="unfolds"):
        read_arrays(file, most_bytes=1_000_000)


def test_an_array_that_claims_a_size_it_does_not_have_is_refused(tmp_path: Path) -> None:
    kept = io.BytesIO()
    np.save(kept, np.zeros(4))
    claims = kept.getvalue().replace(b"(4,), }         ", b"(9000000000000,)}")
    file = tmp_path / "claims.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", claims)
    with pytest.raises(ValueError):
        read_arrays(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OSError, match="no ordinary file"):
        read_json_file(tmp_path / "pipe")
