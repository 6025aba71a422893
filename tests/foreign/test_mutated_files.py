"""Claims about damaged files of every kind: each is read or ends in advice, whatever it does to its reader.

The damage is made anew from a seed at every run; no such file is kept anywhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.capture.figures import noise, write_video
from tests.foreign.mutations import mutated, mutated_inside
from tests.foreign.reading_process import READ, ReadingProcess, Tally
from tests.foreign.valid_files import VALID

FEW = 6  # of each kind in the usual run
MANY = {"c3d": 1000}
OTHERS = 300
PACKED = ("xlsx", "landmarks", "package")  # every other one is damaged inside, and packed soundly
SEED = os.environ.get("EXOTWIN_MUTATED_SEED", "")  # another one makes other files
SHARE = float(os.environ.get("EXOTWIN_MUTATED_SHARE", "1"))  # of the long run, for a PC that has other work


@pytest.fixture(scope="module")
def process() -> Iterator[ReadingProcess]:
    with ReadingProcess() as reading:
        yield reading


def damaged(kind: str, count: int, folder: Path) -> Iterator[Path]:
    """`count` damaged files of a kind, one after another in the same place."""
    ending, text, makers = VALID[kind]
    whole = [make(folder) for make in makers]
    for number in range(count):
        random, good = Random(f"{SEED}{kind} {number}"), whole[number % len(whole)]
        packed = kind in PACKED and number % 2 == 0
        content = mutated_inside(good, random) if packed else mutated(good, random, text=text)
        path = folder / f"{kind}-{number}{ending}"
        if kind == "times":
            path = Path(f"{_film(folder)}.times.json")
        path.write_bytes(content)
        yield path if kind != "times" else _film(folder)
        path.unlink()


def _film(folder: Path) -> Path:
    film = folder / "film.mp4"
    return film if film.exists() else write_video(film, noise(30, 96, 64), 30.0)


def whole_file(kind: str, folder: Path) -> Path:
    ending, _text, makers = VALID[kind]
    content = makers[0](folder)
    path = Path(f"{_film(folder)}.times.json") if kind == "times" else folder / f"whole{ending}"
    path.write_bytes(content)
    return path if kind != "times" else _film(folder)


def read_all(kind: str, count: int, folder: Path, process: ReadingProcess) -> Tally:
    tally = Tally()
    for path in damaged(kind, count, folder):
        process.read(kind, path, tally)
    assert not tally.bugs, f"{len(tally.bugs)} of {count}:\n" + "\n".join(tally.bugs[:3])
    assert sum(tally.outcomes.values()) == count
    return tally


@pytest.mark.parametrize("kind", [kind for kind in VALID if kind != "package"])  # see test_package_fuzz.py
def test_a_damaged_file_is_read_or_ends_in_advice(kind: str, tmp_path: Path, process: ReadingProcess) -> None:
    good = Tally()
    process.read(kind, whole_file(kind, tmp_path), good)
    assert good.outcomes == {READ: 1}, "the file that is damaged has to be a good one"
    read_all(kind, FEW, tmp_path, process)


@pytest.mark.long
@pytest.mark.parametrize("kind", VALID)
def test_many_damaged_files_are_read_or_end_in_advice(
    kind: str, tmp_path: Path, process: ReadingProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = read_all(kind, round(SHARE * MANY.get(kind, OTHERS)), tmp_path, process)
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.line(kind)}\n")
    assert tally.most_mb <= 1.1 * 2048
