"""Job `edit_events`: a record of its own beside the automatic one, that all later steps follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.domain.motion import Motion
from core.domain.record import RecordKind, Verdict
from core.domain.subject import Consent, Sex, Subject
from core.jobs.values import JobSpec, SilentContext
from core.session.facts import FactsReader
from core.session.flow import Step, StepState, StepStatus, session_status
from core.session.report import report_content
from core.store.repository import open_store
from core.tasks import edit_events
from tests.gait.walking import HEIGHT_M, walking_motion
from tests.refusals import code_of
from tests.ui.records import gait_policy
from tests.ui.samples import landmarks


@dataclass
class Visit:
    folder: Path
    id: str
    landmarks_id: str
    motion_id: str

    def edit(self, *events: dict[str, object], by: str = "A. Berger", of: str = "") -> str:
        params = {"motion_id": of or self.motion_id, "by": by, "events": list(events)}
        spec = JobSpec("1", "edit_events", params, self.folder)  # type: ignore[arg-type]
        return edit_events.run(spec.params, SilentContext(spec, self.folder))

    def status(self, step: Step) -> StepStatus:
        with open_store(self.folder) as store:
            found = session_status(FactsReader().read(store, self.id))
        return next(one for one in found if one.step is step)

    def load(self, motion_id: str) -> Motion:
        with open_store(self.folder) as store:
            return store.load(motion_id, Motion)


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    with open_store(tmp_path) as store:
        consent = Consent("Dr. A", "2026-11-20")
        subject = Subject("P-1", 1980, Sex.FEMALE, HEIGHT_M, 60.0, consent=consent)
        visit_id = store.start_visit(store.add_patient(subject)).id
        seen = store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
        settings = {"swap_sides": True, "sides": "repaired"}
        walk = store.save(
            RecordKind.MOTION,
            walking_motion(),
            visit_id=visit_id,
            summary="walk",
            inputs=(seen,),
            settings=settings,
        )
        store.decide(visit_id, Step.MOTION, Verdict.ACCEPTED, record_id=walk, by="Dr. A")
    return Visit(tmp_path, visit_id, seen, walk)


def moved(motion: Motion, by_s: float = 0.03) -> dict[str, object]:
    time_s = float(motion.ways[0].events[0].heel_strike_s[2])
    return {"side": "left", "kind": "heel strike", "automatic_s": time_s, "time_s": time_s + by_s}


def test_the_edited_motion_is_a_record_beside_the_automatic_one_with_the_same_source(visit: Visit) -> None:
    automatic = visit.load(visit.motion_id)
    edited_id = visit.edit(moved(automatic))
    with open_store(visit.folder) as store:
        info = store.info(edited_id)
        assert [name for name, _ in info.provenance.inputs] == [visit.motion_id, visit.landmarks_id]
        assert info.summary.endswith("events changed by A. Berger: 1 moved")
        assert '"swap_sides": true' in info.provenance.settings  # what was said when it was solved
    assert visit.load(visit.motion_id).strides == automatic.strides
    assert visit.load(edited_id).strides != automatic.strides


def test_what_was_made_of_the_automatic_motion_is_out_of_date_and_the_edited_one_must_be_accepted(
    visit: Visit,
) -> None:
    with open_store(visit.folder) as store:
        store.save(
            RecordKind.GAIT_POLICY,
            gait_policy(walk_seconds=10.0),
            visit_id=visit.id,
            summary="twin",
            inputs=(visit.motion_id,),
        )
    assert visit.status(Step.PERSONALIZE).state is StepState.DONE
    edited_id = visit.edit(moved(visit.load(visit.motion_id)))
    motion, twin = visit.status(Step.MOTION), visit.status(Step.PERSONALIZE)
    assert (motion.state, motion.record_id) == (StepState.ATTENTION, edited_id)
    assert (twin.state, twin.stale_reason) == (StepState.STALE, "A newer motion was made after this result.")


def test_an_edit_of_an_edited_motion_starts_from_the_automatic_one_and_knows_both_names(visit: Visit) -> None:
    automatic = visit.load(visit.motion_id)
    first = visit.edit(moved(automatic))
    second = visit.edit(moved(automatic, -0.02), by="B. Weiss", of=first)
    with open_store(visit.folder) as store:
        assert store.info(second).provenance.inputs[0][0] == visit.motion_id
    assert [edit.by for edit in visit.load(second).edits] == ["A. Berger", "B. Weiss"]
    back = visit.load(visit.edit(by="A. Berger", of=second))
    assert back.strides == automatic.strides and not back.edited


def test_who_said_which_leg_is_the_left_one_said_it_of_the_edited_motion_too(visit: Visit) -> None:
    with open_store(visit.folder) as store:
        store.decide(
            visit.id, Step.MOTION, Verdict.SIDES_CONFIRMED, record_id=visit.motion_id, by="Dr. A", reason="so"
        )
    edited_id = visit.edit(moved(visit.load(visit.motion_id)))
    with open_store(visit.folder) as store:
        said = store.decisions(visit.id)[-1]
    assert (said.verdict, said.record_id, said.by) == (Verdict.SIDES_CONFIRMED, edited_id, "Dr. A")


def test_events_that_cannot_be_read_or_stand_for_nobody_are_refused(visit: Visit) -> None:
    assert code_of(visit.edit, {"side": "both"}) == "MOT-119"
    event = moved(visit.load(visit.motion_id))
    assert code_of(visit.edit, event, by="") == "MOT-113"
    assert code_of(visit.edit, {**event, "time_s": 77.0}) == "MOT-111"


def test_the_report_names_who_changed_events_and_why_strides_were_left_out(visit: Visit) -> None:
    event = moved(visit.load(visit.motion_id), 0.0)
    visit.edit({**event, "left_out": "stumbled"})
    with open_store(visit.folder) as store:
        content = report_content(store, visit.id)
    (line,) = [line for line in content.quality if "gait events" in line]
    assert line.startswith("A. Berger changed gait events on ") and line.endswith(
        ": 1 stride left out. Strides were left out because: stumbled."
    )
    rows = {row.name: row.cells for row in content.gait.rows}
    assert all("±" in cell for cell in rows["Double support"][:2]) and "±" in rows["Symmetry"][0]
