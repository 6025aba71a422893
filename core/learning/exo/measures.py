"""Measuring simulated walks: metabolic rate, activation, joint power and the exo's work in them.

The muscles of a torque-driven walk are estimated by static optimisation, frame by frame; a walk with muscles
has its own. The first second after every start and the last before a fall do not count; falls have their own
number.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import SIDES
from core.domain.twin import BodyParameters
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.effort import effort_of
from core.learning.exo.walk_symmetry import symmetry_index
from core.learning.exo.worn_controller import WalkingPolicy
from core.simulation.analysis.ground_reactions import CONTACT_N
from core.simulation.analysis.muscle_analysis import estimated_facts, muscle_analysis
from core.simulation.analysis.scenario import KEEPS_UP_FRACTION
from core.simulation.environment.batch_environment import CONTROL_STEP_S, StepResult
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY

STUMBLE_S = 1.0  # before a fall, with large torques: not counted
SETTLE_S = 1.0  # after a start from the reference: not counted
PEAK_PERCENTILE = 98.0  # of a muscle's activation: its largest value, without single frames
FRAMES_BETWEEN = 2  # control steps from one estimated frame to the next: at 12.5 Hz ratios are noisy by 0.6 %


@dataclass(frozen=True, slots=True, eq=False)
class WalkRecording:
    """Walks of N walkers of one body. Axes: T control steps, N walkers, 14 joints, S state, U controls."""

    settled: BoolArray  # (T, N) what counts
    angle_rad: FloatArray  # (T, N, 14)
    velocity_rad_s: FloatArray  # (T, N, 14)
    torque_nm: FloatArray  # (T, N, 14) of the body itself
    exo_torque_nm: FloatArray  # (T, N, 2)
    exo_speed_rad_s: FloatArray  # (T, N, 2) of the joints that it turns
    ground_n: FloatArray  # (T, N, 2) vertical force on the feet
    heel_m: FloatArray  # (T, N, 2) how far ahead each heel is
    speed_m_s: FloatArray  # (T, N)
    asked_m_s: FloatArray  # (T, N) of the reference
    state: FloatArray  # (T, N, S); empty for a torque-driven body
    control: FloatArray  # (T, N, U); empty for a torque-driven body
    similarity: float
    falls: IntArray  # (N,)

    def of(self, walkers: IntArray) -> WalkRecording:
        """The walks of these columns (K,); how similar they alone are to their reference is not known."""
        by_walker = {
            field.name: getattr(self, field.name)[:, walkers]
            for field in fields(self)
            if field.name not in ("similarity", "falls")
        }
        settled = by_walker.pop("settled")
        return WalkRecording(
            settled=settled if settled.any() else np.ones_like(settled),  # as when all are recorded alone
            **by_walker,
            similarity=float("nan"),
            falls=self.falls[walkers],
        )

    def came_through(self, goal_m: float = 0.0) -> BoolArray:
        """(N,) who neither fell nor stayed behind, and came as far as the goal of a course."""
        ahead = self.speed_m_s.sum(axis=0)
        pace = ahead / np.maximum(self.asked_m_s.sum(axis=0), 1e-9)
        there = CONTROL_STEP_S * ahead >= goal_m
        through: BoolArray = (self.falls == 0) & (pace >= KEEPS_UP_FRACTION) & there
        return through

    @property
    def exo_power_w(self) -> FloatArray:
        """(T, N, 2) of the exo on its joints, positive when it helps."""
        power: FloatArray = self.exo_torque_nm * self.exo_speed_rad_s
        return power


class Exo(Protocol):
    """An exo that assists a batch of walkers."""

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        """Torque (N, 2) of this tick."""

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        """The marked walkers (N,) start again."""


def record_walk(
    environment: WalkingEnvironment, policy: WalkingPolicy, exo: Exo | None, seconds: float
) -> WalkRecording:
    """Let all walkers of `environment` walk for `seconds`; those that fall start again.

    `exo` is None without an exo or when it gives no torque; whether it is worn is in the models.
    """
    recorder = _Recorder(environment)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        before_m = environment.walked_m
        step = environment.step(policy.act(environment.observation()), exo)
        recorder.add(environment, step, before_m)
        done = step.terminated | step.truncated
        if done.any():
            environment.reset(done)
            if exo is not None:
                exo.reset(done, environment)
    return recorder.recording()


def measured(
    recording: WalkRecording,
    environment: WalkingEnvironment,
    body: BodyParameters,
    walkers: IntArray | None = None,
) -> WalkMeasures:
    """The numbers of one seed's walks of `body`; `environment` is the one that was recorded.

    `walkers` are these (K,) of it whose walks are in `recording`; None: all.
    """
    walkers = np.arange(environment.size) if walkers is None else walkers
    metabolic_w, activation, names = _muscles(recording, environment, body, walkers)
    settled, torque, velocity = recording.settled, recording.torque_nm, recording.velocity_rad_s
    positive_w = np.maximum(torque * velocity, 0.0).sum(axis=-1)[settled]
    effort = effort_of(torque, environment.actuation.joint_pd.of(walkers))[settled]
    power_w = recording.exo_power_w[settled]
    worked, braked = np.maximum(power_w, 0.0).sum(), np.maximum(-power_w, 0.0).sum()
    exchanged = float(worked + braked)

    def one(value: float) -> FloatArray:
        return np.array([value], dtype=np.float64)

    return WalkMeasures(
        metabolic_w_kg=metabolic_w.mean(axis=0)[None] / body.mass_kg,
        activation_mean=one(float(activation.mean())),
        activation_peak=one(float(np.percentile(activation, PEAK_PERCENTILE, axis=0).mean())),
        positive_power_w_kg=one(float(positive_w.mean()) / body.mass_kg),
        speed_m_s=one(float(recording.speed_m_s[settled].mean())),
        joint_effort=one(float(effort.mean())),
        symmetry=one(_symmetry(recording.ground_n[settled])),
        similarity=one(recording.similarity),
        exo_peak_nm=one(float(np.abs(recording.exo_torque_nm[settled]).max(initial=0.0))),
        exo_power_w=one(float(power_w.sum(axis=-1).mean())),
        negative_work_fraction=one(float(braked) / exchanged if exchanged > 0.0 else 0.0),
        falls=int(recording.falls.sum()),
        starts=len(walkers),
        walked_s=len(settled) * CONTROL_STEP_S * len(walkers),
        leg_activation=_by_leg(activation, names)[None],
        symmetry_index=symmetry_index(settled, recording.ground_n, recording.heel_m)[None],
    )


def _by_leg(activation: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """(2,) mean activation (F, M) of each leg's muscles."""
    legs = [[name.endswith(f"_{side.suffix}") for name in names] for side in SIDES]
    return np.array([float(activation[:, leg].mean()) for leg in legs])


def _symmetry(ground_n: FloatArray) -> float:
    """1 - |L - R| / ((L + R) / 2) of stance time and of vertical impulse, averaged; forces (F, 2)."""
    stance, impulse = (ground_n > CONTACT_N).mean(axis=0), ground_n.mean(axis=0)
    asymmetry = [abs(one[0] - one[1]) / max(float(one.mean()), 1e-9) for one in (stance, impulse)]
    return float(np.clip(1.0 - np.mean(asymmetry), 0.0, 1.0))


def _muscles(
    recording: WalkRecording, environment: WalkingEnvironment, body: BodyParameters, walkers: IntArray
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Metabolic power (F, 2) [W], activation (F, M) of the frames that count, and the muscles' names (M)."""
    if not recording.state.size:
        # A walk of many falls may settle for fewer frames than lie between two that are looked at.
        step = FRAMES_BETWEEN if recording.settled[::FRAMES_BETWEEN].any() else 1
        rows = recording.settled[::step]
        frames = (recording.angle_rad, recording.velocity_rad_s, recording.torque_nm)
        facts = estimated_facts(body, *(values[::step][rows] for values in frames))
        return facts.metabolic_w, facts.activation.astype(np.float64), tuple(facts.muscle_names)
    walks = [
        (
            muscle_analysis(
                environment.physics.models[walker], recording.state[:, row], recording.control[:, row]
            ),
            recording.settled[:, row],
        )
        for row, walker in enumerate(walkers)
    ]
    return (
        np.concatenate([facts.metabolic_w[settled] for facts, settled in walks]),
        np.concatenate([facts.activation[settled].astype(np.float64) for facts, settled in walks]),
        tuple(walks[0][0].muscle_names),
    )


_RECORDED = (
    "angle_rad",
    "velocity_rad_s",
    "torque_nm",
    "exo_torque_nm",
    "exo_speed_rad_s",
    "ground_n",
    "heel_m",
    "speed_m_s",
    "asked_m_s",
    "state",
    "control",
)


class _Recorder:
    """Collects a `WalkRecording`, step by step."""

    def __init__(self, environment: WalkingEnvironment) -> None:
        self._age_s = np.zeros(environment.size)
        self._muscles = environment.physics.models[0].na > 0
        self._settled: list[BoolArray] = []
        self._terminated: list[BoolArray] = []
        self._similarity: list[float] = []
        self._rows: list[tuple[FloatArray, ...]] = []  # of _RECORDED

    def add(self, environment: WalkingEnvironment, step: StepResult, before_m: FloatArray) -> None:
        self._age_s += CONTROL_STEP_S
        self._settled.append((self._age_s > SETTLE_S) & ~step.terminated)
        self._terminated.append(step.terminated)
        self._similarity.append(step.reward_terms[SIMILARITY])
        empty = np.zeros((environment.size, 0))
        angle, velocity, torque = environment.step_motion
        self._rows.append(
            (
                angle,
                velocity,
                torque,
                environment.exo_torque_nm.copy(),
                velocity[:, environment.exo_columns],
                environment.ground_force_n[:, :, 2].copy(),
                environment.heel_ahead_m,
                (environment.walked_m - before_m) / CONTROL_STEP_S,
                environment.strides.speed_m_s.copy(),
                environment.state.copy() if self._muscles else empty,
                environment.control.copy() if self._muscles else empty,
            )
        )
        self._age_s[step.terminated | step.truncated] = 0.0

    def recording(self) -> WalkRecording:
        settled, terminated = np.array(self._settled), np.array(self._terminated)
        stumble_steps = round(STUMBLE_S / CONTROL_STEP_S)
        for time, walker in np.argwhere(terminated):
            settled[max(0, time - stumble_steps) : time + 1, walker] = False
        if not settled.any():  # no walk lasts longer: better these numbers than none
            settled[:] = True
        skip = round(SETTLE_S / CONTROL_STEP_S) if len(settled) * CONTROL_STEP_S > SETTLE_S else 0
        columns = zip(*self._rows, strict=True)
        recorded = {name: np.array(column) for name, column in zip(_RECORDED, columns, strict=True)}
        return WalkRecording(
            settled=settled,
            **recorded,
            similarity=float(np.mean(self._similarity[skip:])),
            falls=terminated.sum(axis=0),
        )
