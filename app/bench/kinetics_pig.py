"""Joint moments of six young people beside those that Plug-in-Gait found from the same markers and plates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.kinetics_own_body import OwnWalk
from app.bench.recorded_walks import required_file
from core.domain.arrays import FloatArray, IntArray
from core.domain.body import Joint, JointKind, Side
from core.domain.kinetics import Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import CYCLE_POINTS, Motion, Stride
from core.kinetics.body_dynamics import JOINT_COLUMNS, BodyDynamics, course_of_motion
from core.kinetics.foot_loads import FootLoads
from core.kinetics.inverse_dynamics import applied_loads, kinetics_of
from core.laboratory.c3d import read_c3d
from core.laboratory.trial import read_trial
from core.motion.marker_motion import motion_from_markers
from core.twin.fitting import fit_twin

_FOLDER = "multi-subject-c3d"
PEOPLE = {  # name: standing trial, walk
    "HC002D": ("02", "06"),
    "HC030A": ("01", "05"),
    "HC031A": ("01", "06"),
    "HC032A": ("01", "03"),
    "HC033A": ("01", "10"),
    "HC036A": ("01", "10"),
}
_HIP = (JointKind.HIP_FLEXION, JointKind.HIP_ADDUCTION, JointKind.HIP_ROTATION)
_TOLD = (
    (JointKind.HIP_FLEXION, "Hip", 0),
    (JointKind.HIP_ADDUCTION, "Hip", 1),
    (JointKind.HIP_ROTATION, "Hip", 2),
    (JointKind.KNEE, "Knee", 0),
    (JointKind.ANKLE, "Ankle", 0),
)
_SEGMENT_POINTS = "OAPL"  # of the thigh: knee, a point ahead of it, hip, a point to the left of the knee
_NMM_PER_NM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Axes: T frames."""

    name: str
    trial: LaboratoryTrial
    motion: Motion
    kinetics: Kinetics
    body: BodyDynamics
    pig_nm_kg: dict[str, FloatArray]  # (T, 3) by label, as the file has it

    def as_own_walk(self) -> OwnWalk:
        return OwnWalk(self.body, self.motion.kinematics, self.kinetics.force_n)

    def strides_without_plates(self) -> tuple[Stride, ...]:
        """As the markers alone tell them: without plates, and without events, which plates may have given."""
        hidden = replace(self.trial, plates=(), plate_time_s=np.zeros(0), events=())
        size = self.body.parameters
        return motion_from_markers(hidden, height_m=size.height_m, mass_kg=size.mass_kg).strides

    def strides(self) -> Iterator[Stride]:
        """Strides whose load is known throughout: one foot alone hit the plate."""
        time_s = self.motion.kinematics.time_s
        for stride in self.motion.strides:
            inside = (time_s > stride.start_s) & (time_s < stride.end_s)
            if np.isfinite(
                self.kinetics.moment_nm[inside, Joint.of(JointKind.KNEE, stride.side).column]
            ).all():
                yield stride

    def moments_nm_kg(self, side: Side, *, as_pig: bool) -> FloatArray:
        """Hip in three planes, knee, ankle (T, 5) with our signs.

        `as_pig` tells the same load of the hip about Plug-in-Gait's centre of the hip and along its axes of
        the thigh: it puts the centre 1 to 2 cm further forward and inward, and the line through the knee by
        which it turns the thigh may differ by 20 degrees. Without, it is that about this program's hinges.
        """
        kinds = (*_HIP, JointKind.KNEE, JointKind.ANKLE)
        columns = [Joint.of(kind, side).column for kind in kinds]
        moment = self.kinetics.moment_nm[:, columns] / self.kinetics.mass_kg
        if as_pig:
            moment[:, :3] = self._hip_as_pig_nm(side) / self.kinetics.mass_kg
        return moment

    def _hip_as_pig_nm(self, side: Side) -> FloatArray:
        """Flexion, adduction, inward rotation (T, 3)."""
        course, found = course_of_motion(self.motion.kinematics), self.kinetics
        loads = FootLoads(found.force_n, found.pressure_m, found.free_moment_nm)
        column = JOINT_COLUMNS.start + Joint.of(JointKind.HIP_ROTATION, side).column
        passed = self.body.tree.carried(course, applied_loads(self.body, loads), column)
        letter = side.suffix.upper()
        knee, ahead, hip, left = (self.point(f"{letter}FE{point}") for point in _SEGMENT_POINTS)
        moment = passed.moment_nm - np.cross(hip, passed.force_n)
        # flexion about the axis to the right, adduction and inward rotation as the side has them
        flexion = -_along(moment, left - knee)
        turned = 1.0 if side is Side.RIGHT else -1.0
        return np.stack(
            [flexion, turned * _along(moment, ahead - knee), turned * _along(moment, hip - knee)], axis=1
        )

    def point(self, label: str) -> FloatArray:
        return np.asarray(self.trial.marker_m[self._frames(), self.trial.marker_names.index(label)])

    def _frames(self) -> IntArray:
        return np.searchsorted(self.trial.time_s, self.motion.kinematics.time_s - 1e-6)


def _along(vector: FloatArray, axis: FloatArray) -> FloatArray:
    return np.asarray((vector * axis).sum(axis=1) / np.linalg.norm(axis, axis=1))


def people(recordings: Path) -> Iterator[Person]:
    """Every person through the program's own way: file, markers, skeleton, twin, forces.

    Refuses (PC-026) where a file is missing.
    """
    for name, (standing, walk) in PEOPLE.items():
        walking, still = (
            required_file(recordings, f"{_FOLDER}/{name}/{name}{trial}.c3d") for trial in (walk, standing)
        )
        height_m, mass_kg = _size(walking)
        trial = read_trial(walking, standing=still)
        motion = motion_from_markers(trial, height_m=height_m, mass_kg=mass_kg)
        parameters = fit_twin(motion, height_m=height_m, mass_kg=mass_kg).body
        kinetics = kinetics_of(motion, parameters, trial)
        yield Person(name, trial, motion, kinetics, BodyDynamics.of(parameters), _pig(walking, trial, motion))


def _size(file: Path) -> tuple[float, float]:
    """Height [m] and mass [kg] as the laboratory noted them."""
    import ezc3d

    noted = ezc3d.c3d(str(file))["parameters"]["PROCESSING"]
    return float(noted["Height"]["value"][0]) * 1e-3, float(noted["Bodymass"]["value"][0])


def _pig(file: Path, trial: LaboratoryTrial, motion: Motion) -> dict[str, FloatArray]:
    c3d = read_c3d(file)
    at = np.searchsorted(trial.time_s, motion.kinematics.time_s - 1e-6)
    return {
        label: np.asarray(c3d.outputs[at, column], dtype=float) * _NMM_PER_NM
        for column, label in enumerate(c3d.output_labels)
        if label.endswith("Moment")
    }


Moments = Callable[[Person, Side], FloatArray]


def bench_pig(found: list[Person], ways: dict[str, Moments]) -> dict[str, Any]:
    """Root mean square differences [N m/kg] over the cycles of all clean strides, by way of finding them.

    The first of the `ways` is judged by its worst joint and told stride by stride. Plug-in-Gait tells what
    extends, abducts and turns outwards as positive; ours are turned round.
    """
    numbers: dict[str, Any] = {}
    details: dict[str, float] = {}
    for way, moments in ways.items():
        rows = []
        for person in found:
            for stride in person.strides():
                rows.append(_squares(person, stride, moments(person, stride.side)))
                rmse = np.sqrt(np.nanmean(rows[-1], axis=0))
                for (kind, _, _), value in zip(_TOLD, rmse, strict=True):
                    key = f"{person.name}_{stride.side.value}_{kind.value}_vs_pig_nm_kg"
                    details.setdefault(key, float(value))
        pooled = np.sqrt(np.nanmean(np.concatenate(rows), axis=0))
        if not numbers:
            numbers = {"id_vs_pig_nm_kg": float(pooled.max()), "pig_strides": len(rows)}
        for (kind, _, _), value in zip(_TOLD, pooled, strict=True):
            numbers[f"id_vs_pig_{way}_{kind.value}_nm_kg"] = float(value)
    return numbers | details


def _squares(person: Person, stride: Stride, ours: FloatArray) -> FloatArray:
    """(101, 5); NaN where Plug-in-Gait has no moment."""
    time_s = person.motion.kinematics.time_s
    at_s = np.linspace(stride.start_s, stride.end_s, CYCLE_POINTS)
    letter = stride.side.suffix.upper()
    rows = np.empty((CYCLE_POINTS, len(_TOLD)))
    for place, (_, joint, plane) in enumerate(_TOLD):
        theirs = -person.pig_nm_kg[f"{letter}{joint}Moment"][:, plane]
        difference = np.interp(at_s, time_s, ours[:, place]) - np.interp(at_s, time_s, theirs)
        rows[:, place] = difference**2
    return rows
