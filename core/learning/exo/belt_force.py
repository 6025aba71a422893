"""A belt that helps the hips into flexion, on a twin: what the thigh muscles do at several forces.

No belt of this kind is among the exos: the one soft suit that a twin can wear extends the hip. So an exo
with motors at both hips is worn, and gives the torque that the belt's force would, with the lever that its
geometry has at each hip angle.

A twin does not brace its knee against the pull as people do. Rectus femoris of the default twin works 4 %
less at 60 N than at 10 N, the vasti hardly work at all in this part of the cycle, and no minimum appears.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.domain.amplitude import WINDOW
from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import SIDES, JointKind, Side
from core.domain.controller import TorqueDirection
from core.domain.muscles import Muscle
from core.domain.subject import USUAL_DEVICE
from core.learning.exo.measures import WalkRecording, record_walk
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.analysis.muscle_analysis import estimated_facts, muscle_analysis
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_model import exo_model

THIGH = (
    Muscle.RECTUS_FEMORIS,
    Muscle.VASTUS_MEDIALIS,
    Muscle.VASTUS_LATERALIS,
)  # as in `core.domain.amplitude`
Lever = Callable[[FloatArray], FloatArray]  # of the band about the hip [m], by hip flexion [rad]
SECONDS = 9.0
SEED = 19


class BeltPull:
    """Flexion torque of both hips in WINDOW of each leg's cycle: half a sine of force x the lever."""

    def __init__(self, force_n: FloatArray, lever: Lever) -> None:
        self._peak_n, self._lever = np.asarray(force_n)[:, None], lever  # (N, 1)

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        """It remembers nothing."""

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        begun = np.stack([np.zeros(environment.size), environment.strides.right_strike], axis=1)
        phase = np.mod(environment.phase[:, None] - begun, 1.0)
        inside = (phase - WINDOW[0]) / (WINDOW[1] - WINDOW[0])
        shape = np.where((inside > 0.0) & (inside < 1.0), np.sin(np.pi * inside), 0.0)
        lever_m = self._lever(environment.joint_angle_rad[:, list(JointKind.HIP_FLEXION.columns)])
        return np.asarray(self._peak_n * shape * lever_m)


def belt_device(patients_device: str) -> str:
    """The exo that is worn: the patient's own where it can flex the hips, else the usual one."""
    worn = exo_model(patients_device)
    flexes = worn.joint is JointKind.HIP_FLEXION and worn.direction is not TorqueDirection.EXTENSION
    return patients_device if flexes else USUAL_DEVICE


def thigh_activity(
    twin: TwinInExo, force_n: FloatArray, lever: Lever, side: Side, *, seconds: float = SECONDS
) -> tuple[FloatArray, ...]:
    """Activity (N cycles, 3 THIGH) of one leg at each force (F,), in percent of the full one.

    The twin wears the exo at every force. Cycles of the first second after a start and of the last before a
    fall do not count, so N may be 0.
    """
    environment = twin.environment(twin.walkers(len(force_n), worn=True), seed=SEED)
    recording = record_walk(environment, twin.walking, BeltPull(force_n, lever), seconds)
    return tuple(_cycles(recording, environment, twin, row, side) for row in range(len(force_n)))


def _cycles(
    recording: WalkRecording, environment: WalkingEnvironment, twin: TwinInExo, row: int, side: Side
) -> FloatArray:
    """(N, 3) of one walker."""
    vertical_n = recording.ground_n[:, row, SIDES.index(side)]
    frames = []
    for stride in ground_contacts(side, vertical_n, CONTROL_STEP_S):
        length_s = stride.end_s - stride.start_s
        first, last = (round((stride.start_s + share * length_s) / CONTROL_STEP_S) for share in WINDOW)
        if last < len(recording.settled) and recording.settled[first : last + 1, row].all():
            frames.append(np.arange(first, last + 1))
    if not frames:
        return np.empty((0, len(THIGH)))
    activation = _activation(recording, environment, twin, row, np.concatenate(frames), side)
    edges = np.cumsum([len(one) for one in frames])[:-1]
    return 100.0 * np.array([piece.mean(axis=0) for piece in np.split(activation, edges)])


def _activation(
    recording: WalkRecording,
    environment: WalkingEnvironment,
    twin: TwinInExo,
    row: int,
    frames: IntArray,
    side: Side,
) -> FloatArray:
    """(K, 3) of THIGH: the muscles' own, or estimated where torques move the joints."""
    if recording.state.size:
        model = environment.physics.models[row]
        facts = muscle_analysis(model, recording.state[:, row], recording.control[:, row])
        activation = facts.activation[frames]
    else:
        motion = (recording.angle_rad, recording.velocity_rad_s, recording.torque_nm)
        facts = estimated_facts(twin.policy.body, *(values[frames, row] for values in motion))
        activation = facts.activation
    names = list(facts.muscle_names)
    columns = [names.index(muscle.on(side)) for muscle in THIGH]
    return np.asarray(activation[:, columns], dtype=np.float64)
