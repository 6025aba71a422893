"""Synthetic surface EMG from simulated muscle activations. For the demo patient and for tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.signals import RawEmg

RATE_HZ = 1000.0
_BASELINE = 0.01  # of full activation: skin and amplifier noise
_FULL_ACTIVATION_MV = 1.0
_CORNERS_HZ = (60.0, 120.0)

MODEL_MUSCLES: dict[EmgMuscle, tuple[str, ...]] = {
    EmgMuscle.SOLEUS: ("soleus",),
    EmgMuscle.GASTROCNEMIUS_MEDIALIS: ("gasmed",),
    EmgMuscle.TIBIALIS_ANTERIOR: ("tibant",),
    EmgMuscle.VASTUS_LATERALIS: ("vaslat",),
    EmgMuscle.RECTUS_FEMORIS: ("recfem",),
    EmgMuscle.BICEPS_FEMORIS: ("bflh",),
    EmgMuscle.GLUTEUS_MAXIMUS: ("glmax1", "glmax2", "glmax3"),
    EmgMuscle.GLUTEUS_MEDIUS: ("glmed1", "glmed2", "glmed3"),
}


def synthetic_emg(
    time_s: FloatArray, activation: FloatArray, muscle_names: tuple[str, ...], seed: int
) -> tuple[RawEmg, Mapping[str, ChannelSite]]:
    """Raw EMG [mV] whose amplitude follows activations (T, M), and where each channel sits.

    The interference pattern is Gaussian noise with the spectrum of surface EMG, its amplitude proportional to
    activation.
    """
    random = np.random.default_rng(seed)
    fine_s = np.arange(time_s[0], time_s[-1], 1 / RATE_HZ)
    sites = {
        f"{side.suffix.upper()}_{muscle.value.replace(' ', '_')}": ChannelSite(muscle, side)
        for side in Side
        for muscle in MODEL_MUSCLES
    }
    signals = []
    for site in sites.values():
        names = [f"{name}_{site.side.suffix}" for name in MODEL_MUSCLES[site.muscle]]
        mean_activation = activation[:, [muscle_names.index(name) for name in names]].mean(axis=1)
        amplitude = np.interp(fine_s, time_s, mean_activation) + _BASELINE
        signals.append(_FULL_ACTIVATION_MV * amplitude * interference(random, len(fine_s)))
    units = ("mV",) * len(sites)
    return RawEmg(tuple(sites), np.stack(signals, axis=1), RATE_HZ, "synthetic-emg.csv", units), sites


def interference(random: np.random.Generator, samples: int) -> FloatArray:
    """Noise (T,) of standard deviation one whose power falls off below 60 and above 120 Hz.

    The spectrum of surface EMG by Shwedyk, Balasubramanian & Scott 1977, IEEE Trans Biomed Eng 24:417.
    """
    frequency = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    low, high = _CORNERS_HZ
    gain = frequency / (np.sqrt(frequency**2 + low**2) * (frequency**2 + high**2))
    shaped = np.fft.irfft(np.fft.rfft(random.normal(size=samples)) * gain, samples)
    return np.asarray(shaped / shaped.std())
