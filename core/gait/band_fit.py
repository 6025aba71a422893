"""How far a person's mean curves lie from a normal band: by distance and by shape, and constant offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.motion import GaitCycles
from core.gait.cycles import mean_cycle
from core.gait.norm_choice import BandSet
from core.gait.similarity import compare_curves

FAR_SD = 2.0  # beyond two standard deviations lies one healthy person in twenty
FAR_DEG = 8.0  # a judgement: two laboratories differ by 5 to 6 (McGinley et al. 2009, Gait & Posture 29:360)
OFFSET_SHARE = 0.9  # of the squared distance: what one number explains is an offset
SAME_SHAPE_R = 0.8


@dataclass(frozen=True, slots=True)
class BandFit:
    """One joint of one side against the mean of its band."""

    kind: JointKind
    side: Side
    offset_deg: float  # mean difference over the cycle, above the band is positive
    rmse_deg: float
    correlation: float
    sd_deg: float  # root mean square width of the band
    one_sided: bool  # beyond one standard deviation on the same side over at least nine tenths of the cycle

    @property
    def off(self) -> float:
        """Distance in standard deviations of the band."""
        return self.rmse_deg / self.sd_deg

    @property
    def far(self) -> bool:
        """Beyond what healthy people and laboratories differ by, or beside the drawn band all the time."""
        return self.rmse_deg > FAR_DEG and (self.off > FAR_SD or self.is_offset)

    @property
    def is_offset(self) -> bool:
        """Whether the curve has the band's shape and only lies beside it."""
        explained = self.offset_deg**2 > OFFSET_SHARE * self.rmse_deg**2
        return self.one_sided and explained and self.correlation >= SAME_SHAPE_R

    @property
    def joint_words(self) -> str:
        """`left ankle`."""
        return f"{self.side.value} {self.kind.place}"

    @property
    def words(self) -> str:
        """`the left ankle lies 15° above the band over the whole stride`, or how far off it is."""
        return self.words_of("the band")

    def words_of(self, band: str) -> str:
        """The same of a band by another name, as `the nearest band`."""
        if self.is_offset:
            where = "above" if self.offset_deg > 0 else "below"
            lies = f"lies {abs(self.offset_deg):.0f}° {where} {band} over the whole stride"
            return f"the {self.joint_words} {lies}"
        return f"the {self.joint_words} is {self.rmse_deg:.0f}° off {band}"


def band_fits(cycles: Sequence[GaitCycles], bands: BandSet) -> tuple[BandFit, ...]:
    """Hip, knee and ankle of both sides, as far as there are strides and bands."""
    found = []
    for kind in SAGITTAL:
        band = bands.band(kind)
        for side, own in zip(SIDES, cycles, strict=True):
            mean_rad = mean_cycle(own)[:, list(JointKind).index(kind)]
            if band is None or not np.isfinite(mean_rad).all():
                continue
            same = compare_curves(band.mean_rad, mean_rad)
            off = (mean_rad - band.mean_rad) / band.sd_rad
            beyond = max((off > 1.0).mean(), (off < -1.0).mean())
            found.append(
                BandFit(
                    kind,
                    side,
                    float(np.degrees(same.offset_rad)),
                    float(np.degrees(same.rmse_rad)),
                    same.correlation,
                    float(np.degrees(np.sqrt((band.sd_rad**2).mean()))),
                    bool(beyond >= OFFSET_SHARE),
                )
            )
    return tuple(found)


def far_off(fits: Sequence[BandFit]) -> tuple[BandFit, ...]:
    """Those far from the band, the furthest first."""
    return tuple(sorted((fit for fit in fits if fit.far), key=lambda fit: -fit.off))
