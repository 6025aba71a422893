"""From records of EMG, forces and gait to an assessment, a named acceptance, and a twin that has it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.cli.session_strength import assess_strength, strength_numbers
from core.domain.body import Joint, Side
from core.domain.deficits import Deficits
from core.domain.emg import EmgEnvelopes
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind, Verdict
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import GENERIC_BODY, Twin
from core.jobs.values import JobSpec, SilentContext
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.facts import FactsReader
from core.session.flow import Step, StepState, session_status
from core.session.same_patient import same_patient
from core.session.weakness import accepted_impairments, answer_proposal, proposals, weakness_lines
from core.store.repository import Store, open_store
from core.tasks import assess_deficits, fit_twin
from core.twin.impairments import strength_factor, torque_fractions, with_impairments
from tests.kinetics import known_person
from tests.kinetics.known_person import WEAK_CALF
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui import samples
from tests.ui.records import gait_policy

LABEL = "Weakness, left plantarflexors"


@dataclass
class Visit:
    folder: Path
    id: str
    motion: str

    def save(self, kind: RecordKind, value: object, *inputs: str) -> str:
        with open_store(self.folder) as store:
            return store.save(kind, value, visit_id=self.id, inputs=inputs, summary="")

    def assess(self) -> str:
        return run(assess_deficits, self.folder, motion_id=self.motion)

    def calibrate(self, normalised_to: str = "MVC") -> str:
        emg = self.save(RecordKind.EMG, _emg(normalised_to))
        return self.save(RecordKind.MUSCLE_CALIBRATION, known_person.calibration(WEAK_CALF), self.motion, emg)


def run(task, folder: Path, **params: object) -> str:
    spec = JobSpec("job", task.__name__.rpartition(".")[2], dict(params), folder, "", "Dr A")
    return task.run(spec.params, SilentContext(spec, folder / "work"))


def _emg(normalised_to: str) -> EmgEnvelopes:
    return replace(samples.emg(), normalised_to=normalised_to)


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(same_patient(store, a_subject(), by="test")).id
        motion = store.save(RecordKind.MOTION, samples.motion(), visit_id=visit_id, summary="")
    return Visit(tmp_path, visit_id, motion)


def test_what_exists_of_the_three_sources_is_assessed_and_named_as_input(visit: Visit) -> None:
    calibration = visit.calibrate()
    kinetics = visit.save(RecordKind.KINETICS, known_person.kinetics(WEAK_CALF), visit.motion)
    deficits_id = visit.assess()
    with open_store(visit.folder) as store:
        info, deficits = store.info(deficits_id), store.load(deficits_id, Deficits)
    assert [name for name, _digest in info.provenance.inputs] == [calibration, kinetics]
    assert deficits.strengths[0].evidence == ("EMG", "joint moments")
    assert info.summary == f"suggested: {LABEL}"


def test_sources_of_another_motion_do_not_count(visit: Visit) -> None:
    other = visit.save(RecordKind.MOTION, samples.motion())
    visit.save(RecordKind.KINETICS, known_person.kinetics(WEAK_CALF), other)
    with refused("KIN-210"):
        visit.assess()


def test_emg_without_maximal_contractions_does_not_count(visit: Visit) -> None:
    visit.calibrate("recorded maximum")
    with open_store(visit.folder) as store:
        deficits = store.load(visit.assess(), Deficits)
    assert not deficits.proposed and deficits.findings[0].advice.code == "KIN-202"


@pytest.fixture
def assessed(visit: Visit) -> tuple[Visit, str]:
    visit.calibrate()
    return visit, visit.assess()


def accept(
    visit: Visit, deficits_id: str, *, accept: bool = True, label: str = LABEL, by: str = "Dr Lind"
) -> None:
    with open_store(visit.folder) as store:
        answer_proposal(store, deficits_id, label, accept=accept, by=by, role="physician")


def test_nothing_is_accepted_without_a_name_or_that_was_not_suggested(assessed: tuple[Visit, str]) -> None:
    visit, deficits_id = assessed
    with refused("KIN-211"):
        accept(visit, deficits_id, by=" ")
    with refused("KIN-212"):
        accept(visit, deficits_id, label="Weakness, right hamstrings")
    visit.assess()
    with refused("KIN-213"):
        accept(visit, deficits_id)
    with open_store(visit.folder) as store:
        assert not accepted_impairments(store, deficits_id)


def test_an_accepted_weakness_is_in_the_next_twin_once_and_the_report_says_by_whom(
    assessed: tuple[Visit, str],
) -> None:
    visit, deficits_id = assessed
    accept(visit, deficits_id)
    with open_store(visit.folder) as store:
        calibration = store.latest(visit.id, RecordKind.MUSCLE_CALIBRATION)
        [proposal] = proposals(store, visit.id)
        [line] = weakness_lines(store, visit.id)
    assert line.startswith("Accepted by Dr Lind, physician, 20") and "Left plantarflexors about" in line
    twin_id = run(
        fit_twin, visit.folder, motion_id=visit.motion, calibration_id=calibration.id, deficits_id=deficits_id
    )
    with open_store(visit.folder) as store:
        info, body = store.info(twin_id), store.load(twin_id, Twin).body
    assert body.impairments == (proposal.impairment,)
    expected = 0.1**proposal.impairment.severity
    calf = strength_factor(body, MuscleGroup.PLANTARFLEXORS, Side.LEFT)
    assert calf == pytest.approx(expected)  # not times the 0.5 that the calibration had found
    assert body.activation is not None
    assert [name for name, _d in info.provenance.inputs] == [visit.motion, calibration.id, deficits_id]
    assert json.loads(info.provenance.settings)["accepted"] == [LABEL]
    assert "weakness, left plantarflexors" in info.summary


def test_a_declined_weakness_stays_out_of_the_twin(assessed: tuple[Visit, str]) -> None:
    visit, deficits_id = assessed
    accept(visit, deficits_id)
    accept(visit, deficits_id, accept=False)
    with open_store(visit.folder) as store:
        twin_id = run(fit_twin, visit.folder, motion_id=visit.motion, deficits_id=deficits_id)
        assert store.load(twin_id, Twin).body.impairments == ()
        assert weakness_lines(store, visit.id)[0].startswith("Declined by Dr Lind, physician, ")


def test_a_calibrated_strength_of_another_group_stays_beside_an_accepted_weakness() -> None:
    body = known_person.calibration({**WEAK_CALF, (MuscleGroup.HAMSTRINGS, Side.LEFT): 0.8}).body
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.5, Side.LEFT, MuscleGroup.PLANTARFLEXORS)
    changed = with_impairments(body, (weak,))
    assert strength_factor(changed, MuscleGroup.HAMSTRINGS, Side.LEFT) == pytest.approx(0.8)
    assert strength_factor(changed, MuscleGroup.PLANTARFLEXORS, Side.LEFT) == pytest.approx(0.1**0.5)


# What is out of date ------------------------------------------------------------------------------


def personalize_state(store: Store, visit: Visit) -> tuple[StepState, str]:
    facts = FactsReader().read(store, visit.id, frozenset())
    status = next(one for one in session_status(facts) if one.step is Step.PERSONALIZE)
    return status.state, status.stale_reason


def learned(visit: Visit, twin_id: str) -> None:
    visit.save(RecordKind.GAIT_POLICY, gait_policy(walk_seconds=20.0), twin_id, visit.motion)


def test_a_twin_is_out_of_date_while_it_lacks_an_accepted_weakness_and_current_with_it(
    assessed: tuple[Visit, str],
) -> None:
    visit, deficits_id = assessed
    learned(visit, run(fit_twin, visit.folder, motion_id=visit.motion))
    with open_store(visit.folder) as store:
        store.decide(visit.id, Step.MOTION, Verdict.ACCEPTED, record_id=visit.motion)
        assert personalize_state(store, visit)[0] is StepState.DONE
        accept(visit, deficits_id)
        state, reason = personalize_state(store, visit)
        assert state is StepState.STALE and "accepted as weakness" in reason
        twin_id = run(fit_twin, visit.folder, motion_id=visit.motion, deficits_id=deficits_id)
        learned(visit, twin_id)
        assert personalize_state(store, visit)[0] is StepState.DONE
        visit.assess()
        state, reason = personalize_state(store, visit)
        assert state is StepState.STALE and reason


def test_a_twin_made_from_an_earlier_twin_is_not_out_of_date_because_of_that(visit: Visit) -> None:
    """As calibration makes one: the calibration was made with the twin before."""
    first = run(fit_twin, visit.folder, motion_id=visit.motion)
    emg = visit.save(RecordKind.EMG, _emg("MVC"))
    calibration = visit.save(
        RecordKind.MUSCLE_CALIBRATION, known_person.calibration(WEAK_CALF), first, visit.motion, emg
    )
    second = run(fit_twin, visit.folder, motion_id=visit.motion, calibration_id=calibration)
    learned(visit, second)
    with open_store(visit.folder) as store:
        store.decide(visit.id, Step.MOTION, Verdict.ACCEPTED, record_id=visit.motion)
        assert personalize_state(store, visit)[0] is StepState.DONE


class RunsHere:
    """A terminal that runs the job in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kinds = folder, list[str]()

    def run(self, kind: str, params: dict[str, object], *, visit_id: str = "") -> str:
        self.kinds.append(kind)
        return run(assess_deficits, self.folder, **params)


def test_a_headless_session_lists_what_is_suggested_and_accepts_nothing(visit: Visit) -> None:
    terminal = RunsHere(visit.folder)
    with open_store(visit.folder) as store:
        assess_strength(store, visit.id, visit.motion, terminal)
        assert not terminal.kinds and strength_numbers(store, visit.id) == {}
        visit.calibrate()
        assess_strength(store, visit.id, visit.motion, terminal)
        numbers = strength_numbers(store, visit.id)["strength"]
        [suggested] = numbers["suggested"]
        assert suggested["impairment"] == LABEL and not suggested["accepted"]
        assert any("Left plantarflexors about" in words for words in numbers["told"]) and numbers["not_told"]
        assert not [one for one in store.decisions(visit.id) if one.verdict is Verdict.WEAKNESS_ACCEPTED]


def test_what_was_accepted_reaches_the_twin_in_the_exo() -> None:
    """That the learned gait keeps the body of its twin is claimed in `test_learn_gait`."""
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.5, Side.LEFT, MuscleGroup.PLANTARFLEXORS)
    body = with_impairments(GENERIC_BODY, (weak,))
    policy = replace(gait_policy(walk_seconds=20.0), body=body)
    worn = TwinInExo(policy, "Hippo_L1").walker(LEVEL_WALKING, worn=True)
    assert worn.body == body
    left, right = (torque_fractions(worn.body, joint)[0] for joint in (Joint.ANKLE_L, Joint.ANKLE_R))
    assert left == pytest.approx(0.1**0.5) and right == 1.0
