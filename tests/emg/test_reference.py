"""Claims about 100 %: units are reconciled, and a maximum that cannot be one is not believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.findings import Severity
from core.emg.importing import process_emg
from core.emg.naming import suggestions
from core.emg.readers import read_emg
from core.emg.requests import request_of
from core.emg.signals import RawEmg
from core.emg.units import is_other_quantity, split_unit, unit_symbol
from tests.emg.test_emg import RATE_HZ, bursts
from tests.refusals import code_of

SITES = {
    "L TA": ChannelSite(EmgMuscle.TIBIALIS_ANTERIOR, Side.LEFT),
    "R TA": ChannelSite(EmgMuscle.TIBIALIS_ANTERIOR, Side.RIGHT),
}
OWN = "recorded maximum"


def recording(left: float = 1.0, right: float = 1.0, unit: str = "", name: str = "walk.csv") -> RawEmg:
    signal = np.stack([left * bursts(4.0), right * bursts(4.0, seed=1)], axis=1)
    return RawEmg(("L TA", "R TA"), signal, RATE_HZ, name, (unit, unit))


def told(emg: EmgEnvelopes) -> dict[str, str]:
    """Warnings of the reference: code and what."""
    return {
        finding.advice.code: finding.advice.what
        for finding in emg.findings
        if finding.severity is Severity.WARNING and finding.advice.code.startswith(("EMG-04", "EMG-05"))
    }


@pytest.mark.parametrize(("walk", "mvc", "scale"), [("uV", "mV", 1e-3), ("mV", "V", 1e-3), ("V", "uV", 1e6)])
def test_units_of_walk_and_maximum_are_reconciled(walk: str, mvc: str, scale: float) -> None:
    emg = process_emg(recording(unit=walk), SITES, recording(4 * scale, 4 * scale, mvc, "mvc.csv"))
    assert emg.normalised_to == "MVC" and not told(emg)
    np.testing.assert_allclose(emg.envelope.max(axis=0), 0.25, atol=0.02)


@pytest.mark.parametrize("share", [1.9, 2.5, 1e6])
def test_a_walk_far_above_its_maximum_is_not_shown_as_a_share_of_it(share: float) -> None:
    emg = process_emg(recording(), SITES, recording(2.0, 1 / share, name="mvc.csv"))
    assert emg.references == ("MVC", OWN) and emg.normalised_to == "MVC or recorded maximum"
    assert emg.envelope[:, 1].max() == pytest.approx(1.0, abs=0.01)
    assert list(told(emg)) == ["EMG-040"] and "R TA" in told(emg)["EMG-040"]


def test_a_walk_somewhat_above_a_poor_maximum_is_still_shown() -> None:
    emg = process_emg(recording(), SITES, recording(1 / 1.4, 1.0, name="mvc.csv"))
    assert emg.normalised_to == "MVC" and not told(emg)


def test_a_maximum_in_another_unit_that_nobody_named_is_a_question() -> None:
    emg = process_emg(recording(), SITES, recording(3000.0, 3000.0, name="mvc.csv"))
    assert emg.normalised_to == OWN and list(told(emg)) == ["EMG-050"]
    notes = {finding.advice.code for finding in emg.findings}
    assert not notes & {"EMG-063", "EMG-064"}  # of maxima that serve nothing, nothing more is asked
    assert emg.processing.endswith("100 % is the recorded maximum")
    weak = process_emg(recording(unit="mV"), SITES, recording(3000.0, 3000.0, "mV", "mvc.csv"))
    assert weak.normalised_to == "MVC"  # the units are known: so weak is this walk


def test_a_maximum_of_nothing_or_a_missing_channel_is_a_warning_for_that_channel() -> None:
    emg = process_emg(recording(), SITES, recording(2.0, 0.0, name="mvc.csv"))
    assert emg.references == ("MVC", OWN) and list(told(emg)) == ["EMG-041"]
    only_left = RawEmg(("L TA",), 2 * bursts(4.0)[:, None], RATE_HZ, "mvc.csv")
    emg = process_emg(recording(), SITES, only_left)
    assert emg.references == ("MVC", OWN) and list(told(emg)) == ["EMG-042"]


def test_a_clipped_maximum_is_told() -> None:
    mvc = recording(2.0, 2.0, name="mvc.csv")
    clipped = replace(mvc, signal=np.column_stack([mvc.signal[:, 0], np.clip(mvc.signal[:, 1], -2, 2)]))
    emg = process_emg(recording(), SITES, clipped)
    assert emg.normalised_to == "MVC" and "clipped" in told(emg)["EMG-043"] and "R TA" in told(emg)["EMG-043"]


def test_a_maximum_is_matched_by_its_muscle_where_the_name_differs() -> None:
    mvc = replace(recording(4.0, 2.0, name="mvc.csv"), channels=("LT TIB.ANT.", "RT TIB.ANT."))
    emg = process_emg(recording(), SITES, mvc)
    np.testing.assert_allclose(emg.envelope.max(axis=0), [0.25, 0.5], atol=0.02)


def test_a_channel_of_zeros_is_called_flat_and_divides_by_nothing() -> None:
    emg = process_emg(recording(1.0, 0.0), SITES)
    assert [channel.verdict for channel in emg.channels] == ["good", "flat"]
    assert np.isfinite(emg.envelope).all() and emg.envelope[:, 1].max() == 0


@pytest.mark.parametrize(
    ("file", "references", "codes"),
    [
        ("mvc_V.csv", (OWN, OWN), {"EMG-040"}),
        ("mvc_uV_right_not_recorded.csv", ("MVC", OWN), {"EMG-041"}),
    ],
)
def test_the_handed_maxima_are_not_believed(
    shared_data: Callable[[str], Path], file: str, references: tuple[str, ...], codes: set[str]
) -> None:
    folder = shared_data("../cases/mvc-units/walk_uV.csv").parent
    raw = read_emg(folder / "walk_uV.csv")
    emg = process_emg(raw, suggestions(raw).sites, read_emg(folder / file))
    assert emg.references == references and set(told(emg)) == codes
    assert emg.envelope.max() <= 1.0


def test_a_unit_that_a_person_gives_reconciles_files_without_one(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("../cases/mvc-units/walk_uV.csv").parent
    files = {"file": str(folder / "walk_uV.csv"), "mvc_file": str(folder / "mvc_V.csv")}
    request = request_of({**files, "unit": "µV", "mvc_unit": "V"})
    raw = request.recording()
    emg = process_emg(raw, suggestions(raw).sites, request.maxima(raw))
    assert emg.normalised_to == "MVC" and 0.2 < emg.envelope.max() < 0.4
    assert code_of(request_of, {**files, "unit": "furlong"}) == "EMG-051"


def test_a_maximum_without_a_rate_is_read_at_that_of_the_walk(tmp_path: Path) -> None:
    signal = np.round(100 * bursts(2.0, 1000), 3)
    for name, lines in (
        ("walk.csv", ["time,L TA", *(f"{n / 1000:.3f},{value}" for n, value in enumerate(signal))]),
        ("mvc.csv", ["L TA", *(f"{2 * value}" for value in signal)]),
    ):
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    request = request_of({"file": str(tmp_path / "walk.csv"), "mvc_file": str(tmp_path / "mvc.csv")})
    raw = request.recording()
    emg = process_emg(raw, suggestions(raw).sites, request.maxima(raw))
    assert emg.envelope.max() == pytest.approx(0.5, abs=0.01)
    told_of = [finding.advice.what for finding in emg.findings if finding.advice.code == "EMG-035"]
    assert told_of == ["mvc.csv was read at the 1000 Hz of walk.csv."]


def test_envelopes_are_not_filtered_a_second_time(shared_data: Callable[[str], Path]) -> None:
    raw = read_emg(shared_data("treadmill-emg-walk36/walk36/emgFilt.sto"))
    emg = process_emg(raw, suggestions(raw).sites)
    assert len(emg.channels) == 9 and emg.normalised_to == "scale of the file"
    np.testing.assert_allclose(emg.envelope[:, 0], raw.signal[: len(emg.envelope), 0], atol=1e-4)
    assert "EMG-044" in [finding.advice.code for finding in emg.findings]
    raw_slow = RawEmg(("L TA",), bursts(4.0, 100.0)[:, None], 100.0, "slow.csv")
    assert code_of(process_emg, raw_slow, {"L TA": SITES["L TA"]}) == "EMG-003"


@pytest.mark.parametrize(
    ("name", "plain", "unit"),
    [
        ("R TA (mV)", "R TA", "mV"),
        ("LT TIB.ANT., uV", "LT TIB.ANT.", "uV"),
        ("R TA [µV]", "R TA", "uV"),
        ("L_TA_mV", "L_TA", "mV"),
        ("Time [ms]", "Time", "ms"),
        ("Vastus Lateralis (VL)", "Vastus Lateralis (VL)", ""),
        ("TA (R)", "TA (R)", ""),
        ("L TA", "L TA", ""),
    ],
)
def test_units_are_read_from_names(name: str, plain: str, unit: str) -> None:
    assert split_unit(name) == (plain, unit)


def test_units_are_spelled_once() -> None:
    assert {unit_symbol(text) for text in ("µV", "μV", "uV", "[microvolts]", "(UV)")} == {"uV"}
    assert is_other_quantity("m/s²") and is_other_quantity("°/s") and not is_other_quantity("mV")
