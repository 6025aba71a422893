"""At the start: the clock of the PC does not fit the record, and a person may know why."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QWidget

from core.domain.people import Action
from core.errors import UserError
from core.store.people import RECORD
from ui.session_context import SessionContext
from ui.signature import SignatureRequest
from ui.theme import Tone


def ask_about_clock(parent: QWidget, context: SessionContext) -> QInputDialog | None:
    """Tell that the clock does not fit; ask where it is behind, because nobody can sign meanwhile.

    None where nothing is asked, as of who may not look after the record. Closing the question leaves
    everything as it is: patients can walk.
    """
    doubt = context.store.clock_doubt()
    if doubt is None:
        return None
    context.show_message(doubt.words, Tone.WARN)
    if not doubt.behind or context.store.people.blocked(Action.LOOK_AFTER):
        return None
    question = QInputDialog(parent)
    question.setWindowTitle("Clock of this PC")
    question.setLabelText(
        f"{doubt.words}\nNobody can sign meanwhile. If the clock is right now, say how it came to be wrong.\n"
        "Otherwise close this and set date and time of the PC."
    )
    question.setOkButtonText("The clock is right")
    question.setCancelButtonText("Close")
    question.textValueSelected.connect(lambda reason: _sign(context, reason))
    question.open()
    return question


def _sign(context: SessionContext, reason: str) -> None:
    words = f"The clock of this PC is right now. How it came to be wrong: {reason}"
    request = SignatureRequest(
        Action.LOOK_AFTER, RECORD, words, lambda signed: _confirm(context, signed.name, reason)
    )
    context.sign(request, (context.operator, ""))


def _confirm(context: SessionContext, by: str, reason: str) -> None:
    try:
        context.store.confirm_clock(by, reason)
    except UserError as error:
        context.show_message(error.advice.one_line(), Tone.WARN)
        return
    context.show_message("Noted in the audit trail: the clock is right. Signing works again.", Tone.OK)
