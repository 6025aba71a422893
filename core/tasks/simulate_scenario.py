"""Simulate a twin in one scenario: success rate of many starts, one walk with all sensors, and a film."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.body import JOINTS, SIDES
from core.domain.impairment import Impairment
from core.domain.motion import GaitReference
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.domain.scenario import SCENARIOS, Scenario, scenario_of
from core.domain.twin import GENERIC_BODY, BodyParameters, GaitPolicy
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.session.scenarios import CONDITIONS, NO_EXO, impairments_of, most_frequent, result_settings
from core.simulation.analysis.rollout import scene_geometry
from core.simulation.analysis.scenario import (
    ScenarioRun,
    ScenarioTrace,
    run_scenario,
    scenario_rollout,
    scenario_walker,
    trace_scenario,
)
from core.simulation.analysis.video import FilmedWalk, write_film
from core.simulation.environment.batch_environment import Assist
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import exo_model
from core.store.private import patient_permissions
from core.store.repository import Store, open_store
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.policy_files import replace_file, shipped_policy
from core.tasks.worn_scenario import WornDevice, chosen_condition, worn_device
from core.twin.body import Fidelity

DEFAULT_TWIN = "default"
PERSONAL = GaitLabel.PERSONALIZED_CONTROLLER
STARTS = 16
SECONDS_RANGE = (2.0, 60.0)
ARRAYS, SUMMARY, FILM = "scenario.npz", "scenario.json", "scenario.mp4"


@dataclass(frozen=True, slots=True, eq=False)
class _WalkingTwin:
    """The twin that walks: body, policy, and the person's reference gait if it has one."""

    label: GaitLabel
    body: BodyParameters
    reference: GaitReference | None
    networks: PolicyNetworks
    synthetic: bool
    worn: WornDevice | None = None

    @property
    def device_id(self) -> str | None:
        return None if self.worn is None else self.worn.device_id


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Simulate `scenario` (its key) with `twin` (a GAIT_POLICY record's id, or "default").

    `fidelity` is the actuation of the body (`Fidelity`), by default that of the policy's training.
    `impairments` ({label: severity}) come to those that the policy's body has, in place of one of the same
    kind and place. `condition` (one of CONDITIONS) is without an exo by default; the personalized controller
    is CONTROLLER `controller`. `seconds` and `starts` have defaults. With `out` a folder gets the arrays, a
    summary and a film. Returns the SCENARIO record's id; the default twin belongs to no patient and leaves no
    record: "".
    """
    condition = chosen_condition(params.get("condition"))
    scenario = chosen_scenario(str(params["scenario"]), worn=condition is not NO_EXO)
    seconds = chosen_seconds(params.get("seconds", scenario.usual_s))
    twin_id, controller_id = str(params.get("twin", DEFAULT_TWIN)), str(params.get("controller", ""))
    impairments = impairments_of(params.get("impairments"))
    with open_store(context.spec.data_dir) as store:
        own = _walking_twin(twin_id, store, params.get("fidelity"))
        worn = worn_device(condition, store, twin_id, controller_id, of_patient=twin_id != DEFAULT_TWIN)
        twin = _impaired(_with_exo(own, condition, worn), impairments)
        result, rollout = _walks(scenario, twin, params, context, seconds)
        if twin_id == DEFAULT_TWIN:
            return ""
        settings = result_settings(
            scenario.key,
            impairments,
            seconds=seconds,
            causes=result.cause,
            condition=condition,
            device=twin.device_id or "",
        )
        inputs = (twin_id, controller_id) if condition is PERSONAL else (twin_id,)
        return _save(store, context, inputs, twin, rollout, result, _seed(params), settings)


def _seed(params: Params) -> int:
    return int(str(params.get("seed", 0)))


def _walks(
    scenario: Scenario, twin: _WalkingTwin, params: Params, context: JobContext, seconds: float
) -> tuple[ScenarioRun, Rollout]:
    """Many starts, then one walk with every sensor on, which is written to `out` if that is asked for."""
    fidelity, seed = chosen_fidelity(params.get("fidelity"), twin.networks), _seed(params)
    context.progress(0.05, "Setting up the body and its walkway")
    walker = _walker(scenario, twin, fidelity, seconds)
    starts, act = int(str(params.get("starts", STARTS))), twin.networks.act
    environments = _environment([walker] * starts, twin, seed, seconds)
    result = run_scenario(scenario, environments, act, seconds, _assist(twin.worn, environments, seed))
    context.check_cancelled()
    context.progress(0.5, "One walk with every sensor on")
    environment = _environment([walker], twin, seed, seconds)
    assist = _assist(twin.worn, environment, seed)
    trace = trace_scenario(scenario, walker, environment, act, seconds, assist)
    rollout = scenario_rollout(twin.label, walker, trace, twin.device_id)
    context.check_cancelled()
    if "out" in params:
        context.progress(0.8, "Writing arrays and film")
        with patient_permissions():
            write_results(Path(str(params["out"])), scenario, walker, trace, rollout, result)
    return result, rollout


def _with_exo(twin: _WalkingTwin, condition: GaitLabel, worn: WornDevice | None) -> _WalkingTwin:
    """With the personalized controller it walks as it learned to in training, if it did."""
    if worn is None:
        return twin
    if worn.walking is None:
        return replace(twin, label=condition, worn=worn)
    walking = worn.walking
    networks = PolicyNetworks.from_policy(walking)
    return _WalkingTwin(condition, walking.body, walking.reference, networks, twin.synthetic, worn)


def _walker(scenario: Scenario, twin: _WalkingTwin, fidelity: Fidelity, seconds: float) -> Walker:
    """A torque-driven twin has its exo fixed rigidly; otherwise compliant straps hold it."""
    device_id = twin.device_id
    return scenario_walker(
        scenario,
        twin.body,
        twin.reference,
        length_s=seconds,
        fidelity=fidelity,
        device_id=device_id,
        straps=() if device_id is None or fidelity is Fidelity.FAST else exo_model(device_id).straps,
    )


def _assist(worn: WornDevice | None, environment: WalkingEnvironment, seed: int) -> Assist | None:
    if worn is None or worn.controller is None:
        return None
    from core.learning.exo.gyro_exo import wear  # here: walks without an exo need no PyTorch

    return wear(worn.controller, environment, seed=seed)


def _save(
    store: Store,
    context: JobContext,
    inputs: tuple[str, ...],
    twin: _WalkingTwin,
    rollout: Rollout,
    result: ScenarioRun,
    seed: int,
    settings: dict[str, object],
) -> str:
    name = named(result.scenario, twin.body.impairments, twin.label)
    return store.save(
        RecordKind.SCENARIO,
        RolloutSet((rollout,), scene_geometry(twin.body, twin.device_id), name, twin.synthetic),
        visit_id=store.info(inputs[0]).visit_id,
        inputs=inputs,
        summary=verdict_text(result, twin.body.impairments, twin.label),
        operator=context.spec.operator,
        seed=seed,
        settings=settings | physics_settings(),
    )


def chosen_scenario(key: str, *, worn: bool = False) -> Scenario:
    """Refuses a key that no scenario has (SIM-031) and, without an exo `worn`, a failure of it (SIM-035)."""
    scenario = scenario_of(key)
    if scenario is None:
        raise refuse(
            "SIM-031",
            f"There is no scenario called {key}.",
            "Scenarios have fixed names.",
            f"Use one of: {', '.join(known.key for known in SCENARIOS)}.",
        )
    if scenario.exo_disturbance is not None and not worn:
        raise refuse(
            "SIM-035",
            f"“{scenario.name}” cannot be walked without an exo.",
            "Only the exo fails in it: this walk would be level walking.",
            f"Use one of: {', '.join(known.key for known in SCENARIOS)}.",
        )
    return scenario


def chosen_fidelity(requested: object, networks: PolicyNetworks) -> Fidelity:
    """Refuses (SIM-034) a fidelity that the twin's policy was not trained with."""
    if requested is None:
        return Fidelity.FAST if networks.coordination is None else Fidelity.STANDARD
    fidelity = Fidelity(str(requested))
    if (fidelity is Fidelity.FAST) != (networks.coordination is None):
        learned = "joint torques" if networks.coordination is None else "80 muscles"
        raise refuse(
            "SIM-034",
            f"This twin cannot walk with the body “{fidelity.value}”.",
            f"It has learned to walk with {learned}.",
            "Leave out --fidelity, or teach the twin again the other way.",
        )
    return fidelity


def verdict_text(
    result: ScenarioRun, impairments: tuple[Impairment, ...] = (), label: GaitLabel | None = None
) -> str:
    """ "Stairs up: 12 of 16 starts come through 10 s; else mostly on the stairs: sank down"."""
    successes = round(result.success_rate * len(result.cause))
    name = named(result.scenario, impairments, label)
    text = f"{name}: {successes} of {len(result.cause)} starts come through {result.length_s:g} s"
    falls = [cause for cause in result.cause if cause]
    return f"{text}; most falls {most_frequent(falls)}" if falls else text


def named(scenario: Scenario, impairments: tuple[Impairment, ...], label: GaitLabel | None = None) -> str:
    """ "Stairs up, default controller, weakness, left dorsiflexors 0.5": with exo and impairments."""
    worn = [label.value] if label in CONDITIONS and label is not NO_EXO else []
    return ", ".join([scenario.name, *worn, *(one.words for one in impairments)])


def write_results(
    folder: Path,
    scenario: Scenario,
    walker: Walker,
    trace: ScenarioTrace,
    rollout: Rollout,
    result: ScenarioRun,
) -> None:
    """Arrays with units in their names, a summary and a film, all of the same walk, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays_of(trace, rollout))
    replace_file(folder / ARRAYS, stream.getvalue())
    content = json.dumps(summary_of(scenario, walker, trace, result, rollout.label), indent=2)
    replace_file(folder / SUMMARY, content.encode())
    if len(trace.time_s) > 1:
        walk = FilmedWalk(
            title=named(scenario, walker.body.impairments, rollout.label),
            body=walker.body,
            ground=walker.ground,
            time_s=trace.time_s,
            root=trace.root,
            angle_rad=trace.angle_rad,
            ground_force_n=trace.ground_force_n,
            ground_point_m=trace.ground_point_m,
            fall=trace.fall_cause,
        )
        write_film(walk, folder / FILM)


def arrays_of(trace: ScenarioTrace, rollout: Rollout) -> dict[str, Any]:
    """Everything of one walk as named arrays; each name ends in its unit. T steps, 14 joints, 2 sides."""
    muscles = rollout.muscles
    arrays: dict[str, Any] = {
        "time_s": trace.time_s,
        "pelvis_position_m": trace.root[:, :3],
        "pelvis_quaternion_wxyz": trace.root[:, 3:],
        "joint_angle_rad": trace.angle_rad,
        "joint_velocity_rad_s": trace.velocity_rad_s,
        "asked_joint_angle_rad": trace.reference_rad,
        "asked_speed_m_s": trace.reference_speed_m_s,
        "joint_torque_nm": trace.torque_nm,
        "exo_torque_nm": trace.exo_torque_nm,
        "joint_power_w": trace.torque_nm * trace.velocity_rad_s,
        "ground_force_n": trace.ground_force_n,
        "centre_of_pressure_m": trace.ground_point_m,
        "joint_names": np.array([joint.value for joint in JOINTS]),
        "side_names": np.array([side.value for side in SIDES]),
    }
    if muscles is not None:
        arrays |= {
            "muscle_names": np.array(muscles.muscle_names),
            "muscle_activation_share": muscles.activation,
            "muscle_force_n": muscles.force_n,
            "fibre_length_optimal": muscles.fibre_length,
            "metabolic_power_w": muscles.metabolic_w,
        }
    return arrays


def summary_of(
    scenario: Scenario, walker: Walker, trace: ScenarioTrace, result: ScenarioRun, label: GaitLabel
) -> dict[str, object]:
    """Results as plain values; times in seconds."""
    return {
        "simulated": True,
        "muscles": "simulated" if walker.model.na else "estimated from joint torques",
        "verdict": verdict_text(result, walker.body.impairments, label),
        "gait": label.value,
        "scenario": scenario.key,
        "name": scenario.name,
        "impairments": {one.slot.label: one.severity for one in walker.body.impairments},
        "seconds": result.length_s,
        "starts": len(result.cause),
        "success_rate": result.success_rate,
        "survived_s": [round(float(value), 2) for value in result.survived_s],
        "fall_causes": list(result.cause),
        "distance_m": [round(float(value), 2) for value in result.distance_m],
        "flexion_rmse_deg": [
            None if np.isnan(value) else round(float(value), 2) for value in result.rmse_deg
        ],
        "shown_walk": {
            "seconds": float(trace.time_s[-1]),
            "fell_at_s": trace.fell_at_s,
            "cause": trace.fall_cause,
        },
    }


def _environment(walkers: list[Walker], twin: _WalkingTwin, seed: int, seconds: float) -> WalkingEnvironment:
    actuation = actuation_of(walkers, twin.networks)
    return WalkingEnvironment(walkers, seed=seed, actuation=actuation, episode_s=2 * seconds)


def _impaired(twin: _WalkingTwin, impairments: tuple[Impairment, ...]) -> _WalkingTwin:
    if not impairments:
        return twin
    tried = {one.slot for one in impairments}
    own = tuple(one for one in twin.body.impairments if one.slot not in tried)
    body = replace(twin.body, impairments=(*own, *impairments))
    label = GaitLabel.IMPAIRED_TWIN if twin.worn is None else twin.label
    return replace(twin, label=label, body=body)


def _walking_twin(twin_id: str, store: Store, fidelity: object) -> _WalkingTwin:
    """Refuses (SIM-032) a twin that this data folder does not have. The default twin has both actuations."""
    if twin_id == DEFAULT_TWIN:
        networks = shipped_policy(muscles=fidelity not in (None, Fidelity.FAST))
        return _WalkingTwin(GaitLabel.DEFAULT_TWIN, GENERIC_BODY, None, networks, synthetic=False)
    known = known_twins(store)
    if twin_id not in known:
        listed = ", ".join([DEFAULT_TWIN, *(f"{record} ({code})" for record, code in known.items())])
        raise refuse(
            "SIM-032",
            f"There is no twin {twin_id} that has learned to walk.",
            "It belongs to another data folder, or its name is not complete.",
            f"Use one of: {listed}.",
        )
    policy = store.load(twin_id, GaitPolicy)
    networks = PolicyNetworks.from_policy(policy)
    return _WalkingTwin(
        GaitLabel.PERSONALIZED_TWIN, policy.body, policy.reference, networks, policy.synthetic
    )


def known_twins(store: Store) -> dict[str, str]:
    """GAIT_POLICY record ids of all patients, with the patient's code."""
    return {
        record.id: patient.subject.code
        for patient in store.patients()
        for visit in store.visits(patient.id)
        for record in store.records(visit.id)
        if record.kind is RecordKind.GAIT_POLICY
    }


def chosen_seconds(value: object) -> float:
    """Refuses (SIM-033) a length that is no scenario's."""
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = float("nan")
    low, high = SECONDS_RANGE
    if not low <= seconds <= high:
        raise refuse(
            "SIM-033",
            f"{value} seconds of simulation are not possible.",
            f"A scenario takes {low:g} to {high:g} seconds.",
            "Choose some seconds; 10 are a good start, 25 for a course.",
        )
    return seconds
