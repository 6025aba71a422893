"""Claims about EMG: names are understood, bursts survive, and trouble in a channel is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgEnvelopes, EmgMuscle
from core.emg.importing import process_emg
from core.emg.naming import suggest_site, suggestions_of
from core.emg.readers import read_emg, read_head
from core.emg.signals import RawEmg
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import import_emg
from tests.refusals import code_of
from tests.store.samples import a_subject

RATE_HZ = 1500.0
SOLEUS = ChannelSite(EmgMuscle.SOLEUS, Side.LEFT)


def bursts(seconds: float = 6.0, rate_hz: float = RATE_HZ, seed: int = 0) -> np.ndarray:
    """White noise whose amplitude rises to one for half of every second, over a small baseline."""
    time_s = np.arange(0, seconds, 1 / rate_hz)
    amplitude = np.where(time_s % 1.0 < 0.5, 1.0, 0.02)
    return amplitude * np.random.default_rng(seed).normal(size=len(time_s))


def processed(signal: np.ndarray, rate_hz: float = RATE_HZ) -> EmgEnvelopes:
    return process_emg(RawEmg(("L_soleus",), signal[:, None], rate_hz, "a.csv"), {"L_soleus": SOLEUS})


@pytest.mark.parametrize(
    ("name", "muscle", "side"),
    [
        ("R_tibialis_anterior", EmgMuscle.TIBIALIS_ANTERIOR, Side.RIGHT),
        ("Voltage.L Rect", EmgMuscle.RECTUS_FEMORIS, Side.LEFT),
        ("Voltage.R Hams", EmgMuscle.BICEPS_FEMORIS, Side.RIGHT),
        ("RTIB", EmgMuscle.TIBIALIS_ANTERIOR, Side.RIGHT),
        ("LSOL", EmgMuscle.SOLEUS, Side.LEFT),
        ("left gluteus medius", EmgMuscle.GLUTEUS_MEDIUS, Side.LEFT),
        ("tibialis anterior left", EmgMuscle.TIBIALIS_ANTERIOR, Side.LEFT),  # as EMG-005 advises
        ("VL_R", EmgMuscle.VASTUS_LATERALIS, Side.RIGHT),
        ("R GastLat", EmgMuscle.GASTROCNEMIUS_LATERALIS, Side.RIGHT),
    ],
)
def test_usual_channel_names_are_understood(name: str, muscle: EmgMuscle, side: Side) -> None:
    assert suggest_site(name) == ChannelSite(muscle, side)


@pytest.mark.parametrize("name", ["Force.Fz1", "F1X", "Moment.Mx2", "channel 7", "Voltage.L Spare", "sync"])
def test_what_is_not_a_muscle_is_left_alone(name: str) -> None:
    assert suggest_site(name) is None


def test_the_envelope_follows_the_bursts_and_peaks_at_one() -> None:
    result = processed(bursts())
    phase = result.time_s % 1.0
    active = result.envelope[(phase > 0.15) & (phase < 0.35), 0].mean()
    quiet = result.envelope[(phase > 0.7) & (phase < 0.9), 0].mean()
    assert result.envelope.max() == pytest.approx(1.0, abs=0.05)
    assert active > 10 * quiet
    assert result.channels[0].verdict == "good"


def test_a_constant_offset_changes_nothing() -> None:
    np.testing.assert_allclose(processed(bursts() + 5.0).envelope, processed(bursts()).envelope, atol=1e-6)


def test_a_maximum_contraction_is_the_unit_when_given() -> None:
    raw = RawEmg(("L_soleus",), bursts()[:, None], RATE_HZ, "walk.csv")
    mvc = RawEmg(("L_soleus",), 4.0 * bursts()[:, None], RATE_HZ, "mvc.csv")
    result = process_emg(raw, {"L_soleus": SOLEUS}, mvc)
    assert result.normalised_to == "MVC"
    assert result.envelope.max() == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("verdict", "spoil"),
    [
        ("flat", lambda signal: np.zeros_like(signal)),
        ("clipped", lambda signal: np.clip(signal, -0.8, 0.8)),
        ("hum", lambda signal: signal + 5 * np.sin(2 * np.pi * 50 * np.arange(len(signal)) / RATE_HZ)),
        ("noise", lambda signal: np.random.default_rng(1).normal(size=len(signal))),
        ("gaps", lambda signal: np.where(np.arange(len(signal)) % 3000 < 600, np.nan, signal)),
    ],
)
def test_trouble_in_a_channel_is_named(verdict: str, spoil: Callable[[np.ndarray], np.ndarray]) -> None:
    result = processed(spoil(bursts()))
    assert result.channels[0].verdict == verdict
    assert "EMG-010" in [finding.advice.code for finding in result.findings]
    assert np.isfinite(result.envelope).all()


def test_a_few_missing_samples_are_bridged_and_the_channel_stays_good() -> None:
    signal = bursts()
    signal[1000:1020] = np.nan
    assert processed(signal).channels[0].verdict == "good"


def test_bad_files_and_maps_are_refused_with_their_codes(tmp_path: Path) -> None:
    empty, text, uneven = tmp_path / "empty.csv", tmp_path / "text.csv", tmp_path / "uneven.csv"
    empty.touch()
    text.write_text("a letter\nto nobody, really\n", encoding="utf-8")
    uneven.write_text("time,L_soleus\n0,1\n0.001,2\n0.5,3\n", encoding="utf-8")
    raw = RawEmg(("L_soleus",), bursts()[:, None], RATE_HZ, "a.csv")
    slow = RawEmg(("L_soleus",), bursts(rate_hz=100)[:, None], 100.0, "slow.csv")

    assert code_of(lambda: read_emg(empty)) == "EMG-001"
    assert code_of(lambda: read_emg(text)) == "EMG-001"
    assert code_of(lambda: read_emg(uneven)) == "EMG-003"
    assert code_of(lambda: process_emg(slow, {"L_soleus": SOLEUS})) == "EMG-003"
    assert code_of(lambda: process_emg(raw, {"R_soleus": SOLEUS})) == "EMG-004"
    assert code_of(lambda: process_emg(raw, {})) == "EMG-005"


def test_a_wrong_rate_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    lines = [f"{number / 1000},{number % 7}" for number in range(100)]
    path.write_text("\n".join(["time,L_soleus", *lines]), encoding="utf-8")
    assert read_emg(path).rate_hz == pytest.approx(1000)
    assert code_of(lambda: read_emg(path, rate_hz=2000)) == "EMG-003"


def test_a_walk_recorded_elsewhere_is_read_mapped_and_judged(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_C1_01.c3d")
    raw = read_emg(path)
    sites = suggestions_of(raw.channels).sites
    result = process_emg(raw, sites)
    assert raw.rate_hz == 1500
    assert {site.muscle for site in sites.values()} == {
        EmgMuscle.TIBIALIS_ANTERIOR,
        EmgMuscle.SOLEUS,
        EmgMuscle.GASTROCNEMIUS_MEDIALIS,
        EmgMuscle.VASTUS_MEDIALIS,
        EmgMuscle.RECTUS_FEMORIS,
        EmgMuscle.SEMITENDINOSUS,
        EmgMuscle.GLUTEUS_MAXIMUS,
        EmgMuscle.GLUTEUS_MEDIUS,
    }
    assert result.envelope.min() >= 0.0 and result.envelope.max() <= 1.01


def test_the_head_of_a_file_names_the_channels_that_reading_it_gives(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    longer = shared_data("c3d-readers/nexus_walk_16emg.c3d")  # goes on after the part that is looked at
    head, raw = read_head(longer), read_emg(longer)
    assert (head.channels, head.units, head.descriptions) == (raw.channels, raw.units, raw.descriptions)
    assert head.has_rate and head.rate_hz == raw.rate_hz
    table = tmp_path / "walk.csv"
    table.write_text("L_soleus;;R_soleus\n" + "1;2;3\n" * 40, encoding="utf-8")
    head = read_head(table)
    assert head.channels == read_emg(table, 1000.0).channels and not head.has_rate and head.header_line == 1


def write_c3d(path: Path, frames: int) -> Path:
    """One marker that nobody looks at, and one muscle sampled as often."""
    made = ezc3d.c3d()
    made["parameters"]["POINT"]["RATE"]["value"] = [1000]
    made["parameters"]["POINT"]["LABELS"]["value"] = ["HEEL"]
    made["parameters"]["ANALOG"]["RATE"]["value"] = [1000]
    made["parameters"]["ANALOG"]["LABELS"]["value"] = ["L_soleus"]
    made["data"]["points"] = np.ones((4, 1, frames))
    made["data"]["analogs"] = np.ones((1, 1, frames))
    made.write(str(path))
    return path


def test_a_long_c3d_file_is_read_to_its_end(tmp_path: Path) -> None:
    assert len(read_emg(write_c3d(tmp_path / "long.c3d", 70_000)).signal) == 70_000


def test_empty_channels_of_a_real_recording_are_not_called_good(shared_data: Callable[[str], Path]) -> None:
    raw = read_emg(shared_data("multi-subject-c3d/HC030A/HC030A05.c3d"))
    result = process_emg(raw, suggestions_of(raw.channels).sites)
    assert len(result.channels) == 8
    for channel in result.channels:
        if np.ptp(raw.signal[:, raw.channels.index(channel.name)]) == 0:
            assert channel.verdict == "flat"


def test_the_job_keeps_the_file_and_an_unknown_muscle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    rows = [f"{number / RATE_HZ:.9f},{value:.6f}" for number, value in enumerate(bursts())]
    path.write_text("\n".join(["time,L_soleus", *rows]), encoding="utf-8")
    with open_store(tmp_path / "data") as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
    params = {"visit_id": visit_id, "file": str(path)}
    context = SilentContext(JobSpec("j", "import_emg", params, tmp_path / "data"), tmp_path)

    record_id = import_emg.run(params, context)
    with open_store(tmp_path / "data") as store:
        assert store.load(record_id, EmgEnvelopes).channels[0].site == SOLEUS
        assert (store.folder(record_id) / "emg.csv").read_bytes() == path.read_bytes()
    wrong = {**params, "sites": {"L_soleus": ["third eye", "left"]}}
    assert code_of(lambda: import_emg.run(wrong, context)) == "EMG-007"


def test_what_a_hundred_percent_is_in_microvolts_is_kept_where_the_file_tells_its_unit() -> None:
    signal = bursts(seconds=6.0)

    def full(unit: str) -> float:
        raw = RawEmg(("L_soleus",), signal[:, None], RATE_HZ, "a.csv", (unit,))
        return process_emg(raw, {"L_soleus": SOLEUS}).full_uv[0]

    assert full("V") == pytest.approx(1e6 * full("uV"))
    assert np.isnan(full(""))
