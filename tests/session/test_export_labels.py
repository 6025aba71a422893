"""What leaves the program claims no more than was measured, and says whose it is."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import commands as cli
from core.domain.body import JointKind
from core.domain.kinetics import ForceSource
from core.domain.record import RecordKind
from core.session.export import export_records
from core.session.figures import record_figure
from core.session.numbers import motion_numbers
from core.store.repository import Store, open_store
from tests.store.samples import a_subject
from tests.ui import force_samples, samples


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def visit_id(store: Store) -> str:
    return store.start_visit(store.add_patient(a_subject())).id


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_toes_that_nobody_saw_have_no_measure_and_no_curve(store, visit_id):
    knee, toes = (list(JointKind).index(kind) for kind in (JointKind.KNEE, JointKind.TOES))
    solved = samples.motion()
    seen = []
    for cycles in solved.cycles:
        angle = np.zeros_like(cycles.angle_rad)
        angle[:, 60, knee] = 1.0
        seen.append(replace(cycles, angle_rad=angle))
    solved = replace(solved, cycles=tuple(seen))

    names = {one.name for one in motion_numbers(solved, "r")}
    motion_id = store.save(RecordKind.MOTION, solved, visit_id=visit_id, summary="")
    files = export_records(store, [motion_id])

    assert "knee flexion, range" in names and not [name for name in names if name.startswith("toe")]
    assert {row["joint"] for row in rows_of(files["measured_gait_cycles.csv"])} == {JointKind.KNEE.value}
    assert not np.isnan(solved.cycles[0].angle_rad[:, :, toes]).any()  # held, not missing


@pytest.mark.parametrize("source", list(ForceSource))
def test_estimated_forces_are_not_numbers_that_were_measured(store, visit_id, source):
    record_id = store.save(RecordKind.KINETICS, force_samples.kinetics(source), visit_id=visit_id, summary="")
    files = export_records(store, [record_id])
    (name,) = (name for name in files if name.endswith("force_measures.csv"))
    told = {row["estimated"] for row in rows_of(files[name])}
    assert told == {"yes" if source is ForceSource.ESTIMATED else "no"}


def test_the_data_of_every_visit_are_exported_once_and_the_readme_says_whose_a_file_is(store, visit_id):
    patient_id = store.visit(visit_id).patient_id
    visits = [visit_id, *(store.start_visit(patient_id).id for _ in range(2))]
    motions = [store.save(RecordKind.MOTION, samples.motion(), visit_id=v, summary="") for v in visits]

    files = export_records(store, motions)

    assert len([name for name in files if name.startswith("patient")]) == len(visits)
    lines = files["README.txt"].decode().splitlines()
    second = f"measured_measures_{motions[1][:8]}.csv"
    assert any(second in line and "visit 2" in line for line in lines)


def test_a_made_up_patient_is_called_so_in_readme_and_figures(store):
    patient = store.add_patient(replace(a_subject(), synthetic=True))
    visit_id = store.start_visit(patient).id
    forces = replace(force_samples.kinetics(ForceSource.ESTIMATED), synthetic=True)
    record_id = store.save(RecordKind.KINETICS, forces, visit_id=visit_id, summary="")
    figure = record_figure(store, store.info(record_id))
    assert figure is not None and figure.name == "synthetic_estimated_forces"
    assert figure.subtitle.startswith("synthetic patient ")
    assert "synthetic patient" in export_records(store, [record_id])["README.txt"].decode().splitlines()[0]


@pytest.mark.parametrize("asked", ["export", "report"])  # a few words, and more than a pipe holds
def test_a_reader_who_has_enough_is_no_mistake_of_the_program(store, visit_id, tmp_path, monkeypatch, asked):
    """As `exotwin report P-0001 --json | head -1`."""
    motion_id = store.save(RecordKind.MOTION, samples.motion(), visit_id=visit_id, summary="")
    out = tmp_path / "out"
    told = ["export", motion_id, "--out", str(out)] if asked == "export" else ["report", visit_id, "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as closed, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", closed)
        assert cli.run([*told, "--data-dir", str(tmp_path / "data")]) == cli.EXIT_OK
