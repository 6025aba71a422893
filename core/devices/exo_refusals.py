"""The refusals of a failed exo command or link, as advice for the operator."""

from __future__ import annotations

import re

from core.domain.exo_protocol import Rc
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


# What a controller was released for: code, what happened, why, and what to do.
_RELEASES = {
    Rc.FOR_VIRTUAL_EXO: (
        "DEP-033",
        "The exo refused the controller: it may only run on a virtual exo.",
        "It was packed for a virtual exo, and the exo says that it is a real one.",
        "Sign for a supervised walk on the Compare page, then pack the controller for this exo.",
    ),
    Rc.OTHER_EXO: (
        "DEP-034",
        "The exo refused the controller: it is for another exo.",
        "It was packed for the serial number of one exo, and this one has another.",
        "Connect the exo that it was packed for, or pack it again for this one.",
    ),
    Rc.DOWNGRADE: (
        "DEP-035",
        "The exo refused the controller: it is older than one that was kept on it.",
        "An exo takes no older package, so that nobody brings back one that was replaced.",
        "Pack the signed controller again, then transfer it.",
    ),
    Rc.EXPIRED: (
        "DEP-036",
        "The exo refused the controller: it has expired.",
        "A gait changes; a controller is good for three months, by the time that the exo was told.",
        "Check the clock of this computer. If it is right, start a new visit and train a new controller.",
    ),
    Rc.NO_TIME: (
        "DEP-037",
        "The exo refused to arm: it does not know the time.",
        "Its controller expires; a computer has to tell it the time after it was switched on.",
        "Check the clock of this computer, connect the exo anew, then arm once more.",
    ),
    Rc.OTHER_VERSION: (
        "DEP-039",
        "The exo does not run its controller: another version of ExoTwin wrote it.",
        "It does not say what it was released for, as every controller must.",
        "Pack the signed controller again with this version, then transfer it.",
    ),
}


def release_refused(rc: Rc) -> UserError:
    """Refused for what it was released for. Raises KeyError for any other code."""
    code, what, why, next_step = _RELEASES[rc]
    return refuse(code, what, why, next_step)


def older_than_kept(counter: int, kept: int) -> UserError:
    return refuse(
        "DEP-035",
        "This package is older than one that was kept on this exo.",
        f"It is number {counter}; the exo has kept number {kept} and takes no lower one.",
        "Pack the signed controller again, then transfer it.",
    )


def earlier_time(exo_utc: str) -> UserError:
    """The exo keeps its own time: it never goes back."""
    return refuse(
        "DEP-038",
        "The exo did not take over the time of this computer.",
        f"By the exo it is {exo_utc} UTC or later already; its time never goes back.",
        "Check the clock of this computer. If it is right, switch the exo off and on, then connect again.",
    )


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


def refused(code: str, reason: str, rc: Rc | None = None) -> UserError:
    """`rc` is the exo's own code, where it has one."""
    if rc in _RELEASES:
        return release_refused(rc)
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
