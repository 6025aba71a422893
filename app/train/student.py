"""`exotwin train student`: a controller from thigh gyros alone, from a teacher of the record or in a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from app.session_request import check_results_folder
from app.train.virtual_people import default_twin
from core.devices.profiles import for_first_session, load_profile, require_training
from core.domain.arrays import Float32Array
from core.domain.controller import ExoController, TrainedController
from core.domain.distillation import Distillation
from core.domain.twin import Network
from core.errors import UserError, refuse
from core.jobs.values import JsonValue
from core.learning.exo.distil import distil
from core.learning.exo.temporal_student import DistillationSizes, student_controller
from core.store.private import ordinary_permissions
from core.store.repository import open_store
from core.tasks.teacher_files import SHIPPED, Arrays, found_teacher, no_teacher

if TYPE_CHECKING:
    from app.terminal import Terminal

RESULT, SUMMARY = "student.npz", "student.json"
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StudentRequest:
    teacher: str  # id of a CONTROLLER, or a file
    data_dir: Path
    out: Path | None
    device_id: str
    seed: int
    policy_id: str = ""  # of the twin that is to wear the pupil of a file or of what ships; "": none

    @property
    def of_the_record(self) -> bool:
        """Whether the pupil becomes a record; else, of a file or of what ships, it goes into a folder."""
        return bool(self.policy_id) or (self.teacher not in SHIPPED and not Path(self.teacher).is_file())


def student_of_record(request: StudentRequest, terminal: Terminal) -> dict[str, Any]:
    """The numbers of the pupil's record. Refuses (TRN-061) an unknown id, and as `distil_controller` does."""
    own = request.policy_id or request.teacher
    with open_store(request.data_dir) as store:
        try:
            visit_id = store.info(own).visit_id
        except UserError as error:
            why = "It is neither a file nor in the record of this data folder."
            raise no_teacher(own, why) from error
    params: dict[str, JsonValue] = {"controller_id": request.teacher, "seed": request.seed}
    if request.policy_id:
        params = {"policy_id": own, "teacher": request.teacher, "seed": request.seed}
    record_id = terminal.run("distil_controller", params, visit_id=visit_id)
    with open_store(request.data_dir) as store:
        trained = store.load(record_id, TrainedController)
    assert trained.distilled is not None
    return {"controller": record_id, **numbers_of(trained.distilled)}


def numbers_of(found: Distillation) -> dict[str, Any]:
    """Of one distillation, ready for JSON. Simulated."""
    return {
        "teacher": found.teacher,
        "correlation": round(found.overall.correlation, 4),
        "rmse_nm_kg": round(found.overall.rmse_nm_kg, 4),
        "teacher_rms_nm_kg": round(found.overall.teacher_rms_nm_kg, 4),
        "standing_nm": round(found.standing_nm, 2),
        "ticks": found.ticks,
        "seconds": round(found.seconds, 1),
        "walks": {one.name: [round(one.correlation, 4), round(one.rmse_nm_kg, 4)] for one in found.walks},
    }


def student_into_folder(request: StudentRequest, report: Report) -> dict[str, Any]:
    """The numbers of the pupil in `out`. Refuses TRN-069 (no folder), and as `found_teacher` and `distil`."""
    if request.out is None:
        raise refuse(
            "TRN-069",
            "Nobody said where the controller goes.",
            "A teacher in a file belongs to no patient, so its pupil goes into a folder.",
            "Add --out DIR, or --twin ID for somebody's twin.",
        )
    check_results_folder(request.out)
    require_training(request.device_id)
    teacher = found_teacher(request.teacher, default_twin(request.device_id))
    torch.set_num_threads(1)  # the networks are small; the physics has its own threads
    pupil = distil(
        teacher,
        teacher_id="",
        seed=request.seed,
        watch=lambda fraction, sentence: report(f"{fraction:.0%} {sentence}"),
        clock=time.monotonic,
        sizes=DistillationSizes(),
    )
    numbers = {"simulated": True, "device": teacher.device_id, **numbers_of(pupil.evidence)}
    card = numbers | {"limits": asdict(pupil.controller.limits), "mass_kg": teacher.mass_kg}
    with ordinary_permissions():
        request.out.mkdir(parents=True, exist_ok=True)
        np.savez(request.out / RESULT, **student_arrays(pupil.controller))  # type: ignore[arg-type]
        (request.out / SUMMARY).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return {"file": str(request.out / RESULT), **numbers}


def student_arrays(controller: ExoController) -> dict[str, Float32Array]:
    """Weights and biases by layer; everything else of such a controller is fixed, but for its limits."""
    network = controller.network
    found: dict[str, Float32Array] = {}
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        found |= {f"weight_{layer}": weight, f"bias_{layer}": bias}
    return found


def student_of(arrays: Arrays, device_id: str) -> ExoController:
    """The inverse of `student_arrays`, within the limits of a first session with this exo."""
    layers = range(sum(name.startswith("weight_") for name in arrays))
    weights, biases = ([arrays[f"{kind}_{layer}"] for layer in layers] for kind in ("weight", "bias"))
    network = Network(tuple(weights), tuple(biases), "relu")
    return for_first_session(student_controller(network, load_profile(device_id).limits), device_id)
