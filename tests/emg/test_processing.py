"""Claims about chains: the study's is the default, others go by name, and the record says which was used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import commands as cli
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.importing import process_emg
from core.emg.presets import PRESETS, options_of
from core.emg.processing import STUDY, ProcessingOptions, Smoothing, band_passed, envelope, moving_mean
from core.emg.signals import RawEmg
from tests.emg.test_emg import RATE_HZ, bursts
from tests.refusals import code_of

SITES = {"L_soleus": ChannelSite(EmgMuscle.SOLEUS, Side.LEFT)}
TIME_S = np.arange(0, 6.0, 1 / RATE_HZ)


def raw(signal: np.ndarray) -> RawEmg:
    return RawEmg(("L_soleus",), signal[:, None], RATE_HZ, "a.csv")


def test_nothing_said_is_the_chain_of_the_study() -> None:
    assert options_of(None) == options_of("study") == STUDY
    assert STUDY.words(2000) == (
        "band-pass 20-500 Hz, mean removed, rectified, low-pass 10 Hz; filters without lag"
    )
    np.testing.assert_array_equal(envelope(bursts(), RATE_HZ), envelope(bursts(), RATE_HZ, STUDY))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_chain_tells_bursts_from_rest_and_says_what_it_did(preset) -> None:
    result = process_emg(raw(bursts()), SITES, None, preset.options)
    phase = result.time_s % 1.0
    active = result.envelope[(phase > 0.2) & (phase < 0.3), 0].mean()
    assert active > 4 * result.envelope[(phase > 0.7) & (phase < 0.8), 0].mean()
    assert result.processing == f"{preset.options.words(RATE_HZ)}; 100 % is the recorded maximum"


def test_a_notch_takes_the_mains_with_harmonics_and_leaves_the_muscle() -> None:
    hum = np.sin(2 * np.pi * 50 * TIME_S) + 0.5 * np.sin(2 * np.pi * 150 * TIME_S)
    notch = options_of({"notch_hz": 50})
    middle = slice(1500, -1500)  # a filter this narrow rings at the ends
    assert band_passed(hum, RATE_HZ, notch)[middle].std() < 0.02 * hum.std()
    muscle = np.random.default_rng(0).normal(size=len(TIME_S))
    kept = band_passed(muscle, RATE_HZ, notch).std() / band_passed(muscle, RATE_HZ).std()
    assert kept > 0.94  # nine notches of 2 Hz, twice, in a band of 480 Hz


def test_a_moving_rms_of_steady_noise_is_its_standard_deviation() -> None:
    steady = band_passed(np.random.default_rng(0).normal(size=len(TIME_S)), RATE_HZ)
    rms = envelope(steady, RATE_HZ, ProcessingOptions(smoothing=Smoothing.MOVING_RMS))
    assert np.sqrt((rms**2).mean()) == pytest.approx(steady.std(), rel=0.03)


def test_a_moving_mean_of_a_constant_is_that_constant_up_to_the_ends() -> None:
    np.testing.assert_allclose(moving_mean(np.full((50, 2), 3.0), 100.0, 0.1), 3.0)


def test_values_can_be_changed_and_nonsense_is_refused() -> None:
    assert options_of({"preset": "seniam", "envelope_hz": 4}).band_hz == (10.0, 500.0)
    assert options_of({"smoothing": "moving RMS", "window_s": 0.05}).smoothing is Smoothing.MOVING_RMS
    assert code_of(lambda: options_of("senian")) == "EMG-060"
    assert code_of(lambda: options_of({"lowpass": 3})) == "EMG-060"
    assert code_of(lambda: options_of({"band_hz": "wide"})) == "EMG-060"
    assert code_of(lambda: options_of(7)) == "EMG-060"
    for wrong in ({"band_hz": [400, 20]}, {"envelope_hz": 0}, {"window_s": 5}, {"notch_hz": 55}):
        assert code_of(lambda wrong=wrong: options_of(wrong)) == "EMG-061"


@pytest.mark.usefixtures("reads_in_this_process")
def test_the_command_line_names_a_chain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "walk.csv"
    rows = [f"{number / RATE_HZ:.9f},{value:.6f}" for number, value in enumerate(bursts())]
    path.write_text("\n".join(["time,L_soleus", *rows]), encoding="utf-8")
    assert cli.run(["emg", str(path), "--processing", "seniam", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["processing"].startswith("band-pass 10-500 Hz")
    assert cli.run(["emg", str(path), "--processing", "senian"]) != 0
    assert "EMG-060" in "".join(capsys.readouterr())


def test_the_help_of_the_command_line_names_every_chain(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(["emg", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert all(preset.key in shown.replace("- ", "-") for preset in PRESETS)
