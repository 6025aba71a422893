"""One watched exo: what is armed, walked, kept, taken back or rolled back goes through here into the record.

A controller on trial lives as long as it is watched: when the watch ends without somebody keeping it, it is
taken back, and a trial that was left over is ended by the next watch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from core.deploy.live import ArmPermit, ExoMonitor
from core.deploy.provisional import (
    check_approver,
    check_walked,
    confirm,
    earlier,
    is_provisional,
    revert,
    roll_back,
)
from core.deploy.walk_recorder import Compute, WalkFacts, WalkRecorder
from core.devices.exo_faults import fault_sentence
from core.devices.exo_link import ExoLink
from core.devices.exo_protocol import TelemetryRecord
from core.devices.exo_values import ExoInfo
from core.domain.audit import AuditStep
from core.domain.controller import Approver, Deployment, Handover
from core.domain.exo_news import ExoStatusMessage, asked_to_keep, asked_to_roll_back
from core.domain.exo_protocol import DeviceState
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordKind
from core.errors import UserError, refuse
from core.store.repository import Store
from core.tasks.audit_trail import Trail

TICKS_S = 0.05  # some control ticks: the exo's next answer knows of what was just asked
_LINK_IS_GONE = ("EXO-003", "EXO-004", "EXO-005", "EXO-013", "EXO-014")


@dataclass(frozen=True, slots=True)
class SupervisedExo:
    """Whose exo it is, and what was put onto it."""

    visit_id: str
    operator: str
    patient_code: str
    subject_tag: str
    mass_kg: float
    deployment_id: str = ""
    deployment: Deployment | None = None
    compute_of: Callable[[str], Compute | None] = lambda sha256: None  # a controller, to predict its torque


class ExoSupervision:
    """Call `step` every few milliseconds, `do` with commands, and `close` at the end whatever happened."""

    def __init__(
        self,
        store: Store,
        link: ExoLink,
        trail: Trail,
        watched: SupervisedExo,
        permit: ArmPermit,
        tell: Callable[[str], None],
    ) -> None:
        self._store, self._link, self._trail, self._watched, self._tell = store, link, trail, watched, tell
        self._info = link.info()
        self._recorder = WalkRecorder()
        self._walk: ExoWalk | None = None
        self._walk_id = ""
        self._seen: DeviceState | None = None
        self._stopped = False  # by us
        self._permit = permit
        deployment = watched.deployment
        self._trial = deployment is not None and deployment.handover is Handover.ON_TRIAL
        self.live = ExoMonitor(link, None, tell, trail.note)
        if self._trial:
            link.put_on_anew()  # whoever wore it before: its sensors must show again where they sit
            time.sleep(TICKS_S)
        self._permit_for(deployment)
        self._earlier = self._earlier_version()
        self._tell_news()

    @property
    def info(self) -> ExoInfo:
        return self._info

    @property
    def patient_code(self) -> str:
        return self._watched.patient_code

    @property
    def strides(self) -> tuple[int, int]:
        return self._recorder.strides

    @property
    def walk(self) -> ExoWalk | None:
        """The walk that ended last."""
        return self._walk

    @property
    def trial(self) -> bool:
        """Whether a controller is on trial that somebody may still keep."""
        return self._trial

    # what is done

    def step(self, now_s: float) -> tuple[TelemetryRecord, ...]:
        """What the exo measured since the last call. Raises what the link raises."""
        records = self.live.step(now_s)
        for record in records:
            self._recorder.add(record)
        if self._recorder.walking and records and not records[-1].state.moves:
            self._end_walk()
        if self.live.state is not self._seen:
            self._seen = self.live.state
            self._look_at_trial()
        return records

    def try_to(self, command: str) -> None:
        """As `do`, but a refusal is told and written down; a lost link is raised."""
        try:
            self.handle_command(command)
        except UserError as error:
            if error.advice.code in _LINK_IS_GONE:
                raise
            self._trail.note(AuditStep.REFUSED, error.advice.one_line())
            self._tell(error.advice.one_line())
            self._tell_news(refused=error)

    def handle_command(self, command: str) -> str:
        """`arm`, `disarm`, `stop`, `acknowledge`, or what `core.domain.exo_news` makes.

        Returns the record that was written, "" where none was. Raises what the exo refuses, DEP-021, DEP-022.
        """
        keeper, returner = asked_to_keep(command), asked_to_roll_back(command)
        if keeper is not None:
            return self._keep(keeper)
        if returner is not None:
            return self._roll_back(returner)
        self._stopped = command in ("stop", "disarm")
        self.live.obey(command)
        return ""

    def close(self) -> None:
        """Zero torque, an end to the trial, and what the exo remembers into the trail."""
        gone = True
        self._stopped = True
        with suppress(UserError):  # without a link the exo stops by itself
            self.live.stop()
            gone = False
        if self._recorder.walking:
            self._end_walk()
        if self._trial:
            self._end_trial("nobody kept it", lost=gone)
        if not gone:
            with suppress(UserError):
                self._trail.merge_faults(self._link)

    # how

    def _end_walk(self) -> None:
        deployment, fault = self._watched.deployment, self.live.state is DeviceState.FAULT
        sha256 = "" if deployment is None else deployment.package_sha256
        limit_nm, mass_kg = self.live.allowed_nm, self._watched.mass_kg
        facts = WalkFacts(sha256, self._info.serial, self._info.virtual, self._trial, limit_nm, mass_kg)
        compute = self._watched.compute_of(sha256) if sha256 else None
        self._walk = self._recorder.finish(facts, compute, self._end_words(), fault=fault)
        if self._walk is not None:
            self._walk_id = self._save_walk(self._walk)
            self._tell_news(saved=True)

    def _end_words(self) -> str:
        if self._stopped:
            return "stopped from this program"
        with suppress(UserError):
            return fault_sentence(self.live.newest_fault())
        return "the connection was lost"

    def _save_walk(self, walk: ExoWalk) -> str:
        left, right = walk.strides
        inputs = (self._watched.deployment_id,) if self._watched.deployment_id else ()
        return self._store.save(
            RecordKind.WALK,
            walk,
            visit_id=self._watched.visit_id,
            inputs=inputs,
            summary=f"{left} left and {right} right strides with the {self._kind}, {walk.seconds:.0f} s.",
            operator=self._watched.operator,
        )

    def _look_at_trial(self) -> None:
        """A fault ends a trial on the exo itself; what it decided goes into the record."""
        deployment = self._watched.deployment
        moves = self.live.state is not None and self.live.state.moves
        if not self._trial or deployment is None or moves:
            return
        if not is_provisional(self._link.slots(), deployment.package_sha256):
            self._trial = False
            self._write_end("the exo itself ended the trial")

    def _end_trial(self, why: str, *, lost: bool) -> None:
        self._trial = False
        deployment = self._watched.deployment
        if deployment is None:
            return
        if lost:
            why = "the connection was lost; the exo goes back at its next start or connection"
        else:
            with suppress(UserError):
                revert(self._link, deployment.package_sha256)
        self._write_end(why)

    def _write_end(self, why: str) -> None:
        self._trail.note(AuditStep.ROLLED_BACK, f"to what ran before: {why}")
        deployment = self._watched.deployment
        if deployment is not None:
            ended = replace(deployment, confirmed=False, stage=Handover.TAKEN_BACK)
            self._save(ended, f"Controller taken back from {self._kind} {self._info.serial}: {why}.")
            self._tell_news(saved=True)

    def _keep(self, approver: Approver) -> str:
        deployment = self._watched.deployment
        check_approver(approver)
        if deployment is None or not self._trial:
            raise refuse(
                "EXO-017",
                "There is no controller on trial.",
                "It was kept or taken back already.",
                "Transfer a controller first.",
            )
        check_walked(self._walk, deployment.package_sha256)
        self._info = confirm(self._link, deployment.package_sha256)
        self._trial = False
        words = f"slot {self._info.active_slot}, firmware {self._info.firmware}, walk {self._walk_id}"
        self._trail.answered_for(AuditStep.CONFIRMED, approver, words)
        self._earlier = self._earlier_version()
        kept = replace(deployment, confirmed=True, stage=Handover.CONFIRMED, kept_by=approver)
        record_id = self._save(kept, f"Controller kept on {self._kind} {self._info.serial} after a walk.")
        self._tell_news(saved=True)
        return record_id

    def _roll_back(self, approver: Approver) -> str:
        check_approver(approver)
        slot = roll_back(self._link, self._watched.subject_tag)
        self._info = self._link.info()
        self._trail.of_controller(slot.sha256)
        self._trail.answered_for(AuditStep.ROLLED_BACK, approver, f"to version {slot.version}")
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
        self._earlier = self._earlier_version()
        self._tell_news(saved=True)
        return record_id

    def _save(self, deployment: Deployment, summary: str) -> str:
        inputs = (self._watched.deployment_id,) if self._watched.deployment_id else ()
        record_id = self._store.save(
            RecordKind.DEPLOYMENT,
            deployment,
            visit_id=self._watched.visit_id,
            inputs=inputs,
            summary=summary,
            operator=self._watched.operator,
            settings={"walk_id": self._walk_id},
        )
        self._watched = replace(self._watched, deployment=deployment, deployment_id=record_id)
        self._permit_for(deployment)
        return record_id

    def _permit_for(self, deployment: Deployment | None) -> None:
        """Only what is on trial or was kept may be armed."""
        usable = deployment is not None and deployment.handover is not Handover.TAKEN_BACK
        sha256 = deployment.package_sha256 if deployment is not None and usable else ""
        self.live.permit = replace(self._permit, package_sha256=sha256) if sha256 else None

    @property
    def _kind(self) -> str:
        return "virtual exo" if self._info.virtual else "exo"

    def _earlier_version(self) -> str:
        slot = earlier(self._link.slots(), self._watched.subject_tag)
        return "" if slot is None else slot.version

    def _tell_news(self, *, saved: bool = False, refused: UserError | None = None) -> None:
        moves = self.live.state is not None and self.live.state.moves
        walked = self._walk is not None and self._walk.enough
        news = ExoStatusMessage(
            is_provisional=self._trial,
            may_keep=self._trial and walked and not moves,
            earlier=self._earlier,
            saved=saved,
            refused=None if refused is None else refused.advice,
        )
        self._tell(news.to_text())
