"""From a package to a provisional controller: upload, read back, compare, activate, self-test.

After any error the exo runs the controller it had before, or the factory one. The confirm follows later,
after a supervised walk: see `core.deploy.provisional`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from core.deploy.package import PackageFile
from core.deploy.provisional import AuditCallback, assisting, no_audit, read_back_differs, revert
from core.devices.exo_link import ExoLink
from core.devices.exo_refusals import release_refused
from core.devices.exo_values import ExoInfo
from core.domain.audit import AuditStep
from core.domain.exo_protocol import Rc, SlotState
from core.errors import UserError, refuse

Report = Callable[[float, str], None]  # fraction done, sentence; may raise to cancel

_UPLOAD = (0.05, 0.55)
_READ_BACK = (0.60, 0.85)
MAX_TICK_US = 5_000  # half of a control tick; the rest belongs to sensors, supervisor and link


@dataclass(frozen=True, slots=True)
class Transferred:
    """State of the exo after the transfer, as the exo reports it."""

    device: ExoInfo
    readback_sha256: str
    version: str  # of the package, as the exo names it
    selftest_ticks: int
    mean_tick_us: int


def transfer(
    link: ExoLink, package: PackageFile, report: Report, note: AuditCallback = no_audit
) -> Transferred:
    """Upload the package and activate it as provisional; one that is confirmed on the exo stays confirmed.

    `note` is called after each step that the exo completed. Raises UserError: EXO-007 wrong exo, EXO-015
    exo in use, EXO-005 unplugged while sending, EXO-012 not accepted, EXO-006 other bytes read back, EXO-009
    self-test failed, EXO-016 too slow, what `release_refused` makes, and what the link raises.
    """
    sha256 = package.blob.sha256
    report(0.0, "Looking at the exo")
    _check_device(link, package)
    if not _already_confirmed(link, sha256):
        _upload(link, package, report)
        note(AuditStep.UPLOADED, f"{len(package.device_bytes)} bytes")
    readback_sha256 = _compare(link, package, report)
    note(AuditStep.VERIFIED, f"read back {readback_sha256}")
    try:
        return _activate_and_test(link, package, readback_sha256, report, note)
    except BaseException as error:
        with suppress(UserError):  # the first error counts; at its next reset the exo reverts by itself
            if revert(link, sha256):
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
        raise assisting()


def _already_confirmed(link: ExoLink, sha256: str) -> bool:
    """True when the exo runs exactly this controller, confirmed. Reverts a leftover provisional one."""
    slots = link.slots()
    running = slots.running
    if running is not None and running.state is SlotState.PROVISIONAL:
        link.revert()
        return False
    return running is not None and running.state is SlotState.CONFIRMED and running.sha256 == sha256


def _upload(link: ExoLink, package: PackageFile, report: Report) -> None:
    first, last = _UPLOAD
    report(first, "Sending the controller")

    def sent(done: int, total: int) -> None:
        report(first + (last - first) * done / total, f"Sending the controller: {done // 1024} kB sent")

    link.upload(package.device_bytes, sent)


def _compare(link: ExoLink, package: PackageFile, report: Report) -> str:
    """Compare hash and bytes of the stored slot with the package; returns the hash of the bytes read back."""
    report(_READ_BACK[0], "Reading the controller back")
    slot = link.slots().holding(package.blob.sha256)
    if slot is None:
        raise read_back_differs()
    if slot.state is SlotState.BAD:
        if slot.refused is not Rc.OK:
            raise release_refused(slot.refused)
        raise refuse(
            "EXO-012",
            "The exo did not accept the controller.",
            f"It says: {slot.detail}.",
            "Make the package again for this exo, with a key that it trusts.",
        )

    def read(done: int, total: int) -> None:
        fraction = done / total
        report(_READ_BACK[0] + (_READ_BACK[1] - _READ_BACK[0]) * fraction, "Reading the controller back")

    data = link.read_back(slot.name, read)
    if data != package.device_bytes:
        raise read_back_differs()
    return hashlib.sha256(data).hexdigest()


def _activate_and_test(
    link: ExoLink, package: PackageFile, readback_sha256: str, report: Report, note: AuditCallback
) -> Transferred:
    sha256 = package.blob.sha256
    if link.info().active_sha256 != sha256:
        report(0.88, "Starting the controller on trial, with zero torque")
        link.test(sha256)
        link.activate()
        note(AuditStep.PROVISIONAL, "with zero torque; at most half of its torque until it is confirmed")
    report(0.92, "Self-test on the exo")
    test = link.selftest()
    if not test.passed or test.outputs_sha256 != package.blob.golden.outputs_sha256:
        raise refuse(
            "EXO-009",
            "The controller failed its self-test on the exo.",
            "The exo computes other numbers than this program.",
            "The controller before is active again. Ask the maker of the exo for firmware that fits.",
        )
    if test.mean_tick_us > MAX_TICK_US:
        raise refuse(
            "EXO-016",
            "The exo is too slow for this controller.",
            f"A step takes it {test.mean_tick_us / 1000:.1f} ms; it has {MAX_TICK_US / 1000:.0f} ms.",
            "The controller before is active again. Ask the maker of the exo for faster firmware.",
        )
    note(AuditStep.SELF_TEST, f"{test.ticks} test vectors bit by bit, {test.mean_tick_us} us a tick")
    report(0.98, "Looking at the exo once more")
    info, running = link.info(), link.slots().running
    if running is None or info.active_sha256 != sha256:
        raise read_back_differs()
    return Transferred(info, readback_sha256, running.version, test.ticks, test.mean_tick_us)
