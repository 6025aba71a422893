"""A worn exo in the dynamics of the person who wears it: its torques at the motion's frames, and its mass."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.exo_log import ExoLog
from core.domain.findings import Finding, Severity
from core.domain.twin import BodyParameters
from core.errors import Advice, refuse
from core.kinetics.rigid_tree import Mass
from core.simulation.model.exo_model import exo_bodies, worn_model
from core.twin.body import Fidelity

FINDINGS = ("KIN-033", "KIN-038", "KIN-039", "KIN-040", "KIN-041")  # what can be told of a worn exo
LONGEST_GAP_S = 0.1  # between two samples of a log; what happened in a longer one is not known


def exo_moments(log: ExoLog, time_s: FloatArray) -> FloatArray:
    """What the exo did to the joints at the motion's frames (T, 14), flexion positive.

    Zero at joints that it does not act on; NaN where the log does not tell. Refuses KIN-037: log and motion
    do not overlap.
    """
    log_s = log.time_s + log.offset_s
    if not (len(log_s) and len(time_s) and log_s[-1] >= time_s[0] and log_s[0] <= time_s[-1]):
        raise _no_overlap(log, log_s, time_s)
    moment = np.zeros((len(time_s), len(JOINTS)))
    for column, joint in enumerate(log.joints):
        known = np.isfinite(log.torque_nm[:, column])
        moment[:, joint.column] = _between(time_s, log_s[known], log.torque_nm[known, column])
    return moment


def _between(at_s: FloatArray, time_s: FloatArray, value: FloatArray) -> FloatArray:
    """Straight lines between samples; NaN outside of them and in gaps."""
    if not len(time_s):
        return np.full(len(at_s), np.nan)
    after = np.searchsorted(time_s, at_s).clip(0, len(time_s) - 1)
    before = (np.searchsorted(time_s, at_s, side="right") - 1).clip(0, len(time_s) - 1)
    told = (at_s >= time_s[0]) & (at_s <= time_s[-1]) & (time_s[after] - time_s[before] <= LONGEST_GAP_S)
    return np.where(told, np.interp(at_s, time_s, value), np.nan)


def worn_findings(log: ExoLog, moment_nm: FloatArray) -> tuple[Finding, ...]:
    """What is to be said of a log beside this motion, those of its reading first."""
    found = list(log.findings)
    columns = [joint.column for joint in log.joints]
    told = float(np.isfinite(moment_nm[:, columns]).all(axis=1).mean())
    if told < 1.0:
        advice = Advice(
            f"The exo's log tells its torques in {100.0 * told:.0f} % of the motion.",
            "What the exo gave in the rest is not known, so neither is what the person gave at those joints.",
            "Go on with the other strides, or choose a log that lasts as long as the motion.",
            "KIN-038",
        )
        found.append(Finding(Severity.WARNING, advice))
    if not log.device_id:
        advice = Advice(
            "The mass of the worn exo is not accounted for.",
            "Which exo was worn was not said, so it counts as if it weighed nothing.",
            "Choose the exo where its torques are chosen, if this program knows it; else expect moments that "
            "are off by the share that its mass has in the person's.",
            "KIN-039",
        )
        found.append(Finding(Severity.NOTE, advice))
    return tuple(found)


def worn_words(log: ExoLog, parameters: BodyParameters) -> str:
    """What was accounted for: whose torques, at which joints, when, and which mass."""
    joints = " and ".join(joint.label.lower() for joint in log.joints)
    mass = "its mass is not accounted for"
    if log.device_id:
        model = worn_model(parameters, Fidelity.FAST, log.device_id, surfaces=False)
        carried_kg = model.body_mass[list(exo_bodies(model, log.device_id))].sum()
        mass = f"{carried_kg:.1f} kg of {log.device_id} are carried"
    return f"{log.source_name}: {joints}, moved by {log.offset_s:+.3f} s; {mass}"


def exo_masses(parameters: BodyParameters, device_id: str, part_of: Mapping[str, int]) -> list[Mass]:
    """The exo's parts as masses of the limbs that carry them. `part_of` numbers parts by bones' names.

    Each part is taken as fixed where it sits on the upright body. Refuses SIM-010 and SIM-012.
    """
    model = worn_model(parameters, Fidelity.FAST, device_id, surfaces=False)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    parts = [body for body in exo_bodies(model, device_id) if model.body_mass[body] > 0.0]
    return [_mass_on_its_limb(model, data, body, part_of) for body in parts]


def _mass_on_its_limb(
    model: mujoco.MjModel, data: mujoco.MjData, body: int, part_of: Mapping[str, int]
) -> Mass:
    limb = body
    while model.body(limb).name not in part_of:
        limb = int(model.body_parentid[limb])
    to_limb = data.xmat[limb].reshape(3, 3).T
    turn = to_limb @ data.ximat[body].reshape(3, 3)
    return Mass(
        part_of[model.body(limb).name],
        float(model.body_mass[body]),
        to_limb @ (data.xipos[body] - data.xpos[limb]),
        turn @ np.diag(model.body_inertia[body]) @ turn.T,
    )


def _no_overlap(log: ExoLog, log_s: FloatArray, time_s: FloatArray) -> Exception:
    lasts = f"from {log_s[0]:.1f} to {log_s[-1]:.1f} s" if len(log_s) else "no time at all"
    span = f"from {time_s[0]:.1f} to {time_s[-1]:.1f} s" if len(time_s) else "no time at all"
    return refuse(
        "KIN-037",
        "The exo's log and the motion do not overlap in time.",
        f"In the motion's time {log.source_name} lasts {lasts}, the motion {span}.",
        "Enter the seconds that added to the log's time give the motion's.",
    )
