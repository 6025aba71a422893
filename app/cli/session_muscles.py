"""Muscles in a headless session: calibrated where there is EMG."""

from __future__ import annotations

from typing import Any

from app.terminal import Terminal
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.record import RecordKind
from core.errors import UserError
from core.jobs.values import JsonValue
from core.session.flow import standing
from core.session.weakness import facts_of
from core.store.repository import Store


def calibrated_twin(
    store: Store, twin_id: str, motion_id: str, kinetics_id: str, terminal: Terminal, **listed: JsonValue
) -> str:
    """The twin with muscles calibrated with the visit's EMG; the same twin where that cannot be done.

    `listed` names the record of chosen impairments, where the twin has any.
    EMG is optional in a session: what is wrong with it is said, and the session goes on without.
    """
    visit_id = store.info(motion_id).visit_id
    emg = store.latest(visit_id, RecordKind.EMG)
    if emg is None:
        return twin_id
    params: dict[str, JsonValue] = {"twin_id": twin_id, "motion_id": motion_id}
    params |= {"kinetics_id": kinetics_id, "emg_id": emg.id, **listed}
    try:
        return terminal.run("calibrate_muscles", params, visit_id=visit_id)
    except UserError as error:
        if not error.advice.code.startswith("KIN-1"):
            raise
        terminal.print_line(f"Muscles were not calibrated. {error.advice.one_line()}")
        return twin_id


def muscle_numbers(store: Store, visit_id: str) -> dict[str, Any]:
    """What the calibration found, for `summary.json`; nothing without one."""
    info = standing(facts_of(store, visit_id), RecordKind.MUSCLE_CALIBRATION)
    if info is None:
        return {}
    calibration = store.load(info.id, MuscleCalibration)
    return {
        "muscles": {
            "moments": {
                fit.joint.value: {
                    "r2_before": _number(fit.r2_before),
                    "r2_after": _number(fit.r2_after),
                    "held_out_r2": _number(fit.held_out_r2_after),
                }
                for fit in calibration.fits
            },
            "strength": {
                f"{one.side} {one.group}": round(one.factor, 3) for one in calibration.body.strength
            },
            "habits": sorted(f"{one.side} {one.muscle}" for one in calibration.body.habits),
            "findings": [one.advice.what for one in calibration.findings],
            "synthetic": calibration.synthetic,
        }
    }


def _number(value: float) -> float | None:
    """Numbers that are not known have no place in JSON."""
    return round(value, 4) if value == value else None
