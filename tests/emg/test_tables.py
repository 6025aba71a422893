"""Claims about tables: whatever layout a system or Excel writes, the numbers come out, or line and remedy."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.emg.readers import read_emg, read_head
from core.emg.signals import RawEmg, unique_names
from core.errors import Advice, UserError
from tests.refusals import code_of

SAMPLES, RATE_HZ = 400, 1000.0
SIGNAL = np.round(100 * np.random.default_rng(0).normal(size=(SAMPLES, 2)), 3)
NAMES = ("L TA", "R TA")


def rows(separator: str = ",", decimal: str = ".", *, time: bool = True) -> str:
    lines = []
    for number, values in enumerate(SIGNAL):
        entries = [f"{number / RATE_HZ:.3f}"] if time else []
        entries += [f"{value:.3f}" for value in values]
        lines.append(separator.join(entry.replace(".", decimal) for entry in entries))
    return "\n".join(lines) + "\n"


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "walk.csv"
    path.write_bytes(text.encode(encoding))
    return path


def told(path: Path, code: str) -> Advice:
    """The advice with which reading this file is refused."""
    with pytest.raises(UserError) as caught:
        read_emg(path)
    assert caught.value.advice.code == code, caught.value
    return caught.value.advice


def check(raw: RawEmg, units: tuple[str, ...] = ("", "")) -> None:
    assert raw.channels == NAMES and raw.units == units
    assert raw.rate_hz == pytest.approx(RATE_HZ, rel=1e-9)
    np.testing.assert_allclose(raw.signal, SIGNAL, atol=1e-9)


@pytest.mark.parametrize(
    ("separator", "decimal"),
    [
        (",", "."),
        (";", "."),
        (";", ","),
        ("\t", "."),
        ("\t", ","),
        ("|", "."),
        ("   ", "."),
        ("  ", ","),
        (", ", "."),
    ],
)
def test_entries_and_decimals_may_be_set_apart_in_any_way(
    tmp_path: Path, separator: str, decimal: str
) -> None:
    header = separator.join(("time", "L_TA", "R_TA")) + "\n"
    raw = read_emg(written(tmp_path, header + rows(separator, decimal)))
    assert raw.channels == ("L_TA", "R_TA")
    np.testing.assert_allclose(raw.signal, SIGNAL, atol=1e-9)


def test_quoted_entries_with_decimal_commas_are_read(tmp_path: Path) -> None:
    quoted = "\n".join(
        ",".join(f'"{entry}"' for entry in line.split(";")) for line in rows(";", ",").splitlines()
    )
    check(read_emg(written(tmp_path, '"time","L TA","R TA"\n' + quoted)))


@pytest.mark.parametrize(
    ("head", "units"),
    [
        ("time,L TA,R TA\n", ("", "")),
        ("\n\ntime,L TA,R TA\n", ("", "")),
        ("Trial,walk 3\nDevice,16 channels\nSampling frequency (Hz),1000\n\ntime,L TA,R TA\n", ("", "")),
        ("time,L TA,R TA\ns,uV,uV\n", ("uV", "uV")),
        ("Time [s],L TA [mV],R TA [mV]\n", ("mV", "mV")),
        ("# time, L TA (V), R TA (V)\n", ("V", "V")),
        ("% by somebody\n% time,L TA,R TA\n", ("", "")),
        ('"Time, s","L TA, uV","R TA, uV"\n', ("uV", "uV")),
        ("Zeit,L TA,R TA\n[s],[µV],[µV]\n", ("uV", "uV")),
    ],
)
def test_names_and_units_are_found_wherever_they_stand(
    tmp_path: Path, head: str, units: tuple[str, ...]
) -> None:
    check(read_emg(written(tmp_path, head + rows())), units)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_code_pages_of_windows_are_understood(tmp_path: Path, encoding: str) -> None:
    text = "Prüfung: Gehen\nZeit [s];L TA [µV];R TA [µV]\n" + rows(";", ",")
    check(read_emg(written(tmp_path, text, encoding)), ("uV", "uV"))


def test_windows_line_ends_and_trailing_separators_change_nothing(tmp_path: Path) -> None:
    text = ("time;L TA;R TA;\n" + rows(";").replace("\n", ";\n")).replace("\n", "\r\n")
    check(read_emg(written(tmp_path, text)))


def test_a_rate_above_the_header_serves_where_no_time_is_told(tmp_path: Path) -> None:
    check(read_emg(written(tmp_path, "Sampling rate: 1 kHz\nL TA\tR TA\n" + rows("\t", time=False))))
    nexus = "Devices\n1000\nFrame,Sub Frame,L TA,R TA\n,,V,V\n"
    numbered = "\n".join(f"{n // 10 + 1},{n % 10},{a},{b}" for n, (a, b) in enumerate(SIGNAL))
    after = "\n\nTrajectories\n100\nFrame,Sub Frame,LHEE\n1,0,3\n"
    raw = read_emg(written(tmp_path, nexus + numbered + after))
    check(raw, ("V", "V"))
    assert [finding.advice.code for finding in raw.findings] == ["EMG-045"]


def test_a_rate_among_many_settings_in_one_line_is_found(tmp_path: Path) -> None:
    settings = '# {"a1": {"sampling rate": 1000, "resolution": [16, 16], "column": ["A1", "A2"]}}\n'
    raw = read_emg(written(tmp_path, settings + rows("\t", time=False)))
    assert raw.rate_hz == 1000.0 and raw.signal.shape == SIGNAL.shape


def test_points_between_thousands_are_no_decimal_points(tmp_path: Path) -> None:
    lines = rows(";", ",").splitlines()
    raw = read_emg(
        written(tmp_path, "time;L TA;R TA\n" + "\n".join(["0,000;-1.234,5;1.234.567,25", *lines[1:]]))
    )
    np.testing.assert_allclose(raw.signal[0], [-1234.5, 1234567.25])


def test_a_time_column_may_be_called_by_its_unit_with_a_line_of_counts_below(tmp_path: Path) -> None:
    minutes = "\n".join(f"{n / RATE_HZ / 60:.9f},{a:.3f},{b:.3f}" for n, (a, b) in enumerate(SIGNAL))
    path = written(tmp_path, f"min,L TA,R TA,\n,{len(SIGNAL)},{len(SIGNAL)},\n{minutes}\n")
    raw = read_emg(path)
    assert raw.channels == NAMES and raw.rate_hz == pytest.approx(RATE_HZ, rel=1e-4)
    np.testing.assert_allclose(raw.signal, np.round(SIGNAL, 3), atol=1e-9)


def test_a_filter_above_the_header_is_no_sampling_rate(tmp_path: Path) -> None:
    path = written(tmp_path, "Low-pass frequency 500 Hz\nL TA,R TA\n" + rows(time=False))
    assert code_of(lambda: read_emg(path)) == "EMG-003"


def test_without_a_header_columns_are_numbered_and_none_is_called_a_muscle(tmp_path: Path) -> None:
    raw = read_emg(written(tmp_path, rows()))
    assert raw.channels == ("column 2", "column 3") and raw.rate_hz == pytest.approx(RATE_HZ)
    path = written(tmp_path, rows(time=False))
    assert read_head(path).channels == ("column 1", "column 2") and not read_head(path).has_rate
    assert read_emg(path, 1000.0).signal.shape == SIGNAL.shape


def test_sensors_with_a_time_column_each_keep_their_rates(tmp_path: Path) -> None:
    header = "X [s],R TA: EMG 1 [V],X [s],R TA: ACC X [g],X [s],R SOL: EMG 2 [V]"
    lines = [header]
    for number in range(1500):
        slow = f"{number / 150:.6f},1.0" if number < 150 else ","
        lines.append(f"{number / 1500:.6f},{number % 7},{slow},{number / 1500:.6f},{number % 5}")
    raw = read_emg(written(tmp_path, "\n".join(lines)))
    assert raw.channels == ("R TA: EMG 1", "R SOL: EMG 2") and raw.units == ("V", "V")
    assert raw.rate_hz == pytest.approx(1500, rel=1e-4) and len(raw.signal) == 1500
    assert raw.signal[10, 0] == 3 and raw.signal[11, 1] == 1
    assert [finding.advice.code for finding in raw.findings] == ["EMG-037"]


def test_a_channel_that_lost_its_signal_is_there_and_an_unused_sensor_is_told(tmp_path: Path) -> None:
    lines = ["time,L TA,R TA", *(f"{n / RATE_HZ:.3f},{a},nan" for n, (a, _b) in enumerate(SIGNAL))]
    raw = read_emg(written(tmp_path, "\n".join(lines)))
    assert raw.channels == NAMES and np.isnan(raw.signal[:, 1]).all() and not raw.findings
    lines = ["X [s],L TA,X [s],R TA", *(f"{n / RATE_HZ:.3f},{a},," for n, (a, _b) in enumerate(SIGNAL))]
    raw = read_emg(written(tmp_path, "\n".join(lines)))
    assert raw.channels == ("L TA",)
    assert "R TA" in raw.findings[0].advice.what and raw.findings[0].advice.code == "EMG-045"


def test_missing_entries_stay_missing(tmp_path: Path) -> None:
    text = "time,L TA,R TA\n" + rows().replace(f"{SIGNAL[3, 0]:.3f}", "", 1).replace(
        f"{SIGNAL[4, 0]:.3f}", "n/a", 1
    )
    signal = read_emg(written(tmp_path, text)).signal
    assert np.isnan(signal[3:5, 0]).all() and np.isfinite(signal[:, 1]).all()


def test_a_line_that_is_no_numbers_is_named_with_what_it_reads(tmp_path: Path) -> None:
    lines = ("time,L TA,R TA\n" + rows()).splitlines()
    lines[100] = "0.099,overflow,1.0"
    error = told(written(tmp_path, "\n".join(lines)), "EMG-031")
    assert "Line 101" in error.what and "overflow" in error.why and "L TA" in error.why
    assert "header line" in error.next_step


def test_names_that_do_not_fit_the_columns_are_told_with_both_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "time,L TA,R TA\n" + rows(",", ","))
    error = told(path, "EMG-032")
    assert "Line 1" in error.what and "line 2" in error.what and "semicolon" in error.next_step


def test_a_person_may_say_which_line_names_the_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "time,L TA,R TA\n" + "time,sensor 1,sensor 2\n" + rows())
    assert read_emg(path).channels == ("sensor 1", "sensor 2") and read_head(path).header_line == 2
    check(read_emg(path, header_line=1))


def test_an_export_that_was_cut_off_loses_its_last_line_and_says_so(tmp_path: Path) -> None:
    text = "time,L TA,R TA\n" + rows() + "0.400,1"
    raw = read_emg(written(tmp_path, text))
    check(raw)
    assert [finding.advice.code for finding in raw.findings] == ["EMG-045"]


def test_remarks_below_the_table_are_left_out_and_told(tmp_path: Path) -> None:
    for remark in ("End of recording\n", "\nmean,1.0,2.0\nmaximum,3.0,4.0\n"):
        raw = read_emg(written(tmp_path, "time,L TA,R TA\n" + rows() + remark))
        check(raw)
        assert [finding.advice.code for finding in raw.findings] == ["EMG-045"]


@pytest.mark.parametrize("clock", ["00:00:{:06.3f}", "2026-11-30 09:30:{:06.3f}", "30.11.2026 9:30:{:06.3f}"])
def test_a_clock_is_a_time_column(tmp_path: Path, clock: str) -> None:
    lines = [",".join((clock.format(n / RATE_HZ), str(a), str(b))) for n, (a, b) in enumerate(SIGNAL)]
    check(read_emg(written(tmp_path, "time,L TA,R TA\n" + "\n".join(lines))))


def test_the_number_of_samples_is_no_rate(tmp_path: Path) -> None:
    head = "NO_OF_SAMPLES\t400\nNumber of samples\t400\nFREQUENCY\t1000\nCHANNEL_NAMES\tL TA\tR TA\n"
    check(read_emg(written(tmp_path, head + rows("\t", time=False))))


def test_what_is_no_table_is_told_in_words_of_people(tmp_path: Path) -> None:
    strangers = {
        b"PathFileType\t4\t(X/Y/Z)": "EMG-039",
        b"\xd0\xcf\x11\xe0" + bytes(600): "EMG-039",
        b"MATLAB 5.0 MAT-file": "EMG-039",
    }
    strangers |= {b"PK\x03\x04 damaged": "EMG-001", bytes(range(256)) * 8: "EMG-001"}
    for content, code in strangers.items():
        path = tmp_path / "walk.dat"
        path.write_bytes(content)
        error = told(path, code)
        assert "codec" not in error.why and "float" not in error.why


def test_a_locked_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "time,L TA,R TA\n" + rows())

    def locked(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", locked)
    assert "another program" in told(path, "EMG-038").why.lower()


def test_a_storage_file_of_opensim_is_read(tmp_path: Path) -> None:
    text = "EMG\nversion=1\nnRows=400\nnColumns=3\ninDegrees=no\nendheader\ntime\t L TA\t R TA\n" + rows(
        "\t "
    )
    check(read_emg(written(tmp_path, text)))


def test_equal_names_are_numbered_and_never_clash() -> None:
    assert unique_names(["L TA", "L TA", "R TA"]) == ("L TA #1", "L TA #2", "R TA")
    assert len(set(unique_names(["L TA", "L TA #1", "L TA"]))) == 3


def test_two_columns_of_one_name_are_both_there(shared_data: Callable[[str], Path]) -> None:
    raw = read_emg(shared_data("../cases/double-names/two_columns_L_TA.csv"))
    assert raw.channels == ("L TA #1", "L TA #2", "R TA")
    assert raw.signal[0].tolist() == [-0.060, -18.618, 0.009]


def test_the_tables_of_vendors_are_read(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("../cases/vendor-tables/decimal_comma.csv").parent
    reference = read_emg(folder / "LT_RT_names.csv").signal
    assert len(list(folder.glob("*.csv"))) >= 4
    for path in folder.glob("*.csv"):
        raw = read_emg(path)
        assert raw.rate_hz == pytest.approx(1000)
        np.testing.assert_allclose(raw.signal, reference, atol=2e-3)


def test_reading_takes_at_most_about_twice_the_file_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    line = ",".join(["-12.3456"] * 16)
    path.write_text(
        "time,"
        + ",".join(f"c{n}" for n in range(16))
        + "\n"
        + "".join(f"{n / 2000:.4f},{line}\n" for n in range(12_000)),
        encoding="utf-8",
    )
    read_emg(path)  # what is loaded once does not count
    tracemalloc.start()
    raw = read_emg(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert raw.signal.shape == (12_000, 16)
    assert peak < 2.2 * path.stat().st_size


def test_reasons_are_never_pythons(tmp_path: Path) -> None:
    for text in ("a letter\nto nobody, really\n", "time,L TA\n0.0,x\n0.1,y\n", "\n\n"):
        with pytest.raises(UserError) as caught:
            read_emg(written(tmp_path, text))
        assert not any(word in caught.value.advice.why for word in ("convert", "codec", "dtype", "Error"))
