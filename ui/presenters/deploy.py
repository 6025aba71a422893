"""Deploy: from the approved controller to an exo that keeps it, and the live link to it."""

from __future__ import annotations

import math
from dataclasses import replace

from core.devices.exo_faults import PLACEMENT
from core.domain.controller import Approver, Deployment, Handover, Package
from core.domain.declarations import keep_declaration, roll_back_declaration
from core.domain.exo_status import ExoStatusMessage, confirm_command, roll_back_command
from core.domain.people import Action
from core.domain.record import RecordKind
from core.domain.release import with_reason
from core.jobs.values import SECRET, Done, JobState, JsonValue, Message, Outcome, Refused, Sample
from core.session.flow import Step, StepState, StepStatus
from ui.pages.deploy import DeployPage, DeployState
from ui.pages.deploy_trial import KeepState
from ui.presenters import deploy_text
from ui.presenters.base import StepPresenter
from ui.presenters.deploy_text import ARMED_STATES, FAULT, READY, ProvisionalController, Waiting
from ui.presenters.exo_finder import VIRTUAL_EXO, ExoFinder
from ui.presenters.exo_records import ExoRecords
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone

PURPOSE = "Put the approved controller onto the exo"
LOCKED_KEY = ("KEY-001", "KEY-002")  # the passphrase is missing or wrong


class DeployPresenter(StepPresenter):
    step = Step.DEPLOY
    right_for_main = Action.DEPLOY

    def __init__(self, page: DeployPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page = page
        self._finder, self._records = ExoFinder(context, page), ExoRecords(self)
        self._address = ""
        self._confirming = self._needs_passphrase = self._confirming_keep = self._rolling_back = False
        self._exo_state: int | None = None
        self._strides, self._waiting = (0, 0), Waiting()
        self._exo_status = ExoStatusMessage()
        self._new_deployment_id = ""  # provisional DEPLOYMENT that no telemetry job has taken over yet
        self._status = StepStatus(self.step, StepState.NOT_STARTED)
        self._connect_pages()
        context.jobs.sampled.connect(self._sampled)
        context.jobs.messaged.connect(self._messaged)
        context.exo_changed.connect(self._exo_changed)
        context.visit_changed.connect(self._visit_changed)
        self._finder.changed.connect(self.refresh)
        self._finder.virtual_started.connect(self._use_virtual)
        self._finder.virtual_failed.connect(page.show_advice)

    def _connect_pages(self) -> None:
        page = self._page
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._other_action(key)))
        page.address_changed.connect(lambda _address: self.refresh())
        page.passphrase_given.connect(lambda words: self.attempt(lambda: self._pack(words)))
        page.look_for_exos.connect(lambda: self.attempt(self._finder.list_ports))
        page.start_virtual.connect(lambda: self.attempt(self._finder.start_virtual))
        page.confirmed.connect(lambda code: self.attempt(lambda: self._transfer(code)))
        page.confirm_closed.connect(lambda: self._show_confirmation(False))
        page.connect_wanted.connect(lambda on: self.attempt(lambda: self._connect(on)))
        page.arm.connect(lambda: self._send_to_exo("arm"))
        page.disarm.connect(lambda: self._send_to_exo("disarm"))
        page.acknowledge.connect(lambda: self._send_to_exo("acknowledge"))
        page.stop.connect(self.context.stop_exo)
        page.kept.connect(lambda *words: self.attempt(lambda: self._answer_for(*words)))
        page.keep_closed.connect(lambda: self._show_keep_confirmation(False))

    def start(self) -> None:
        """Pack the signed controller; transferring is a second act."""
        self._pack("")

    @property
    def meanwhile(self) -> str:  # type: ignore[override]
        """Packing needs no exo, and a virtual one has no cable."""
        job = self.running_job()
        worn = job is not None and job.spec.kind != "package_controller" and not self._virtual
        return "Keep the exo switched on and the cable plugged in." if worn else ""

    def _redo(self) -> None:
        """A package that is newer than what is on the exo waits for its transfer, not to be packed again."""
        blocker = self.context.status(self.step).blocker
        if blocker is None and self._records.package() is not None:
            self.attempt(self.main)
        else:
            super()._redo()

    def _pack(self, passphrase: str) -> None:
        controller, comparison = self.newest(RecordKind.CONTROLLER), self.newest(RecordKind.COMPARISON)
        if controller is None or comparison is None:
            return
        params: dict[str, JsonValue] = {"controller_id": controller.id, "comparison_id": comparison.id}
        if self._records.for_a_person() and self._page.address:
            params["address"] = self._page.address
        if passphrase:
            params["passphrase_follows"] = True
        job_id = self.submit("package_controller", **params)
        if passphrase:
            self.context.jobs.send(job_id, SECRET + passphrase)

    def running_job(self) -> JobState | None:
        """The live link has no card; it is on the page anyway."""
        visit_id = self.context.visit_id
        if visit_id is None:
            return None
        kinds = ("package_controller", "deploy", "virtual_walk", "roll_back")
        return self.context.jobs.running(*kinds, visit_id=visit_id)

    def progress(self) -> None:
        super().progress()
        if self.context.exo_job is not None:
            self.refresh_page()

    def show(self, status: StepStatus) -> None:
        self._status = status
        self.refresh_page()

    def refresh_page(self) -> None:
        if not self.blocked(self._status, PURPOSE, has_result=self._records.package() is not None):
            self._page.render(self._state())

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        if state.spec.kind == "package_controller":
            self._needs_passphrase = isinstance(outcome, Refused) and outcome.advice.code in LOCKED_KEY
            self.refresh()
        if state.spec.kind == "deploy" and isinstance(outcome, Done):
            self._confirming = False
            self._new_deployment_id = outcome.record_id
            self.context.show_message("Sent, read back and found equal.", Tone.OK)
            self.attempt(lambda: self._connect(True))

    def main(self) -> None:
        deployment = self._records.deployment()
        if self._records.package() is None:
            self.start()
        elif deployment is None or deployment.handover is Handover.REVERTED:
            self._show_confirmation(True)
        elif deployment.handover is Handover.PROVISIONAL:
            self._show_keep_confirmation(True)
        else:
            self.context.go_to.emit(Step.REPORT)

    def _other_action(self, key: str) -> None:
        if key == "again":
            self.start()
        elif key == "roll_back":
            self._rolling_back = True
            self.refresh()

    def _show_keep_confirmation(self, confirming: bool) -> None:
        self._confirming_keep, self._rolling_back = confirming, False
        self.refresh()

    def _answer_for(self, name: str, role: str, reason: str) -> None:
        """Whoever typed name and role keeps the controller, or lets the one before run again."""
        action, command = Action.KEEP, confirm_command
        meaning = keep_declaration(self._code, self.context.device_name, virtual=self._virtual)
        if self._rolling_back:
            action, command = Action.ROLL_BACK, roll_back_command
            meaning = with_reason(roll_back_declaration(self._code, virtual=self._virtual), reason)

        def answer(by: Signed) -> None:
            self._send_to_exo(command(Approver(by.name, by.role, meaning)))
            self._show_keep_confirmation(False)

        self.sign(action, self.context.visit_id or "", (name, role), meaning, answer)

    @property
    def _virtual(self) -> bool:
        """Whether nobody wears the exo that is connected, or else the one that was chosen or deployed to."""
        deployment = self._records.deployment()
        if self.context.exo_job is not None and self._exo_status.virtual:
            return True
        if deployment is not None and deployment.handover is not Handover.REVERTED:
            return deployment.virtual
        return bool(self._finder.virtual_address) and self._page.address == self._finder.virtual_address

    @property
    def _code(self) -> str:
        return "" if self.context.subject is None else self.context.subject.code

    def _show_confirmation(self, confirming: bool) -> None:
        self._confirming = confirming
        self.refresh()

    def _transfer(self, code: str) -> None:
        package = self._records.package()
        subject = self.context.subject
        if package is None or subject is None or code != subject.code:
            return
        self._confirming = False
        self._address = self._page.address
        self.submit(
            "deploy",
            package_id=package.id,
            address=self._address,
            confirmed_patient=code,
            confirmed_device=subject.device,
        )

    def _connect(self, on: bool) -> None:
        if not on:
            if self.context.exo_job is not None:
                self.context.jobs.cancel(self.context.exo_job)
            return
        if self.context.exo_job is None and self._page.address:
            self._page.torque.clear_points()
            self._page.angle.clear_points()
            self._exo_status, self._strides = ExoStatusMessage(), (0, 0)
            params: dict[str, JsonValue] = {"address": self._page.address}
            if self._new_deployment_id:
                params["deployment_id"] = self._new_deployment_id
            self.context.connect_exo(self.context.submit("telemetry", **params))

    def _send_to_exo(self, words: str) -> None:
        if self.context.exo_job is not None:
            self.context.jobs.send(self.context.exo_job, words)

    # What happens ---------------------------------------------------------------------------------

    def _sampled(self, job_id: str, sample: Sample) -> None:
        if job_id != self.context.exo_job:
            return
        values = sample.values
        self._page.torque.add(sample.time_s, *deploy_text.of_both_sides(values, "torque"))
        self._page.angle.add(
            sample.time_s, *(math.degrees(angle) for angle in deploy_text.of_both_sides(values, "angle"))
        )
        strides = (int(values.get("strides_left", 0)), int(values.get("strides_right", 0)))
        state = int(values.get("state", -1))
        waiting = Waiting(int(values.get("blocked_by", PLACEMENT)), values.get("stood", 0.0) > 0.0)
        if (state, strides, waiting) == (self._exo_state, self._strides, self._waiting):
            return
        if self._exo_state in ARMED_STATES and state not in ARMED_STATES:
            self.context.show_message(
                "The exo has stopped: zero torque.", Tone.STOP if state == FAULT else Tone.OK
            )
        elif state in ARMED_STATES and self._exo_state not in ARMED_STATES:
            self.context.show_message("The exo is armed. To stop: STOP EXO, F12, or hold Esc.", Tone.WARN)
        self._exo_state, self._strides, self._waiting = state, strides, waiting
        self.refresh()

    def _show_exo_status(self, exo_status: ExoStatusMessage) -> None:
        self._exo_status, self._new_deployment_id = exo_status, ""
        if exo_status.refused is not None:
            self._page.show_advice(exo_status.refused)
        if exo_status.saved:
            self._confirming_keep = self._confirming_keep and exo_status.is_provisional
            self._rolling_back = False
            self.context.record_changed.emit()
        self.refresh()

    def _messaged(self, job_id: str, message: Message) -> None:
        exo_status = ExoStatusMessage.from_text(message.text) if job_id == self.context.exo_job else None
        if exo_status is not None:
            self._show_exo_status(exo_status)

    def _use_virtual(self, _address: str) -> None:
        self.refresh()  # the list knows it now
        self._page.ports.setEditText(VIRTUAL_EXO)

    def _exo_changed(self, job_id: object) -> None:
        if job_id is None:
            if self._exo_state in ARMED_STATES:
                lost = "The connection to the exo has ended; it goes to zero torque by itself."
                self.context.show_message(lost, Tone.STOP)
            self._exo_state, self._exo_status = None, ExoStatusMessage()
            self._confirming_keep = self._rolling_back = False
        self.refresh()

    def _visit_changed(self) -> None:
        self._confirming = self._needs_passphrase = self._confirming_keep = self._rolling_back = False
        self._new_deployment_id = ""
        self._records.forget()

    # State of the page ---------------------------------------------------------------------------

    def _state(self) -> DeployState:
        package, deployment = self._records.package(), self._records.deployment()
        payload = None if package is None else self.context.store.load(package.id, Package)
        headline, tone, action, why_not = self._next_act(payload, deployment)
        words, exo_tone = self._exo_words(deployment)
        release = self._records.release()
        provisional = self._provisional(deployment)
        usable = deployment is not None and deployment.handover is not Handover.REVERTED
        return DeployState(
            headline=headline,
            tone=Tone.WARN if release and tone is Tone.OK else tone,
            release_lines=release,
            package_lines=() if payload is None else deploy_text.package_lines(payload),
            needs_passphrase=self._needs_passphrase and self.running_job() is None,
            ports=self._finder.ports,
            address=self._address or deploy_text.lasting_address(deployment),
            offers_virtual=self.context.start_virtual_exo is not None,
            busy=self._finder.starting or self.running_job() is not None,
            confirming=self._confirming and not usable,
            patient_code=self._code,
            device_name=deploy_text.device_words(self.context.device_name, virtual=self._virtual),
            deployed_lines=() if deployment is None else deploy_text.deployed_lines(deployment),
            deployed_tone=Tone.OK if deployment is None else deploy_text.deployed_tone(deployment),
            is_provisional=provisional is not None,
            provisional_steps=() if provisional is None else deploy_text.provisional_steps(provisional),
            provisional_title=deploy_text.trial_title(virtual=self._virtual),
            keep=self._keep_state(provisional),
            walk=self._records.walk(),
            connected=self.context.exo_job is not None,
            armed=self._exo_state in ARMED_STATES,
            may_arm=self._exo_state == READY and usable,
            fault=self._exo_state == FAULT,
            exo_words=words,
            exo_tone=exo_tone,
            limit_nm=deploy_text.limit_nm(payload, on_trial=provisional is not None),
            main_action=action,
            why_not=why_not,
            secondary=self._secondary(payload, usable),
            badges=deploy_text.badges(payload, deployment),
        )

    def _secondary(self, package: Package | None, usable: bool) -> tuple[tuple[str, str], ...]:
        # a package without an envelope comes from a controller without one
        packable = package is not None and package.envelope is not None
        again = (("again", "Pack again"),) if packable and not usable else ()
        earlier = "" if self._rolling_back else self._earlier
        return (*again, *((("roll_back", f"Go back to version {earlier}…"),) if earlier else ()))

    @property
    def _earlier(self) -> str:
        """Version of the controller that the exo, at rest, can go back to; "" for none."""
        at_rest = self.context.exo_job is not None and self._exo_state not in ARMED_STATES
        return self._exo_status.earlier if at_rest else ""

    def _provisional(self, deployment: Deployment | None) -> ProvisionalController | None:
        if deployment is None or deployment.handover is not Handover.PROVISIONAL:
            return None
        connected, may_keep = self.context.exo_job is not None, self._exo_status.may_keep
        device = self.context.device_name
        return ProvisionalController(
            connected, self._exo_state, self._strides, may_keep, self._code, device, deployment.virtual
        )

    def _keep_state(self, provisional: ProvisionalController | None) -> KeepState:
        if self._rolling_back and self._earlier:
            return KeepState(
                True,
                f"Go back to version {self._earlier}",
                roll_back_declaration(self._code, virtual=self._virtual),
                f"Hold to go back to {self._earlier}",
                wants_reason=True,
            )
        if provisional is None:
            return KeepState()
        return KeepState(
            confirming=self._confirming_keep and provisional.may_keep,
            declaration=keep_declaration(
                provisional.patient, provisional.device, virtual=provisional.virtual
            ),
            button=f"Hold to keep for {provisional.patient}, virtual exo"
            if provisional.virtual
            else f"Hold to keep for {provisional.patient}",
        )

    def _next_act(self, package: Package | None, deployment: Deployment | None) -> tuple[str, Tone, str, str]:
        """Headline, tone, main action and why it cannot be taken."""
        if package is None:
            return deploy_text.packing(self._records.for_a_person(), self._page.address)
        if deployment is None or deployment.handover is Handover.REVERTED:
            words, tone = deploy_text.packed(package, self._code)
            if deployment is not None and not deploy_text.outdated(package):
                words, tone = deploy_text.headline(deployment, self._code)
            return words, tone, "Transfer…", self._why_not_transfer(package)
        words, tone = deploy_text.headline(deployment, self._code)
        provisional = self._provisional(deployment)
        if provisional is not None:
            return words, tone, "Keep controller…", deploy_text.why_not_keep(provisional)
        return words, tone, "Go on with Report", ""

    def _why_not_transfer(self, package: Package) -> str:
        if why := deploy_text.why_outdated(package):
            return why
        if self.context.exo_job is not None:
            return "Disconnect the exo first; the transfer needs the line."
        if self.running_job() is not None:
            return "The transfer is running."
        return "" if self._page.address else "Choose an exo first, or start the virtual exo."

    def _exo_words(self, deployment: Deployment | None) -> tuple[str, Tone]:
        job = None if self.context.exo_job is None else self.context.jobs.state(self.context.exo_job)
        if self._finder.starting:
            return "The virtual exo is starting…", Tone.NEUTRAL
        if job is None:
            return "No exo is connected.", Tone.NEUTRAL
        if self._exo_state is None or self._exo_state < 0:
            return job.progress.sentence, Tone.NEUTRAL
        expected = deployment is not None and deployment.handover is not Handover.REVERTED
        waiting = replace(self._waiting, virtual=self._virtual) if expected else None
        return deploy_text.exo_words(self._exo_state, job.progress.sentence, waiting)
