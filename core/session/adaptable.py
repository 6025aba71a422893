"""Whether a recorded walk with the exo can adapt the controller that was worn in it."""

from __future__ import annotations

from dataclasses import dataclass

from core.deploy.worn_gait import gait_of_walk
from core.domain.adaptation import WornGait
from core.domain.controller import ExoSensors, TrainedController
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordInfo, RecordKind
from core.errors import Advice, UserError, refuse
from core.store.repository import Store

ANOTHER_CONTROLLER = "TRN-045"  # than the newest was worn in a walk
_ON_THE_WAY = (RecordKind.DEPLOYMENT, RecordKind.PACKAGE)  # from a walk back to its controller


@dataclass(frozen=True, slots=True, eq=False)
class AdaptableWalk:
    """A walk, its gait, and the controller that was worn and is the visit's newest."""

    info: RecordInfo
    walk: ExoWalk
    gait: WornGait
    controller_id: str
    trained: TrainedController


def newest_walk(store: Store, visit_id: str) -> tuple[RecordInfo, Advice | None] | None:
    """The newest walk of a visit and why the controller cannot be adapted to it; None where nobody walked."""
    info = store.latest(visit_id, RecordKind.WALK)
    if info is None:
        return None
    try:
        check_walk(store, info.id, visit_id)
    except UserError as error:
        return info, error.advice
    return info, None


def check_walk(store: Store, walk_id: str, visit_id: str = "") -> AdaptableWalk:
    """The walk for an adaptation; with `visit_id` it has to be of this visit.

    Refuses TRN-040 to TRN-042 (see `gait_of_walk`), TRN-045 (another controller was worn), TRN-046 (the
    patient is to wear another exo), TRN-047 (another visit, or another patient) and TRN-067 (a controller
    that was distilled).
    """
    info = store.info(walk_id)
    if visit_id and info.visit_id != visit_id:
        raise _of_another_visit(store, info.visit_id, visit_id)
    walk = store.load(walk_id, ExoWalk)
    worn, newest = _worn_controller(store, info), store.latest(info.visit_id, RecordKind.CONTROLLER)
    if worn is None or newest is None or worn != newest.id:
        raise _another_controller(known=worn is not None)
    trained = store.load(worn, TrainedController)
    if trained.sensors is ExoSensors.THIGH_GYROS:
        raise _no_encoders()
    device = store.subject_of(info.visit_id).device
    if trained.device_id != device:
        raise _another_device(trained.device_id, device)
    return AdaptableWalk(info, walk, gait_of_walk(walk), worn, trained)


def _worn_controller(store: Store, walk: RecordInfo) -> str | None:
    """The controller that was on the exo in this walk, by the records that the walk was made from."""
    waiting = [name for name, _ in walk.provenance.inputs]
    while waiting:
        info = store.info(waiting.pop(0))
        if info.kind is RecordKind.CONTROLLER:
            return info.id
        if info.kind in _ON_THE_WAY:
            waiting += [name for name, _ in info.provenance.inputs]
    return None


def _another_controller(*, known: bool) -> UserError:
    why = (
        "Another controller was worn in it than the newest of this visit."
        if known
        else "The record does not tell which controller was worn in it."
    )
    return refuse(
        ANOTHER_CONTROLLER,
        "The controller cannot be adapted to this walk.",
        why,
        "Walk with the newest controller on the Deploy page, then adapt it to that walk.",
    )


def _another_device(made_for: str, worn: str) -> UserError:
    return refuse(
        "TRN-046",
        "This walk was with another exo than the patient is to wear.",
        f"It was with {made_for}; the patient is to wear {worn}.",
        f"Choose {made_for} again on the Patients page, or train a controller for {worn}.",
    )


def _no_encoders() -> UserError:
    return refuse(
        "TRN-067",
        "A controller from thigh gyros cannot be fine-tuned to a walk.",
        "It imitates a teacher; to change it, its teacher has to change.",
        "Train a controller with encoders, fine-tune that one, and make one from thigh gyros from it.",
    )


def _of_another_visit(store: Store, walked: str, visit_id: str) -> UserError:
    same = store.visit(walked).patient_id == store.visit(visit_id).patient_id
    return refuse(
        "TRN-047",
        f"This walk is of another {'visit' if same else 'patient'}.",
        "A controller is adapted only to a walk of its own visit, in which it was worn.",
        "Open the visit with that walk, or walk with the exo in this one.",
    )
