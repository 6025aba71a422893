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
from ui.wording import short_muscle

CYCLE_PERCENT = np.linspace(0.0, 100.0, CYCLE_POINTS)


class CurveStyle(Enum):
    """How a gait looks in every plot."""

    MEASURED = "measured"  # solid
    DEFAULT = "default"  # dashed
    PERSONALIZED = "personalized"  # solid, thick
    WITH_EXO = "with exo"  # thick, with markers
    IMPAIRED = "impaired"  # thick dots
    ESTIMATED = "estimated"  # long dashes: of the person, but not measured
    HEALTHY = "healthy"  # fine dots
    WORN = "worn"  # dash and dot
    GENERIC = "generic"  # dash and two dots


class ExoQuantity(StrEnum):
    """What the exo does at one joint, drawn like a joint."""

    TORQUE = "exo_torque"
    POWER = "exo_power"

    @property
    def label(self) -> str:
        return "Exo torque" if self is ExoQuantity.TORQUE else "Exo power"


@dataclass(frozen=True, slots=True)
class Measure:
    """Any other quantity of one leg over the gait cycle: a moment, a power, a force, a muscle's activity."""

    label: str  # "Hip flexion moment"
    axis: str  # the same beside an axis, where the page says what is shown: "Hip flexion"
    unit: str  # as it follows a number: " N·m/kg"
    digits: int = 2  # behind the point

    @property
    def step(self) -> float:
        """The smallest difference that is worth a look."""
        return float(10.0**-self.digits)


@dataclass(frozen=True, slots=True)
class EmgQuantity:
    """The envelope of one muscle, drawn like a joint."""

    muscle: EmgMuscle
    unit: str = "%"  # "% MVC", "µV", …

    @property
    def label(self) -> str:
        """Short enough to stand beside an axis: `Gastroc. med.`."""
        return short_muscle(self.muscle)


Quantity = JointKind | ExoQuantity | EmgQuantity | Measure
_UNITS: dict[Quantity, str] = {ExoQuantity.TORQUE: " N·m", ExoQuantity.POWER: " W"}
_CSV_UNITS: dict[Quantity, str] = {ExoQuantity.TORQUE: "N m", ExoQuantity.POWER: "W"}


@dataclass(frozen=True, slots=True, eq=False)
class CycleCurve:
    """One gait in one plot: mean over strides, perhaps with its standard deviation, 0..100 % of the cycle.

    In the unit of its panel: degrees for joint angles, N·m or W for the exo, percent for muscles.
    """

    label: str
    side: Side
    mean: FloatArray  # (101,)
    sd: FloatArray | None  # (101,)
    style: CurveStyle
    sd_words: str = ""  # what the standard deviation is, one sentence for the key
    visit: int | None = None  # number of a recording: then colour and dashes tell it, not the side and style
    mark: str = ""  # "A" or "B", where two gaits are held against each other
    starts: FloatArray | None = None  # (S, 101) means of a simulated gait, from starts that other gaits share

    def __post_init__(self) -> None:
        frozen(self, "mean", (CYCLE_POINTS,))
        if self.sd is not None:
            frozen(self, "sd", (CYCLE_POINTS,))
        if self.starts is not None:
            frozen(self, "starts", (None, CYCLE_POINTS))


@dataclass(frozen=True, slots=True, eq=False)
class NormalBand:
    """Mean and one standard deviation of normal gait, in the unit of its panel."""

    mean: FloatArray  # (101,)
    sd: FloatArray  # (101,)
    words: str = ""  # whose it is, one sentence for the key
    fits: bool = True  # whether it is of people of this age walking at this speed

    @property
    def name(self) -> str:
        return "normal" if self.fits else "nearest band"


@dataclass(frozen=True, slots=True)
class PeakField:
    """Where published peaks lie: a field of sizes and times, in the unit of its panel and 0..1."""

    low: float
    high: float
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How closely one gait follows the measured one."""

    label: str
    correlation: float
    rmse_deg: float
    offset_deg: float = 0.0  # how far it lies above on average
    shape_only: bool = False  # the two have no common unit: a distance would mean nothing

    @property
    def known(self) -> bool:
        """False where a gait has no complete stride."""
        return bool(np.isfinite(self.correlation) and (self.shape_only or np.isfinite(self.rmse_deg)))

    def words(self) -> str:
        if not self.known:
            return "–"
        distance = "" if self.shape_only else f" · {self.rmse_deg:.0f}°"
        return f"r {self.correlation:.2f}{distance}"


@dataclass(frozen=True, slots=True, eq=False)
class JointPanel:
    """Everything one small plot of the grid shows."""

    kind: Quantity
    side: Side
    curves: tuple[CycleCurve, ...]
    band: NormalBand | None = None
    toe_off_fraction: float | None = None
    likeness: tuple[Likeness, ...] = ()
    missing: str = "no complete stride"  # in place of curves, where there are none
    published: tuple[PeakField, ...] = ()
    active: tuple[tuple[float, float], ...] = ()  # percent of the cycle in which the muscle works normally

    @property
    def title(self) -> str:
        return f"{self.side.value.capitalize()} {self.kind.label.lower()}"

    @property
    def unit(self) -> str:
        """As it follows a number: `12°`, `8 N·m`."""
        if isinstance(self.kind, Measure):
            return self.kind.unit
        if isinstance(self.kind, EmgQuantity):
            return f" {self.kind.unit}"
        return _UNITS.get(self.kind, "°")

    @property
    def axis(self) -> str:
        """`Hip flexion (°)`."""
        name = self.kind.axis if isinstance(self.kind, Measure) else self.kind.label
        return f"{name.replace('dorsiflexion', 'dorsifl.')} ({self.unit.strip()})"

    @property
    def digits(self) -> int:
        """Behind the point, of a number that is read off."""
        return self.kind.digits if isinstance(self.kind, Measure) else 0

    @property
    def least_margin(self) -> float:
        """Above and below the curves, in the panel's unit."""
        return 5.0 * self.kind.step if isinstance(self.kind, Measure) else 0.5

    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value drawn."""
        lows = [np.nanmin(curve.mean - _sd(curve)) for curve in self.curves]
        highs = [np.nanmax(curve.mean + _sd(curve)) for curve in self.curves]
        if self.band is not None:
            lows.append(np.min(self.band.mean - self.band.sd))
            highs.append(np.max(self.band.mean + self.band.sd))
        lows += [np.float64(field.low) for field in self.published]
        highs += [np.float64(field.high) for field in self.published]
        return (float(np.nanmin(lows)), float(np.nanmax(highs))) if lows else (0.0, 1.0)

    def table(self) -> str:
        """The plot as CSV: percent of the cycle, normal band, then mean and SD of every curve."""
        own = "deg" if isinstance(self.kind, JointKind) else self.unit.strip().replace("·", " ")
        unit = _CSV_UNITS.get(self.kind, own)
        columns: list[tuple[str, FloatArray]] = [("gait cycle (%)", CYCLE_PERCENT)]
        if self.band is not None:
            name = self.band.name
            columns += [(f"{name} mean ({unit})", self.band.mean), (f"{name} SD ({unit})", self.band.sd)]
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
