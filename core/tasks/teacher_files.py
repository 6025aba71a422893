"""Teachers that are no record: controllers that ship, and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.devices.profiles import (
    controller_of,
    for_first_session,
    load_default_controller,
    load_generic_controller,
    load_walking_controller,
    require_training,
    session_limits,
)
from core.domain.body import JointKind
from core.domain.controller import ExoController
from core.domain.outside_arrays import read_arrays
from core.errors import UserError, refuse
from core.learning.exo.predictive_teacher import PredictiveTeacher
from core.learning.exo.privileged_teacher import PrivilegedTeacher
from core.learning.exo.teachers import Teacher, TwinTeacher, not_at_the_hip
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.gait.predictive_twin import PredictiveTwin

Arrays = dict[str, np.ndarray[Any, Any]]
TeacherReader = Callable[[Path, Arrays, TwinInExo], Teacher | None]
SHIPPED = {
    "default": load_default_controller,
    "generic": load_generic_controller,
    "walking": load_walking_controller,
}


def found_teacher(name: str, twin: TwinInExo) -> Teacher:
    """What ships under this name, or the teacher in the file of this name; `twin` walks, if it has no walk.

    Refuses TRN-061 (a file that holds none), TRN-062 (an exo of another joint), and as `require_training`.
    """
    if require_training(twin.device_id).joint is not JointKind.HIP_FLEXION:
        raise not_at_the_hip(twin.device_id)
    if name in SHIPPED:
        controller = shipped_teacher(name, twin.device_id)
        return TwinTeacher(twin, controller, f"the {name} controller of {twin.device_id}")
    path = Path(name)
    try:
        arrays: Arrays = dict(read_arrays(path))
    except (OSError, ValueError) as error:
        raise no_teacher(path.name, f"It cannot be read: {error}.") from error
    for reader in READERS:
        teacher = reader(path, arrays, twin)
        if teacher is not None:
            return teacher
    raise no_teacher(path.name, "It holds no controller that this version knows.")


def shipped_teacher(name: str, device_id: str) -> ExoController:
    """The shipped controller of this name within the limits of a first session. Refuses EXO-031."""
    return for_first_session(SHIPPED[name](device_id), device_id)


def no_teacher(name: str, why: str) -> UserError:
    return refuse(
        "TRN-061",
        f"{name[:60]} is no teacher.",
        why,
        f"Give the id of a controller of the record, {' or '.join(SHIPPED)}, or a file that "
        "`exotwin train exo-base` or `train teacher` wrote.",
    )


def _controller(path: Path, arrays: Arrays, twin: TwinInExo) -> Teacher | None:
    """A controller with encoders, as `train exo-base` writes it, on the twin."""
    if not {"gains", "limits", "weight_0", "bias_0"} <= arrays.keys():
        return None
    controller = for_first_session(controller_of(arrays), twin.device_id)
    return TwinTeacher(twin, controller, f"the controller in {path.name}")


def _predictive(path: Path, arrays: Arrays, twin: TwinInExo) -> Teacher | None:
    """A privileged policy with a walk of its own, as `train teacher` writes it; `twin` is not used."""
    if "teacher.peak_nm" not in arrays:
        return None
    try:
        policy, person = PrivilegedTeacher.of(arrays), PredictiveTwin.of(arrays)
    except (KeyError, ValueError) as error:
        raise no_teacher(path.name, f"It is of another program version, or damaged: {error}.") from error
    limits = session_limits(require_training(policy.device_id))
    return PredictiveTeacher(person, policy, limits, f"the privileged teacher in {path.name}")


READERS: tuple[TeacherReader, ...] = (_controller, _predictive)
"""Each knows one kind of file, and gives None for others. A teacher with a walk of its own needs no twin."""
