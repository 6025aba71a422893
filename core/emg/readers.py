"""EMG files: comma-separated text with a header, and C3D analog channels."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import ezc3d
import numpy as np

from core.domain.arrays import FloatArray
from core.emg.signals import RawEmg
from core.errors import refuse

_TIME_NAMES = {"time", "time_s", "t", "seconds", "time [s]", "time (s)"}
_RATE_DISAGREEMENT = 0.02  # of the rate given by the person
_UNEVEN = 0.2  # of a sample interval


def read_emg(path: Path, rate_hz: float | None = None) -> RawEmg:
    """Read a .csv, .txt or .c3d file. `rate_hz` is needed when a text file has no time column.

    Raises UserError EMG-001 (cannot be read), EMG-002 (no channels), EMG-003 (rate unknown or wrong).
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise refuse(
            "EMG-001",
            f"{path.name} holds no EMG.",
            "The file is missing or empty.",
            "Export the recording again and choose the new file.",
        )
    if path.suffix.lower() == ".c3d":
        return _read_c3d(path)
    return _read_csv(path, rate_hz)


def _read_csv(path: Path, rate_hz: float | None) -> RawEmg:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            dialect = csv.Sniffer().sniff(stream.read(4096), delimiters=",;\t")
            stream.seek(0)
            rows = [row for row in csv.reader(stream, dialect) if row]
        header = [name.strip() for name in rows[0]]
        table = np.array([[_number(cell) for cell in row] for row in rows[1:]])
        if table.ndim != 2 or table.shape[1] != len(header):
            raise ValueError("the rows do not have as many entries as the header")
    except (UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise refuse(
            "EMG-001",
            f"{path.name} cannot be read as EMG.",
            f"It is not a table with a header line and numbers: {error}.",
            "Export it as CSV with one column per muscle, or as C3D.",
        ) from error
    times = [number for number, name in enumerate(header) if name.lower() in _TIME_NAMES]
    columns = [number for number, name in enumerate(header) if number not in times and name]
    if not columns:
        raise _no_channels(path)
    rate = _rate(path, table[:, times[0]] if times else None, rate_hz)
    return RawEmg(tuple(header[number] for number in columns), table[:, columns], rate, path.name)


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


def _read_c3d(path: Path) -> RawEmg:
    try:
        content = ezc3d.c3d(str(path))
        analog = content["parameters"]["ANALOG"]
        labels = [str(label).strip() for label in analog["LABELS"]["value"]]
        rate = float(content["header"]["analogs"]["frame_rate"])
        signal = np.asarray(content["data"]["analogs"][0], dtype=float).T
    except (OSError, RuntimeError, KeyError, IndexError, ValueError) as error:
        raise refuse(
            "EMG-001",
            f"{path.name} cannot be read as C3D.",
            f"The file is damaged or not a C3D file: {error}.",
            "Export it again, or as CSV with one column per muscle.",
        ) from error
    labels = labels[: signal.shape[1]]
    if not labels or not len(signal):
        raise _no_channels(path)
    return RawEmg(_unique(labels), signal[:, : len(labels)], rate, path.name)


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
        "Enter the rate at which the EMG was recorded, or export with a correct time column.",
    )
