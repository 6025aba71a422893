"""What a study showed: distributions, paired intervals, strangers and curves, by `core.statistics`.

Subjects are virtual patients. A difference is only told where its 95 % interval leaves out zero and the
test, corrected for how many there are, does too. Which test decides is the rule of `core.statistics.study`.

Patients who walk with controllers of others are not wholly independent: a controller that is good for
everybody is the own one of its owner and a stranger's of some others. What it adds to the former it takes
from the latter, so that the mean difference scatters less than its interval says, not more.
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
from core.statistics.ranks import shapiro_wilk, signed_rank_p
from core.statistics.repeated import SIGNIFICANT
from core.statistics.scatter import constant
from core.statistics.study import Study, TwoFactors, study, study_two

LEAST = 3  # patients; of fewer nothing is tested
WHO = "virtual patients, simulated"
READY_MADE = (GaitLabel.DEFAULT_CONTROLLER, GaitLabel.GENERIC_CONTROLLER)
"""What everybody gets without a training: told with the answer where the own controller differs from it."""
AS_GOOD = 0.01  # of walking without the exo: nearer than that two controllers count as alike
METHOD = (
    "Each interval is that of a mean over virtual patients, for itself; each p is multiplied by the number "
    "of comparisons of one measure with all exos (Bonferroni), not by that of the measures. How much "
    "patients differ was chosen with the cohort: none of this says how much people do."
)


@dataclass(frozen=True, slots=True)
class Contrast:
    """The own controller minus another condition, as shares of walking without the exo."""

    other: GaitLabel
    t: PairedT
    p: float  # of the test that decides, times the number of contrasts of this measure with all exos
    by_ranks: bool = False  # the differences are not normally distributed: Wilcoxon's signed ranks decide

    @property
    def test(self) -> str:
        return "Wilcoxon signed ranks" if self.by_ranks else "paired t"

    @property
    def shown(self) -> bool:
        return self.p < SIGNIFICANT and (self.t.low > 0.0 or self.t.high < 0.0)

    @property
    def words(self) -> str:
        """ "3.2 % lower (95 % interval −5.4 % to −1.0 %)", or that nothing is shown."""
        interval = f"95 % interval {_signed(self.t.low)} to {_signed(self.t.high)}"
        if not self.shown:
            apart = "; the test alone would show one" if self.p < SIGNIFICANT else ""
            return f"no difference is shown ({_signed(self.t.change)}, {interval}{apart})"
        return f"{self.way} ({interval})"

    @property
    def way(self) -> str:
        """ "3.2 % lower"."""
        return f"{abs(100.0 * self.t.change):.1f} % {'lower' if self.t.change < 0.0 else 'higher'}"


@dataclass(frozen=True, slots=True)
class Group:
    """Patients with the same impairment; the interval is NaN for fewer than LEAST."""

    name: str
    n: int
    mean: float  # of the own controller, share of walking without the exo
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OwnBest:
    """For how many patients no controller of others is better than the own one."""

    patients: int  # who walked with controllers of others
    best: int
    by_chance: float  # of them, if the own controller were one like the others
    as_good: int  # the best or within AS_GOOD of it

    @property
    def words(self) -> str:
        return (
            f"Own controller better than all others tried: {self.best} of {self.patients} patients (by "
            f"chance alone {self.by_chance:.0f}); within {100.0 * AS_GOOD:.0f} % of the best: {self.as_good}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class MeasureFindings:
    """One of MEASURES."""

    name: str
    anova: Study | None  # over the conditions with the exo; None where nothing can be tested
    contrasts: tuple[Contrast, ...]
    groups: tuple[Group, ...]
    own_best: OwnBest | None  # None where nobody walked with a stranger's controller


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
    def answer(self) -> str:
        """What to read first, a sentence for each exo."""
        return " ".join(_answer(one) for one in self.devices)

    @property
    def verdict(self) -> str:
        """For each exo: does the own controller lower what walking costs, and more than strangers' do?"""
        return " ".join(_verdict(one, self.result.plan.cohort.patients) for one in self.devices)


def study_findings(result: StudyResult) -> StudyFindings:
    exos = result.plan.training.devices
    devices = tuple(_of_device(of_device(result, name), len(exos)) for name in exos)
    return StudyFindings(result, devices, _two_factors(devices))


def _of_device(data: OfDevice, exos: int) -> DeviceFindings:
    measures = tuple(_measure(data, name, exos) for name in MEASURES)
    return DeviceFindings(data, measures, _curves(data) if len(data.patients) >= LEAST else ())


def _measure(data: OfDevice, name: str, exos: int) -> MeasureFindings:
    ratio = data.ratio[name]
    enough = len(ratio) >= LEAST
    return MeasureFindings(
        name,
        _anova(data, name, ratio) if enough else None,
        _contrasts(data, ratio, exos) if enough else (),
        _groups(data, ratio[:, -1]),
        _own_best(data, name),
    )


def _anova(data: OfDevice, name: str, ratio: FloatArray) -> Study | None:
    try:
        return study(MEASURES[name], tuple(label.value for label in data.conditions), ratio)
    except UserError:  # STA-005: nothing scatters
        return None


def _contrasts(data: OfDevice, ratio: FloatArray, exos: int) -> tuple[Contrast, ...]:
    own = ratio[:, data.conditions.index(OWN)]
    others: list[tuple[GaitLabel, FloatArray]] = [(GaitLabel.WITHOUT_EXO, np.ones_like(own))]
    others += [(label, ratio[:, at]) for at, label in enumerate(data.conditions) if label is not OWN]
    usable = [one for one in others if not constant(own - one[1], np.concatenate([own, one[1]]))]
    return tuple(_contrast(label, values, own, len(usable) * exos) for label, values in usable)


def _contrast(label: GaitLabel, other: FloatArray, own: FloatArray, tests: int) -> Contrast:
    t, by_ranks = paired_t(other, own), shapiro_wilk(own - other).doubted
    p = signed_rank_p(other, own) if by_ranks else t.p
    return Contrast(label, t, bonferroni(p, tests), by_ranks)


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


def _own_best(data: OfDevice, name: str) -> OwnBest | None:
    count, matrix = len(data.patients), data.strangers[name]
    others = np.bincount(matrix.wearer, minlength=count) - 1
    walked = others > 0
    if not walked.any():
        return None
    own, best = data.ratio[name][walked, data.conditions.index(OWN)], matrix.best_of_others(count)[walked]
    by_chance = float((1.0 / (1.0 + others[walked])).sum())
    as_good = int((own <= best + AS_GOOD).sum())
    return OwnBest(int(walked.sum()), int((own < best).sum()), by_chance, as_good)


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


def _answer(found: DeviceFindings) -> str:
    """Without numbers but those of what is shown: what to read first."""
    contrasts = _by_other(found)
    if GaitLabel.WITHOUT_EXO not in contrasts:
        return f"{found.data.device}: {_why_untested(found)}."
    asked = [contrasts[label] for label in (GaitLabel.WITHOUT_EXO, STRANGERS) if label in contrasts]
    ready = [contrasts[label] for label in READY_MADE if label in contrasts and contrasts[label].shown]
    parts = [_way(one) for one in asked if one.shown]
    alike = [_THAN[one.other] for one in asked if not one.shown]
    parts += [f"no difference is shown to walking {' and '.join(alike)}"] if alike else []
    parts += [_way(one) for one in ready]
    return f"{found.data.device}, {MEASURES['metabolic']} with the own controller: {'; '.join(parts)}."


def _way(one: Contrast) -> str:
    return f"{one.way} than {_THAN[one.other]}"


def _verdict(found: DeviceFindings, of: int) -> str:
    """The same with every interval."""
    who, contrasts = f"{found.data.device}, {found.n} of {of} {WHO}", _by_other(found)
    if GaitLabel.WITHOUT_EXO not in contrasts:
        return f"{who}: {_why_untested(found)}."
    told = f"{who}: with the own controller, {MEASURES['metabolic']} against walking without the exo: "
    told += f"{contrasts[GaitLabel.WITHOUT_EXO].words}."
    if STRANGERS in contrasts:
        told += f" Against controllers of others, in the same percent: {contrasts[STRANGERS].words}."
    else:
        told += " Nobody walked with the controllers of others."
    shown = (contrasts[label] for label in READY_MADE if label in contrasts and contrasts[label].shown)
    return told + "".join(f" Against the {one.other.value}: {one.words}." for one in shown)


def _why_untested(found: DeviceFindings) -> str:
    if found.n < LEAST:
        return "too few patients to test"
    return "every patient's cost with the own controller is exactly that without the exo, nothing to test"


def _by_other(found: DeviceFindings) -> dict[GaitLabel, Contrast]:
    """Of the measure that answers the question."""
    return {one.other: one for one in found.measures[0].contrasts}


_THAN = {
    GaitLabel.WITHOUT_EXO: "without the exo",
    GaitLabel.DEFAULT_CONTROLLER: "with the default controller",
    GaitLabel.GENERIC_CONTROLLER: "with the generic controller",
    STRANGERS: "with controllers of others",
}


def _signed(change: float) -> str:
    return f"{100.0 * change:+.1f} %".replace("-", "−")
