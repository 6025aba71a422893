"""Claims about `exotwin assist tune`: what it prints, keeps and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import core.assistance
from app.cli import commands as cli
from app.cli.assist_tune import _IN_A_TERMINAL
from core.domain.amplitude import Amplitude
from core.domain.record import RecordKind
from core.store.repository import open_store
from tests.assistance.emg_files import maxima_file, walk_file
from tests.store.samples import a_subject

pytestmark = pytest.mark.usefixtures("reads_in_this_process")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("walks")
    activity = {10: 7.0, 20: 5.6, 30: 5.0, 40: 5.3}
    files = [walk_file(folder / f"{n}.csv", value, cycles=3, seed=n) for n, value in activity.items()]
    pairs = [f"{file.stem}={file}" for file in files]
    mvc = maxima_file(folder / "mvc.csv")
    return ["assist", "tune", "--emg", *pairs, "--mvc", str(mvc), "--unit", "uV", "--mvc-unit", "uV"]


def test_the_force_its_band_and_every_recording_are_told(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*options, "--json", "--data-dir", str(tmp_path / "data")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 20.0 <= told["best_n"] <= 40.0 and told["band_95_n"][0] <= told["best_n"] <= told["band_95_n"][1]
    assert [one["force_n"] for one in told["measured"]] == [10.0, 20.0, 30.0, 40.0]
    assert told["measured"][0]["rectus_femoris_percent_mvc"] == pytest.approx(7.0, rel=0.15)
    assert not told["simulated"] and not (tmp_path / "data").exists()
    assert cli.run(options) == 0
    lines = capsys.readouterr().out
    assert lines.startswith("Measured, right leg") and "Least activity at" in lines


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda told: [*told[:3], told[4].replace("20=", "10="), *told[3:]], "AMP-002"),
        (lambda told: [*told[:7], "--unit", "uV"], "AMP-004"),
        (lambda told: [*told, "--strikes", "Trigger"], "AMP-005"),
        (lambda told: [*told[:3], told[3].replace("10=", "10kg="), *told[4:]], "AMP-006"),
        (lambda told: [*told[:3], "walk.csv"], "AMP-006"),
        (lambda told: [*told, "--side", "left"], "AMP-003"),
        (lambda told: [*told[:6], *told[7:]], "AMP-001"),
    ],
)
def test_bad_input_is_told_with_what_a_terminal_can_do(
    change: object, code: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(change(options)) == cli.EXIT_REFUSED  # type: ignore[operator]
    told = capsys.readouterr().err
    assert f"[{code}]" in told
    assert not any(on_the_page in told and option not in told for on_the_page, option in _IN_A_TERMINAL)


def test_what_a_terminal_translates_is_told_somewhere() -> None:
    room = Path(core.assistance.__file__).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in room.glob("*.py"))
    task = Path(cli.__file__).parents[2] / "core" / "tasks" / "tune_amplitude.py"
    words = sources + task.read_text(encoding="utf-8")
    for on_the_page, _option in _IN_A_TERMINAL:
        assert on_the_page in words


@pytest.mark.slow
def test_with_a_visit_the_result_is_kept(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
    assert cli.run([*options, "--visit", visit_id, "--data-dir", str(tmp_path)]) == 0
    with open_store(tmp_path) as store:
        info = store.latest(visit_id, RecordKind.AMPLITUDE)
        assert info is not None and store.load(info.id, Amplitude).sentence in capsys.readouterr().out
