"""Claims about importing EMG into a visit: its place in the time of the motion is known, told and changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.emg import EmgEnvelopes
from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordKind
from core.jobs.values import JobSpec, JsonValue, SilentContext
from core.store.repository import open_store
from core.tasks import import_emg, read_emg_head, shift_emg
from tests.emg.test_emg import bursts
from tests.refusals import code_of
from tests.store.samples import a_subject


class Visit:
    """A visit with a trial of three seconds from `trial.txt`, and an EMG file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with open_store(folder) as store:
            self.id = store.start_visit(store.add_patient(a_subject())).id
            time_s = np.arange(0, 3.0, 0.01)
            trial = LaboratoryTrial(
                ("HEEL",), time_s, np.zeros((len(time_s), 1, 3)), (), np.empty(0), (), None, "trial.txt", ()
            )
            store.save(RecordKind.LABORATORY_TRIAL, trial, visit_id=self.id, summary="trial")

    def file(self, name: str, seconds: float) -> Path:
        signal = np.column_stack([bursts(seconds, 1000), (np.arange(seconds * 1000) > 500) * 5.0])
        np.savetxt(self.folder / name, signal, "%.4f", delimiter=",", header="L_soleus,Sync", comments="")
        return self.folder / name

    def run(self, task: object, **params: JsonValue) -> EmgEnvelopes:
        with open_store(self.folder) as store:
            return store.load(self.record(task, **params), EmgEnvelopes)

    def record(self, task: object, **params: JsonValue) -> str:
        spec = JobSpec("j", "import_emg", {"visit_id": self.id, "rate_hz": 1000, **params}, self.folder)
        return str(task.run(spec.params, SilentContext(spec, self.folder)))  # type: ignore[attr-defined]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)


def codes(emg: EmgEnvelopes) -> list[str]:
    return [f.advice.code for f in emg.findings if f.advice.code in ("EMG-046", "EMG-048")]


def test_emg_of_another_length_than_the_motion_is_told(visit: Visit) -> None:
    long = visit.run(import_emg, file=str(visit.file("long.csv", 5)))
    assert codes(long) == ["EMG-048"] and (long.offset_s, long.offset_from) == (0.0, "")
    assert codes(visit.run(import_emg, file=str(visit.file("short.csv", 2)))) == ["EMG-046", "EMG-048"]
    assert codes(visit.run(import_emg, file=str(visit.file("same.csv", 3)))) == []


def test_the_offset_comes_from_the_same_file_a_trigger_an_event_or_a_person(visit: Visit) -> None:
    file = str(visit.file("long.csv", 5))
    with_trigger = visit.run(import_emg, file=file, trigger_channel="Sync")
    assert with_trigger.offset_s == pytest.approx(-0.501) and with_trigger.offset_from == "trigger channel"
    event = visit.run(import_emg, file=file, event_emg_s=2.0, event_motion_s=0.5)
    assert (event.offset_s, event.offset_from) == (-1.5, "common event")
    typed = visit.run(import_emg, file=file, offset_s=-1)
    assert (typed.offset_s, typed.offset_from, codes(typed)) == (-1.0, "typed", [])
    same = visit.run(import_emg, file=str(visit.file("trial.txt", 5)))
    assert (same.offset_s, same.offset_from) == (0.0, "same file")


def test_an_offset_is_changed_without_losing_the_earlier_record(visit: Visit) -> None:
    first = visit.record(import_emg, file=str(visit.file("long.csv", 5)))
    moved = visit.run(shift_emg, emg_id=first, offset_s=-1.5)
    assert (moved.offset_s, moved.offset_from, codes(moved)) == (-1.5, "typed", [])
    assert codes(visit.run(shift_emg, emg_id=first, offset_s=40)) == ["EMG-046"]
    with open_store(visit.folder) as store:
        before = store.load(first, EmgEnvelopes)
        records = [info for info in store.records(visit.id) if info.kind is RecordKind.EMG]
    assert before.offset_s == 0.0 and len(records) == 3
    np.testing.assert_array_equal(moved.envelope, before.envelope)
    spec = JobSpec("j", "shift_emg", {"emg_id": first, "offset_s": 1e9}, visit.folder)
    assert code_of(shift_emg.run, spec.params, SilentContext(spec, visit.folder)) == "EMG-053"


def test_records_of_earlier_versions_have_one_reference_for_all_channels(visit: Visit) -> None:
    emg = visit.run(import_emg, file=str(visit.file("long.csv", 5)))
    assert replace(emg, references=()).reference(0) == emg.reference(0) == "recorded maximum"


def test_the_head_says_what_a_person_has_to_fill_in(visit: Visit) -> None:
    spec = JobSpec("j", "read_emg_head", {"file": str(visit.file("long.csv", 1))}, visit.folder)
    context = SilentContext(spec, visit.folder)
    read_emg_head.run(spec.params, context)
    assert '"has_rate": false' in str(context.events) and '"header_line": 1' in str(context.events)
