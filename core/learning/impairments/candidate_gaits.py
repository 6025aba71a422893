"""Walks of one person's twin with many sets of impairments at once, and gaits as comparable vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SAGITTAL, SIDES, JointKind
from core.domain.impairment import Impairment
from core.domain.motion import GaitReference
from core.domain.twin import BodyParameters
from core.simulation.analysis.gait_features import GaitFeatures, walk_features
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import ROOT_POSITIONS
from core.simulation.reference_gait.antalgic import antalgic_reference
from core.twin.body import Fidelity
from core.twin.impaired_model import impaired_copy
from core.twin.impairments import pain_severities

WALK_S = 7.0  # four complete strides of each foot after the start has faded away
SETTLE_S = 2.0
_EPISODE_S = 1e6  # no truncation
_CURVE_STEP = 5  # percent of the gait cycle; angles hold no more than that
_INDEPENDENT = 4.0
"""A curve counts as this many independent numbers: errors of gait analysis are mostly offsets and scalings
of whole curves."""
# Repeatability of gait analysis between sessions and testers (McGinley et al. 2009, Gait Posture 29:360; most
# errors lie between 2 and 5 degrees, hip rotation is worst). Joints of the foot are hardly measured.
_ANGLE_SD_DEG = {
    JointKind.HIP_FLEXION: 3.0,
    JointKind.HIP_ADDUCTION: 3.0,
    JointKind.HIP_ROTATION: 6.0,
    JointKind.KNEE: 3.0,
    JointKind.ANKLE: 3.0,
}
_SIDE_SD = {
    "toe_clearance_m": 0.01,
    "stance_fraction": 0.02,
    "step_length_m": 0.03,
    "stride_time_s": 0.03,
    "pelvis_drop_rad": float(np.radians(2.0)),
}
_WALK_SD = {"speed_m_s": 0.05, "forward_lean_rad": float(np.radians(2.0))}
_FRONTAL = ("pelvis_drop_rad",)  # features that a camera from the side cannot see

Impairments = tuple[Impairment, ...]


@dataclass(frozen=True, slots=True)
class WalkedGait:
    """The simulated walk of one candidate."""

    walked_s: float  # until a fall, at most WALK_S
    features: GaitFeatures | None  # None when there was no complete stride of both feet

    @property
    def walked_fraction(self) -> float:
        """Of WALK_S; below 1 after a fall."""
        return min(1.0, round(self.walked_s / WALK_S, 6))


class TwinWalks:
    """Simulates walks of one body that tracks one stride. Every candidate starts in the same state."""

    def __init__(
        self,
        body: BodyParameters,
        reference: GaitReference,
        networks: PolicyNetworks,
        *,
        fidelity: Fidelity = Fidelity.FAST,
        seed: int = 0,
        threads: int = 2,
    ) -> None:
        """`body` gives size and strength; impairments come with the candidates.

        A body with muscles needs `networks` with a coordination network.
        """
        self.body = replace(body, impairments=())
        self._reference = reference
        self._networks = networks
        self._model = worn_model(self.body, fidelity, None, surfaces=False)
        if self._model.na and networks.coordination is None:
            raise ValueError("this policy cannot drive muscles")
        self._seed, self._threads = seed, threads

    def walk(self, candidates: Sequence[Impairments]) -> tuple[WalkedGait, ...]:
        """One walk of every candidate. Other candidates in the batch change it by rounding only."""
        environment = self._environment(candidates)
        joints, roots, walked = [], [], np.zeros(environment.size)
        walking = np.ones(environment.size, dtype=np.bool_)
        for _ in range(round(WALK_S / CONTROL_STEP_S)):
            walking &= ~environment.step(self._networks.act(environment.observation())).terminated
            walked += walking
            joints.append(environment.joint_angle_rad.copy())
            roots.append(environment.physics.position(environment.state)[:, :ROOT_POSITIONS].copy())
            if not walking[1:].any():
                break
        angle, root = np.array(joints), np.array(roots)
        return tuple(
            self._gait(round(walked[row]), root[:, row], angle[:, row]) for row in range(1, environment.size)
        )

    def _environment(self, candidates: Sequence[Impairments]) -> WalkingEnvironment:
        """Row 0 is the healthy twin, whose start all others share, as far as their ranges of motion allow."""
        healthy = Walker(self._model, self.body, self._reference)
        environment = self._environment_of(
            [healthy, *(self._walker(impairments) for impairments in candidates)]
        )
        environment.start_like(self._environment_of([healthy]))
        return environment

    def _environment_of(self, walkers: Sequence[Walker]) -> WalkingEnvironment:
        return WalkingEnvironment(
            walkers,
            seed=self._seed,
            actuation=actuation_of(walkers, self._networks) if self._model.na else None,
            episode_s=_EPISODE_S,
            threads=self._threads,
        )

    def _walker(self, impairments: Impairments) -> Walker:
        body = replace(self.body, impairments=impairments)
        model = impaired_copy(self._model, self.body, impairments)
        return Walker(model, body, antalgic_reference(self._reference, pain_severities([body])[0]))

    def _gait(self, steps: int, root: FloatArray, angle: FloatArray) -> WalkedGait:
        settled = slice(round(SETTLE_S / CONTROL_STEP_S), steps)
        time_s: FloatArray = CONTROL_STEP_S * np.arange(len(angle), dtype=np.float64)[settled]
        walked_s = steps * CONTROL_STEP_S
        if len(time_s) < round(1.0 / CONTROL_STEP_S):
            return WalkedGait(walked_s, None)
        return WalkedGait(walked_s, walk_features(self.body, time_s, root[settled], angle[settled]))


def gait_vector(features: GaitFeatures, *, sagittal_only: bool) -> FloatArray:
    """A gait as numbers whose differences are in standard deviations of gait analysis, (K,).

    NaN where a number is missing. With `sagittal_only` what a camera from the side cannot see is left out.
    """
    fraction = np.sqrt(_INDEPENDENT / len(features.cycle_rad[::_CURVE_STEP]))
    curves = [
        fraction * np.degrees(features.cycle_rad[::_CURVE_STEP, joint.column]) / _ANGLE_SD_DEG[joint.kind]
        for joint in JOINTS
        if joint.kind in (SAGITTAL if sagittal_only else _ANGLE_SD_DEG)
    ]
    numbers = [
        features.of(name, side) / sd
        for side in SIDES
        for name, sd in _SIDE_SD.items()
        if not (sagittal_only and name in _FRONTAL)
    ]
    numbers += [features.of(name, None) / sd for name, sd in _WALK_SD.items()]
    return np.concatenate([*curves, numbers])


def angle_rms_deg(one: GaitFeatures, other: GaitFeatures) -> float:
    """Root mean square difference of hip, knee and ankle flexion of two mean strides."""
    columns = [joint.column for joint in JOINTS if joint.kind in SAGITTAL]
    difference = one.cycle_rad[:, columns] - other.cycle_rad[:, columns]
    return float(np.degrees(np.sqrt(np.mean(difference**2))))
