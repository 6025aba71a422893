"""Claims about planning a belt's assistance and teaching an exo to follow it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.assistance.curves import torque_nm
from core.assistance.export import profile_json
from core.assistance.profile import plan
from core.deploy.package import parse_package
from core.devices.profiles import load_profile
from core.domain.belt_profile import BeltProfile
from core.domain.body import SIDES, JointKind
from core.domain.controller import TorqueDirection, TrainedController
from core.domain.gait_envelope import NOBODYS_GAIT
from core.domain.kinetics import KineticCycles, Kinetics
from core.domain.motion import GaitCycles, Motion
from core.domain.record import RecordKind
from core.jobs.values import JobSpec, SilentContext
from core.learning.exo import phase_teaching
from core.session.export import export_visit
from core.session.flow import standing
from core.session.weakness import facts_of
from core.store.repository import open_store
from core.tasks import judged_walks, plan_assistance, teach_profile
from core.tasks.policy_files import shipped_policy
from tests.assistance.hips import BELT, hip
from tests.deploy.controllers import built
from tests.learning.exo.twins import policy_of
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.ui import force_samples, samples

HIP = tuple(JointKind).index(JointKind.HIP_FLEXION)


def walked(strides: int = 8) -> tuple[Motion, Kinetics]:
    """A sample's motion and forces with the hip of `tests.assistance.hips`."""
    made = hip(strides)
    half, motion, kinetics = strides // 2, samples.motion(), force_samples.kinetics()
    angles, moments = [], []
    for side, rows in zip(SIDES, (slice(0, half), slice(half, strides)), strict=True):
        angle = np.zeros((strides - half if rows.stop == strides else half, 101, 7))
        moment = np.zeros_like(angle)
        angle[:, :, HIP], moment[:, :, HIP] = made.angle_rad[rows], made.moment_nm_kg[rows]
        angles.append(GaitCycles(side, angle, 0.6))
        moments.append(KineticCycles(side, moment, np.zeros_like(moment), np.zeros((len(moment), 101, 3))))
    return (
        replace(motion, cycles=(angles[0], angles[1]), findings=()),
        replace(kinetics, cycles=(moments[0], moments[1])),
    )


def visit_with(folder: Path, strides: int = 8) -> tuple[str, str]:
    """The visit and its moments."""
    motion, kinetics = walked(strides)
    with open_store(folder) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        motion_id = store.save(RecordKind.MOTION, motion, visit_id=visit_id, summary="walk")
        kinetics_id = store.save(
            RecordKind.KINETICS, kinetics, visit_id=visit_id, inputs=(motion_id,), summary="moments"
        )
    return visit_id, kinetics_id


def ran(job, folder: Path, visit_id: str = "", **params: object) -> str:
    spec = JobSpec("job", "kind", params, folder, visit_id, "Dr A")
    return job.run(params, SilentContext(spec, folder))


@pytest.fixture(scope="module", autouse=True)
def small():
    """The same code with few walkers and short walks; what is learned is worth nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, little in (
            (phase_teaching, "WALKERS", 2),
            (phase_teaching, "SECONDS", 3.0),
            (phase_teaching, "STEPS", 60),
            (phase_teaching, "SPEEDS", ()),
            (phase_teaching, "ROUNDS", 1),
            (judged_walks, "SEEDS", 1),
            (judged_walks, "WALKERS", 2),
            (judged_walks, "SECONDS", 2.4),
            (teach_profile, "judged_envelope", lambda *_, **__: NOBODYS_GAIT),
        ):
            patch.setattr(module, name, little)
        yield


def test_a_plan_is_kept_with_what_it_was_made_from_and_goes_stale_with_it(tmp_path: Path) -> None:
    visit_id, kinetics_id = visit_with(tmp_path)
    record_id = ran(
        plan_assistance, tmp_path, visit_id, kinetics_id=kinetics_id, amplitude_n=40, ahead_m=0.15
    )
    with open_store(tmp_path) as store:
        profile, info = store.load(record_id, BeltProfile), store.info(record_id)
        assert kinetics_id in [name for name, _ in info.provenance.inputs] and "40 N" in info.summary
        assert profile.geometry == replace(BELT, ahead_m=0.15)  # the rest is the exo's with a belt
        assert profile.amplitude_n == 40.0 and profile.strides == (4, 4)
        assert standing(facts_of(store, visit_id), RecordKind.BELT_PROFILE) is not None
        files = export_visit(store, visit_id)
        (name,) = (name for name in files if name.endswith("_belt_profile.json"))
        assert name.startswith("planned") and json.loads(files[name])["sum_of_sines"]["amplitude_n"] == 40.0
        store.save(RecordKind.MOTION, walked()[0], visit_id=visit_id, summary="again")
        assert standing(facts_of(store, visit_id), RecordKind.BELT_PROFILE) is None


def test_what_cannot_be_planned_keeps_nothing(tmp_path: Path) -> None:
    visit_id, kinetics_id = visit_with(tmp_path)
    for wish, code in (({"along_m": 30.0}, "ASP-003"), ({"amplitude_n": 900}, "ASP-006")):
        told = {"kinetics_id": kinetics_id, **wish}
        assert code_of(ran, plan_assistance, tmp_path, visit_id, **told) == code
    few = visit_with(tmp_path / "few", strides=1)[1]
    assert code_of(ran, plan_assistance, tmp_path / "few", kinetics_id=few) == "ASP-002"
    with open_store(tmp_path) as store:
        assert store.latest(visit_id, RecordKind.BELT_PROFILE) is None


def test_a_taught_controller_only_flexes_says_what_it_is_and_can_be_packed(tmp_path: Path) -> None:
    visit_id, kinetics_id = visit_with(tmp_path)
    with open_store(tmp_path) as store:
        profile_id = store.save(
            RecordKind.BELT_PROFILE,
            plan(hip(), BELT, orders=3),
            visit_id=visit_id,
            inputs=(kinetics_id,),
            summary="plan",
        )
        policy_id = store.save(
            RecordKind.GAIT_POLICY, policy_of(shipped_policy()), visit_id=visit_id, summary="walks"
        )
    told = {"profile_id": profile_id, "policy_id": policy_id, "device": "Hippo_L1"}
    record_id = ran(teach_profile, tmp_path, visit_id, **told)
    with open_store(tmp_path) as store:
        trained, profile = store.load(record_id, TrainedController), store.load(profile_id, BeltProfile)
        assert "Follows a planned profile" in store.info(record_id).summary
    limits = trained.controller.limits
    assert limits.direction is TorqueDirection.FLEXION
    assert limits.peak_nm == pytest.approx(teach_profile.HEADROOM * torque_nm(profile).max())
    assert "ASP-009" in {finding.advice.code for finding in trained.findings} and trained.synthetic
    package = parse_package(built(trained).archive)
    assert package.blob.controller.limits.direction is TorqueDirection.FLEXION
    assert package.blob.golden.torque_nm.min() >= 0.0


def test_an_exo_that_cannot_flex_the_hip_is_refused() -> None:
    planned = plan(hip(), BELT, orders=2)
    hip_that_extends, ankle = load_profile("HMEDI_L1"), load_profile("DephyExoBoot_L1")
    assert code_of(teach_profile._limits, hip_that_extends, torque_nm(planned)) == "ASP-008"
    assert code_of(teach_profile._torque, planned, ankle, teach_profile.SINES) == "ASP-008"  # none is known
    assert code_of(teach_profile._torque, planned, load_profile("Hippo_L1"), "squares") == "ASP-008"


def test_an_ankle_exo_gets_the_spline_of_the_persons_push_off() -> None:
    push_off = -1.4 * np.exp(-(((np.linspace(0.0, 100.0, 101) - 50.0) / 9.0) ** 2))
    planned = plan(replace(hip(), ankle_nm_kg=np.tile(push_off, (8, 1))), BELT, orders=2)
    device = load_profile("DephyExoBoot_L1")
    torque = teach_profile._torque(planned, device, teach_profile.SINES)
    limits = teach_profile._limits(device, torque)
    assert limits.direction is TorqueDirection.EXTENSION and limits.peak_nm <= device.first_session_peak_nm
    assert torque.max() <= 0.0 and np.argmin(torque) == pytest.approx(50, abs=2)
    assert torque.min() == pytest.approx(0.15 * 70.0 * push_off.min(), rel=0.1)
    told = profile_json(planned)["openexo"]["zhang_collins"]["parameters"]
    assert told["peak_time"] == pytest.approx(50.0, abs=2.0) and told["torque"] > 0.0


def test_the_belt_is_no_part_of_what_an_exo_is_known_by() -> None:
    """Or packages of before would be refused."""
    from core.deploy.manifest import profile_sha256

    known = load_profile("HMEDI_L1")
    assert known.belt == BELT
    assert profile_sha256(known) == profile_sha256(replace(known, belt=None))
    assert json.dumps(BELT.above_m) == "0.1"
