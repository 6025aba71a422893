"""Deploy: from the signed controller to an exo that runs it, and the live link to it."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable

from PySide6.QtCore import Signal

from core.domain.controller import Deployment, Package
from core.domain.record import RecordInfo, RecordKind
from core.errors import Advice, UserError
from core.jobs.values import SECRET, Done, JobState, JsonValue, Message, Outcome, Refused, Sample
from core.session.flow import Step, StepState, StepStatus
from ui.desk import Desk
from ui.pages.deploy import DeployPage, DeployState
from ui.presenters.base import StepPresenter
from ui.theme import Tone

ARMED_STATES = (3, 4)  # of core.devices.exo_protocol.DeviceState: armed, active
STATE_WORDS = {
    0: ("The exo is starting.", Tone.NEUTRAL),
    1: ("Safe: zero torque. No tested controller.", Tone.NEUTRAL),
    2: ("Ready: zero torque until it is armed.", Tone.OK),
    3: ("Armed: the assistance is growing.", Tone.WARN),
    4: ("Active: the exo assists.", Tone.OK),
    5: ("Fault: zero torque.", Tone.STOP),
}
READY = 2
PURPOSE = "Put the signed controller onto the exo"
LOCKED_KEY = ("KEY-001", "KEY-002")  # the passphrase is missing or wrong


class DeployPresenter(StepPresenter):
    step = Step.DEPLOY
    meanwhile = "Keep the exo switched on and the cable plugged in."

    _virtual_started = Signal(str)  # address
    _virtual_failed = Signal(object)  # Advice

    def __init__(self, page: DeployPage, desk: Desk) -> None:
        super().__init__(page, desk)
        self._page = page
        self._ports: tuple[tuple[str, str], ...] = ()
        self._listing = ""  # job id
        self._address = ""
        self._asks = self._asks_passphrase = self._starting = False
        self._exo_state: int | None = None
        self._status = StepStatus(self.step, StepState.NOT_STARTED)
        self._connect_pages()
        desk.jobs.sampled.connect(self._sampled)
        desk.jobs.messaged.connect(self._messaged)
        desk.exo_changed.connect(self._exo_changed)
        desk.visit_changed.connect(self._visit_changed)
        self._virtual_started.connect(self._use_virtual)
        self._virtual_failed.connect(self._no_virtual)

    def _connect_pages(self) -> None:
        page = self._page
        page.secondary_action.connect(lambda _key: self.attempt(self.start))
        page.address_changed.connect(lambda _address: self.refresh())
        page.passphrase_given.connect(lambda words: self.attempt(lambda: self._pack(words)))
        page.look_for_exos.connect(lambda: self.attempt(self._look_for_exos))
        page.start_virtual.connect(lambda: self.attempt(self._start_virtual))
        page.confirmed.connect(lambda code: self.attempt(lambda: self._transfer(code)))
        page.confirm_closed.connect(lambda: self._ask(False))
        page.connect_wanted.connect(lambda on: self.attempt(lambda: self._connect(on)))
        page.arm.connect(lambda: self._say_to_exo("arm"))
        page.disarm.connect(lambda: self._say_to_exo("disarm"))
        page.stop.connect(self.desk.stop_exo)

    def start(self) -> None:
        """Pack the signed controller; transferring is a second act."""
        self._pack("")

    def _pack(self, passphrase: str) -> None:
        controller, comparison = self.newest(RecordKind.CONTROLLER), self.newest(RecordKind.COMPARISON)
        if controller is None or comparison is None:
            return
        params: dict[str, JsonValue] = {"controller_id": controller.id, "comparison_id": comparison.id}
        if passphrase:
            params["passphrase_follows"] = True
        job_id = self.submit("package_controller", **params)
        if passphrase:
            self.desk.jobs.send(job_id, SECRET + passphrase)

    def running_job(self) -> JobState | None:
        """The live link has no card; it is on the page anyway."""
        visit_id = self.desk.visit_id
        if visit_id is None:
            return None
        return self.desk.jobs.running("package_controller", "deploy", visit_id=visit_id)

    def progress(self) -> None:
        super().progress()
        if self.desk.exo_job is not None:
            self.refresh_page()

    def show(self, status: StepStatus) -> None:
        self._status = status
        self.refresh_page()

    def refresh_page(self) -> None:
        if not self.blocked(self._status, PURPOSE, has_result=self._package() is not None):
            self._page.render(self._state(self._status))

    def job_done(self, state: JobState, outcome: Outcome) -> None:
        if state.spec.kind == "package_controller":
            self._asks_passphrase = isinstance(outcome, Refused) and outcome.advice.code in LOCKED_KEY
            self.refresh()
        if state.spec.kind == "deploy" and isinstance(outcome, Done):
            self._asks = False
            self.desk.say("The exo runs the signed controller: read back and found equal.", Tone.OK)
            self.attempt(lambda: self._connect(True))

    # Intents --------------------------------------------------------------------------------------

    def main(self) -> None:
        if self._package() is None:
            self.start()
        elif self._deployment() is None:
            self._ask(True)
        else:
            self.desk.go_to.emit(Step.REPORT)

    def _ask(self, asks: bool) -> None:
        self._asks = asks
        self.refresh()

    def _transfer(self, code: str) -> None:
        package = self._package()
        subject = self.desk.subject
        if package is None or subject is None or code != subject.code:
            return
        self._asks = False
        self._address = self._page.address
        self.submit(
            "deploy",
            package_id=package.id,
            address=self._address,
            confirmed_patient=code,
            confirmed_device=subject.device,
        )

    def _look_for_exos(self) -> None:
        self._listing = self.desk.submit("list_exos")

    def _start_virtual(self) -> None:
        start = self.desk.start_virtual_exo
        if start is None or self._starting:
            return
        self._starting = True
        self.refresh()
        # Not a job: it only starts another process and waits for its first line, a second or two.
        threading.Thread(target=self._start_virtual_now, args=(start,), daemon=True).start()

    def _start_virtual_now(self, start: Callable[[], str]) -> None:
        try:
            self._virtual_started.emit(start())
        except UserError as error:
            self._virtual_failed.emit(error.advice)

    def _use_virtual(self, address: str) -> None:
        self._starting = False
        self._ports = ((address, f"Virtual exo · {address}"), *self._ports)
        self._page.ports.setEditText(address)
        self.refresh()

    def _no_virtual(self, advice: Advice) -> None:
        self._starting = False
        self._page.show_advice(advice)
        self.refresh()

    def _connect(self, on: bool) -> None:
        if not on:
            if self.desk.exo_job is not None:
                self.desk.jobs.cancel(self.desk.exo_job)
            return
        if self.desk.exo_job is None and self._page.address:
            self._page.torque.clear_points()
            self._page.angle.clear_points()
            self.desk.connect_exo(self.desk.submit("telemetry", address=self._page.address))

    def _say_to_exo(self, words: str) -> None:
        if self.desk.exo_job is not None:
            self.desk.jobs.send(self.desk.exo_job, words)

    # What happens ---------------------------------------------------------------------------------

    def _sampled(self, job_id: str, sample: Sample) -> None:
        if job_id != self.desk.exo_job:
            return
        values = sample.values
        self._page.torque.add(sample.time_s, *_pair(values, "torque"))
        self._page.angle.add(sample.time_s, *(math.degrees(angle) for angle in _pair(values, "angle")))
        state = int(values.get("state", -1))
        if state != self._exo_state:
            self._exo_state = state
            self.refresh()

    def _messaged(self, job_id: str, message: Message) -> None:
        if job_id == self._listing:
            found = json.loads(message.text)
            self._ports = tuple(
                (port["address"], f"{port['description']} · {port['address']}") for port in found
            )
            if not found:
                self.desk.say(
                    "No serial port was found. Plug the exo in, or start the virtual exo.", Tone.WARN
                )
            self.refresh()

    def _exo_changed(self, job_id: object) -> None:
        if job_id is None:
            self._exo_state = None
        self.refresh()

    def _visit_changed(self) -> None:
        self._asks = self._asks_passphrase = False

    # What the page says ---------------------------------------------------------------------------

    def _state(self, status: StepStatus) -> DeployState:
        subject, package = self.desk.subject, self._package()
        payload = None if package is None else self.desk.store.load(package.id, Package)
        deployment = self._deployment()
        headline, tone, action, why_not = self._next_act(payload, deployment, status)
        words, exo_tone = self._exo_words()
        return DeployState(
            headline=headline,
            tone=tone,
            package_lines=() if payload is None else package_lines(payload),
            asks_passphrase=self._asks_passphrase and self.running_job() is None,
            ports=self._ports,
            address=self._address or ("" if deployment is None else deployment.address),
            offers_virtual=self.desk.start_virtual_exo is not None,
            busy=self._starting or self.running_job() is not None,
            asks=self._asks and deployment is None,
            patient_code="" if subject is None else subject.code,
            device_name=self.desk.device_name,
            deployed_lines=() if deployment is None else deployed_lines(deployment),
            connected=self.desk.exo_job is not None,
            armed=self._exo_state in ARMED_STATES,
            may_arm=self._exo_state == READY and deployment is not None and deployment.confirmed,
            exo_words=words,
            exo_tone=exo_tone,
            limit_nm=0.0 if payload is None else payload.limits.peak_nm,
            main_action=action,
            why_not=why_not,
            secondary=(("again", "Pack again"),) if payload is not None and deployment is None else (),
            badges=_badges(payload, deployment),
        )

    def _next_act(
        self, package: Package | None, deployment: Deployment | None, status: StepStatus
    ) -> tuple[str, Tone, str, str]:
        """Headline, tone, main action and why it cannot be taken."""
        code = "" if self.desk.subject is None else self.desk.subject.code
        if package is None:
            return "The controller is signed. Pack it for the exo.", Tone.NEUTRAL, "Pack controller", ""
        if deployment is None:
            why_not = "" if self._page.address else "Choose an exo first, or start the virtual exo."
            if self.running_job() is not None:
                why_not = "The transfer is running."
            if self.desk.exo_job is not None:
                why_not = "Disconnect the exo first; the transfer needs the line."
            return f"Packed for {code}. Choose the exo and transfer.", Tone.NEUTRAL, "Transfer…", why_not
        if deployment.confirmed and deployment.package_sha256 == deployment.readback_sha256:
            kind = "virtual exo" if deployment.virtual else "exo"
            return f"The {kind} runs the signed controller of {code}.", Tone.OK, "Go on with Report", ""
        return "The exo did not confirm the controller.", Tone.STOP, "Go on with Report", ""

    def _exo_words(self) -> tuple[str, Tone]:
        job = None if self.desk.exo_job is None else self.desk.jobs.state(self.desk.exo_job)
        if self._starting:
            return "The virtual exo is starting…", Tone.NEUTRAL
        if job is None:
            return "No exo is connected.", Tone.NEUTRAL
        if self._exo_state is None or self._exo_state < 0:
            return job.progress.sentence, Tone.NEUTRAL
        return STATE_WORDS.get(self._exo_state, (job.progress.sentence, Tone.NEUTRAL))

    def _package(self) -> RecordInfo | None:
        """The newest package, if it is of the newest signed comparison."""
        package, comparison = self.newest(RecordKind.PACKAGE), self.newest(RecordKind.COMPARISON)
        if package is None or comparison is None:
            return None
        return package if comparison.id in {name for name, _ in package.provenance.inputs} else None

    def _deployment(self) -> Deployment | None:
        """What the exo reported about this package."""
        info, package = self.newest(RecordKind.DEPLOYMENT), self._package()
        if info is None or package is None or package.id not in {name for name, _ in info.provenance.inputs}:
            return None
        return self.desk.store.load(info.id, Deployment)


def package_lines(package: Package) -> tuple[str, ...]:
    limits = package.limits
    return (
        f"For {package.device_id.replace('_', ' ')}, {package.size_bytes / 1024:.0f} kB",
        f"At most {limits.peak_nm:g} N·m, changing at most {limits.rate_nm_s:g} N·m/s",
        f"Fingerprint {package.sha256[:8]}…{package.sha256[-8:]}",
        _signature_line(package),
    )


def _signature_line(package: Package) -> str:
    if not package.key_id:
        return "Not signed: made by an earlier version. Pack again before the transfer."
    if package.practice:
        return "Signed for practice: good for a virtual exo only"
    return f"Signed by this site, good until {package.expires_utc[:10]}"


def _badges(package: Package | None, deployment: Deployment | None) -> tuple[str, ...]:
    practice = ("Practice",) if package is not None and package.practice else ()
    return (*practice, "Virtual exo") if deployment is not None and deployment.virtual else practice


def deployed_lines(deployment: Deployment) -> tuple[str, ...]:
    kind = "Virtual exo" if deployment.virtual else "Exo"
    equal = deployment.package_sha256 == deployment.readback_sha256
    return (
        f"{kind} {deployment.device_serial} at {deployment.address}",
        "Read back: equal to what was signed" if equal else "Read back: DIFFERENT from what was signed",
        "Confirmed by the exo" if deployment.confirmed else "Not confirmed by the exo",
    )


def _pair(values: dict[str, float], name: str) -> tuple[float, float]:
    return values.get(f"{name}_left", math.nan), values.get(f"{name}_right", math.nan)
