"""What a gait-cycle plot shows, as values without Qt."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from enum import Enum, StrEnum

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import JointKind, Side
from core.domain.emg import EmgMuscle
from core.domain.motion import CYCLE_POINTS

CYCLE_PERCENT = np.linspace(0.0, 100.0, CYCLE_POINTS)


class CurveStyle(Enum):
    """How a gait looks in every plot."""

    MEASURED = "measured"  # solid
    DEFAULT = "default"  # dashed
    PERSONALIZED = "personalized"  # solid, thick
    WITH_EXO = "with exo"  # thick, with markers
    IMPAIRED = "impaired"  # thick dots


class ExoQuantity(StrEnum):
    """What the exo does at one hip, drawn like a joint."""

    TORQUE = "exo_torque"
    POWER = "exo_power"

    @property
    def label(self) -> str:
        return "Exo torque" if self is ExoQuantity.TORQUE else "Exo power"


@dataclass(frozen=True, slots=True)
class EmgQuantity:
    """The envelope of one muscle, in percent of what it was normalised to, drawn like a joint."""

    muscle: EmgMuscle

    @property
    def label(self) -> str:
        return self.muscle.value.capitalize()


Quantity = JointKind | ExoQuantity | EmgQuantity
_UNITS: dict[Quantity, str] = {ExoQuantity.TORQUE: " N·m", ExoQuantity.POWER: " W"}
_CSV_UNITS: dict[Quantity, str] = {ExoQuantity.TORQUE: "N m", ExoQuantity.POWER: "W"}


@dataclass(frozen=True, slots=True, eq=False)
class CycleCurve:
    """One gait in one plot: mean over strides, perhaps with its standard deviation, 0..100 % of the cycle.

    In the unit of its panel: degrees for joints, N·m or W for the exo, percent for muscles.
    """

    label: str
    side: Side
    mean: FloatArray  # (101,)
    sd: FloatArray | None  # (101,)
    style: CurveStyle
    sd_words: str = ""  # what the standard deviation is, one sentence for the key

    def __post_init__(self) -> None:
        frozen(self, "mean", (CYCLE_POINTS,))
        if self.sd is not None:
            frozen(self, "sd", (CYCLE_POINTS,))


@dataclass(frozen=True, slots=True, eq=False)
class NormalBand:
    """Mean and one standard deviation of normal gait, in degrees."""

    mean: FloatArray  # (101,)
    sd: FloatArray  # (101,)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How closely one gait follows the measured one."""

    label: str
    correlation: float
    rmse_deg: float

    @property
    def known(self) -> bool:
        """False where a gait has no complete stride."""
        return bool(np.isfinite(self.correlation) and np.isfinite(self.rmse_deg))

    def words(self) -> str:
        return f"r {self.correlation:.2f} · {self.rmse_deg:.0f}°" if self.known else "–"


@dataclass(frozen=True, slots=True, eq=False)
class JointPanel:
    """Everything one small plot of the grid shows."""

    kind: Quantity
    side: Side
    curves: tuple[CycleCurve, ...]
    band: NormalBand | None = None
    toe_off_fraction: float | None = None
    likeness: tuple[Likeness, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.side.value.capitalize()} {self.kind.label.lower()}"

    @property
    def unit(self) -> str:
        """As it follows a number: `12°`, `8 N·m`."""
        return " %" if isinstance(self.kind, EmgQuantity) else _UNITS.get(self.kind, "°")

    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value drawn."""
        lows = [np.nanmin(curve.mean - _sd(curve)) for curve in self.curves]
        highs = [np.nanmax(curve.mean + _sd(curve)) for curve in self.curves]
        if self.band is not None:
            lows.append(np.min(self.band.mean - self.band.sd))
            highs.append(np.max(self.band.mean + self.band.sd))
        return (float(np.nanmin(lows)), float(np.nanmax(highs))) if lows else (0.0, 1.0)

    def table(self) -> str:
        """The plot as CSV: percent of the cycle, normal band, then mean and SD of every curve."""
        unit = "%" if isinstance(self.kind, EmgQuantity) else _CSV_UNITS.get(self.kind, "deg")
        columns: list[tuple[str, FloatArray]] = [("gait cycle (%)", CYCLE_PERCENT)]
        if self.band is not None:
            columns += [(f"normal mean ({unit})", self.band.mean), (f"normal SD ({unit})", self.band.sd)]
        for curve in self.curves:
            columns.append((f"{curve.label} mean ({unit})", curve.mean))
            if curve.sd is not None:
                columns.append((f"{curve.label} SD ({unit})", curve.sd))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([name for name, _ in columns])
        for row in zip(*(values for _, values in columns), strict=True):
            writer.writerow([f"{value:.3f}" for value in row])
        return text.getvalue()


def _sd(curve: CycleCurve) -> FloatArray | float:
    return 0.0 if curve.sd is None else curve.sd
