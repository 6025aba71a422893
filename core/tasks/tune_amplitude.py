"""Job `tune_amplitude`: the assistance force at which three thigh muscles work least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from core.assistance.amplitude import find_amplitude
from core.assistance.belt import pulling_arm_m
from core.assistance.forces import force_of
from core.assistance.iemg import (
    LEAST_CYCLES,
    ForceActivity,
    activity_of,
    heel_strikes,
    measured_activity,
    sites_of_leg,
)
from core.devices.profiles import belt_of
from core.domain.amplitude import Amplitude
from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.findings import Finding, Severity
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy
from core.emg.importing import process_emg
from core.emg.naming import suggestions
from core.emg.presets import options_of
from core.emg.requests import request_of
from core.errors import refuse
from core.jobs.values import JobContext, JsonValue, Params
from core.store.files import Attachment
from core.store.repository import Store, open_store
from core.tasks.physics_used import notes_physics, physics_settings

TWIN_FORCES_N = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0)
Report = Callable[[float, str], None]


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Find the force from `files`, one EMG recording each at `forces_n`, and keep an AMPLITUDE in `visit_id`.

    `side` is left or right, needed where the files have both legs; `strikes` the channel of the switch under
    that heel (found by its name when absent). The other parameters are those of `import_emg`: rate_hz, sheet,
    header_line, unit, mvc_file, mvc_files, mvc_unit …, sites, processing; they hold for every file. Without
    files the twin with GAIT_POLICY `policy_id` walks with `forces_n` (10 to 60 N when absent) at its hips:
    simulated. Returns the record's id. Refuses AMP-001 to AMP-006, and what `import_emg` refuses.
    """

    def report(fraction: float, words: str) -> None:
        context.check_cancelled()
        context.progress(0.05 + 0.85 * fraction, words)

    visit_id, policy_id = str(params["visit_id"]), str(params.get("policy_id") or "")
    with open_store(context.spec.data_dir) as store:
        if policy_id:
            found = from_twin(store, policy_id, params, report)
            files: tuple[Attachment, ...] = ()
        else:
            found = from_files(params, report)
            files = _attachments(_chosen(params))
        context.progress(0.95, "Saving")
        return store.save(
            RecordKind.AMPLITUDE,
            found,
            visit_id=visit_id,
            inputs=(policy_id,) if policy_id else (),
            summary=found.sentence,
            operator=context.spec.operator,
            settings={"forces_n": [float(force) for force in found.measured.force_n]} | physics_settings(),
            files=files,
        )


def from_files(params: Params, report: Report = lambda _fraction, _words: None) -> Amplitude:
    """The force from EMG recordings. Reads no record and keeps none."""
    chosen = _chosen(params)
    side, findings = _side(params.get("side")), []
    activities: list[ForceActivity] = []
    for number, one in enumerate(chosen):
        report(0.9 * number / len(chosen), f"Reading {one.file.name}")
        activity, told = _of_file(one, params, side)
        side = activity.side  # the leg of the first file is that of all
        activities.append(activity)
        findings += told
    report(0.9, "Looking for the least activity")
    return _with_findings(_found(activities), findings)


def from_twin(store: Store, policy_id: str, params: Params, report: Report) -> Amplitude:
    """The force from walks of a twin: simulated."""
    from core.learning.exo.belt_force import belt_device, thigh_activity
    from core.learning.exo.twin_in_exo import TwinInExo

    policy = store.load(policy_id, GaitPolicy)
    patients_device = store.subject_of(store.info(policy_id).visit_id).device
    device = belt_device(patients_device)
    forces, side = _forces(params), _side(params.get("side")) or Side.LEFT
    report(0.0, f"The twin walks with {len(forces)} forces at its hips")
    walked = thigh_activity(TwinInExo(policy, device), np.array(forces), _lever(patients_device), side)
    for force, cycles in zip(forces, walked, strict=True):
        if len(cycles) < LEAST_CYCLES:
            raise refuse(
                "AMP-005",
                f"The twin walks {len(cycles)} whole gait cycle{'s' * (len(cycles) != 1)} at {force:g} N.",
                "It falls with this help, or before it.",
                "On the Personalize page choose “Learn again” and give it more minutes.",
            )
    report(0.9, "Looking for the least activity")
    source = f"simulated: the twin in {device}"
    return _found(
        [
            ForceActivity(force, cycles, side, source, simulated=True)
            for force, cycles in zip(forces, walked, strict=True)
        ]
    )


def _found(activities: Sequence[ForceActivity]) -> Amplitude:
    """On one thread: the matrices are small, and the other cores belong to whoever trains there."""
    with threadpool_limits(1):
        return find_amplitude(measured_activity(activities))


def _lever(device_id: str) -> Callable[[FloatArray], FloatArray]:
    """Of the band that a profile is planned for, too."""
    belt = belt_of(device_id)
    assert belt is not None, "an exo with a belt ships"
    return partial(pulling_arm_m, belt)


@dataclass(frozen=True, slots=True)
class _Chosen:
    file: Path
    force_n: float


def _chosen(params: Params) -> tuple[_Chosen, ...]:
    files, forces = params.get("files"), params.get("forces_n")
    files, forces = files if isinstance(files, list) else [], forces if isinstance(forces, list) else []
    if len(files) != len(forces):
        raise refuse(
            "AMP-006",
            f"{len(files)} recordings and {len(forces)} forces were given.",
            "Every recording needs the force at which it was made.",
            "Give one force for each recording.",
        )
    return tuple(
        _Chosen(Path(str(file)), force_of(str(force))) for file, force in zip(files, forces, strict=True)
    )


def _forces(params: Params) -> tuple[float, ...]:
    told = params.get("forces_n")
    return tuple(force_of(str(one)) for one in told) if isinstance(told, list) and told else TWIN_FORCES_N


def _side(value: JsonValue) -> Side | None:
    if value in (None, ""):
        return None
    if value not in tuple(Side):
        raise refuse("AMP-003", f"“{value}” is no leg.", "There are two.", "Say left or right.")
    return Side(value)


def _of_file(one: _Chosen, params: Params, side: Side | None) -> tuple[ForceActivity, list[Finding]]:
    request = request_of({**params, "file": str(one.file)})
    raw = request.recording()
    told = suggestions(raw).sites if request.sites is None else dict(request.sites)
    leg, sites = sites_of_leg(told, side, raw.source_name)
    emg = process_emg(raw, sites, request.maxima(raw) or None, options_of(params.get("processing")))
    strikes_s = heel_strikes(raw, leg, str(params.get("strikes") or ""))
    return activity_of(emg, strikes_s, force_n=one.force_n), [
        finding for finding in emg.findings if finding.severity is not Severity.NOTE
    ]


def _with_findings(found: Amplitude, more: Sequence[Finding]) -> Amplitude:
    return replace(found, findings=(*dict.fromkeys((*found.findings, *more)),))


def _attachments(chosen: Sequence[_Chosen]) -> tuple[Attachment, ...]:
    return tuple(Attachment(f"emg_{one.force_n:g}N{one.file.suffix.lower()}", one.file) for one in chosen)
