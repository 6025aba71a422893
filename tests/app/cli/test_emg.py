"""Claims about `exotwin emg`: it shows what an import would do, and keeps nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import category

import numpy as np
import pytest

import core.emg
from app.cli import commands as cli
from app.cli.emg import _IN_A_TERMINAL, emg_advice, emg_options
from core.errors import Advice
from tests.emg.test_emg import bursts

pytestmark = pytest.mark.usefixtures("reads_in_this_process")


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Two seconds of two muscles in microvolts, an accelerometer and a trigger, without a time column."""
    signal = np.column_stack(
        [100 * bursts(2.0, 1000), 100 * bursts(2.0, 1000, 1), np.ones(2000), np.zeros(2000)]
    )
    signal[500:, 3] = 5.0
    path = tmp_path / "walk.csv"
    np.savetxt(
        path,
        signal,
        "%.3f",
        delimiter=";",
        header="EMG 1 [uV];R SOL [uV];R SOL ACC X [g];Sync [V]",
        comments="",
    )
    return path


def summary(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert cli.run(["emg", *map(str, arguments), "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_everything_an_import_would_do_is_shown_and_nothing_kept(
    walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "map.json").write_text('{"EMG 1": "left soleus", "R SOL": ["soleus", "right"]}')
    shown = summary(
        capsys, walk, "--rate", 1000, "--map", tmp_path / "map.json", "--trigger", "Sync", "--mvc", walk
    )
    (tmp_path / "map.json").unlink()
    assert (shown["rate_hz"], shown["duration_s"], shown["normalised_to"]) == (1000, 2.0, "MVC")
    assert shown["offset"] == {"seconds": -0.5, "from": "trigger channel"}
    left, right, acceleration, sync = shown["channels"]
    assert (left["muscle"], left["side"], left["unit"], left["quality"]) == ("soleus", "left", "uV", "good")
    assert right["side"] == "right" and not acceleration["may_be_emg"] and not sync["may_be_emg"]
    assert all({"severity", "code", "what", "why", "next_step"} == set(told) for told in shown["findings"])
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_without_a_known_muscle_is_shown_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "walk.csv"
    np.savetxt(path, bursts(2.0, 1000)[:, None], "%.4f", header="EMG 1", comments="")
    shown = summary(capsys, path, "--rate", 1000)
    assert shown["channels"][0]["muscle"] is None
    assert [told["code"] for told in shown["findings"]] == ["EMG-005"]
    assert cli.run(["emg", str(path), "--rate", "1000"]) == 0
    assert "EMG 1: not used" in capsys.readouterr().out


def test_signs_that_steer_a_terminal_are_not_printed_from_names_in_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "walk.csv"
    np.savetxt(path, bursts(2.0, 1000)[:, None], "%.4f", header="R SOL \x1b[31mred\x07", comments="")
    assert cli.run(["emg", str(path), "--rate", "1000"]) == 0
    assert cli.run(["emg", str(tmp_path / "a\x1b[2J\x9b\nb.csv")]) == cli.EXIT_REFUSED
    told = capsys.readouterr()
    assert "\ufffd[31mred\ufffd" in told.out and "a\ufffd[2J\ufffd b.csv" in told.err
    assert not any(category(sign) == "Cc" for sign in (told.out + told.err).replace("\n", ""))


def test_refusals_name_the_remedy(walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["emg", str(walk)]) == cli.EXIT_REFUSED
    assert (
        "Run again with --rate HZ, or export with a correct time column. [EMG-003]" in capsys.readouterr().err
    )
    assert cli.run(["emg", str(tmp_path / "gone.csv")]) == cli.EXIT_REFUSED
    assert "[PC-025]" in capsys.readouterr().err
    assert cli.run(["emg", str(tmp_path)]) == cli.EXIT_REFUSED
    assert "It is a folder." in capsys.readouterr().err


def test_what_a_page_would_ask_is_an_option_here(walk: Path) -> None:
    page = Path(core.emg.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in page.glob("*.py"))
    for on_the_page, option in _IN_A_TERMINAL:
        assert on_the_page in source, on_the_page  # or the advice says now something else
        names = [word.strip(".,") for word in option.format("--").split() if word.startswith("--")]
        values = {"--event": ["1", "2"], "--header-line": ["3"], "--map": ["m"], "--sheet": ["s"]}
        for name in names:
            cli._parser().parse_args(["emg", str(walk), name, *values.get(name, ["4"])])
    advice = Advice("", "", "Choose the sheet.", "EMG-036")
    assert emg_advice(advice, "--emg-").next_step == "Run again with --emg-sheet NAME."


def test_an_event_seen_in_both_gives_the_offset(walk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = summary(capsys, walk, "--rate", 1000, "--event", 1.5, 0.25)
    assert shown["offset"] == {"seconds": -1.25, "from": "common event"}


def test_a_map_that_is_none_is_refused(
    walk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = json.dumps({f"EMG {number}": "left soleus" for number in range(513)})
    for text in ("no json", '{"EMG 1": "third eye"}', '{"EMG 1": ["soleus"]}', "[1, 2]", endless):
        (tmp_path / "map.json").write_text(text)
        assert cli.run(["emg", str(walk), "--map", str(tmp_path / "map.json")]) == cli.EXIT_REFUSED
        assert "[EMG-052]" in capsys.readouterr().err


def test_a_session_hands_its_emg_options_to_the_import(walk: Path, tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{"EMG 1": "left soleus"}')
    arguments = [
        "session",
        "run",
        "--patient",
        "p.json",
        "--video",
        "v.mp4",
        "--out",
        "o",
        "--emg",
        str(walk),
    ]
    arguments += ["--emg-mvc", "/mvc.csv", "--emg-rate", "1000", "--emg-map", str(tmp_path / "map.json")]
    args = cli._parser().parse_args([*arguments, "--emg-offset", "-2"])
    assert emg_options(args) == {
        "mvc_files": ["/mvc.csv"],
        "rate_hz": 1000.0,
        "offset_s": -2.0,
        "sites": {"EMG 1": ["soleus", "left"]},
    }


def test_a_laboratorys_file_is_shown(
    shared_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = summary(capsys, shared_data("multi-subject-c3d/HC030A/HC030A05.c3d"))
    assert shown["rate_hz"] == 1000 and len(shown["channels"]) == 24
    assert sum(channel["muscle"] is not None for channel in shown["channels"]) == 8
