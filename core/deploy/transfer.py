"""From a package to a confirmed controller: send, read back, compare, try, self-test, keep.

Whatever goes wrong, the exo ends with the controller it had before, or with the factory one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from core.deploy.package import PackageFile
from core.devices.exo_link import ExoLink
from core.devices.exo_protocol import SlotState
from core.devices.exo_values import ExoInfo
from core.domain.audit import AuditStep
from core.errors import UserError, refuse

Report = Callable[[float, str], None]  # share done, sentence; may raise to cancel
Note = Callable[[AuditStep, str], None]  # what happened, for the audit trail; details

_UPLOAD = (0.05, 0.55)
_READ_BACK = (0.60, 0.85)


@dataclass(frozen=True, slots=True)
class Transferred:
    """What the exo holds now, as it says itself."""

    device: ExoInfo
    readback_sha256: str
    selftest_ticks: int


def unnoted(step: AuditStep, detail: str) -> None:
    """For a transfer that belongs to no record, as in a benchmark."""


def transfer(link: ExoLink, package: PackageFile, report: Report, note: Note = unnoted) -> Transferred:
    """Put the package on the exo and confirm it. `note` is told each step once the exo has done it.

    Raises UserError: EXO-007 wrong exo, EXO-015 exo in use, EXO-005 unplugged while sending, EXO-012 not
    accepted, EXO-006 other bytes read back, EXO-009 self-test failed, and what the link raises.
    """
    sha256 = package.blob.sha256
    report(0.0, "Looking at the exo")
    _check_device(link, package)
    if not _already_there(link, sha256):
        _send(link, package, report)
        note(AuditStep.UPLOADED, f"{len(package.device_bytes)} bytes")
    readback_sha256 = _compare(link, package, report)
    note(AuditStep.VERIFIED, f"read back {readback_sha256}")
    try:
        return _keep(link, package, readback_sha256, report, note)
    except BaseException as error:
        with suppress(UserError):  # the first error counts; at its next reset the exo reverts by itself
            if _take_back(link, sha256):
                note(
                    AuditStep.ROLLED_BACK, f"to what ran before, because: {str(error) or 'it was cancelled'}"
                )
        raise


def _check_device(link: ExoLink, package: PackageFile) -> None:
    info = link.info()
    if info.profile_id != package.blob.profile_id:
        raise refuse(
            "EXO-007",
            f"The connected exo is a {info.profile_id}; the package is for a {package.blob.profile_id}.",
            "A controller fits only the exo it was trained with.",
            f"Connect a {package.blob.profile_id}, or make a package for this exo.",
        )
    if info.state.moves:
        raise refuse(
            "EXO-015",
            "The exo is assisting somebody right now.",
            "A controller is never exchanged while a person is being assisted.",
            "Stop the exo, then start the transfer again.",
        )


def _already_there(link: ExoLink, sha256: str) -> bool:
    """True when the exo already runs exactly this controller, confirmed. A trial left over is ended."""
    slots = link.slots()
    running = slots.running
    if running is not None and running.state is SlotState.TEST:
        link.revert()
        return False
    return running is not None and running.state is SlotState.CONFIRMED and running.sha256 == sha256


def _send(link: ExoLink, package: PackageFile, report: Report) -> None:
    first, last = _UPLOAD
    report(first, "Sending the controller")

    def sent(done: int, total: int) -> None:
        report(first + (last - first) * done / total, f"Sending the controller: {done // 1024} kB sent")

    link.upload(package.device_bytes, sent)


def _compare(link: ExoLink, package: PackageFile, report: Report) -> str:
    """Hash and bytes of what the exo stored; returns the hash of the bytes read back."""
    report(_READ_BACK[0], "Reading the controller back")
    slot = link.slots().holding(package.blob.sha256)
    if slot is None:
        raise _read_back_differs()
    if slot.state is SlotState.BAD:
        raise refuse(
            "EXO-012",
            "The exo did not accept the controller.",
            f"It says: {slot.detail}.",
            "Make the package again for this exo.",
        )

    def read(done: int, total: int) -> None:
        share = done / total
        report(_READ_BACK[0] + (_READ_BACK[1] - _READ_BACK[0]) * share, "Reading the controller back")

    data = link.read_back(slot.name, read)
    if data != package.device_bytes:
        raise _read_back_differs()
    return hashlib.sha256(data).hexdigest()


def _keep(
    link: ExoLink, package: PackageFile, readback_sha256: str, report: Report, note: Note
) -> Transferred:
    sha256 = package.blob.sha256
    if link.info().active_sha256 != sha256:
        report(0.88, "Starting the controller on trial, with zero torque")
        link.test(sha256)
        link.activate()
        note(AuditStep.ON_TRIAL, "with zero torque")
    report(0.92, "Self-test on the exo")
    test = link.selftest()
    if not test.passed or test.outputs_sha256 != package.blob.golden.outputs_sha256:
        raise refuse(
            "EXO-009",
            "The controller failed its self-test on the exo.",
            "The exo computes other numbers than this program.",
            "The controller before is active again. Update the exo's firmware, then try again.",
        )
    note(AuditStep.SELF_TEST, f"{test.ticks} test vectors bit by bit, {test.mean_tick_us} us a tick")
    report(0.96, "Confirming the controller")
    link.confirm(sha256)
    info = link.info()
    if info.active_sha256 != sha256 or not info.confirmed:
        raise _read_back_differs()
    note(AuditStep.CONFIRMED, f"slot {info.active_slot}, firmware {info.firmware}")
    return Transferred(info, readback_sha256, test.ticks)


def _take_back(link: ExoLink, sha256: str) -> bool:
    """Whether there was something to take back."""
    running = link.slots().running
    on_trial = running is not None and running.sha256 == sha256 and running.state is SlotState.TEST
    if on_trial:
        link.revert()
    return on_trial


def _read_back_differs() -> UserError:
    return refuse(
        "EXO-006",
        "The exo holds other bytes than were sent.",
        "What was read back differs from the package, so it was not activated.",
        "Try another cable or port, then start the transfer again.",
    )
