"""Claims about workbooks, EDF and BDF: sheets are asked for, and every signal keeps its clock and unit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from core.emg.importing import process_emg
from core.emg.naming import suggestions
from core.emg.readers import read_emg, read_head
from core.errors import UserError
from tests.emg.test_emg import bursts
from tests.refusals import code_of

EDF, BDF = 1, 3  # pyEDFlib's numbers of EDF+ and BDF+


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def table(count: int = 60) -> list[list[object]]:
    return [[number / 1000, number % 7 - 3.0, number % 5 - 2.0] for number in range(count)]


def test_a_sheet_is_read_with_names_units_and_clock(tmp_path: Path) -> None:
    head = [["Trial", "walk 3"], [], ["Time", "L TA", "R TA"], ["s", "µV", "mV"]]
    rows = [*head, *table()]
    rows[10][1] = None  # type: ignore[index]
    rows[11][1] = "0,5"  # type: ignore[index]
    raw = read_emg(workbook(tmp_path / "walk.xlsx", {"Notes": [["by", "A"]], "Data": rows}))
    assert raw.channels == ("L TA", "R TA") and raw.units == ("uV", "mV") and raw.sheet == "Data"
    assert raw.rate_hz == pytest.approx(1000) and np.isnan(raw.signal[6, 0]) and raw.signal[7, 0] == 0.5


def test_of_several_sheets_with_numbers_a_person_has_to_choose(tmp_path: Path) -> None:
    rows = [["time", "L TA", "R TA"], *table()]
    path = workbook(tmp_path / "walk.xlsx", {"walk": rows, "notes": [["a"]], "mvc": [*rows, *table(3)]})
    with pytest.raises(UserError) as caught:
        read_emg(path)
    assert caught.value.advice.code == "EMG-036" and "“walk”, “mvc”" in caught.value.advice.why
    assert read_head(path).sheets == ("walk", "mvc") and read_head(path).channels == ()
    assert len(read_emg(path, sheet="walk").signal) == 60
    assert code_of(read_emg, path, sheet="stairs") == "EMG-036"


def test_text_among_the_numbers_of_a_sheet_is_named(tmp_path: Path) -> None:
    rows = [["time", "L TA", "R TA"], *table()]
    rows[30][2] = "overflow"
    with pytest.raises(UserError) as caught:
        read_emg(workbook(tmp_path / "walk.xlsx", {"walk": rows}))
    assert caught.value.advice.code == "EMG-031" and "Row 31 of sheet “walk”" in caught.value.advice.what


def test_a_sheet_of_a_real_recording_is_read(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("emg-isometric/ID5.xlsx")
    assert len(read_head(path).sheets) == 5
    raw = read_emg(path, 2000.0, sheet="EMG_TA")
    assert raw.channels == tuple(f"column {number}" for number in range(1, 5)) and raw.rate_hz == 2000


def edf(path: Path, signals: list[tuple[str, str, int, np.ndarray]], kind: int = EDF) -> Path:
    """Signals as (label, unit, rate, samples), written by another library than the one that reads."""
    pyedflib = pytest.importorskip("pyedflib", reason="pyEDFlib has no wheels for this Python")
    writer = pyedflib.EdfWriter(str(path), len(signals), file_type=kind)
    rails = (-32768, 32767) if kind == EDF else (-8388608, 8388607)
    for number, (label, unit, rate, values) in enumerate(signals):
        most = float(np.abs(values).max())
        writer.setSignalHeader(
            number,
            {
                "label": label,
                "dimension": unit,
                "sample_frequency": rate,
                "physical_max": round(most + 1, 2),
                "physical_min": -round(most + 1, 2),
                "digital_max": rails[1],
                "digital_min": rails[0],
                "transducer": "",
                "prefilter": "",
            },
        )
    writer.writeSamples([np.ascontiguousarray(values) for *_rest, values in signals])
    writer.close()
    return path


@pytest.mark.parametrize(("kind", "ending"), [(EDF, "edf"), (BDF, "bdf")])
def test_edf_and_bdf_are_read_with_rates_and_units(tmp_path: Path, kind: int, ending: str) -> None:
    left, right = 100 * bursts(4.0, 1000, 0), 100 * bursts(4.0, 1000, 1)
    path = edf(tmp_path / f"walk.{ending}", [("L TA", "uV", 1000, left), ("R TA", "uV", 1000, right)], kind)
    raw = read_emg(path)
    assert raw.channels == ("L TA", "R TA") and raw.units == ("uV", "uV") and raw.rate_hz == 1000
    np.testing.assert_allclose(raw.signal[:, 1], right, atol=0.02)
    assert read_head(path).channels == raw.channels


def test_edf_with_uneven_rates_keeps_timing_and_leaves_slow_signals_out(tmp_path: Path) -> None:
    time_s = np.arange(0, 4.0, 1 / 1000)
    tone = np.sin(2 * np.pi * 80 * time_s)
    path = edf(
        tmp_path / "walk.edf",
        [
            ("L TA", "mV", 2000, bursts(4.0, 2000)),
            ("L SOL", "mV", 1000, tone),
            ("L TA ACC X", "g", 100, np.ones(400)),
        ],
    )
    raw = read_emg(path)
    assert raw.channels == ("L TA", "L SOL") and raw.rate_hz == 2000 and len(raw.signal) == 8000
    fine = np.sin(2 * np.pi * 80 * np.arange(8000) / 2000)
    np.testing.assert_allclose(raw.signal[500:-500, 1], fine[500:-500], atol=0.02)
    told = [finding.advice for finding in raw.findings]
    assert [advice.code for advice in told] == ["EMG-037", "EMG-037"]
    assert "L SOL (1000 Hz)" in told[0].why and "L TA ACC X (100 Hz)" in told[1].why
    assert len(process_emg(raw, suggestions(raw).sites).channels) == 2


def test_a_damaged_edf_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "walk.edf"
    path.write_bytes(b"0       " + b"x" * 400)
    assert code_of(read_emg, path) == "EMG-001"


@pytest.mark.parametrize(("kind", "ending"), [(EDF, "edf"), (BDF, "bdf")])
def test_a_file_that_was_cut_short_or_paused_is_not_read_as_a_whole_one(
    tmp_path: Path, kind: int, ending: str
) -> None:
    signals = [("L TA", "uV", 1000, 100 * bursts(4.0, 1000))]
    whole = edf(tmp_path / f"whole.{ending}", signals, kind).read_bytes()
    path = tmp_path / f"walk.{ending}"
    for kept in (len(whole) - 1, len(whole) - 3000, 700, 300):
        path.write_bytes(whole[:kept])
        assert code_of(read_emg, path) == "EMG-001"
    paused = whole.replace(b"DF+C", b"DF+D", 1)
    path.write_bytes(paused)
    with pytest.raises(UserError, match="paused"):
        read_emg(path)
    path.write_bytes(whole[:244] + b"0       " + whole[252:])  # a record that takes no time
    assert code_of(read_emg, path) == "EMG-001"


def test_a_unit_that_is_not_ascii_is_understood(tmp_path: Path) -> None:
    path = edf(tmp_path / "walk.edf", [("L TA", "uV", 1000, 100 * bursts(4.0, 1000))])
    path.write_bytes(path.read_bytes().replace(b"uV ", b"\xb5V ", 1))
    assert read_emg(path).units == ("uV",)
