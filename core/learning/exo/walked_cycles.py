"""Joint angles over the gait cycle, from recorded walks of many walkers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray, unbroken
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SAGITTAL, SIDES, JointKind
from core.domain.motion import GaitCycles
from core.domain.start_curves import StartCurves
from core.gait.cycles import cut_cycles, mean_cycle
from core.learning.exo.measures import WalkRecording
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S


def walked_cycles(recording: WalkRecording) -> tuple[GaitCycles, GaitCycles]:
    """Joint angles of all complete strides of all walkers, in the order of SIDES."""
    found: list[list[GaitCycles]] = [[], []]
    for walker in range(recording.settled.shape[1]):
        for rows in unbroken(recording.settled[:, walker]):
            angle, ground = recording.angle_rad[rows, walker], recording.ground_n[rows, walker]
            time_s: FloatArray = CONTROL_STEP_S * np.arange(len(angle), dtype=np.float64)
            strides = [
                stride
                for number, side in enumerate(SIDES)
                for stride in ground_contacts(side, ground[:, number], CONTROL_STEP_S, after_s=CONTROL_STEP_S)
            ]
            for one, cycles in zip(found, cut_cycles(time_s, angle, strides), strict=True):
                one.append(cycles)
    left, right = (
        GaitCycles(one[0].side, np.concatenate([cycles.angle_rad for cycles in one]), float("nan"))
        for one in found
    )
    return left, right


def start_curves(
    label: str, recordings: Sequence[WalkRecording], profiles: Sequence[AssistanceProfile | None]
) -> StartCurves:
    """The mean curves of recordings of one seed each; their profiles are None without torque of an exo."""
    cycles = [walked_cycles(recording) for recording in recordings]
    columns = [list(JointKind).index(joint) for joint in SAGITTAL]
    angle = [[mean_cycle(side)[:, columns].T for side in seed] for seed in cycles]
    torque = [profile.torque_nm_kg for profile in profiles if profile is not None]
    return StartCurves(
        label,
        SAGITTAL,
        np.array(angle),
        np.array([[len(side.angle_rad) for side in seed] for seed in cycles]),
        recordings[0].settled.shape[1],
        np.array(torque) if len(torque) == len(recordings) else None,
    )
