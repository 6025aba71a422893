"""The job that finds impairments: what it saves, that it continues where it stopped, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.domain.body import SIDES, Joint, JointKind
from core.domain.impairment import SLOTS, Impairment
from core.domain.impairment_fit import ImpairmentFit
from core.domain.motion import GaitCycles, Kinematics, Motion, SideMeasures, Spatiotemporal, Spread
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.domain.twin import GENERIC_BODY, Twin
from core.errors import JobCancelled
from core.gait.events import find_strides
from core.gait.norms import normal_reference
from core.jobs.values import JobSpec, Sample, SilentContext
from core.learning.impairments.candidate_gaits import WALK_S, WalkedGait
from core.learning.impairments.fit import ImpairmentSearch
from core.learning.impairments.search_plan import SearchSettings
from core.simulation.analysis.gait_features import foot_paths, walk_features
from core.simulation.reference_gait.reference_strides import StrideBank
from core.store.repository import open_store
from core.tasks import fit_impairments
from tests.drop_foot import drop_foot
from tests.refusals import refused

DROP = drop_foot(SIDES[0], 0.5)
LABELS = [DROP.slot.label, SLOTS[0].label]
SMALL = SearchSettings(searched=2, population=6, generations=3, gauss_newton_steps=1)
REFERENCE = normal_reference()


class PlayedTwin:
    """Plays the normal stride, so that a job takes no time; a weak foot hangs in swing."""

    body = GENERIC_BODY

    def __init__(self, *given: object, **named: object) -> None:
        pass

    def walk(self, candidates: Sequence[tuple[Impairment, ...]]) -> tuple[WalkedGait, ...]:
        return tuple(self._walk(candidate) for candidate in candidates)

    def _walk(self, candidate: tuple[Impairment, ...]) -> WalkedGait:
        drop = sum(one.severity for one in candidate if one.slot == DROP.slot)
        return WalkedGait(WALK_S, walk_features(GENERIC_BODY, *played(drop)))


class FallenTwin(PlayedTwin):
    def _walk(self, candidate: tuple[Impairment, ...]) -> WalkedGait:
        return WalkedGait(1.0, None)


def played(drop: float, *, strides: float = 3.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, root poses and joint angles."""
    time_s = np.arange(0.0, strides * REFERENCE.period_s, 0.02)
    phase = (time_s / REFERENCE.period_s) % 1.0
    angle = StrideBank([REFERENCE] * len(time_s)).angle(phase)
    angle[:, Joint.of(JointKind.ANKLE, SIDES[0]).column] -= 0.4 * drop * (phase > 0.62)
    root = np.tile([0.0, 0.0, 0.95, 1.0, 0.0, 0.0, 0.0], (len(time_s), 1))
    root[:, 1] = -REFERENCE.speed_m_s * time_s
    return time_s, root, angle


def recorded(drop: float, *, strides: float = 3.2) -> Motion:
    time_s, root, angle = played(drop, strides=strides)
    spread = Spread(0.6, 0.0)
    left, right = (SideMeasures(side, 3, spread, spread, spread) for side in SIDES)
    empty = np.zeros((0, 101, 7))
    return Motion(
        kinematics=Kinematics(time_s, angle, root[:, :3], root[:, 3:]),
        strides=find_strides(foot_paths(GENERIC_BODY, time_s, root, angle)),
        measures=Spatiotemporal(REFERENCE.speed_m_s, 110.0, None, (left, right), 1.0),
        cycles=(GaitCycles(SIDES[0], empty, 0.6), GaitCycles(SIDES[1], empty, 0.6)),
        reference=REFERENCE,
        segment_length_m={},
        residual_m=0.0,
        sagittal_only=True,
        swapped_fraction=0.0,
        findings=(),
        synthetic=True,
    )


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_impairments, "TwinWalks", PlayedTwin)
    monkeypatch.setattr(
        fit_impairments,
        "ImpairmentSearch",
        lambda *given, **named: ImpairmentSearch(*given, **named, settings=SMALL),
    )


class Impatient(SilentContext):
    """A person who cancels after two rounds."""

    def check_cancelled(self) -> None:
        if sum(isinstance(event, Sample) for event in self.events) >= 2:
            raise JobCancelled


def context_for(folder: Path, motion: Motion, **more: object) -> SilentContext:
    with open_store(folder) as store:
        patient = store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.70, 75.0, synthetic=True))
        visit = store.start_visit(patient).id
        body = Twin(GENERIC_BODY, 0.02, 75.0, 0.88, 1.0)
        twin = store.save(RecordKind.TWIN, body, visit_id=visit, summary="body")
        walk = store.save(RecordKind.MOTION, motion, visit_id=visit, summary="walk")
    params = {"twin_id": twin, "motion_id": walk, "sliders": LABELS, "seed": 3} | more
    work_dir = folder / "job"
    work_dir.mkdir()
    return SilentContext(JobSpec("job", "fit_impairments", params, folder, visit), work_dir)


def load(folder: Path, record_id: str) -> ImpairmentFit:
    with open_store(folder) as store:
        return store.load(record_id, ImpairmentFit)


@pytest.mark.slow
def test_a_recorded_drop_foot_is_found_and_saved_with_its_uncertainty(tmp_path: Path) -> None:
    context = context_for(tmp_path, recorded(0.5))

    fit = load(tmp_path, fit_impairments.run(context.spec.params, context))

    (found,) = fit.body.impairments
    assert found.slot == DROP.slot and found.severity == pytest.approx(0.5, abs=0.1)
    assert fit.synthetic
    assert 0.0 < next(one.sd for one in fit.estimates if one.slot == DROP.slot) < 0.2
    assert fit_impairments.summary(fit).startswith(f"{DROP.slot.label} 0.")


@pytest.mark.slow
def test_a_search_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    whole = context_for(tmp_path / "whole", recorded(0.4))
    expected = load(tmp_path / "whole", fit_impairments.run(whole.spec.params, whole))
    context = context_for(tmp_path / "stopped", recorded(0.4))
    with pytest.raises(JobCancelled):
        fit_impairments.run(context.spec.params, Impatient(context.spec, context.work_dir))

    resumed = load(tmp_path / "stopped", fit_impairments.run(context.spec.params, context))

    assert resumed.estimates == expected.estimates
    np.testing.assert_array_equal(resumed.best_misfit, expected.best_misfit)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    context = context_for(tmp_path, recorded(0.5))
    (context.work_dir / fit_impairments.CHECKPOINT).write_bytes(b"half of one")

    with refused("TRN-014"):
        fit_impairments.run(context.spec.params, context)


def test_a_motion_without_strides_of_both_feet_is_refused(tmp_path: Path) -> None:
    context = context_for(tmp_path, recorded(0.5, strides=0.9))

    with refused("TWN-020"):
        fit_impairments.run(context.spec.params, context)


def test_a_twin_that_cannot_walk_even_without_impairment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_impairments, "TwinWalks", FallenTwin)
    context = context_for(tmp_path, recorded(0.5))

    with refused("TWN-021"):
        fit_impairments.run(context.spec.params, context)


def test_an_unknown_slider_is_refused(tmp_path: Path) -> None:
    context = context_for(tmp_path, recorded(0.5), sliders=["Weakness, left eyebrow"])

    with refused("TWN-022"):
        fit_impairments.run(context.spec.params, context)
