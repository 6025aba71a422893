"""Hip moments without plates through the record, by the model that ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.body import SIDES, Side
from core.domain.findings import Severity
from core.domain.moments import MOMENT_PLANES, STAGES, Moments
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.domain.twin import Twin
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import estimate_moments
from core.tasks.moment_model import CARD, moment_model_of, shipped_moment_model
from tests.kinetics.plate_walk import BODY, plate_walk
from tests.refusals import refused


def estimated(data_dir: Path, motion: Motion) -> Moments:
    with open_store(data_dir) as store:
        patient = store.add_patient(Subject("P-0001", 1980, Sex.FEMALE, BODY.height_m, BODY.mass_kg))
        visit_id = store.start_visit(patient).id
        motion_id = store.save(RecordKind.MOTION, motion, visit_id=visit_id, summary="")
        twin = Twin(BODY, 0.0, BODY.mass_kg, 0.8, 0.0)
        twin_id = store.save(RecordKind.TWIN, twin, visit_id=visit_id, summary="")
    params = {"motion_id": motion_id, "twin_id": twin_id}
    work_dir = data_dir / "work"
    work_dir.mkdir(parents=True, exist_ok=True)
    context = SilentContext(JobSpec("1", "estimate_moments", dict(params), data_dir), work_dir)
    record_id = estimate_moments.run(params, context)
    with open_store(data_dir) as store:
        assert {one for one, _ in store.info(record_id).provenance.inputs} == {motion_id, twin_id}
        return store.load(record_id, Moments)


def codes(moments: Moments) -> list[str]:
    return [finding.advice.code for finding in moments.findings]


def test_a_walk_gets_moments_of_both_hips_with_weights_and_errors(tmp_path: Path) -> None:
    motion = replace(plate_walk().motion, sagittal_only=False)

    moments = estimated(tmp_path, motion)

    strides = [len(cycles.moment_nm_kg) for cycles in moments.cycles]
    assert strides == [sum(stride.side is side for stride in motion.strides) for side in SIDES]
    assert len(moments.weights) == len(MOMENT_PLANES) * len(STAGES)
    used = {name for one in moments.weights for name in one.names}
    assert all(set(cycles.by_source) == used for cycles in moments.cycles)
    flexion = moments.cycles[0].moment_nm_kg[0, :, 0]
    assert flexion[5:20].mean() < -0.1 < 0.1 < flexion[45:60].mean(), "it extends early and bends late"
    adduction = moments.cycles[0].moment_nm_kg[0, :, 1]
    assert adduction[15:50].mean() < -0.1, "abductors carry the body on one leg"
    assert codes(moments)[-1] == "MOM-003" and moments.findings[-1].severity is Severity.NOTE


def test_one_camera_and_one_leg_are_told(tmp_path: Path) -> None:
    motion = plate_walk().motion
    right = tuple(stride for stride in motion.strides if stride.side is Side.RIGHT)

    moments = estimated(tmp_path, replace(motion, strides=right, sagittal_only=True))

    assert {"MOM-004", "MOM-005"} <= set(codes(moments))
    assert not len(moments.cycles[0].moment_nm_kg) and len(moments.cycles[1].moment_nm_kg)


def test_who_walks_unlike_all_who_were_judged_is_told(tmp_path: Path) -> None:
    _, judged = shipped_moment_model()
    motion = plate_walk().motion
    stride = motion.strides[0]
    slow = replace(stride, end_s=stride.start_s + 2.0 * judged.stride_s[1])
    longer = replace(
        motion, strides=(slow,), kinematics=replace(motion.kinematics, time_s=motion.kinematics.time_s * 4.0)
    )
    assert "MOM-006" in codes(estimated(tmp_path, longer))


def test_legs_that_were_not_seen_throughout_are_refused(tmp_path: Path) -> None:
    motion = plate_walk().motion
    angle = np.array(motion.kinematics.angle_rad)
    angle[::10, 3] = np.nan
    with refused("MOM-001"):
        estimated(tmp_path, replace(motion, kinematics=replace(motion.kinematics, angle_rad=angle)))


@pytest.mark.parametrize("content", [b"", b"not an archive"])
def test_a_damaged_model_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hip_moments.json").write_bytes(content)
    with refused("MOM-002"):
        moment_model_of(tmp_path)


def test_the_card_says_that_simulation_alone_taught_the_model() -> None:
    import resources

    card = " ".join(resources.path(f"moments/{CARD}").read_text(encoding="utf-8").split())
    assert "simulation only" in card and "No recording of a person went in" in card
    assert "12 strides carry no claim" in card
