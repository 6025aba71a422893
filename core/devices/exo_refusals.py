"""The refusals of a failed exo command or link, as advice for the operator."""

from __future__ import annotations

import re

from core.errors import UserError, refuse

# Error codes common to all groups of the protocol, as far as an upload can return them.
_SHARED_REASONS = {
    1: "it does not know why",
    2: "no memory is left",
    3: "the request was not understood",
    6: "its state does not allow this; it assists, or a controller is on trial",
    7: "the message is too long",
    8: "it takes no controllers",
}


VIRTUAL_AGAIN = "Start the virtual exo again, then connect."


def exo_at(address: str) -> str:
    """The exo in a sentence; one of software, which nobody can find by its path, by what it is."""
    return "the virtual exo" if is_virtual(address) else f"the exo at {address.partition(',token=')[0]}"


def is_virtual(address: str) -> bool:
    """Only an exo of software has a pseudo terminal for a port."""
    return address.startswith("pty:")


def unplugged(address: str, *, uploading: bool = False) -> UserError:
    if uploading:
        return refuse(
            "EXO-005",
            "The exo was unplugged while the controller was being sent.",
            "Nothing was changed on the exo: the controller it had before is still active.",
            "Plug the exo in again, then start the transfer again.",
        )
    return refuse(
        "EXO-003",
        f"The connection to {exo_at(address)} was lost.",
        "It ended; without connection it goes to zero torque."
        if is_virtual(address)
        else "The cable was pulled or the exo was switched off; without connection it goes to zero torque.",
        VIRTUAL_AGAIN if is_virtual(address) else "Plug the exo in, then connect again.",
    )


def in_use(address: str) -> UserError:
    return refuse(
        "EXO-130",
        f"{_capital(exo_at(address))} is in use by another program.",
        "An exo talks to one program at a time, and another one has its connection.",
        "Close the exo's page in the other window or program, then connect again.",
    )


def token_refused(address: str, why: str) -> UserError:
    return refuse(
        "EXO-131",
        f"{_capital(exo_at(address))} lets nobody in without its token.",
        why,
        "Put ,token=FILE behind the address; FILE is the one that the exo was started with.",
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def not_answering(address: str) -> UserError:
    return refuse(
        "EXO-004",
        f"There is no answer from {exo_at(address)}.",
        "The port is open, but no answer came in time.",
        VIRTUAL_AGAIN
        if is_virtual(address)
        else "Check that this is the exo's port and that the exo is switched on, then connect again.",
    )


def broken_answers(address: str) -> UserError:
    return refuse(
        "EXO-013",
        f"What {exo_at(address)} answers cannot be understood.",
        "Either another device is on this port, or the cable is damaged.",
        "Choose the exo's port, or try another cable.",
    )


def other_protocol(address: str, version: int) -> UserError:
    return refuse(
        "EXO-014",
        f"This program cannot talk to {exo_at(address)}.",
        f"It speaks version {version} of the protocol, which this program does not know.",
        "Use the version of this program that goes with the exo, or ask its maker for newer firmware.",
    )


def refused(code: str, reason: str) -> UserError:
    if code == "EXO-008":
        return refuse(
            code, "The exo refused to arm.", reason, "Read the exo's state again, then arm once more."
        )
    return refuse(
        code, "The exo refused the command.", reason, "Stop the exo, read its state again, then try again."
    )


def upload_refused(message: str) -> UserError:
    """`message` is smpclient's text of the exo's answer, which holds the reason."""
    code = re.search(r"\brc=(?:<\w+\.(\w+): \d+>|(\d+))", message)
    reason = (
        code[1] or _SHARED_REASONS.get(int(code[2]), code[2]) if code else "something that makes no sense"
    )
    return refuse(
        "EXO-012",
        "The exo did not accept the controller.",
        f"It answered: {reason}.",
        "Stop the exo so that it is safe, then start the transfer again.",
    )
