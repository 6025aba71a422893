"""One cell of a study on virtual patients: how one of them walked with one trained exo, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.domain.rollout import GaitLabel
from core.domain.start_curves import StartCurves
from core.domain.walk_measures import WalkMeasures

JUDGED = (
    GaitLabel.WITHOUT_EXO,
    GaitLabel.WORN_WITHOUT_TORQUE,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.GENERIC_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
)
"""The conditions of every cell, from the same starts, seed by seed."""


@dataclass(frozen=True, slots=True)
class CellKey:
    """A virtual patient by number, the exo and the seed of training."""

    patient: int
    device: str
    seed: int

    @property
    def words(self) -> str:
        return f"V-{self.patient:05d}, {self.device}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class PartCost:
    """What one part of a cell cost where it ran."""

    part: str  # "twin", "training", "judging", "strangers"
    wall_s: float
    cpu_s: float  # of all threads of its process
    peak_mb: float  # most memory that its process has held until then


@dataclass(frozen=True, slots=True, eq=False)
class CellWalks:
    """Level walks in one condition, simulated."""

    label: GaitLabel
    measures: WalkMeasures
    curves: StartCurves


@dataclass(frozen=True, slots=True, eq=False)
class StudyCell:
    """A finished cell, or one that science refused: then there are no walks, and the refusal says why."""

    study_sha256: str  # of the plan
    key: CellKey
    group: str  # of patients, by impairment
    patient: str  # "weakness, left hip flexors 0.4"
    walks: tuple[CellWalks, ...]  # in the order of JUDGED
    controller_id: str  # of the record; empty where none was made
    controller_sha256: str  # of its weights: the same wherever the cell runs
    excluded_code: str  # "" for a finished cell
    excluded_why: str
    cost: tuple[PartCost, ...]
    versions: dict[str, str]  # of the program, of Python and of what computes, and which physics
    synthetic: bool = True

    @property
    def finished(self) -> bool:
        return not self.excluded_code


@dataclass(frozen=True, slots=True, eq=False)
class StrangerWalks:
    """One patient with the controllers of others of the cohort, on the walks that judged the own one."""

    study_sha256: str
    key: CellKey  # of the wearer
    owners: tuple[int, ...]  # numbers of the patients whose controllers they are
    measures: tuple[WalkMeasures, ...]  # of each
    cost: tuple[PartCost, ...]
    synthetic: bool = True
    versions: dict[str, str] = field(default_factory=dict)  # as of a cell; earlier ones did not keep them
