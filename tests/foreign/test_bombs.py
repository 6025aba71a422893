"""Claims about files that are sound and far too large for a recording: refused with the limit in words."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from core.capture.calibration.files import read_calibration
from core.devices import cameras
from core.emg import file_access, workbooks
from core.emg.importing import process_emg
from core.emg.naming import suggestions
from core.emg.readers import read_emg, read_head
from core.emg.requests import request_of
from core.laboratory import text_files
from core.laboratory.opensim_tables import read_table
from core.tasks.board_films import read_times
from tests.capture.figures import noise, write_video
from tests.foreign.valid_files import VALID
from tests.refusals import refused


def test_a_workbook_that_unfolds_to_more_than_fits_is_refused_before_it_is_unfolded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(VALID["xlsx"][2][0](tmp_path))
    assert read_head(path).channels
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/more.xml", "w") as member,
    ):
        for _ in range(4):
            member.write(b" " * 1_000_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbooks, "_MOST_UNFOLDED", 3_000_000)
        with refused("EMG-013"):
            read_head(path)


@pytest.mark.parametrize(("limit", "most"), [("_MOST_ROWS", 300), ("_MOST_SHEETS", 2), ("_MOST_PARTS", 8)])
def test_a_workbook_with_more_of_anything_than_excel_writes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    """A row may say that it is the billionth, and every one before it is then looked at."""
    book = openpyxl.Workbook()
    for number in range(400):
        book.active.append([number / 1000.0, 1.0, 2.0])
    for _ in range(2):
        book.create_sheet()
    book.save(tmp_path / "wide.xlsx")
    assert read_emg(tmp_path / "wide.xlsx", 1000.0)
    monkeypatch.setattr(workbooks, limit, most)
    with refused("EMG-001"):
        read_emg(tmp_path / "wide.xlsx", 1000.0)


def test_sheets_that_share_one_part_are_counted_before_they_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, many = tmp_path / "whole.xlsx", tmp_path / "many.xlsx"
    openpyxl.Workbook().save(whole)
    with zipfile.ZipFile(whole) as given, zipfile.ZipFile(many, "w") as made:
        for name in given.namelist():
            content = given.read(name).decode()
            if name == "xl/workbook.xml":
                sheet = content[content.index("<sheet ") : content.index("</sheets>")]
                content = content.replace(sheet, sheet * 3000)
            made.writestr(name, content)
    monkeypatch.delattr(openpyxl, "load_workbook")
    with refused("EMG-001") as told:
        read_head(many)
    assert "more than 100 sheets" in told.value.advice.why


def test_a_table_with_more_columns_than_any_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    many = file_access.MOST_CHANNELS + 1
    path.write_text(
        "\n".join([",".join(f"EMG {number}" for number in range(many)), *[",".join(["0"] * many)] * 6])
    )
    with refused("EMG-012"):
        read_emg(path, 1000.0)


def test_a_quote_that_is_never_closed_ends_in_advice(tmp_path: Path) -> None:
    path = tmp_path / "open.csv"
    path.write_text('time,"L_soleus\n' + "x" * 200_000 + "\n0.0,1.0\n0.1,1.0\n")
    with refused("EMG-001"):
        read_emg(path, 1000.0)


@pytest.mark.parametrize("number", ["1e300", "inf", "-1e13"])
def test_numbers_that_no_signal_has_are_no_emg(tmp_path: Path, number: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_bytes(VALID["csv"][2][0](tmp_path))
    raw = request_of({"file": str(path)}).recording()
    sites = suggestions(raw).sites
    assert process_emg(raw, sites).channels
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:500], f"0.4990,{number},0,0", *lines[501:]]))
    with refused("EMG-014"):
        process_emg(request_of({"file": str(path)}).recording(), sites)


def test_a_name_is_no_longer_than_a_screen(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"time,{'x' * 5000}\n" + "".join(f"{number / 1000},1.0\n" for number in range(9)))
    assert len(read_head(path).channels[0]) == file_access.LONGEST_NAME


def test_a_table_of_a_laboratory_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.mot"
    path.write_bytes(VALID["mot"][2][0](tmp_path))
    assert len(read_table(path).time_s) == 300
    monkeypatch.setattr(text_files, "_MOST_BYTES", 4096)
    with refused("LAB-007"):
        read_table(path)


@pytest.mark.parametrize(
    "content",
    [
        "a = " + "[" * 50_000,
        ".".join(["a"] * 40) + " = 1",  # thousands of them, a file of 40 kB, took 1.8 GB
        "[" + ' . "b c"'.join(["a"] * 40) + "]",
        "[cam]\nmatrix = [[1" + "0" * 400 + ", 0, 0], [0, 1, 0], [0, 0, 1]]\nsize = [1, 1]",
    ],
)
def test_a_calibration_that_breaks_its_parser_is_called_damaged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "Calib.toml"
    path.write_text(content)
    with refused("CAL-004"):
        read_calibration(path)


def test_times_of_cameras_without_an_end_end_in_advice(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    path.write_text("cam_id,frame_time\n1,0.0\n1,inf\n")
    with refused("CAL-037"):
        read_times(path)
    path.write_text('cam_id,frame_time\n1,"' + "0" * 200_000)
    with refused("CAL-037"):
        read_times(path)


@pytest.mark.parametrize(
    "content", ["", "{", '{"a": 1}', "7", "[0.0, true]", "[0.0, null]", "[1.0, 0.5]", "[NaN]", "[" * 100_000]
)
def test_times_beside_a_video_that_are_none_are_told_with_the_name_of_their_file(
    tmp_path: Path, content: str
) -> None:
    film = write_video(tmp_path / "walk.mp4", noise(2), 30.0)
    (tmp_path / "walk.mp4.times.json").write_text(content)
    with refused("CAP-007") as error:
        cameras.VideoFileSource(film)
    assert "walk.mp4.times.json" in error.value.advice.what


def test_times_beside_a_video_count(tmp_path: Path) -> None:
    film = write_video(tmp_path / "walk.mp4", noise(3), 30.0)
    (tmp_path / "walk.mp4.times.json").write_text(json.dumps([0, 0.5, 2.0]))
    with cameras.VideoFileSource(film) as source:
        assert list(source.times()) == [0.0, 0.5, 2.0]
