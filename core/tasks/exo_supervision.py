"""Supervision of one exo: arming, walks, confirm, revert and roll back all pass here and enter the record.

A provisional controller lasts as long as its supervision: it is reverted when the supervision ends without a
confirm, and one that was left over is reverted by the next supervision. The texts on the screen call a
provisional controller "on trial".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from core.deploy.live import ArmPermit, ExoMonitor
from core.deploy.provisional import (
    check_approver,
    check_reason,
    check_walked,
    confirm,
    is_provisional,
    previous_confirmed_slot,
    revert,
    roll_back,
)
from core.deploy.signed_heads import sign_head_quietly
from core.deploy.walk_recorder import Compute, WalkFacts, WalkRecorder
from core.devices.exo_faults import fault_sentence
from core.devices.exo_link import ExoLink
from core.devices.exo_protocol import TelemetryRecord
from core.devices.exo_values import ExoInfo
from core.domain.audit import AuditStep
from core.domain.controller import Approver, Deployment, Handover, unattended
from core.domain.declarations import on_virtual_exo
from core.domain.exo_protocol import DeviceState
from core.domain.exo_status import ExoStatusMessage, parse_confirm_command, parse_roll_back_command
from core.domain.exo_walk import ExoWalk
from core.domain.people import Action
from core.domain.record import RecordKind
from core.domain.release import reason_to_go_back
from core.errors import UserError, refuse
from core.store.repository import Store
from core.tasks.audit_trail import Trail
from core.tasks.trail_on_exo import tell_exo

SETTLE_S = 0.05  # some control ticks, after which the exo's state reflects the last command
_LINK_LOST_CODES = ("EXO-003", "EXO-004", "EXO-005", "EXO-013", "EXO-014")


@dataclass(frozen=True, slots=True)
class SupervisedExo:
    """The patient who wears the exo, and the deployment on it."""

    visit_id: str
    operator: str
    patient_code: str
    subject_tag: str
    mass_kg: float
    deployment_id: str = ""
    deployment: Deployment | None = None
    compute_of: Callable[[str], Compute | None] = lambda sha256: (
        None
    )  # from a controller's hash to the function that predicts its torque


def needs_a_person() -> UserError:
    return refuse(
        "DEP-023",
        "A real exo is not kept without a person.",
        "Somebody has to walk with it under supervision, and a clinician has to decide.",
        "Open the Deploy page, connect the exo, walk with it and confirm there.",
    )


class ExoSupervision:
    """Call `step` every few milliseconds, `try_command` with commands, and `close` in every case."""

    def __init__(
        self,
        store: Store,
        link: ExoLink,
        trail: Trail,
        supervised: SupervisedExo,
        permit: ArmPermit,
        report: Callable[[str], None],
    ) -> None:
        self._store, self._link, self._trail, self._supervised, self._report = (
            store,
            link,
            trail,
            supervised,
            report,
        )
        self._info = link.info()
        self._recorder = WalkRecorder(self._info.joint)
        self._walk: ExoWalk | None = None
        self._walk_id = ""
        self._last_state: DeviceState | None = None
        self._stop_requested = False  # by this program, not by the exo
        self._permit = permit
        deployment = supervised.deployment
        self._provisional = deployment is not None and deployment.handover is Handover.PROVISIONAL
        self.live = ExoMonitor(link, None, report, trail.note, virtual=self._info.virtual)
        if self._provisional:
            link.put_on_anew()  # another person may have worn it: the sensors' placement is checked again
            time.sleep(SETTLE_S)
        self._set_permit(deployment)
        self._previous = self._previous_version()
        self._report_status()

    @property
    def info(self) -> ExoInfo:
        return self._info

    @property
    def patient_code(self) -> str:
        return self._supervised.patient_code

    @property
    def strides(self) -> tuple[int, int]:
        return self._recorder.strides

    @property
    def walk(self) -> ExoWalk | None:
        """The walk that ended last."""
        return self._walk

    @property
    def is_provisional(self) -> bool:
        """Whether a provisional controller runs, which may still be confirmed."""
        return self._provisional

    # commands and steps

    def step(self, now_s: float) -> tuple[TelemetryRecord, ...]:
        """What the exo measured since the last call. Raises what the link raises."""
        records = self.live.step(now_s)
        for record in records:
            self._recorder.add(record)
        if self._recorder.walking and records and not records[-1].state.moves:
            self._end_walk()
        if self.live.state is not self._last_state:
            self._last_state = self.live.state
            self._check_still_provisional()
        return records

    def try_command(self, command: str) -> None:
        """As `handle_command`, but a refusal is reported and recorded; a lost link is raised."""
        try:
            self.handle_command(command)
        except UserError as error:
            if error.advice.code in _LINK_LOST_CODES:
                raise
            self._trail.note(AuditStep.REFUSED, error.advice.one_line())
            self._report(error.advice.one_line())
            self._report_status(refused=error)

    def handle_command(self, command: str) -> str:
        """`arm`, `disarm`, `stop`, `acknowledge`, or what `core.domain.exo_status` makes.

        Returns the record that was written, "" where none was. Raises what the exo refuses, DEP-021, DEP-022,
        DEP-043.
        """
        confirmer, approver_of_roll_back = parse_confirm_command(command), parse_roll_back_command(command)
        if confirmer is not None:
            return self._confirm(confirmer)
        if approver_of_roll_back is not None:
            return self._roll_back(approver_of_roll_back)
        self._stop_requested = command in ("stop", "disarm")
        if command == "arm":
            self._tell_exo_the_trail()
        self.live.handle_command(command)
        return ""

    def close(self) -> None:
        """Zero torque; revert a provisional controller; merge the exo's event log into the audit trail."""
        link_lost = True
        self._stop_requested = True
        with suppress(UserError):  # without a link the exo stops by itself
            self.live.stop()
            link_lost = False
        if self._recorder.walking:
            self._end_walk()
        if self._provisional:
            self._end_provisional("nobody kept it", lost=link_lost)
        if not link_lost:
            with suppress(UserError):
                self._trail.merge_faults(self._link)

    # implementation

    def _end_walk(self) -> None:
        deployment, fault = self._supervised.deployment, self.live.state is DeviceState.FAULT
        sha256 = "" if deployment is None else deployment.package_sha256
        limit_nm, mass_kg = self.live.allowed_nm, self._supervised.mass_kg
        facts = WalkFacts(sha256, self._info.serial, self._info.virtual, self._provisional, limit_nm, mass_kg)
        compute = self._supervised.compute_of(sha256) if sha256 else None
        self._walk = self._recorder.finish(facts, compute, self._end_text(), fault=fault)
        if self._walk is not None:
            self._walk_id = self._save_walk(self._walk)
            self._report_status(saved=True)

    def _end_text(self) -> str:
        if self._stop_requested:
            return "stopped from this program"
        with suppress(UserError):
            return fault_sentence(self.live.newest_fault(), virtual=self._info.virtual)
        return "the connection was lost"

    def _save_walk(self, walk: ExoWalk) -> str:
        left, right = walk.strides
        inputs = (self._supervised.deployment_id,) if self._supervised.deployment_id else ()
        return self._store.save(
            RecordKind.WALK,
            walk,
            visit_id=self._supervised.visit_id,
            inputs=inputs,
            summary=f"{left} left and {right} right {walk.strides_word} with the {self._kind}, "
            f"{walk.seconds:.0f} s.",
            operator=self._supervised.operator,
        )

    def _check_still_provisional(self) -> None:
        """After a fault the exo reverts by itself: record that."""
        deployment = self._supervised.deployment
        moves = self.live.state is not None and self.live.state.moves
        if not self._provisional or deployment is None or moves:
            return
        if not is_provisional(self._link.slots(), deployment.package_sha256):
            self._provisional = False
            self._record_reverted("the exo itself ended the trial")

    def _end_provisional(self, why: str, *, lost: bool) -> None:
        self._provisional = False
        deployment = self._supervised.deployment
        if deployment is None:
            return
        if lost:
            why = "the connection was lost; the exo goes back at its next start or connection"
        else:
            with suppress(UserError):
                revert(self._link, deployment.package_sha256)
        self._record_reverted(why)

    def _record_reverted(self, why: str) -> None:
        self._trail.note(AuditStep.ROLLED_BACK, f"to what ran before: {why}")
        deployment = self._supervised.deployment
        if deployment is not None:
            ended = replace(deployment, confirmed=False, stage=Handover.REVERTED)
            self._save(ended, f"Controller taken back from {self._kind} {self._info.serial}: {why}.")
            self._report_status(saved=True)

    def _confirm(self, approver: Approver) -> str:
        deployment = self._supervised.deployment
        approver = self._checked(approver, Action.KEEP)
        if deployment is None or not self._provisional:
            raise refuse(
                "EXO-017",
                "There is no controller on trial.",
                "It was kept or taken back already.",
                "Transfer a controller first.",
            )
        check_walked(self._walk, deployment.package_sha256)
        self._use_signature(approver, Action.KEEP)
        self._info = confirm(self._link, deployment.package_sha256)
        self._provisional = False
        walked = "simulated walk" if self._info.virtual else "walk"
        words = f"slot {self._info.active_slot}, firmware {self._info.firmware}, walk {self._walk_id}"
        self._trail.note_approval(AuditStep.CONFIRMED, approver, words)
        self._previous = self._previous_version()
        kept = replace(deployment, confirmed=True, stage=Handover.CONFIRMED, kept_by=approver)
        record_id = self._save(kept, f"Controller kept on {self._kind} {self._info.serial} after a {walked}.")
        self._sign_trail("controller kept")
        self._report_status(saved=True)
        return record_id

    def _roll_back(self, approver: Approver) -> str:
        approver = self._checked(approver, Action.ROLL_BACK)
        reason = reason_to_go_back(approver.meaning)
        check_reason(reason)
        self._use_signature(approver, Action.ROLL_BACK)
        slot = roll_back(self._link, self._supervised.subject_tag, reason)
        self._info = self._link.info()
        self._trail.set_controller(slot.sha256)
        self._trail.note_approval(AuditStep.ROLLED_BACK, approver, f"to version {slot.version}")
        deployment = Deployment(
            package_sha256=slot.sha256,
            readback_sha256=slot.sha256,
            device_serial=self._info.serial,
            address=self._link.address,
            confirmed=True,
            virtual=self._info.virtual,
            stage=Handover.ROLLED_BACK,
            version=slot.version,
            kept_by=approver,
        )
        words = f"The {self._kind} {self._info.serial} runs version {slot.version} again."
        record_id = self._save(deployment, words)
        self._walk = None
        self._sign_trail("controller rolled back")
        self._previous = self._previous_version()
        self._report_status(saved=True)
        return record_id

    def _sign_trail(self, occasion: str) -> None:
        """A person has signed: the record up to here is signed with the site's key and kept by the exo."""
        sign_head_quietly(self._store, occasion, self._supervised.operator)
        self._tell_exo_the_trail()

    def _tell_exo_the_trail(self) -> None:
        doubt = tell_exo(self._store, self._link, self._trail)
        if doubt:
            self._report(doubt)

    def _checked(self, approver: Approver, action: Action) -> Approver:
        """As the account says where people have accounts. Refuses DEP-022, DEP-023 and PPL-003."""
        check_approver(approver)
        if unattended(approver.name):
            if not self._info.virtual:
                raise needs_a_person()
        else:
            about = self._supervised.visit_id
            name, role = self._store.people.named(action, approver.name, approver.role, about)
            approver = replace(approver, name=name, role=role)
        return on_virtual_exo(approver) if self._info.virtual else approver

    def _use_signature(self, approver: Approver, action: Action) -> None:
        """Right before the exo is told; nobody signs for a session that no person attends."""
        if not unattended(approver.name):
            self._store.people.check(action, by=approver.name, about=self._supervised.visit_id)

    def _save(self, deployment: Deployment, summary: str) -> str:
        inputs = (self._supervised.deployment_id,) if self._supervised.deployment_id else ()
        record_id = self._store.save(
            RecordKind.DEPLOYMENT,
            deployment,
            visit_id=self._supervised.visit_id,
            inputs=inputs,
            summary=summary,
            operator=self._supervised.operator,
            settings={"walk_id": self._walk_id},
        )
        self._supervised = replace(self._supervised, deployment=deployment, deployment_id=record_id)
        self._set_permit(deployment)
        return record_id

    def _set_permit(self, deployment: Deployment | None) -> None:
        """Only a provisional or confirmed controller may be armed."""
        usable = deployment is not None and deployment.handover is not Handover.REVERTED
        sha256 = deployment.package_sha256 if deployment is not None and usable else ""
        self.live.permit = replace(self._permit, package_sha256=sha256) if sha256 else None

    @property
    def _kind(self) -> str:
        return "virtual exo" if self._info.virtual else "exo"

    def _previous_version(self) -> str:
        slot = previous_confirmed_slot(self._link.slots(), self._supervised.subject_tag)
        return "" if slot is None else slot.version

    def _report_status(self, *, saved: bool = False, refused: UserError | None = None) -> None:
        moves = self.live.state is not None and self.live.state.moves
        walked = self._walk is not None and self._walk.enough
        status = ExoStatusMessage(
            is_provisional=self._provisional,
            may_keep=self._provisional and walked and not moves,
            earlier=self._previous,
            virtual=self._info.virtual,
            saved=saved,
            refused=None if refused is None else refused.advice,
        )
        self._report(status.to_text())
