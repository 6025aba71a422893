"""A study on a cohort of virtual patients: who they are, how each is trained, and how they are judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.domain.body import SIDES, JointKind, Side
from core.domain.controller import Aim
from core.domain.impairment import SLOTS, ImpairmentKind, Slot
from core.domain.muscles import MuscleGroup
from core.domain.subject import USUAL_DEVICE
from core.errors import UserError, refuse

MOST_PATIENTS = 100_000
MOST_CELLS = 1_000_000
HEIGHTS_M = (1.45, 1.95)  # the shipped gait was learned on bodies of 1.50 to 1.90 m
MASS_FACTORS = (0.6, 1.6)
MOST_SEED = 2**31 - 1
MOST_ITERATIONS = 100_000
MOST_JUDGED_SEEDS = 50
LEAST_JUDGED_SEEDS = 2  # one start has no scatter


class Strides(StrEnum):
    """How much the strides of the cohort differ from a normal one."""

    NORMAL = "normal"
    HEALTHY = "healthy"  # other speeds and ranges of joints, both legs nearly alike
    IMPAIRED = "impaired"  # besides, stiff knees, crouch and short steps on one side


class Fidelity(StrEnum):
    """What moves the twins."""

    TORQUES = "fast"
    MUSCLES = "standard"


class Affected(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    EITHER = "either"  # drawn for each patient
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class ImpairmentChoice:
    """An impairment that patients of the cohort may have; `severity` is drawn evenly between its ends."""

    kind: ImpairmentKind
    severity: tuple[float, float]
    side: Affected = Affected.EITHER
    group: MuscleGroup | None = None
    joint: JointKind | None = None

    def __post_init__(self) -> None:
        _check_range("severity", self.severity, 0.0, 1.0)
        if all(slot in SLOTS for slot in self.slots(SIDES[0])):
            return
        raise refuse(
            "STU-005",
            f"No virtual patient can have a {self.kind.value} of {self._where}.",
            "Weakness and spasticity are of a muscle group, stiffness and limited range of a sagittal joint, "
            "pain and delay of neither.",
            "Name a group or a joint that goes with the kind.",
        )

    @property
    def words(self) -> str:
        """ "weakness of hip flexors"."""
        return self.kind.value if not (self.group or self.joint) else f"{self.kind.value} of {self._where}"

    def slots(self, drawn: Side) -> tuple[Slot, ...]:
        """Where it is: `drawn` counts for either side."""
        if self.kind is ImpairmentKind.DELAY:  # of both legs
            return (Slot(self.kind, None, self.group, self.joint),)
        if self.side is Affected.BOTH:
            return tuple(self._slot(side) for side in SIDES)
        return (self._slot(drawn if self.side is Affected.EITHER else Side(self.side.value)),)

    def _slot(self, side: Side) -> Slot:
        return Slot(self.kind, side, self.group, self.joint)

    @property
    def _where(self) -> str:
        joint = None if self.joint is None else self.joint.label.split()[0].lower()
        return " and ".join(word for word in (self.group, joint) if word) or "the whole leg"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Virtual patients. The same seed makes the same ones; with more of them the earlier ones stay."""

    patients: int
    seed: int = 0
    height_m: tuple[float, float] = (1.55, 1.90)
    mass_factor: tuple[float, float] = (0.8, 1.2)  # of the usual mass at that height
    strides: Strides = Strides.HEALTHY
    healthy: float = 0.0  # share without an impairment
    impairments: tuple[ImpairmentChoice, ...] = ()  # patients who have one get them by turns

    def __post_init__(self) -> None:
        _check_number("patients", self.patients, 2, MOST_PATIENTS)
        _check_number("seed", self.seed, 0, MOST_SEED)
        _check_range("height_m", self.height_m, *HEIGHTS_M)
        _check_range("mass_factor", self.mass_factor, *MASS_FACTORS)
        _check_number("healthy", self.healthy, 0.0, 1.0)
        if self.healthy < 1.0 and not self.impairments:
            raise wrong_value("impairments", "none", "at least one, or healthy = 1.0")


@dataclass(frozen=True, slots=True)
class Training:
    """The same for every cell. Counted in iterations, not in minutes: a slower PC gives the same numbers."""

    devices: tuple[str, ...] = (USUAL_DEVICE,)
    seeds: tuple[int, ...] = (0,)
    aim: Aim = Aim.MUSCLES
    fidelity: Fidelity = Fidelity.TORQUES
    gait_iterations: int = 0  # of the twin's own learning to walk; 0: it walks by the shipped policy
    controller_iterations: int = 0  # of PPO after the offline stage
    quick: bool = False  # the first round of the offline stage only, judged by the person's own walk alone

    def __post_init__(self) -> None:
        _check_several("devices", self.devices)
        _check_several("seeds", self.seeds)
        for seed in self.seeds:
            _check_number("seeds", seed, 0, MOST_SEED)
        _check_number("gait_iterations", self.gait_iterations, 0, MOST_ITERATIONS)
        _check_number("controller_iterations", self.controller_iterations, 0, MOST_ITERATIONS)


@dataclass(frozen=True, slots=True)
class Judging:
    """Walks that no training used."""

    seeds: int = 5  # of starts, the same for everybody and every condition
    strangers: int = 3  # controllers of others, drawn for each, that each patient walks with as well

    def __post_init__(self) -> None:
        _check_number("seeds", self.seeds, LEAST_JUDGED_SEEDS, MOST_JUDGED_SEEDS)
        _check_number("strangers", self.strangers, 0, MOST_PATIENTS)


@dataclass(frozen=True, slots=True)
class CohortPlan:
    """A study file. A cell is one patient with one exo and one seed of training."""

    name: str
    cohort: Cohort
    question: str = ""
    training: Training = field(default_factory=Training)
    judging: Judging = field(default_factory=Judging)

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 120:
            raise wrong_value("name", self.name[:40] or "empty", "1 to 120 letters")
        if self.judging.strangers >= self.cohort.patients:
            most = self.cohort.patients - 1
            raise wrong_value("strangers", str(self.judging.strangers), f"0 to {most}: the other patients")
        if self.cells > MOST_CELLS:
            raise wrong_value("patients", str(self.cohort.patients), f"at most {MOST_CELLS} cells in all")

    @property
    def cells(self) -> int:
        return self.cohort.patients * self.cells_each

    @property
    def cells_each(self) -> int:
        """Of every patient."""
        return len(self.training.devices) * len(self.training.seeds)


def wrong_value(name: str, given: str, possible: str) -> UserError:
    return refuse(
        "STU-004",
        f"“{name}” of this study is not possible.",
        f"It is {given}; possible: {possible}.",
        f"Change “{name}” in the study file.",
    )


def _check_number(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise wrong_value(name, f"{value:g}", f"{low:g} to {high:g}")


def _check_range(name: str, ends: tuple[float, float], low: float, high: float) -> None:
    """Two ends in order, within these; a NaN is in no order."""
    if not low <= ends[0] <= ends[1] <= high:
        raise wrong_value(
            name, f"{ends[0]:g} to {ends[1]:g}", f"from a lower to a higher of {low:g} to {high:g}"
        )


def _check_several(name: str, values: tuple[object, ...]) -> None:
    if not values or len(set(values)) < len(values):
        raise wrong_value(name, ", ".join(map(str, values)) or "empty", "one or more, each once")
