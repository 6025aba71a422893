"""The shipped policy walks from many random starts; the result as curves and numbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco import rollout
from scipy.signal import butter, sosfiltfilt

from app.bench.gait_curves import Contact, EmgGroup, Stances, contacts, even, joined, stances
from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import SIDES, Side
from core.domain.muscles import Muscle
from core.domain.rollout import MuscleAnalysis
from core.domain.scenario import LEVEL_WALKING, Scenario
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.domain.units import GRAVITY_M_S2
from core.gait.scenario_reference import scenario_reference
from core.simulation.analysis.muscle_analysis import estimated_facts, muscle_analysis
from core.simulation.environment.actuation import Actuation, ActuationInputs, JointPd
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import FLEXION
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import position_columns, velocity_columns
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.muscles.metabolics import MetabolicRate, metabolic_rates
from core.tasks.policy_files import BASE_POLICY, MUSCLE_POLICY, shipped_policy
from core.twin.body import Fidelity

SETTLE_S = 2.0  # the transient of a random start is over by then
GROUND_LOW_PASS_HZ = 20.0
CURVE_WALKERS = 8  # as many survivors give curves; more change the third digit
_STANCE_IMPULSE_FRACTION = 0.5  # of the largest; toes that scuff the floor in swing are no stance

MUSCLES_OF: dict[EmgGroup, tuple[Muscle, ...]] = {
    EmgGroup.SOLEUS: (Muscle.SOLEUS,),
    EmgGroup.GASTROCNEMIUS: (Muscle.GASTROCNEMIUS_MEDIALIS, Muscle.GASTROCNEMIUS_LATERALIS),
    EmgGroup.TIBIALIS_ANTERIOR: (Muscle.TIBIALIS_ANTERIOR,),
    EmgGroup.VASTI: (Muscle.VASTUS_LATERALIS, Muscle.VASTUS_MEDIALIS),
    EmgGroup.HAMSTRINGS: (Muscle.BICEPS_FEMORIS_LONG, Muscle.SEMIMEMBRANOSUS, Muscle.SEMITENDINOSUS),
    EmgGroup.GLUTEUS_MAXIMUS: (
        Muscle.GLUTEUS_MAXIMUS_1,
        Muscle.GLUTEUS_MAXIMUS_2,
        Muscle.GLUTEUS_MAXIMUS_3,
    ),
    EmgGroup.GLUTEUS_MEDIUS: (Muscle.GLUTEUS_MEDIUS_1, Muscle.GLUTEUS_MEDIUS_2, Muscle.GLUTEUS_MEDIUS_3),
    EmgGroup.RECTUS_FEMORIS: (Muscle.RECTUS_FEMORIS,),
}


@dataclass(frozen=True, slots=True, eq=False)
class WalkSetup:
    """The walkers, their actuation and the policy. All walkers have the same model."""

    walkers: tuple[Walker, ...]
    actuation: Actuation
    networks: PolicyNetworks
    policy: str


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedWalk:
    """The result. `grf` and `emg` are missing when every walker fell."""

    policy: str
    has_muscles: bool
    survived_fraction: float
    walked_s_median: float
    flexion_rmse_deg: float  # hip, knee and ankle against the reference, of walkers on their feet
    speed_m_s: float
    curve_walkers: int
    stances: int
    grf: Stances | None  # ground reaction forces
    emg: dict[EmgGroup, FloatArray]  # mean activation over the cycle (101,)
    excitation: dict[EmgGroup, FloatArray]  # mean excitation likewise
    metabolic: tuple[MetabolicRate, ...]


def shipped_walk(fidelity: Fidelity, starts: int, scenario: Scenario = LEVEL_WALKING) -> WalkSetup:
    """The shipped policy in the generic body with the scenario's stride, from `starts` random starts."""
    model = worn_model(GENERIC_BODY, fidelity, None, surfaces=False)
    has_muscles = bool(model.na)
    networks = shipped_policy(muscles=has_muscles)
    walkers = (Walker(model, GENERIC_BODY, scenario_reference(scenario, GENERIC_BODY, None)),) * starts
    return WalkSetup(
        walkers, actuation_of(walkers, networks), networks, MUSCLE_POLICY if has_muscles else BASE_POLICY
    )


def evaluate_walk(setup: WalkSetup, *, seconds: float, seed: int, threads: int = 2) -> EvaluatedWalk:
    """Every walker walks once, until a fall or for `seconds`."""
    recording = _RecordingActuation(setup.actuation)
    environment = WalkingEnvironment(
        setup.walkers, seed=seed, actuation=recording, episode_s=2 * seconds, threads=threads
    )
    walking, steps = np.ones(environment.size, dtype=np.bool_), np.zeros(environment.size)
    walked_m, squares = np.zeros(environment.size), []
    for number in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(setup.networks.act(environment.observation()))
        walking &= ~step.terminated
        if not walking.any():
            break
        steps += walking
        walked_m[walking] = environment.walked_m[walking]
        if number * CONTROL_STEP_S >= SETTLE_S:
            squares.append(environment.own_error_rad[walking][:, FLEXION] ** 2)
        environment.reset(step.terminated)
    model, body = setup.walkers[0].model, setup.walkers[0].body
    settled = [
        _SettledWalk.of(recording, walker, model, body) for walker in np.flatnonzero(walking)[:CURVE_WALKERS]
    ]
    grf = joined([one.grf for one in settled if one.grf is not None]) if settled else None
    rates = np.concatenate([one.facts.metabolic_w for one in settled]) if settled else np.zeros((0, 2))
    return EvaluatedWalk(
        policy=setup.policy,
        has_muscles=model.na > 0,
        survived_fraction=float(walking.mean()),
        walked_s_median=float(np.median(steps)) * CONTROL_STEP_S,
        flexion_rmse_deg=_rmse_deg(squares),
        speed_m_s=float(walked_m.sum() / max(steps.sum() * CONTROL_STEP_S, CONTROL_STEP_S)),
        curve_walkers=len(settled),
        stances=0 if grf is None else len(grf.vertical_bw),
        grf=grf,
        emg=_mean_envelopes([one.emg for one in settled]),
        excitation=_mean_envelopes([one.excitation for one in settled]),
        metabolic=metabolic_rates(rates, body.mass_kg) if settled else (),
    )


def _rmse_deg(squares: list[FloatArray]) -> float:
    return float(np.degrees(np.sqrt(np.mean(np.concatenate(squares))))) if squares else float("nan")


def _mean_envelopes(parts: Sequence[dict[EmgGroup, FloatArray]]) -> dict[EmgGroup, FloatArray]:
    return {
        group: np.mean([part[group] for part in parts if group in part], axis=0)
        for group in EmgGroup
        if any(group in part for part in parts)
    }


class _RecordingActuation:
    """Actuation that records every state and the controls given in it."""

    def __init__(self, actuation: Actuation) -> None:
        self._actuation = actuation
        self.actuators, self.interval_s = actuation.actuators, actuation.interval_s
        self.joint_pd: JointPd = actuation.joint_pd
        self.states: list[FloatArray] = []  # each (N, S)
        self.controls: list[FloatArray] = []  # each (N, U)
        self.torques: list[FloatArray] = []  # each (N, 14)

    def control(self, inputs: ActuationInputs) -> FloatArray:
        control = self._actuation.control(inputs)
        self.states.append(inputs.state.copy())
        self.controls.append(np.array(control))
        self.torques.append(self._actuation.torque_nm(inputs))
        return control

    def torque_nm(self, inputs: ActuationInputs) -> FloatArray:
        return self._actuation.torque_nm(inputs)

    def effort(self, inputs: ActuationInputs) -> FloatArray:
        return self._actuation.effort(inputs)

    def reset(self, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        self._actuation.reset(which)

    def state_dict(self) -> dict[str, np.ndarray]:
        return self._actuation.state_dict()

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        self._actuation.load_state_dict(state)


@dataclass(frozen=True, slots=True, eq=False)
class _SettledWalk:
    """One walker's walk after the start has settled."""

    grf: Stances | None
    emg: dict[EmgGroup, FloatArray]
    excitation: dict[EmgGroup, FloatArray]
    facts: MuscleAnalysis

    @staticmethod
    def of(
        recording: _RecordingActuation, walker: int, model: mujoco.MjModel, body: BodyParameters
    ) -> _SettledWalk:
        first = round(SETTLE_S / recording.interval_s)
        state = np.array([states[walker] for states in recording.states[first:]])
        control = np.array([controls[walker] for controls in recording.controls[first:]])
        torque = np.array([torques[walker] for torques in recording.torques[first:]])
        force_n = ground_forces(model, state, control, recording.interval_s)
        found = {side: _stances_of(force_n[:, index, 2], model) for index, side in enumerate(SIDES)}
        facts = _facts(model, body, state, control, torque)
        steps = round(recording.interval_s / model.opt.timestep)
        strikes = {side: [one.start / steps for one in found[side]] for side in SIDES}
        return _SettledWalk(
            _grf_stances(force_n, found, body.mass_kg),
            envelopes(facts, facts.activation, strikes),
            envelopes(facts, facts.excitation, strikes),
            facts,
        )


def ground_forces(
    model: mujoco.MjModel, state: FloatArray, control: FloatArray, interval_s: float
) -> FloatArray:
    """Low-passed force on both feet at every physics step (K, 2, 3), for states (T, S), controls (T, U)."""
    sos = butter(2, GROUND_LOW_PASS_HZ, fs=1.0 / model.opt.timestep, output="sos")
    return np.asarray(sosfiltfilt(sos, raw_ground_forces(model, state, control, interval_s), axis=0))


def raw_ground_forces(
    model: mujoco.MjModel, state: FloatArray, control: FloatArray, interval_s: float
) -> FloatArray:
    """The same as the physics gave it: its steps are repeated from the recorded states, in C."""
    steps, columns = round(interval_s / model.opt.timestep), SensorColumns.of(model)
    with rollout.Rollout(nthread=1) as runner:
        controls = np.repeat(control[:, None], steps, axis=1)
        _, sensor = runner.rollout([model] * len(state), [mujoco.MjData(model)], state, controls, nstep=steps)
    return columns.ground_force_n(sensor.reshape(len(state) * steps, -1))


def _stances_of(vertical_n: FloatArray, model: mujoco.MjModel) -> tuple[Contact, ...]:
    found = contacts(vertical_n, 1.0 / model.opt.timestep)
    impulses = [float(vertical_n[one.start : one.end].sum()) for one in found]
    enough = _STANCE_IMPULSE_FRACTION * max(impulses, default=0.0)
    return tuple(one for one, impulse in zip(found, impulses, strict=True) if impulse >= enough)


def _grf_stances(
    force_n: FloatArray, found: dict[Side, tuple[Contact, ...]], mass_kg: float
) -> Stances | None:
    parts = []
    for index, side in enumerate(SIDES):
        if len(found[side]) < 2:
            continue
        stride = float(np.median(np.diff([one.start for one in found[side]])))
        fraction = float(np.mean([one.end - one.start for one in found[side]])) / stride
        vertical, fore_aft = force_n[:, index, 2], -force_n[:, index, 1]  # walking towards -y
        parts.append(stances(vertical, fore_aft, found[side], mass_kg * GRAVITY_M_S2, fraction))
    return joined(parts) if parts else None


def _facts(
    model: mujoco.MjModel, body: BodyParameters, state: FloatArray, control: FloatArray, torque: FloatArray
) -> MuscleAnalysis:
    if model.na:
        return muscle_analysis(model, state, control)
    angle = state[:, 1 + position_columns(model)]
    velocity = state[:, 1 + model.nq + velocity_columns(model)]
    return estimated_facts(body, angle, velocity, torque)


def envelopes(
    facts: MuscleAnalysis, values: Float32Array, strikes: dict[Side, list[float]]
) -> dict[EmgGroup, FloatArray]:
    """Mean of `values` (T, M) over the gait cycle (101,), both sides; `strikes`: frames of heel strikes."""
    curves: dict[EmgGroup, list[FloatArray]] = {}
    for side, frames in strikes.items():
        for group, muscles in MUSCLES_OF.items():
            columns = [facts.muscle_names.index(muscle.on(side)) for muscle in muscles]
            mean = values[:, columns].mean(axis=1, dtype=np.float64)
            for start, end in itertools.pairwise(frames):
                curves.setdefault(group, []).append(even(_between(mean, start, end)))
    return {group: np.mean(cycles, axis=0) for group, cycles in curves.items()}


def _between(values: FloatArray, start: float, end: float) -> FloatArray:
    at = np.linspace(start, end, 201)
    return np.interp(at, np.arange(len(values)), values)
