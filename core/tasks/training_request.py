"""What a training of the exo is asked for, read from the parameters of its job."""

from __future__ import annotations

from core.domain.controller import Aim, ExoSensors
from core.errors import refuse
from core.twin.body import Fidelity


def asked_minutes(minutes: float) -> float:
    """Refuses (TRN-010) less than three seconds and more than a day."""
    if 0.05 <= minutes <= 24 * 60:
        return minutes
    raise refuse(
        "TRN-010",
        f"{minutes:g} minutes of training are not possible.",
        "Training needs between 3 seconds and a day.",
        "Choose some minutes; three are a good start.",
    )


def asked_aim(aim: object) -> Aim:
    """Refuses (TRN-025) what is no `Aim`."""
    try:
        return Aim(str(aim or Aim.MUSCLES.value))
    except ValueError as error:
        raise refuse(
            "TRN-025",
            f"The exo cannot be trained for the aim {aim}.",
            "It is trained to relieve the muscles or to save energy.",
            f"Choose one of: {', '.join(one.value for one in Aim)}.",
        ) from error


def asked_sensors(sensors: object) -> ExoSensors:
    """Refuses (TRN-068) what are no `ExoSensors`."""
    try:
        return ExoSensors(str(sensors or ExoSensors.ENCODERS.value))
    except ValueError as error:
        raise refuse(
            "TRN-068",
            f"The exo cannot be trained for the sensors {sensors}.",
            "It feels its wearer by its encoders or by one gyro on each thigh.",
            f"Choose one of: {', '.join(one.value for one in ExoSensors)}.",
        ) from error


def asked_iterations(iterations: object) -> int | None:
    """None: as many as fit into the minutes."""
    return None if iterations is None else max(0, int(str(iterations)))


def trains_muscles(fidelity: object) -> bool:
    """Refuses (TRN-006) another fidelity than "fast" and "standard"."""
    kinds = {Fidelity.FAST.value: False, Fidelity.STANDARD.value: True}
    if str(fidelity) in kinds:
        return kinds[str(fidelity)]
    raise refuse(
        "TRN-006",
        f"The exo cannot be trained at the fidelity {fidelity}.",
        "It is trained with joint torques (fast) or with 80 muscles (standard).",
        f"Choose one of: {', '.join(kinds)}.",
    )
