"""Real recordings, read as curves: plausible for people, and as their authors published them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from app.bench.gait_curves import EmgGroup
from app.bench.recorded_walks import HELD_OUT, TUNING, RecordedWalk, recorded_walks
from app.bench.walk import correlations_between_people, grf_correlations
from tests.refusals import refused

RECORDINGS = Path(os.environ.get("EXOTWIN_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the real recordings are not here")


@pytest.fixture(scope="module")
def people() -> tuple[RecordedWalk, ...]:
    return recorded_walks(RECORDINGS)


def test_a_missing_recording_is_refused(tmp_path: Path) -> None:
    with refused("PC-026"):
        recorded_walks(tmp_path)


@pytest.mark.slow
@needs_recordings
def test_every_source_is_either_for_tuning_or_held_out(people) -> None:
    assert sorted(person.name for person in people) == sorted(TUNING + HELD_OUT)
    assert {person.name for person in people if person.held_out} == set(HELD_OUT)


@pytest.mark.slow
@needs_recordings
def test_people_push_with_one_body_weight_twice_and_stand_three_fifths_of_the_time(people) -> None:
    grfs = {person.name: person.grf for person in people if person.grf is not None}

    assert set(grfs) == {"subject01", "walk36", "children_a", "children_b", "bmc", "rajagopal"}
    for name, grf in grfs.items():
        assert all(1.0 < peak < 1.4 for peak in grf.peaks_bw), name
        assert 0.57 < grf.stance_fraction < 0.67, name
        middle = grf.mean_stance("vertical")[50]
        assert middle < min(grf.peaks_bw), name
        assert grf.mean_stance("fore_aft")[:40].mean() < 0 < grf.mean_stance("fore_aft")[60:95].mean(), name


@pytest.mark.slow
@needs_recordings
def test_calf_works_before_push_off_and_shin_at_heel_strike(people) -> None:
    for person in people:
        if EmgGroup.GASTROCNEMIUS in person.emg:
            calf, shin = person.emg[EmgGroup.GASTROCNEMIUS], person.emg[EmgGroup.TIBIALIS_ANTERIOR]
            assert 25 <= np.argmax(calf) <= 60, person.name
            assert shin[:8].max() > shin[25:45].max(), person.name


@pytest.mark.slow
@needs_recordings
def test_people_are_more_alike_over_the_cycle_than_a_flat_push(people) -> None:
    alike = correlations_between_people(people)
    grfs = [person.grf for person in people if person.grf is not None]

    assert alike["vertical_grf_r"] > 0.93
    assert alike["fore_aft_grf_r"] > 0.85
    for grf in grfs:
        assert grf_correlations(grf, [grf])["vertical_grf_r"] == pytest.approx(1.0)
