"""Claims about `exotwin motion`: the page's jobs, numbers and files, and how it ends."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import commands as cli
from core.domain.recording import LandmarkTrack
from tests.app.cli.test_commands import Shell
from tests.app.cli.test_commands import shell as shell
from tests.motion.detector_like import mistaken, walk_seen
from tests.motion.filmed import filmed, on_a_belt
from tests.motion.synthetic_walk import squats, synthetic_walk

BODY = ("--height", "1.68", "--mass", "60")


@pytest.fixture(scope="module")
def clean() -> LandmarkTrack:
    return walk_seen(synthetic_walk(), from_left=False)


def saved(path: Path, track: LandmarkTrack) -> str:
    np.savez(
        path,
        time_s=track.time_s,
        image_px=track.image_px,
        world_m=track.world_m,
        visibility=track.visibility,
        size_px=[track.width_px, track.height_px],
    )
    return str(path)


def solve(shell: Shell, file: str, *words: str) -> tuple[int, dict[str, Any]]:
    out = str(shell.folder / "out")
    status, said, _err = shell.types("motion", "--landmarks", file, *BODY, "--out", out, "--json", *words)
    return status, json.loads(said)


@pytest.mark.slow
def test_a_good_walk_ends_with_0_and_everything_the_page_says(shell: Shell, clean: LandmarkTrack) -> None:
    walk = synthetic_walk()
    status, found = solve(shell, saved(shell.folder / "walk.npz", clean))

    assert status == 0 and not found["stopped"]
    assert "nan" not in json.dumps(found["findings"])  # this file holds no hands and no elbows
    assert found["cadence_steps_min"] == pytest.approx(120.0 / walk.period_s, abs=1.5)
    assert found["speed_m_s"] == pytest.approx(walk.speed_m_s, rel=0.05)
    assert found["exchanged_fraction"] < 0.05 and found["residual_m"] < 0.08
    assert found["side_evidence"]["depth"] > 0.8
    for side in ("left", "right"):
        landings = found["events"][side]["heel_strike_s"]
        assert len(landings) == found["sides"][side]["strides"] + 1
        np.testing.assert_allclose(np.diff(landings), walk.period_s, atol=0.08)
    assert json.loads((shell.folder / "out" / "motion.json").read_text())["strides"] == found["strides"]


@pytest.mark.slow
def test_angles_are_in_degrees_and_coordinates_in_opensims_axes(shell: Shell, clean: LandmarkTrack) -> None:
    solve(shell, saved(shell.folder / "walk.npz", clean))
    rows = list(csv.DictReader((shell.folder / "out" / "angles.csv").read_text().splitlines()))
    knee = np.array([float(row["knee_angle_r"]) for row in rows if row["knee_angle_r"]])
    assert 45.0 < np.ptp(knee) < 75.0

    lines = (shell.folder / "out" / "angles.mot").read_text().splitlines()
    head = lines[: lines.index("endheader") + 1]
    names = lines[len(head)].split("\t")
    table = np.array([[float(cell) for cell in line.split("\t")] for line in lines[len(head) + 1 :]])
    assert "inDegrees=yes" in head and f"nRows={len(table)}" in head and f"nColumns={len(names)}" in head
    place = {name: table[:, number] for number, name in enumerate(names)}
    assert place["pelvis_tx"][-1] - place["pelvis_tx"][0] > 3.0  # forward is +x
    assert 0.8 < place["pelvis_ty"].mean() < 1.1  # up is +y
    assert np.abs(place["pelvis_list"]).max() < 10.0 and np.abs(place["pelvis_rotation"]).max() < 15.0


@pytest.mark.slow
def test_every_angle_of_the_table_has_its_standard_deviation(shell: Shell, clean: LandmarkTrack) -> None:
    solve(shell, saved(shell.folder / "walk.npz", clean))
    rows = list(csv.DictReader((shell.folder / "out" / "angles.csv").read_text().splitlines()))
    names = [name for name in rows[0] if name != "time_s" and not name.endswith("_sd")]
    for row in rows:
        for name in names:
            assert bool(row[name]) == bool(row[f"{name}_sd"])
    knee = np.array([float(row["knee_angle_l_sd"]) for row in rows if row["knee_angle_l_sd"]])
    assert 2.0 < knee.mean() < 15.0


@pytest.mark.slow
def test_a_squat_ends_with_3_with_its_angles_and_without_strides(shell: Shell) -> None:
    file = saved(shell.folder / "squat.npz", filmed(squats(), 30.0))
    status, found = solve(shell, file)
    assert (status, found["walk"], found["strides"], found["speed_m_s"]) == (3, False, [], None)
    assert "MOT-072" in [one["code"] for one in found["findings"]]
    rows = list(csv.DictReader((shell.folder / "out" / "angles.csv").read_text().splitlines()))
    assert max(float(row["knee_angle_l"]) for row in rows) > 90.0

    status, said, _ = shell.types(
        "motion", "--landmarks", file, *BODY, "--out", str(shell.folder / "out"),
        "--accept-stopped", "Dr. Lind", "--role", "physician",
    )  # fmt: skip
    assert status == 3 and "No complete stride forward" in said and "None" not in said


def test_what_the_picture_lacks_comes_before_what_follows_from_it(shell: Shell, clean: LandmarkTrack) -> None:
    image = np.array(clean.image_px)
    image[..., 1] = clean.height_px - image[..., 1]
    on_its_head = replace(clean, image_px=image, world_m=clean.world_m * [1.0, -1.0, 1.0])
    status, found = solve(shell, saved(shell.folder / "head.npz", on_its_head))
    stops = [one["code"] for one in found["findings"] if one["severity"] == "stop"]
    assert status == 3 and stops[0] == "CAP-032" and "MOT-023" in stops


@pytest.mark.slow
def test_the_speed_of_a_treadmill_can_be_typed(shell: Shell) -> None:
    walk = synthetic_walk()
    file = saved(shell.folder / "belt.npz", filmed(on_a_belt(walk)))
    assert solve(shell, file)[1]["belt_speed_m_s"] == pytest.approx(walk.speed_m_s, rel=0.1)
    typed = solve(shell, file, "--treadmill", "1.3")[1]
    assert (typed["belt_speed_m_s"], typed["speed_m_s"]) == (1.3, pytest.approx(1.3, rel=0.02))


@pytest.mark.slow
def test_a_stop_ends_with_3_and_all_is_reported_until_somebody_answers(
    shell: Shell, clean: LandmarkTrack
) -> None:
    file = saved(shell.folder / "doubt.npz", mistaken(clean, range(3, 132), depth_too=True))
    status, found = solve(shell, file)
    stops = [one["code"] for one in found["findings"] if one["severity"] == "stop"]
    assert (status, stops) == (3, ["MOT-032"]) and found["strides"]
    assert "--sides" in found["findings"][0]["next_step"]
    assert (shell.folder / "out" / "angles.csv").exists()

    assert solve(shell, file, "--accept-stopped", "Dr. Lind", "--role", "physician")[0] == 3  # no answer

    status, found = solve(shell, file, "--sides", "repaired")
    assert status == 0 and "MOT-033" in [one["code"] for one in found["findings"]]


@pytest.mark.slow
def test_a_stop_can_be_overridden_by_name_and_role(shell: Shell, clean: LandmarkTrack) -> None:
    image, noise = np.array(clean.image_px), np.random.default_rng(1)
    for part in (25, 27, 29, 31):
        hidden = noise.uniform(size=len(image)) < 0.45
        image[hidden, part] = image[hidden, part + 1] + noise.normal(0.0, 6.0, (hidden.sum(), 2))
    track = LandmarkTrack(
        clean.time_s, image, clean.world_m, clean.visibility, clean.width_px, clean.height_px
    )
    file = saved(shell.folder / "frame.npz", track)
    status, found = solve(shell, file)
    assert status == 3 and "MOT-060" in [one["code"] for one in found["findings"]]
    status, found = solve(shell, file, "--accept-stopped", "Dr. Lind", "--role", "physician")
    said = {one["code"]: one["what"] for one in found["findings"]}
    assert status == (3 if "MOT-032" in said else 0)
    assert "Dr. Lind, physician" in said["MOT-061"]


@pytest.mark.slow
def test_the_record_is_kept_where_a_data_folder_is_given(shell: Shell, clean: LandmarkTrack) -> None:
    from core.domain.record import RecordKind
    from core.store.repository import open_store

    data = shell.folder / "data"
    status, _found = solve(shell, saved(shell.folder / "walk.npz", clean), "--data-dir", str(data))
    with open_store(data) as store:
        (patient,) = store.patients()
        (visit,) = store.visits(patient.id)
        assert store.latest(visit.id, RecordKind.MOTION) is not None
    assert status == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "PC-022"),
        (("walk.mp4", "--calibration", "walk.npz"), "PC-022"),
        (("walk.mp4", "--landmarks", "walk.npz"), "PC-022"),
        (("--landmarks", "walk.npz", "--turn", "90"), "PC-022"),
        (("none.mp4",), "PC-025"),
        (("--landmarks", "none.npz"), "PC-025"),
        (("--landmarks", "walk.npz", "--treadmill", "nan"), "PC-024"),
        (("--landmarks", "walk.npz", "--slow-motion", "0"), "PC-024"),
        (("--landmarks", "walk.npz", "--person", "-1"), "PC-024"),
        (("--landmarks", "walk.npz", "--accept-stopped", "Dr. Lind"), "PC-022"),
        (("--landmarks", "walk.npz", "--height", "170"), "PAT-002"),
        (("--landmarks", "walk.npz", "--mass", "nan"), "PAT-003"),
        (("--landmarks", "walk.npz"), "CAP-080"),
        (("--landmarks", "short.npz"), "CAP-021"),
    ],
)
def test_what_cannot_be_solved_is_refused_in_one_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, clean: LandmarkTrack, words: tuple[str, ...], code: str
) -> None:
    monkeypatch.chdir(shell.folder)
    shell.file("walk.npz", "a letter")
    shell.file("walk.mp4", "a letter")
    brief = LandmarkTrack(
        clean.time_s[:5],
        clean.image_px[:5],
        clean.world_m[:5],
        clean.visibility[:5],
        clean.width_px,
        clean.height_px,
    )
    saved(shell.folder / "short.npz", brief)
    assert shell.refusal("motion", *BODY, *words, "--out", str(shell.folder / "out")) == code
    assert cli.EXIT_REFUSED == 2
