"""Further pages of the report: forces, EMG, calibrated muscles, strength; nothing where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.domain.kinetics import ForceSource
from core.domain.muscle_calibration import LENGTHS_STAY, SLACK
from core.domain.record import RecordKind
from core.session.flow import Step
from core.session.report import ReportContent, report_content
from core.session.weakness import answer_proposal
from core.store.repository import Store, open_store
from tests.store.samples import a_subject
from tests.ui import force_samples, muscle_samples, records
from tests.ui.samples import finding, motion


def visit(store: Store) -> str:
    visit_id = store.start_visit(store.add_patient(a_subject())).id
    records.fill(store, visit_id, Step.MOTION)
    return visit_id


def keep(store: Store, visit_id: str, kind: RecordKind, value: object, *inputs: str) -> ReportContent:
    store.save(kind, value, visit_id=visit_id, summary="", inputs=inputs)
    return report_content(store, visit_id)


def newest_motion(store: Store, visit_id: str) -> str:
    info = store.latest(visit_id, RecordKind.MOTION)
    assert info is not None
    return info.id


def test_a_visit_without_forces_and_muscles_has_one_page(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        content = report_content(store, visit(store))
    assert content.forces is None and content.muscles is None


def test_forces_are_named_measured_or_estimated_with_peaks_work_and_residual(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        made = newest_motion(store, visit_id)
        measured = keep(store, visit_id, RecordKind.KINETICS, force_samples.kinetics(), made).forces
        guessed = force_samples.kinetics(ForceSource.ESTIMATED, findings=(finding(),))
        estimated = keep(store, visit_id, RecordKind.KINETICS, guessed, made).forces
    assert measured is not None and estimated is not None
    assert measured.title == "Forces · measured by force plates" and not measured.estimated
    assert estimated.title == "Forces · estimated from the motion, not measured" and estimated.estimated
    rows = {row.name: row.cells for row in measured.table.rows}
    assert rows["Ankle dorsiflexion"][-2:] == ("+0.16 / −0.12", "+0.20 / −0.12")
    assert rows["Vertical force, BW"][:2] == ("0.00 to 1.10", "0.00 to 1.10")
    assert any("24 N (4 % of body weight)" in note for note in measured.notes)
    assert "The picture is dark." in estimated.notes
    assert not any("body weight)" in note for note in estimated.notes)  # balanced by construction


def test_a_worn_exo_is_named_with_what_it_gave(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        worn = force_samples.with_exo(force_samples.kinetics())
        forces = keep(store, visit_id, RecordKind.KINETICS, worn, newest_motion(store, visit_id)).forces
    assert forces is not None
    rows = {row.name: row.cells for row in forces.table.rows}
    assert rows["Hip flexion: the exo gave, N·m/kg"][:2] == ("0.10 to 0.10", "0.10 to 0.10")
    assert not any("Knee" in name and "exo" in name for name in rows)
    assert any("exo.csv: left hip flexion" in note for note in forces.notes)


def test_one_camera_prints_the_plane_of_walking_only(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        one = keep(
            store, visit_id, RecordKind.KINETICS, force_samples.kinetics(), newest_motion(store, visit_id)
        )
        planes = replace(motion(), sagittal_only=False)
        solved = store.save(RecordKind.MOTION, planes, visit_id=visit_id, summary="")
        stale = report_content(store, visit_id)
        several = keep(store, visit_id, RecordKind.KINETICS, force_samples.kinetics(), solved)
    assert one.forces is not None and several.forces is not None and stale.forces is not None
    assert [plot.title for plot in one.forces.plots][-2:] == ["Vertical force (BW)", "Fore-aft force (BW)"]
    assert "Hip adduction (N·m/kg)" in [plot.title for plot in several.forces.plots]
    assert stale.forces.notes[0].startswith("Out of date")
    assert not any("Out of date" in note for note in several.forces.notes)


def test_emg_has_muscles_quality_normalisation_processing_and_offset(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        shifted = muscle_samples.emg(offset_s=-0.25, offset_from="common event")
        part = keep(store, visit_id, RecordKind.EMG, shifted).muscles
        plain = replace(shifted, offset_from="", processing="")
        unknown = keep(store, visit_id, RecordKind.EMG, plain).muscles
    assert part is not None and part.emg is not None and unknown is not None and unknown.emg is not None
    assert part.calibration is None and part.strength is None
    rows = {row.name: row.cells for row in part.emg.channels.rows}
    assert rows == {
        "Vastus lateralis": ("clipped", "good"),
        "Tibialis anterior": ("good", "good"),
        "Soleus": ("good", "–"),
    }
    assert [(plot.title, len(plot.curves)) for plot in part.emg.plots] == [
        ("Vastus lateralis (% of max)", 1), ("Tibialis anterior (% of max)", 2), ("Soleus (% of max)", 1),
    ]  # fmt: skip
    facts = dict(part.emg.facts)
    assert facts["Normalised to"] == "recorded maximum"
    assert facts["Processing"].startswith("band-pass 20-500 Hz")
    assert facts["Offset to motion"] == "−0.250 s, from: common event"
    assert dict(unknown.emg.facts)["Offset to motion"] == "not known, taken as 0"
    assert "Processing" not in dict(unknown.emg.facts)


def test_the_calibration_says_what_moved_what_hit_a_bound_and_what_is_not_told(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        part = keep(
            store, visit_id, RecordKind.MUSCLE_CALIBRATION, force_samples.muscle_calibration()
        ).muscles
    assert part is not None and part.calibration is not None
    rows = {row.name: row.cells for row in part.calibration.parameters.rows}
    assert rows == {
        "Strength, left plantarflexors": ("1.00", "0.72 ± 0.05", "0.50 to 2.50", "moved"),
        "Electromechanical delay": ("40 ms", "100 ± 6 ms", "10 to 100 ms", "at its bound"),
    }
    assert part.calibration.notes == (
        "Not told by the data, left as they were: Strength, left knee extensors.",
    )
    fits = {row.name: row.cells for row in part.calibration.fits.rows}
    assert fits["Left ankle dorsiflexion"] == ("0.60", "0.97", "0.95")


def test_calibrated_lengths_are_told_to_stay_out_of_the_twin(tmp_path: Path) -> None:
    found = force_samples.muscle_calibration()
    longer = replace(found.parameters[0], name=f"{SLACK}, left soleus")
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        with_length = replace(found, parameters=(longer,))
        part = keep(store, visit_id, RecordKind.MUSCLE_CALIBRATION, with_length).muscles
    assert part is not None and part.calibration is not None
    assert part.calibration.notes == (LENGTHS_STAY,)


def test_strength_is_told_with_its_uncertainty_and_what_it_rests_on(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        part = keep(store, visit_id, RecordKind.DEFICITS, force_samples.deficits()).muscles
    assert part is not None and part.strength is not None
    (row,) = part.strength.table.rows
    assert (row.name, row.cells) == ("Left plantarflexors", ("72 ± 6 %", "EMG, moments"))
    weak = "The left calf is about 28 % weaker than expected of this body."
    assert f"Suggested, not yet answered: {weak}" in part.strength.notes
    assert "The hip flexors carried no electrode." in part.strength.notes


def test_who_accepted_a_weakness_is_printed_and_what_is_out_of_date_says_so(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        made = newest_motion(store, visit_id)
        keep(store, visit_id, RecordKind.DEFICITS, force_samples.deficits(), made)
        info = store.latest(visit_id, RecordKind.DEFICITS)
        assert info is not None
        label = force_samples.deficits().proposed[0].slot.label
        answer_proposal(store, info.id, label, accept=True, by="Dr. Lind", role="physician")
        accepted = report_content(store, visit_id).muscles
        outdated = keep(store, visit_id, RecordKind.MOTION, motion()).muscles
    assert accepted is not None and accepted.strength is not None
    assert accepted.strength.notes[0].startswith("Accepted by Dr. Lind, physician, ")
    assert outdated is not None and outdated.strength is not None
    assert outdated.strength.notes[0] == "Out of date: what this was made from changed."


def test_many_muscles_and_parameters_take_a_page_each(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        few = force_samples.muscle_calibration()
        many = replace(few, parameters=few.parameters[:1] * 16)
        alone = keep(store, visit_id, RecordKind.MUSCLE_CALIBRATION, many).muscles
        crowded = keep(store, visit_id, RecordKind.EMG, muscle_samples.emg(muscles=17)).muscles
        roomy = keep(store, visit_id, RecordKind.MUSCLE_CALIBRATION, few).muscles
        small = keep(store, visit_id, RecordKind.EMG, muscle_samples.emg()).muscles
    assert small is not None and small.calibration is not None
    wordy = replace(small, calibration=replace(small.calibration, notes=("Left as it was: " * 400,)))
    parts = (alone, crowded, roomy, small, wordy)
    assert [part is not None and part.apart for part in parts] == [False, True, True, False, True]


def test_emg_stands_over_the_twins_simulated_muscles_with_r_and_the_bars_of_normal_activity(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        visit_id = visit(store)
        before = keep(store, visit_id, RecordKind.EMG, muscle_samples.emg()).muscles
        walks = muscle_samples.walks_with_muscles()
        policy = store.save(
            RecordKind.GAIT_POLICY,
            records.gait_policy(walk_seconds=10.0),
            visit_id=visit_id,
            summary="",
            inputs=(newest_motion(store, visit_id),),
        )
        part = keep(store, visit_id, RecordKind.SIMULATED_GAIT, walks, policy).muscles
    assert before is not None and before.emg is not None and part is not None and part.emg is not None
    assert not any(plot.simulated for plot in before.emg.plots) and "Dashed" not in dict(before.emg.facts)
    tibialis = next(plot for plot in part.emg.plots if plot.title.startswith("Tibialis"))
    assert tibialis.note == "r L 1.00, R 1.00"
    assert [side for side, _ in tibialis.simulated] == [side for side, _, _ in tibialis.curves]
    assert tibialis.active == ((0.0, 9.0), (54.0, 100.0))
    assert "by its muscles" in dict(part.emg.facts)["Dashed"]
    assert dict(part.emg.facts)["Grey bars"].endswith("(Perry 1992)")
