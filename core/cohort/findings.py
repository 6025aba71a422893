"""What a study showed: distributions, paired intervals, strangers and curves, by `core.statistics`.

Subjects are virtual patients. A difference is only told where its 95 % interval leaves out zero and the
test, corrected for how many there are, does too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cohort.results import MEASURES, OWN, STRANGERS, OfDevice, StudyResult, of_device
from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, JointKind
from core.domain.rollout import GaitLabel
from core.errors import UserError
from core.statistics.curves import CurveTest, paired_curves
from core.statistics.paired import PairedT, bonferroni, paired_t
from core.statistics.repeated import SIGNIFICANT
from core.statistics.scatter import constant
from core.statistics.study import Study, TwoFactors, study, study_two

LEAST = 3  # patients; of fewer nothing is tested
WHO = "virtual patients, simulated"
AS_GOOD = 0.01  # the own controller counts as best where no stranger's is better by more


@dataclass(frozen=True, slots=True)
class Contrast:
    """The own controller minus another condition, as shares of walking without the exo."""

    other: GaitLabel
    t: PairedT
    p: float  # times the number of contrasts of this measure

    @property
    def shown(self) -> bool:
        return self.p < SIGNIFICANT and (self.t.low > 0.0 or self.t.high < 0.0)

    @property
    def words(self) -> str:
        """ "3.2 % lower (95 % interval 1.0 to 5.4 % lower)", or that nothing is shown."""
        interval = f"95 % interval {_signed(self.t.low)} to {_signed(self.t.high)}"
        if not self.shown:
            return f"no difference is shown ({_signed(self.t.change)}, {interval})"
        way = "lower" if self.t.change < 0.0 else "higher"
        return f"{abs(100.0 * self.t.change):.1f} % {way} ({interval})"


@dataclass(frozen=True, slots=True)
class Group:
    """Patients with the same impairment; the interval is NaN for fewer than LEAST."""

    name: str
    n: int
    mean: float  # of the own controller, share of walking without the exo
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class MeasureFindings:
    """One of MEASURES."""

    name: str
    anova: Study | None  # over the conditions with the exo; None where nothing can be tested
    contrasts: tuple[Contrast, ...]
    groups: tuple[Group, ...]
    own_best: int | None  # patients for whom no stranger's controller is better by more than a percent


@dataclass(frozen=True, slots=True, eq=False)
class DeviceFindings:
    """One exo."""

    data: OfDevice
    measures: tuple[MeasureFindings, ...]
    curves: tuple[tuple[JointKind, CurveTest], ...]  # own controller minus without the exo

    @property
    def n(self) -> int:
        return len(self.data.patients)


@dataclass(frozen=True, slots=True, eq=False)
class StudyFindings:
    result: StudyResult
    devices: tuple[DeviceFindings, ...]
    device_by_condition: tuple[TwoFactors, ...]  # of each measure, with several exos

    @property
    def verdict(self) -> str:
        """One sentence for each exo: does the own controller lower what walking costs?"""
        return " ".join(_verdict(one) for one in self.devices)


def study_findings(result: StudyResult) -> StudyFindings:
    devices = tuple(_of_device(of_device(result, name)) for name in result.plan.training.devices)
    return StudyFindings(result, devices, _two_factors(devices))


def _of_device(data: OfDevice) -> DeviceFindings:
    measures = tuple(_measure(data, name) for name in MEASURES)
    return DeviceFindings(data, measures, _curves(data) if len(data.patients) >= LEAST else ())


def _measure(data: OfDevice, name: str) -> MeasureFindings:
    ratio = data.ratio[name]
    if len(ratio) < LEAST:
        return MeasureFindings(name, None, (), _groups(data, ratio[:, -1]), _own_best(data, name))
    return MeasureFindings(
        name,
        _anova(data, name, ratio),
        _contrasts(data, ratio),
        _groups(data, ratio[:, -1]),
        _own_best(data, name),
    )


def _anova(data: OfDevice, name: str, ratio: FloatArray) -> Study | None:
    try:
        return study(MEASURES[name], tuple(label.value for label in data.conditions), ratio)
    except UserError:  # STA-005: nothing scatters
        return None


def _contrasts(data: OfDevice, ratio: FloatArray) -> tuple[Contrast, ...]:
    own = ratio[:, data.conditions.index(OWN)]
    others: list[tuple[GaitLabel, FloatArray]] = [(GaitLabel.WITHOUT_EXO, np.ones_like(own))]
    others += [(label, ratio[:, at]) for at, label in enumerate(data.conditions) if label is not OWN]
    usable = [one for one in others if not constant(own - one[1], np.concatenate([own, one[1]]))]
    found = [(label, paired_t(values, own)) for label, values in usable]
    return tuple(Contrast(label, t, bonferroni(t.p, len(found))) for label, t in found)


def _groups(data: OfDevice, own: FloatArray) -> tuple[Group, ...]:
    found = []
    for name in dict.fromkeys(data.groups):
        values = own[np.array([one == name for one in data.groups], dtype=np.bool_)]
        low = high = float("nan")
        if len(values) >= LEAST and not constant(values - 1.0, values):
            t = paired_t(np.ones_like(values), values)
            low, high = 1.0 + t.low, 1.0 + t.high
        found.append(Group(name, len(values), float(values.mean()), low, high))
    return tuple(found)


def _own_best(data: OfDevice, name: str) -> int | None:
    if STRANGERS not in data.conditions:
        return None
    matrix = data.strangers[name]
    own, others = np.diag(matrix), np.where(np.eye(len(matrix), dtype=bool), np.inf, matrix)
    return int((own <= np.where(np.isnan(others), np.inf, others).min(axis=1) + AS_GOOD).sum())


def _curves(data: OfDevice) -> tuple[tuple[JointKind, CurveTest], ...]:
    without, own = data.angle_rad
    known = np.isfinite(without).all(axis=(1, 2)) & np.isfinite(own).all(axis=(1, 2))
    if known.sum() < LEAST:
        return ()
    return tuple(
        (
            joint,
            paired_curves(np.degrees(without[known, at]), np.degrees(own[known, at]), tests=len(SAGITTAL)),
        )
        for at, joint in enumerate(SAGITTAL)
    )


def _two_factors(devices: tuple[DeviceFindings, ...]) -> tuple[TwoFactors, ...]:
    """Exo by condition, of the patients who finished with every exo."""
    if len(devices) < 2:
        return ()
    both = set.intersection(*(set(one.data.patients) for one in devices))
    shared = [
        label for label in devices[0].data.conditions if all(label in one.data.conditions for one in devices)
    ]
    if len(both) < LEAST:
        return ()
    names = tuple(one.data.device for one in devices), tuple(label.value for label in shared)
    found = []
    for name in MEASURES:
        cube = np.stack([_rows(one.data, name, both, shared) for one in devices], axis=1)
        try:
            found.append(study_two(MEASURES[name], ("exo", "condition"), names, cube))
        except UserError:  # STA-005: nothing scatters
            continue
    return tuple(found)


def _rows(data: OfDevice, name: str, patients: set[int], labels: list[GaitLabel]) -> FloatArray:
    rows = [row for row, number in enumerate(data.patients) if number in patients]
    columns = [data.conditions.index(label) for label in labels]
    return data.ratio[name][np.ix_(rows, columns)]


def _verdict(found: DeviceFindings) -> str:
    name = MEASURES["metabolic"]
    who = f"{found.data.device}, {found.n} {WHO}"
    contrast = next((one for one in found.measures[0].contrasts if one.other is GaitLabel.WITHOUT_EXO), None)
    if contrast is None:
        return f"{who}: too few to test."
    return f"{who}: with the own controller, {name} against walking without the exo: {contrast.words}."


def _signed(change: float) -> str:
    return f"{100.0 * change:+.1f} %".replace("-", "−")
