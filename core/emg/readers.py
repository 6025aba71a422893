"""EMG files: comma-separated text with a header, and C3D analog channels."""

from __future__ import annotations

import csv
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from core.domain.arrays import FloatArray
from core.emg.signals import RawEmg
from core.errors import refuse

_TIME_NAMES = {"time", "time_s", "t", "seconds", "time [s]", "time (s)"}
_RATE_DISAGREEMENT = 0.02  # of the rate given by the person
_UNEVEN = 0.2  # of a sample interval
_TEXT_HEAD = 8192  # characters; enough for the header line of a text file
# A C3D file counts its parameter blocks of 512 bytes in one byte; the header is one more block.
_C3D_HEAD_BYTES = 257 * 512
# ezc3d reads this many and leaves the rest out without a word: findings/ezc3d-long-recordings.sh
_MOST_C3D_FRAMES = 65_535


@dataclass(frozen=True, slots=True)
class FileHead:
    """What a file says about itself before its samples are read."""

    channels: tuple[str, ...]  # as `read_emg` names them
    has_rate: bool


def read_head(path: Path) -> FileHead:
    """Names of the channels of a .csv, .txt or .c3d file, however long it is.

    Raises UserError EMG-001 (cannot be read), EMG-002 (no channels).
    """
    _check_there(path)
    if path.suffix.lower() == ".c3d":
        channels, has_rate = _unique(_c3d_head(path)), True
    else:
        header, _dialect = _text_header(path)
        times, columns = _time_and_channels(header)
        channels, has_rate = tuple(header[number] for number in columns), bool(times)
    if not channels:
        raise _no_channels(path)
    return FileHead(channels, has_rate)


def read_emg(path: Path, rate_hz: float | None = None) -> RawEmg:
    """Read a .csv, .txt or .c3d file. `rate_hz` is needed when a text file has no time column.

    Raises UserError EMG-001 (cannot be read), EMG-002 (no channels), EMG-003 (rate unknown or wrong), EMG-012
    (a C3D file that would lose its end).
    """
    _check_there(path)
    if path.suffix.lower() == ".c3d":
        return _read_c3d(path)
    return _read_csv(path, rate_hz)


def _check_there(path: Path) -> None:
    if not path.is_file() or path.stat().st_size == 0:
        raise refuse(
            "EMG-001",
            f"{path.name} holds no EMG.",
            "The file is missing or empty.",
            "Export the recording again and choose the new file.",
        )


def _read_csv(path: Path, rate_hz: float | None) -> RawEmg:
    header, dialect = _text_header(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream, dialect) if row]
        table = np.array([[_number(cell) for cell in row] for row in rows[1:]])
        if table.ndim != 2 or table.shape[1] != len(header):
            raise ValueError("the rows do not have as many entries as the header")
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise _no_table(path, error) from error
    times, columns = _time_and_channels(header)
    if not columns:
        raise _no_channels(path)
    rate = _rate(path, table[:, times[0]] if times else None, rate_hz)
    return RawEmg(tuple(header[number] for number in columns), table[:, columns], rate, path.name)


def _text_header(path: Path) -> tuple[list[str], type[csv.Dialect]]:
    """The names in the first line that is not empty, and how the entries are set apart."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            head = stream.read(_TEXT_HEAD)
        dialect = csv.Sniffer().sniff(head, delimiters=",;\t")
        first = next(row for row in csv.reader(head.splitlines(), dialect) if row)
    except (OSError, UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise _no_table(path, error) from error
    return [name.strip() for name in first], dialect


def _time_and_channels(header: list[str]) -> tuple[list[int], list[int]]:
    """Numbers of the time columns and of the named columns that are channels."""
    times = [number for number, name in enumerate(header) if name.lower() in _TIME_NAMES]
    return times, [number for number, name in enumerate(header) if number not in times and name]


def _no_table(path: Path, error: Exception) -> Exception:
    return refuse(
        "EMG-001",
        f"{path.name} cannot be read as EMG.",
        f"It is not a table with a header line and numbers: {error}.",
        "Export it as CSV with one column per muscle, or as C3D.",
    )


def _number(cell: str) -> float:
    text = cell.strip()
    return math.nan if text.lower() in ("", "nan", "na") else float(text)


def _rate(path: Path, time_s: FloatArray | None, given_hz: float | None) -> float:
    if time_s is None:
        if given_hz is None or given_hz <= 0:
            raise _rate_problem(path, "It has no time column and no rate was given.")
        return given_hz
    steps = np.diff(time_s)
    step = float(np.median(steps)) if len(steps) else math.nan
    if not step > 0 or np.abs(steps - step).max() > _UNEVEN * step:
        raise _rate_problem(path, "Its time column does not grow evenly.")
    if given_hz is not None and abs(given_hz * step - 1) > _RATE_DISAGREEMENT:
        raise _rate_problem(path, f"Its time column says {1 / step:.0f} Hz, not {given_hz:g} Hz.")
    return 1 / step


def _c3d_head(path: Path) -> list[str]:
    """Labels of the analog channels; ezc3d reads whole files, so it gets the beginning as a file."""
    with tempfile.TemporaryDirectory() as folder:
        head = Path(folder) / "head.c3d"
        try:
            with path.open("rb") as stream:
                head.write_bytes(stream.read(_C3D_HEAD_BYTES))
            content = ezc3d.c3d(str(head))
            used = int(content["parameters"]["ANALOG"]["USED"]["value"][0])
            return _labels(content)[:used]
        except _C3D_ERRORS as error:
            raise _no_c3d(path, error) from error


def _read_c3d(path: Path) -> RawEmg:
    try:
        content = ezc3d.c3d(str(path))
        rate = float(content["header"]["analogs"]["frame_rate"])
        frames = int(content["parameters"]["POINT"]["FRAMES"]["value"][0])
        signal = np.asarray(content["data"]["analogs"][0], dtype=float).T
        labels = _labels(content)[: signal.shape[1]]
    except _C3D_ERRORS as error:
        raise _no_c3d(path, error) from error
    if frames >= _MOST_C3D_FRAMES:
        raise _too_long(path)
    if not labels or not len(signal):
        raise _no_channels(path)
    return RawEmg(_unique(labels), signal[:, : len(labels)], rate, path.name)


_C3D_ERRORS = (OSError, RuntimeError, KeyError, IndexError, ValueError)


def _labels(content: Any) -> list[str]:
    return [str(label).strip() for label in content["parameters"]["ANALOG"]["LABELS"]["value"]]


def _no_c3d(path: Path, error: Exception) -> Exception:
    return refuse(
        "EMG-001",
        f"{path.name} cannot be read as C3D.",
        f"The file is damaged or not a C3D file: {error}.",
        "Export it again, or as CSV with one column per muscle.",
    )


def _too_long(path: Path) -> Exception:
    return refuse(
        "EMG-012",
        f"{path.name} is too long to be read whole as C3D.",
        f"It has {_MOST_C3D_FRAMES} frames or more; what comes after them would be lost.",
        "Export it as CSV, or as C3D in shorter parts.",
    )


def _unique(labels: list[str]) -> tuple[str, ...]:
    """Number labels that occur twice; some systems cut long names to the same text."""
    return tuple(
        label if labels.count(label) == 1 else f"{label} #{labels[: number + 1].count(label)}"
        for number, label in enumerate(labels)
    )


def _no_channels(path: Path) -> Exception:
    return refuse(
        "EMG-002",
        f"{path.name} has no EMG channels.",
        "No column or analog channel with a name was found.",
        "Check that the export includes the EMG signals.",
    )


def _rate_problem(path: Path, why: str) -> Exception:
    return refuse(
        "EMG-003",
        f"The sampling rate of {path.name} is not clear.",
        why,
        "Enter the rate on the EMG page, or export with a correct time column.",
    )
