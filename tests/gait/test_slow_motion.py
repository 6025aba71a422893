"""Claims about the body's own clock: slow motion is asked about, slow walking is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.clock import FilmClock
from core.domain.findings import Severity
from core.domain.gait_events import FootPaths
from core.gait.slow_motion import body_clock, likely_factor, slow_motion_findings, too_slow_for_life

RATE_HZ = 60.0


def walk(
    *,
    height_m: float = 1.70,
    step_m: float = 0.70,
    stride_s: float = 1.1,
    swing: float = 0.39,
    played: float = 1.0,
    belt: bool = False,
) -> FootPaths:
    """Feet that stand, then swing for a fraction of the stride; `played` times slower than life."""
    time_s = np.arange(0.0, 6.2 * stride_s, played / RATE_HZ / max(played, 1.0))
    speed = 2.0 * step_m / stride_s
    pelvis = speed * time_s + 0.02 * step_m * np.sin(4 * np.pi * time_s / stride_s)
    foot_m = 0.15 * height_m
    heels, toes = [], []
    for side in range(2):
        phase = time_s / stride_s + 0.5 * side
        stride_number, within = np.floor(phase), phase % 1.0
        swung = np.clip((within - (1.0 - swing)) / swing, 0.0, 1.0)
        place = (stride_number + swung - 0.5 * side) * 2 * step_m + step_m / 2  # lands in front of the pelvis
        heels.append(place)
        toes.append(place + foot_m)
    shift = speed * time_s if belt else 0.0

    def path(along: FloatArray) -> FloatArray:
        return np.stack([0 * along, -(along - shift), 0 * along], axis=1)

    return FootPaths(
        time_s * played,
        path(pelvis),
        np.stack([path(heel) for heel in heels], axis=1),
        np.stack([path(toe) for toe in toes], axis=1),
    )


def severities(paths: FootPaths, height_m: float = 1.70, clock: FilmClock | None = None) -> list[Severity]:
    return [f.severity for f in slow_motion_findings(paths, height_m, clock or FilmClock())]


# Step over height, stride time, swing fraction: what people do in life.
LIFE = {
    "usual": (0.41, 1.10, 0.39),
    "brisk": (0.48, 0.95, 0.41),
    "child": (0.38, 0.90, 0.40),
    "slow, on a belt at 0.6 m/s": (0.27, 1.50, 0.34),
    "slow, on a belt at 0.4 m/s": (0.22, 1.90, 0.29),
    "very slow, at 0.2 m/s": (0.15, 2.60, 0.24),
    "after a stroke, 0.4 m/s": (0.20, 1.70, 0.30),
    "shuffling": (0.15, 1.10, 0.33),
    "walking frame, 0.3 m/s": (0.18, 2.00, 0.30),
}


@pytest.mark.parametrize("belt", [False, True])
@pytest.mark.parametrize("name", LIFE)
def test_what_people_do_is_never_called_slow_motion(name: str, belt: bool) -> None:
    step, stride_s, swing = LIFE[name]
    paths = walk(step_m=step * 1.70, stride_s=stride_s, swing=swing, belt=belt)
    assert severities(paths) == []
    assert too_slow_for_life(paths, 1.70, FilmClock()) is None


@pytest.mark.parametrize("played", [2.0, 4.0, 8.0])
@pytest.mark.parametrize("name", ["usual", "brisk", "child"])
def test_slow_motion_is_asked_about_and_the_factor_proposed(name: str, played: float) -> None:
    step, stride_s, swing = LIFE[name]
    paths = walk(step_m=step * 1.70, stride_s=stride_s, swing=swing, played=played)
    (found,) = slow_motion_findings(paths, 1.70, FilmClock())
    assert (found.severity, found.advice.code) == (Severity.STOP, "MOT-090")
    assert f"{played:g} times slower" in found.advice.why


@pytest.mark.parametrize("played", [4.0, 8.0])
@pytest.mark.parametrize("name", LIFE)
def test_a_slow_patient_four_times_slower_is_asked_about(name: str, played: float) -> None:
    step, stride_s, swing = LIFE[name]
    paths = walk(step_m=step * 1.70, stride_s=stride_s, swing=swing, played=played)
    assert severities(paths) in ([Severity.STOP], [Severity.WARNING])


def test_the_clock_is_read_the_same_at_every_speed_of_the_film() -> None:
    life, slow = body_clock(walk(), 1.70), body_clock(walk(played=8.0), 1.70)
    assert life is not None and slow is not None
    assert life.step_heights == pytest.approx(0.41, abs=0.04)
    assert life.swing_s == pytest.approx(0.43, abs=0.06)
    assert slow.swing_s == pytest.approx(8 * life.swing_s, rel=0.08)
    assert slow.slower(1.70) == pytest.approx(8 * life.slower(1.70), rel=0.08)


def test_who_says_that_it_is_life_is_believed_and_named() -> None:
    found = slow_motion_findings(walk(played=2.0), 1.70, FilmClock(1.0, "Dr. A"))
    assert Severity.STOP not in [f.severity for f in found]
    assert "Dr. A said how fast the film was recorded." in [f.advice.what for f in found]


def test_the_right_factor_leaves_a_note_only() -> None:
    assert severities(walk(), clock=FilmClock(4.0, "Dr. A")) == [Severity.NOTE]


def test_too_slow_for_any_stride_is_refused_as_slow_motion() -> None:
    refusal = too_slow_for_life(walk(played=4.0), 1.70, FilmClock())
    assert refusal is not None
    assert (refusal.advice.code, refusal.advice.what) == ("MOT-090", "Was this recorded in slow motion?")


def test_nobody_who_stands_has_a_clock() -> None:
    still = np.zeros((90, 3))
    paths = FootPaths(np.arange(90) / 30.0, still, np.zeros((90, 2, 3)), np.zeros((90, 2, 3)))
    assert body_clock(paths, 1.70) is None
    assert slow_motion_findings(paths, 1.70, FilmClock()) == ()


@pytest.mark.parametrize(("slower", "factor"), [(1.7, 2.0), (3.4, 4.0), (6.9, 8.0), (13.0, 16.0)])
def test_the_nearest_usual_factor_is_proposed(slower: float, factor: float) -> None:
    assert likely_factor(slower) == factor


_MARKERS = {  # file: height, heels, toes, pelvis
    "adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_C1_01.c3d": (
        1.70, ("L_FCC", "R_FCC"), ("L_FM2", "R_FM2"), ("L_IAS", "R_IAS")),
    "adult-walk-emg-c3d/bmc/Gait.c3d": (1.70, ("LHEE", "RHEE"), ("LTOE", "RTOE"), ("LASI", "RASI")),
    "multi-subject-c3d/HC002D/HC002D06.c3d": (1.45, ("LHEE", "RHEE"), ("LTOE", "RTOE"), ("LASI", "RASI")),
    "multi-subject-c3d/HC033A/HC033A10.c3d": (1.60, ("LHEE", "RHEE"), ("LTOE", "RTOE"), ("LASI", "RASI")),
}  # fmt: skip


def _recorded(path: Path, markers: tuple[tuple[str, ...], ...]) -> FootPaths:
    """Feet and pelvis of a recorded walk, turned to walk towards -y."""
    content = ezc3d.c3d(str(path))
    parameters = content["parameters"]["POINT"]
    labels = [
        str(name) for key in parameters if key.startswith("LABELS") for name in parameters[key]["value"]
    ]
    points = content["data"]["points"][:3] / 1000.0
    heel, toe, pelvis = (
        np.stack([points[:, labels.index(name)].T for name in names], 1) for names in markers
    )
    seen = np.flatnonzero(np.isfinite(np.concatenate([heel, toe, pelvis], axis=1)).all(axis=(1, 2)))
    part = slice(seen[0], seen[-1] + 1)
    way = np.nanmean(pelvis[seen[-1]], axis=0) - np.nanmean(pelvis[seen[0]], axis=0)
    along = int(np.argmax(np.abs(way[:2])))

    def turned(path_m: FloatArray) -> FloatArray:
        filled = np.zeros((part.stop - part.start, 3))
        at = np.arange(part.start, part.stop)
        known = np.flatnonzero(np.isfinite(path_m[:, along]))
        filled[:, 1] = -np.sign(way[along]) * np.interp(at, known, path_m[known, along])
        return filled

    feet = [np.stack([turned(one[:, side]) for side in range(2)], axis=1) for one in (heel, toe)]
    rate_hz = float(content["header"]["points"]["frame_rate"])
    return FootPaths(np.arange(part.stop - part.start) / rate_hz, turned(pelvis.mean(axis=1)), *feet)


@pytest.mark.parametrize("file", _MARKERS)
def test_recorded_walks_are_life_and_slowed_down_they_are_not(
    file: str, shared_data: Callable[[str], Path]
) -> None:
    """The first one is somebody who walks at 0.4 m/s on request."""
    height_m, *markers = _MARKERS[file]
    life = _recorded(shared_data(file), tuple(markers))
    assert severities(life, height_m) == []
    for played in (2.0, 4.0, 8.0):
        slow = FootPaths(life.time_s * played, life.pelvis_m, life.heel_m, life.toe_m)
        assert severities(slow, height_m) == [Severity.STOP]
