"""Surface EMG of one visit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import Side
from core.domain.findings import Finding

# What 100 % of an envelope is.
MVC, OWN_MAXIMUM, FILE_SCALE = "MVC", "recorded maximum", "scale of the file"


class EmgMuscle(StrEnum):
    """Muscles that surface electrodes reach, by their common names."""

    GLUTEUS_MAXIMUS = "gluteus maximus"
    GLUTEUS_MEDIUS = "gluteus medius"
    TENSOR_FASCIAE_LATAE = "tensor fasciae latae"
    ADDUCTORS = "adductors"
    RECTUS_FEMORIS = "rectus femoris"
    VASTUS_LATERALIS = "vastus lateralis"
    VASTUS_MEDIALIS = "vastus medialis"
    BICEPS_FEMORIS = "biceps femoris"
    SEMITENDINOSUS = "semitendinosus"
    SEMIMEMBRANOSUS = "semimembranosus"
    GRACILIS = "gracilis"
    SARTORIUS = "sartorius"
    TIBIALIS_ANTERIOR = "tibialis anterior"
    GASTROCNEMIUS_MEDIALIS = "gastrocnemius medialis"
    GASTROCNEMIUS_LATERALIS = "gastrocnemius lateralis"
    SOLEUS = "soleus"
    PERONEUS_LONGUS = "peroneus longus"


@dataclass(frozen=True, slots=True)
class ChannelSite:
    """Where an electrode sits."""

    muscle: EmgMuscle
    side: Side


@dataclass(frozen=True, slots=True)
class ChannelQuality:
    """Quality of one channel.

    `verdict` is one of good, flat, clipped, hum, noise, gaps, loose, motion, crosstalk. Records of earlier
    versions know the first six and none of the fields with a default.
    """

    name: str
    site: ChannelSite
    verdict: str
    signal_to_noise_db: float
    clipped_fraction: float
    hum_fraction: float
    motion_fraction: float = 0.0  # of its power, below 20 Hz
    median_hz: float = 0.0  # of its power in the pass band; 0 in earlier versions
    common_fraction: float = 0.0  # of its power, common with `common_with`; 0 when that is nobody
    common_with: str = ""  # name of the channel that it shares most with, when that is more than usual


@dataclass(frozen=True, slots=True, eq=False)
class EmgEnvelopes:
    """Processed EMG. Axes: T samples, C channels."""

    time_s: FloatArray  # (T,)
    envelope: FloatArray  # (T, C) fraction of the normalisation value
    channels: tuple[ChannelQuality, ...]  # C
    normalised_to: str  # "MVC", "recorded maximum", "MVC or recorded maximum" or "scale of the file"
    raw_rate_hz: float
    source_name: str
    findings: tuple[Finding, ...]
    synthetic: bool = False
    offset_s: float = 0.0  # added to `time_s` to get the time of the motion
    offset_from: str = ""  # "same file", "common event", "trigger channel" or "typed"; empty: taken as 0
    processing: str = ""  # the chain in words: filters, envelope, normalisation
    references: tuple[str, ...] = ()  # C, what 100 % of each channel is; empty: all `normalised_to`
    full_uv: tuple[float, ...] = ()
    """C, microvolts that 100 % of each channel is; NaN where its file tells no voltage. Empty in EMG of
    earlier versions."""

    def __post_init__(self) -> None:
        frozen(self, "time_s", (len(np.asarray(self.time_s)),))
        frozen(self, "envelope", (len(self.time_s), len(self.channels)))
        assert len(self.references) in (0, len(self.channels))
        assert len(self.full_uv) in (0, len(self.channels))

    def reference(self, channel: int) -> str:
        """What 100 % of a channel is."""
        return self.references[channel] if self.references else self.normalised_to
