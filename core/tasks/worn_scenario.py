"""The exo in a scenario: which conditions there are, what is worn, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass

from core.devices.profiles import for_first_session, load_default_controller
from core.domain.controller import ExoController, TrainedController
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.subject import USUAL_DEVICE
from core.domain.twin import GaitPolicy
from core.errors import refuse
from core.session.scenarios import CONDITIONS, NO_EXO
from core.store.repository import Store


@dataclass(frozen=True, slots=True, eq=False)
class WornDevice:
    """An exo that is worn; without a `controller` it gives no torque."""

    device_id: str
    controller: ExoController | None = None
    walking: GaitPolicy | None = None  # the policy that accommodated to it in training, if one did


def chosen_condition(value: object) -> GaitLabel:
    """One of CONDITIONS; None is no exo. Refuses (SIM-038) anything else."""
    found = NO_EXO if value is None else next((one for one in CONDITIONS if one == value), None)
    if found is None:
        raise refuse(
            "SIM-038",
            f"“{value}” is no way to walk through a situation.",
            "A twin walks without an exo, with one that gives no torque, or with a controller.",
            f"Use one of: {', '.join(one.value for one in CONDITIONS)}.",
        )
    return found


def worn_device(
    condition: GaitLabel, store: Store, twin_id: str, controller_id: str, *, of_patient: bool
) -> WornDevice | None:
    """What is worn in this condition; None without an exo.

    The personalized controller is CONTROLLER `controller_id`. Refuses (SIM-039) one that is not there or was
    not trained for this twin and the exo of this patient.
    """
    if condition is NO_EXO:
        return None
    device = store.subject_of(store.info(twin_id).visit_id).device if of_patient else USUAL_DEVICE
    if condition is GaitLabel.WORN_WITHOUT_TORQUE:
        return WornDevice(device)
    if condition is GaitLabel.DEFAULT_CONTROLLER:
        return WornDevice(device, for_first_session(load_default_controller(device), device))
    trained = _trained(store, twin_id, controller_id) if of_patient and controller_id else None
    if trained is None or trained.device_id != device:
        raise refuse(
            "SIM-039",
            "There is no personalized controller for this twin and its exo.",
            "A controller is personalized by training it on this twin, with the exo that the patient wears.",
            "Train the controller on the Train page first, or choose another way to walk.",
        )
    return WornDevice(device, trained.controller, trained.walking)


def _trained(store: Store, twin_id: str, controller_id: str) -> TrainedController | None:
    """None for a record that is no controller of this twin."""
    info = store.info(controller_id)
    if info.kind is not RecordKind.CONTROLLER or twin_id not in dict(info.provenance.inputs):
        return None
    return store.load(controller_id, TrainedController)
