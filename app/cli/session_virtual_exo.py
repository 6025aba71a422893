"""The end of a session without a screen: the controller on a virtual exo, which nobody wears."""

from __future__ import annotations

from app.exo_process import VirtualExo
from app.session_request import SessionRequest
from app.terminal import Terminal
from core.errors import Advice, UserError
from core.jobs.values import JsonValue
from core.store.repository import Store


def refusal_of_virtual_exo(
    store: Store, visit_id: str, package_id: str, request: SessionRequest, terminal: Terminal
) -> Advice | None:
    """Why no virtual exo keeps this package after a walk with it; None where one does.

    It runs in real time, so a busy PC can disturb it: what was refused is tried once more, and said.
    A refusal is returned, not raised: the session still writes its results.
    """
    advice = _refusal_of_walk(store, visit_id, package_id, request, terminal)
    if advice is not None:
        terminal.print_line(f"{advice.one_line()} The virtual exo is started again, once.")
        advice = _refusal_of_walk(store, visit_id, package_id, request, terminal)
    return advice


def _refusal_of_walk(
    store: Store, visit_id: str, package_id: str, request: SessionRequest, terminal: Terminal
) -> Advice | None:
    """Why the walk with the virtual exo, which nobody wears, was refused; None where it was not."""
    exo = VirtualExo(request.data_dir)
    try:
        address = exo.start(request.device)
        transfer: dict[str, JsonValue] = {
            "package_id": package_id,
            "address": address,
            "confirmed_patient": store.subject_of(visit_id).code,
            "confirmed_device": request.device,
        }
        deployment_id = terminal.run("deploy", transfer, visit_id=visit_id)
        walk: dict[str, JsonValue] = {"deployment_id": deployment_id, "address": address}
        terminal.run("virtual_walk", walk, visit_id=visit_id)
    except UserError as error:
        return error.advice
    finally:
        exo.stop()
    return None
