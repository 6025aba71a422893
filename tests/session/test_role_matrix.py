"""Claims about who may do what: every role with every action, tried on what really does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from core.deploy.key_changes import KEYS, trust_key
from core.deploy.keys.signature import PrivateKey
from core.deploy.live import ArmPermit
from core.devices.exo_values import ExoInfo, Slots
from core.domain.audit import AuditEvent
from core.domain.chosen_impairments import ImpairmentOrigin
from core.domain.controller import Approver, TorqueDirection, TorqueLimits
from core.domain.declarations import keep_declaration
from core.domain.exo_protocol import DeviceState
from core.domain.exo_status import confirm_command, roll_back_command
from core.domain.impairment import SLOTS, Impairment
from core.domain.people import MATRIX, SIGNED, Action, Role, refusal_words, who_may
from core.domain.record import RecordKind, Verdict
from core.domain.recording import Recording
from core.errors import UserError
from core.jobs.table import JOB_TABLE
from core.jobs.values import JobSpec, SilentContext
from core.session.export import take_out
from core.session.impairments import choose
from core.session.interpretation import keep_interpretation
from core.session.record_care import choose_place
from core.store.people import RECORD
from core.store.repository import Store, open_store
from core.store.tickets import process_acts_with
from core.tasks import package_controller, telemetry
from core.tasks.audit_trail import Trail
from core.tasks.exo_supervision import ExoSupervision, SupervisedExo
from tests.people import CHEAP, FIRST, NAMES, PIN, make_clinic, thing
from tests.store.samples import a_subject
from tests.tasks.test_deploy_tasks import Visit, signed_visit

A, T, P, E, IT = Role.ASSISTANT, Role.THERAPIST, Role.PHYSICIAN, Role.ENGINEER, Role.IT
EXPECTED = {  # written out a second time on purpose: a change of the one table is seen here
    Action.EDIT_PATIENT: {A, T, P},
    Action.CAPTURE: {A, T, P, E},
    Action.ACCEPT_STOP: {T, P},
    Action.ACCEPT_IMPAIRMENT: {T, P},
    Action.TRAIN: {T, P, E},
    Action.INTERPRET: {T, P},
    Action.RELEASE: {P},
    Action.PACK: {T, P, E},
    Action.DEPLOY: {T, P, E},
    Action.KEEP: {T, P},
    Action.ROLL_BACK: {T, P},
    Action.EXPORT: {T, P, E},
    Action.ERASE: {P},
    Action.MANAGE_KEYS: {IT},
    Action.MANAGE_PEOPLE: {IT},
    Action.LOOK_AFTER: {IT},
}
OF_PEOPLE = {"PPL-001", "PPL-002", "PPL-003"}  # what is told to who may not
_numbers = count(1)


@dataclass
class Clinic:
    """A store with one account of each role, and a visit with a signed comparison from before."""

    store: Store
    visit: Visit

    def context(self) -> SilentContext:
        folder = self.store.data_dir
        return SilentContext(JobSpec("job-1", "any", {}, folder, self.visit.id, "any"), folder / "work")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    visit = signed_visit(tmp_path_factory.mktemp("clinic"))
    with open_store(Path(str(visit.data_dir))) as store:
        make_clinic(store)
        yield Clinic(store, visit)


class _NoExo:
    """As much of a link as a supervision needs before anybody signs: a real exo with nothing on it."""

    address = "nowhere"

    def info(self) -> ExoInfo:
        limits = TorqueLimits(1.0, 1.0, 1.0, TorqueDirection.BOTH)
        return ExoInfo("X-1", "x", "1", False, 100, limits, DeviceState.SAFE, "F", "", True, b"", 0, 0)

    def slots(self) -> Slots:
        return Slots("F", ())


def _command(clinic: Clinic, command: Callable[[Approver], str], by: str) -> None:
    store, visit_id = clinic.store, clinic.visit.id
    supervised = SupervisedExo(visit_id, by, "P-0042", "tag", 60.0)
    trail = Trail(store, AuditEvent("", by, visit_id=visit_id))
    link = _NoExo()
    supervision = ExoSupervision(store, link, trail, supervised, ArmPermit("", ""), str)  # type: ignore[arg-type]
    supervision.handle_command(command(Approver(by, "physician", keep_declaration("P", "x", virtual=False))))


def _pack(clinic: Clinic, by: str) -> None:
    params = {"controller_id": clinic.visit.controller_id, "comparison_id": clinic.visit.comparison_id}
    with process_acts_with(clinic.store.people.ticket):
        package_controller.run(params, clinic.context())


def _connect(clinic: Clinic, by: str) -> None:
    with (
        process_acts_with(clinic.store.people.ticket),
        telemetry.supervise({"address": "tcp:127.0.0.1:1"}, clinic.context()),
    ):
        pass


def _impair(clinic: Clinic, by: str) -> None:
    slot = SLOTS[0]
    weak = Impairment(slot.kind, 0.5, slot.side, slot.group, slot.joint)
    choose(clinic.store, clinic.visit.id, weak, ImpairmentOrigin.ENTERED, by=by, role="physician")


def _decide(verdict: Verdict) -> Callable[[Clinic, str], None]:
    def decide(clinic: Clinic, by: str) -> None:
        visit = clinic.visit
        clinic.store.decide(visit.id, "x", verdict, record_id=visit.comparison_id, by=by, role="physician")

    return decide


def _save(clinic: Clinic, kind: RecordKind) -> None:
    clinic.store.save(kind, Recording((), "file", ()), visit_id=clinic.visit.id, summary="any payload")


ACTS: dict[Action, Callable[[Clinic, str], object]] = {
    Action.EDIT_PATIENT: lambda c, by: c.store.add_patient(a_subject(f"P-1{next(_numbers)}"), by=by),
    Action.CAPTURE: lambda c, by: _save(c, RecordKind.RECORDING),
    Action.ACCEPT_STOP: _decide(Verdict.OVERRIDDEN),
    Action.ACCEPT_IMPAIRMENT: _impair,
    Action.TRAIN: lambda c, by: _save(c, RecordKind.CONTROLLER),
    Action.INTERPRET: lambda c, by: keep_interpretation(c.store, c.visit.id, "words", by=by, role="any"),
    Action.RELEASE: _decide(Verdict.SIGNED),
    Action.PACK: _pack,
    Action.DEPLOY: _connect,
    Action.KEEP: lambda c, by: _command(c, confirm_command, by),
    Action.ROLL_BACK: lambda c, by: _command(c, roll_back_command, by),
    Action.EXPORT: lambda c, by: take_out(c.store, c.visit.id, "results"),
    Action.ERASE: lambda c, by: c.store.remove_files(c.visit.comparison_id, ("camera-1.mp4",), by=by),
    Action.MANAGE_KEYS: lambda c, by: trust_key(c.store, PrivateKey.new().public, by=by),
    Action.MANAGE_PEOPLE: lambda c, by: c.store.people.add("New", Role.IT, FIRST, by=by, cost=CHEAP),
    Action.LOOK_AFTER: lambda c, by: choose_place(c.store, None, by=by),
}
ABOUT = {Action.ACCEPT_STOP: "comparison", Action.RELEASE: "comparison", Action.MANAGE_KEYS: KEYS}
ABOUT |= {Action.MANAGE_PEOPLE: "New", Action.LOOK_AFTER: RECORD}


def _about(clinic: Clinic, action: Action) -> str:
    named = ABOUT.get(action, clinic.visit.id)
    return thing(action, clinic.visit.comparison_id if named == "comparison" else named)


def _code(act: Callable[..., object], *arguments: object, **named: object) -> str:
    """The code with which it is refused; "" where it is done."""
    try:
        act(*arguments, **named)
    except UserError as error:
        return error.advice.code
    return ""


def test_the_table_is_the_one_that_was_agreed_on() -> None:
    assert {action: set(roles) for action, roles in MATRIX.items()} == EXPECTED
    assert set(ACTS) == set(Action)  # whatever may be allowed or refused is tried below


@pytest.mark.parametrize("role", Role)
def test_every_role_does_what_it_may_and_nothing_else(clinic: Clinic, role: Role) -> None:
    people, name = clinic.store.people, NAMES[role]
    people.sign_in(name, PIN)
    for action in Action:
        allowed, about = role in EXPECTED[action], _about(clinic, action)
        if action in SIGNED:
            assert _code(ACTS[action], clinic, name) in OF_PEOPLE, action  # without a PIN nobody may
            proven = _code(people.prove, name, PIN, action, about)
            assert proven == ("" if allowed else "PPL-002"), action

        code = _code(ACTS[action], clinic, name)

        assert (code not in OF_PEOPLE) == allowed, (action, code)
        assert (people.blocked(action) == "") == allowed, action
        _code(people.check, action, by=name, about=about)  # uses up what an act refused later left


def test_nobody_does_anything_without_signing_in(clinic: Clinic) -> None:
    clinic.store.people.sign_out()
    for action in Action:
        assert _code(ACTS[action], clinic, NAMES[P]) in OF_PEOPLE, action


@pytest.mark.parametrize("action", sorted(SIGNED))
def test_the_name_of_another_is_no_signature(clinic: Clinic, action: Action) -> None:
    """Signed by one who may, but for another thing or used under another name."""
    people, signer = clinic.store.people, NAMES[min(EXPECTED[action])]
    people.prove(signer, PIN, action, "another thing")
    assert _code(ACTS[action], clinic, signer) == "PPL-003"
    people.prove(signer, PIN, action, _about(clinic, action))
    assert _code(ACTS[action], clinic, NAMES[A]) in OF_PEOPLE
    assert _code(ACTS[action], clinic, "Dr. Nobody") == "PPL-003"
    people.check(action, by=signer, about=_about(clinic, action))


@pytest.mark.parametrize("role", Role)
def test_jobs_start_for_those_only_who_may_do_them(clinic: Clinic, role: Role) -> None:
    people = clinic.store.people
    people.sign_in(NAMES[role], PIN)
    for kind in JOB_TABLE.values():
        if kind.action is None:
            continue
        allowed = role in EXPECTED[kind.action]
        if kind.action in SIGNED and allowed:
            people.prove(NAMES[role], PIN, kind.action, clinic.visit.id)

        code = _code(people.admit, kind.action, about=clinic.visit.id)

        assert (code == "") == allowed, (kind.title, code)


def test_every_kind_of_record_and_of_decision_belongs_to_an_action(clinic: Clinic) -> None:
    clinic.store.people.sign_in(NAMES[IT], PIN)
    for kind in RecordKind:
        assert _code(_save, clinic, kind) in OF_PEOPLE, kind
    for verdict in Verdict:
        assert _code(_decide(verdict), clinic, NAMES[IT]) in OF_PEOPLE, verdict


def test_a_refusal_says_who_may() -> None:
    assert refusal_words(A, Action.RELEASE) == "An assistant may not release a controller; a physician may"
    assert who_may(Action.KEEP) == "a therapist or a physician"
    assert who_may(Action.TRAIN) == "a therapist, a physician or an engineer"
    assert refusal_words(IT, Action.ERASE).startswith("Somebody from IT may not erase")
