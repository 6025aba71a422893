"""EMG files of every kind, told by how they begin rather than by their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.emg.c3d_signals import read_c3d_emg, read_c3d_names
from core.emg.edf import read_edf
from core.emg.file_access import first_bytes, refuse_strangers
from core.emg.signals import RawEmg, unique_names
from core.emg.table_signals import columns_of, emg_of_table, time_is_assumed
from core.emg.tables import Table, read_text
from core.emg.workbooks import read_workbook, sheets_with_numbers
from core.errors import UserError

RATE_NOT_CLEAR = "EMG-003"


@dataclass(frozen=True, slots=True)
class FileHead:
    """What a person has to see of a file before it is processed."""

    channels: tuple[str, ...]  # as `read_emg` names them; empty while a sheet has to be chosen
    has_rate: bool
    units: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    rate_hz: float | None = None
    sheets: tuple[str, ...] = ()  # of a workbook with several that hold numbers
    sheet: str = ""
    header_line: int | None = None  # from 1, 0 without a header; None where a file has no lines
    time_assumed: bool = False  # the rate is that of a column which nobody named


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person knows better than the file."""

    rate_hz: float | None = None
    sheet: str = ""
    header_line: int | None = None  # from 1; 0: there is none


def read_head(path: Path, options: ReadOptions | None = None) -> FileHead:
    """Names, units and rate of the channels.

    Raises UserError as `read_emg` does, but for a rate that is missing and a sheet that is not chosen yet.
    """
    options = options or ReadOptions()
    kind = _kind(path)
    if kind == "c3d":
        return FileHead(*read_c3d_names(path))
    if kind == "edf":
        return _head_of(read_edf(path))
    sheets: tuple[str, ...] = ()
    if kind == "text":
        table = read_text(path, options.header_line)
    else:
        sheets = sheets_with_numbers(path)
        if len(sheets) > 1 and not options.sheet:
            return FileHead((), True, sheets=sheets)
        table = read_workbook(path, options.sheet, options.header_line)
    return _head_of_table(table, path, options.rate_hz, sheets if len(sheets) > 1 else ())


def read_emg(
    path: Path, rate_hz: float | None = None, *, sheet: str = "", header_line: int | None = None
) -> RawEmg:
    """Read a text file (CSV, TXT, STO, MOT), a workbook (XLSX), EDF, BDF or C3D.

    `rate_hz` is needed where the file has neither time column nor rate; `sheet` where a workbook has several
    with numbers. Raises UserError EMG-001 (cannot be read), EMG-002 (no channels), EMG-003 (rate unknown or
    wrong), EMG-012 (too many channels), EMG-013 (too large a workbook), EMG-031 (a line that is not
    numbers), EMG-032 (names do not fit the columns), EMG-036 (which sheet), EMG-038 (locked), EMG-039 (a kind
    that is not read here) or as `read_c3d_emg`.
    """
    kind = _kind(path)
    if kind == "c3d":
        return read_c3d_emg(path)
    if kind == "edf":
        return read_edf(path)
    if kind == "text":
        return emg_of_table(read_text(path, header_line), path, rate_hz)
    return emg_of_table(read_workbook(path, sheet, header_line), path, rate_hz)


def _kind(path: Path) -> str:
    head = first_bytes(path)
    refuse_strangers(path, head)
    if head.startswith(b"PK"):
        return "workbook"
    if head.startswith((b"0       ", b"\xffBIOSEMI")):
        return "edf"
    if path.suffix.lower() == ".c3d" or (head[1:2] == b"\x50" and head[:1] < b"\x20"):
        return "c3d"
    return "text"


def _head_of(raw: RawEmg) -> FileHead:
    return FileHead(raw.channels, True, raw.units, raw.descriptions, raw.rate_hz)


def _head_of_table(table: Table, path: Path, rate_hz: float | None, sheets: tuple[str, ...]) -> FileHead:
    try:
        raw = emg_of_table(table, path, rate_hz)
        channels, units, rate = raw.channels, raw.units, raw.rate_hz
    except UserError as error:
        if error.advice.code != RATE_NOT_CLEAR:
            raise
        places = columns_of(table.names, table.units, table.values).signals
        unique = unique_names(list(table.names))
        channels = tuple(unique[place] for place in places)
        units, rate = tuple(table.units[place] for place in places), None
    return FileHead(
        channels,
        rate is not None,
        units,
        rate_hz=rate,
        sheets=sheets,
        sheet=table.sheet,
        header_line=table.header_line,
        time_assumed=rate is not None and time_is_assumed(table),
    )
