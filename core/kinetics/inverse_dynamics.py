"""Joint moments of a recorded walk, from the motion of the person's body and the ground's forces on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.exo_log import ExoLog
from core.domain.findings import Finding, worst_first
from core.domain.kinetics import ForceSource, KineticCycles, Kinetics, TwinForces
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Motion
from core.domain.twin import BodyParameters
from core.kinetics.body_dynamics import JOINT_COLUMNS, BodyDynamics, course_of_motion, orientation
from core.kinetics.findings import (
    estimate_findings,
    load_findings,
    residual_findings,
    stride_findings,
    twin_findings,
)
from core.kinetics.foot_loads import FootLoads, Soles, foot_loads
from core.kinetics.ground_reaction import estimated_loads
from core.kinetics.joint_power import headings, joint_work, kinetic_cycles
from core.kinetics.rigid_tree import Course, Load, Wrench
from core.kinetics.tracking_twin import track
from core.kinetics.worn_exo import exo_moments, worn_findings, worn_words


def kinetics_of(
    motion: Motion, body: BodyParameters, trial: LaboratoryTrial | None, worn: ExoLog | None = None
) -> Kinetics:
    """Forces, moments and powers at the frames of `motion`, whose times and axes are those of `trial`.

    Without a trial, or with one without plates, the ground's forces are estimated from the motion. What a
    worn exo did to the joints is taken off what muscles did, and its mass is carried. Refuses KIN-037.
    """
    exo_nm = None if worn is None else exo_moments(worn, motion.kinematics.time_s)
    dynamics, kinematics = BodyDynamics.of(body, "" if worn is None else worn.device_id), motion.kinematics
    course = course_of_motion(kinematics)
    wrench = dynamics.tree.total(course)
    source, loads, findings = _loads_of(motion, trial, dynamics, course, wrench)
    net = np.where(np.isnan(kinematics.angle_rad), np.nan, joint_moments(dynamics, course, loads))
    moment = net if exo_nm is None else net - exo_nm
    power = moment * course.rate[:, JOINT_COLUMNS]
    residual_force, residual_moment = residuals(course, wrench, loads)
    cycles = _cycles(motion, course, moment, power, loads.force_n, body.mass_kg, exo_nm)
    findings += _doubts(motion, source, (residual_force, residual_moment), loads, course, cycles)
    twin = twin_forces(motion, dynamics, course, wrench) if source is ForceSource.ESTIMATED else None
    findings += twin_findings(twin, course, body.mass_kg)
    kinetics = Kinetics(
        time_s=kinematics.time_s,
        moment_nm=moment,
        power_w=power,
        force_n=loads.force_n,
        pressure_m=loads.pressure_m,
        free_moment_nm=loads.free_moment_nm,
        residual_force_n=residual_force,
        residual_moment_nm=residual_moment,
        source=source,
        mass_kg=body.mass_kg,
        cycles=cycles,
        work=joint_work(cycles, motion.strides),
        exo_moment_nm=exo_nm,
        findings=worst_first(findings),
        synthetic=motion.synthetic or (trial is not None and trial.synthetic),
        twin=twin,
    )
    return kinetics if worn is None else _worn(kinetics, worn, body, net)


def _doubts(
    motion: Motion,
    source: ForceSource,
    residual: tuple[FloatArray, FloatArray],
    loads: FootLoads,
    course: Course,
    cycles: tuple[KineticCycles, KineticCycles],
) -> tuple[Finding, ...]:
    """Where motion and measured forces do not fit, and sides without a stride."""
    measured = source is ForceSource.PLATES
    trunk_seen = motion.kinematics.trunk_rad is not None
    found = residual_findings(*residual, loads, course, trunk_seen=trunk_seen) if measured else ()
    return (*found, *stride_findings(cycles, motion, measured=measured))


def _worn(kinetics: Kinetics, worn: ExoLog, body: BodyParameters, net_nm: FloatArray) -> Kinetics:
    """The same with what is to be said of the exo whose moments were taken off `net_nm` (T, 14)."""
    assert kinetics.exo_moment_nm is not None
    return replace(
        kinetics,
        findings=worst_first((*kinetics.findings, *worn_findings(worn, kinetics.exo_moment_nm))),
        synthetic=kinetics.synthetic or worn.synthetic,
        net_moment_nm=net_nm,
        exo_words=worn_words(worn, body),
    )


def _loads_of(
    motion: Motion,
    trial: LaboratoryTrial | None,
    dynamics: BodyDynamics,
    course: Course,
    wrench: Wrench,
) -> tuple[ForceSource, FootLoads, tuple[Finding, ...]]:
    """By the plates where somebody stepped on them, else by the motion."""
    sole_m = dynamics.soles_m(course)
    if trial is not None and trial.plates and len(trial.plate_time_s) > 1:
        loads, findings = _measured(motion, trial, sole_m)
        if loads.contacts:
            return ForceSource.PLATES, loads, findings
    centre_m = dynamics.tree.centre_m(course.value)
    loads = estimated_loads(wrench.force_n, centre_m, motion.kinematics.time_s, sole_m, motion.strides)
    return ForceSource.ESTIMATED, loads, estimate_findings(plates=0 if trial is None else len(trial.plates))


def twin_forces(motion: Motion, dynamics: BodyDynamics, course: Course, wrench: Wrench) -> TwinForces | None:
    """What a simulated twin that tracks the motion feels; None where no stride tells which feet stand."""
    time_s = motion.kinematics.time_s
    walk = track(dynamics, course, wrench, time_s, motion.strides)
    if np.isnan(walk.force_n).all():
        return None
    nothing = np.zeros((len(time_s), len(JOINTS)))
    cycles = _cycles(motion, course, nothing, nothing, walk.force_n, dynamics.parameters.mass_kg, None)
    by_side = (cycles[0].force_bw, cycles[1].force_bw)
    return TwinForces(walk.force_n, walk.aid_force_n, walk.aid_moment_nm, by_side)


def _cycles(
    motion: Motion,
    course: Course,
    moment_nm: FloatArray,
    power_w: FloatArray,
    force_n: FloatArray,
    mass_kg: float,
    exo_nm: FloatArray | None,
) -> tuple[KineticCycles, KineticCycles]:
    """Of both sides, in the order of SIDES."""
    heading, time_s = headings(orientation(course)), motion.kinematics.time_s
    left, right = (
        kinetic_cycles(side, motion.strides, time_s, moment_nm, power_w, force_n, heading, mass_kg, exo_nm)
        for side in SIDES
    )
    return left, right


def joint_moments(dynamics: BodyDynamics, course: Course, loads: FootLoads) -> FloatArray:
    """What muscles and ligaments do at the joints (T, 14); NaN where the load on a leg is not known."""
    moment = dynamics.tree.moments(course, applied_loads(dynamics, loads))[:, JOINT_COLUMNS]
    side_of = np.array([SIDES.index(joint.side) for joint in JOINTS])
    unknown = np.asarray(np.isnan(loads.force_n).any(axis=2))
    moment[unknown[:, side_of]] = np.nan
    return moment


def applied_loads(dynamics: BodyDynamics, loads: FootLoads) -> tuple[Load, ...]:
    """The same on the heel bones, nothing where a load is not known."""
    frames = len(loads.force_n)
    return tuple(
        Load(
            dynamics.foot_part[side],
            np.nan_to_num(loads.force_n[:, side]),
            np.nan_to_num(loads.pressure_m[:, side]),
            np.column_stack([np.zeros((frames, 2)), np.nan_to_num(loads.free_moment_nm[:, side])]),
        )
        for side in range(len(SIDES))
    )


def residuals(course: Course, wrench: Wrench, loads: FootLoads) -> tuple[FloatArray, FloatArray]:
    """Force and moment (T, 3) at the pelvis that the ground's forces leave unexplained; NaN as they are."""
    pelvis = course.value[:, :3]
    force = wrench.force_n - loads.force_n.sum(axis=1)
    moment = wrench.moment_nm - np.cross(pelvis, wrench.force_n)
    for side in range(2):
        arm = np.nan_to_num(loads.pressure_m[:, side] - pelvis)
        moment = moment - np.cross(arm, loads.force_n[:, side])
        moment[:, 2] -= loads.free_moment_nm[:, side]
    return force, moment


def _measured(
    motion: Motion, trial: LaboratoryTrial, sole_m: FloatArray
) -> tuple[FootLoads, tuple[Finding, ...]]:
    """What the plates tell, in the axes of the motion.

    On a treadmill those of a film walk along with the belt; markers stay in the laboratory.
    """
    time_s = motion.kinematics.time_s
    belt_m = np.zeros((len(time_s), 3))
    belt_m[:, 1] = (motion.belt_speed_m_s or 0.0) * (time_s - time_s[0])
    along_m = np.zeros_like(belt_m) if motion.marker_set else belt_m
    soles = Soles.of(time_s, sole_m - (belt_m - along_m)[:, None, None], belt_m, motion.strides)
    loads = foot_loads(trial, soles)
    findings = load_findings(loads, trial, motion)
    pressure = loads.pressure_m - along_m[:, None]
    return replace(loads, pressure_m=pressure), findings
