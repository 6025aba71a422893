"""The safety table of the exo as text for the operator: what happened, and what to do.

The exo names rows S1 to S23 by their number (`core/exo_core/SAFETY.md`). Torque is zero in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

PLACEMENT = 12  # row S12: the sensors' placement is checked while standing and in five steps
WAITING_TO_STAND = "Waiting: let the person stand still for a moment, then walk five steps."
WAITING_TO_WALK = "Waiting: the person stood; now let them walk five steps."


@dataclass(frozen=True, slots=True)
class RowText:
    what: str
    next_step: str

    @property
    def sentence(self) -> str:
        return f"{self.what} {self.next_step}"


_CHECK_SENSORS = "Check the sensors on the legs and their cables."
_ROWS: dict[int, RowText] = {
    1: RowText("The controller asked for more torque than is allowed.", "The limit held; watch the gait."),
    2: RowText("The controller asked for an impossible torque.", "Do not use it again; train a new one."),
    3: RowText("The torque would have changed too fast.", "The limit held; watch the gait."),
    4: RowText(
        "For three strides the exo braked or pushed more than with this person in training.",
        "Check the straps and the sides.",
    ),
    5: RowText("The assistance was faded.", "Arm again when the person is ready."),
    6: RowText("A joint was bent or stretched beyond its range.", "Let the person stand, then arm again."),
    7: RowText("The strides became much smaller or larger.", "Let the person walk evenly, then arm again."),
    8: RowText("The person stopped walking.", "Assistance comes back after two even strides."),
    9: RowText("A leg's sensor fell behind.", _CHECK_SENSORS),
    10: RowText("A leg's sensor is stuck.", _CHECK_SENSORS),
    11: RowText("A leg's sensor reports impossible values.", _CHECK_SENSORS),
    PLACEMENT: RowText(
        "The exo does not know yet how it sits.",
        "Let the person stand still, then walk five steps. If it stays so, check that the sensors sit "
        "straight and on the right sides.",
    ),
    13: RowText(
        "The person moves as no controller was made for.", "Assistance comes back with an even walk."
    ),
    14: RowText("The exo's computer was too slow.", "Switch the exo off and on, then try again."),
    15: RowText("A motor does not answer.", "Switch the exo off and check the motor cables."),
    16: RowText("A motor does something else than it was told.", "Switch the exo off; call service."),
    17: RowText("A motor is too hot.", "Let the exo cool down before you go on."),
    18: RowText("A part that touches the skin was warm for too long.", "Take the exo off and let it cool."),
    19: RowText("The battery is low.", "Charge the exo before you go on."),
    20: RowText(
        "The connection to this PC was lost or overloaded.", "Check the cable, connect and arm again."
    ),
    21: RowText("The emergency stop was pressed.", "Release it when the person is safe, then acknowledge."),
    22: RowText("The controller in the exo's memory changed.", "It was removed; transfer it again."),
    23: RowText("The exo waits for somebody to acknowledge a fault.", "Acknowledge it, then arm again."),
}


_NOTHING_TO_MEND = "This exo is simulated, there is nothing to mend: connect again."
# Where nobody wears the exo, and it has no straps, sensors, cables or battery to look at.
_VIRTUAL_ROWS: dict[int, RowText] = {
    4: RowText(
        "For three strides the virtual exo braked or pushed more than in training.",
        "If it happens again, train the controller for longer.",
    ),
    5: RowText("The assistance was faded.", "Arm again."),
    6: RowText(_ROWS[6].what, "Arm again when the simulated wearer stands."),
    7: RowText(_ROWS[7].what, "Arm again when the simulated wearer walks evenly."),
    8: RowText("The simulated wearer stopped walking.", _ROWS[8].next_step),
    PLACEMENT: RowText(
        "The virtual exo does not know yet how it sits.",
        "Wait until the simulated wearer has stood still and walked five steps.",
    ),
    13: RowText("The simulated wearer moves as no controller was made for.", _ROWS[13].next_step),
    17: RowText(_ROWS[17].what, "Wait until the simulated motor has cooled."),
    18: RowText(
        "A part that would touch the skin was warm for too long.",
        "Wait until the simulated part has cooled.",
    ),
    20: RowText(_ROWS[20].what, "Connect and arm again."),
    21: RowText(_ROWS[21].what, "Nobody wears this exo: acknowledge, then arm again."),
} | {row: RowText(_ROWS[row].what, _NOTHING_TO_MEND) for row in (9, 10, 11, 14, 15, 16, 19)}


def safety_row_text(row: int, *, virtual: bool = False) -> RowText:
    """Text of row S`row`, `virtual` of an exo that nobody wears; an unknown row is named by its number."""
    unknown = RowText(f"The exo stopped by its rule S{row}.", "Update this program, or call service.")
    known = _VIRTUAL_ROWS.get(row) if virtual else None
    return known or _ROWS.get(row, unknown)


def fault_sentence(row: int, *, virtual: bool = False) -> str:
    """Short form for the audit trail: `S9 A leg's sensor fell behind.`"""
    return f"S{row} {safety_row_text(row, virtual=virtual).what}"
