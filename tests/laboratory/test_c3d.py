"""C3D files: what readers get wrong is right here, and on real files both agree."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.laboratory import TrialEventKind
from core.laboratory.c3d import read_c3d, read_c3d_head
from tests.laboratory.c3d_bytes import FLOAT, INTEGER, Float, c3d_bytes, write_c3d
from tests.refusals import refused

REAL = (
    "adult-walk-emg-c3d/bmc/Gait.c3d",  # DEC numbers, integers
    "adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_C1_01.c3d",
    "adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_ST.c3d",
    "c3d-readers/nexus_walk_16emg.c3d",
    "c3d-readers/vicon_markers_analogs.c3d",
    "multi-subject-c3d/HC033A/HC033A10.c3d",
    "multi-subject-c3d/HC036A/HC036A10.c3d",
    "opensim-examples/OpenSim/Tests/shared/walking2.c3d",
)
BEYOND = 70_000  # frames; counts of 16 bits end at 65 535


def markers(frames: int = 5, count: int = 3) -> np.ndarray:
    return np.arange(frames * count * 3, dtype=float).reshape(frames, count, 3) + 100.0


@pytest.mark.parametrize("file", REAL)
def test_samples_of_real_files_are_those_of_a_second_reader(shared_data, file):
    path = shared_data(file)

    ours, theirs = read_c3d(path), ezc3d.c3d(str(path))

    analog = theirs["data"]["analogs"][0].T
    largest = np.abs(analog).max(axis=0, initial=1.0)
    np.testing.assert_allclose(ours.analog, analog, rtol=0.0, atol=1e-6 * max(largest.max(initial=1.0), 1.0))
    labels = [*theirs["parameters"]["POINT"]["LABELS"]["value"]]
    places = [number for number, label in enumerate(labels[:255]) if label in ours.point_labels]
    kept = [number for number in places if labels.index(labels[number]) == number]
    points = theirs["data"]["points"][:3].transpose(2, 1, 0)[:, kept]
    mine = ours.points_m[:, [ours.point_labels.index(labels[number]) for number in kept]]
    np.testing.assert_allclose(1e3 * mine, points, rtol=0.0, atol=1e-3)  # mm; single precision
    assert len(ours.analog) == ours.frames * round(ours.analog_rate_hz / ours.point_rate_hz)


@pytest.mark.parametrize("processor", [84, 86])
@pytest.mark.parametrize("kind", [FLOAT, INTEGER])
def test_markers_are_in_metres_and_one_out_of_view_is_missing(tmp_path, kind, processor):
    points = markers()
    points[2, 1] = np.nan

    file = read_c3d(write_c3d(tmp_path / "walk.c3d", points=points, kind=kind, processor=processor))

    np.testing.assert_allclose(file.points_m, points / 1e3, atol=1e-4)
    assert np.isnan(file.points_m[2, 1]).all()
    assert file.point_labels == ("M0", "M1", "M2") and file.point_rate_hz == 100.0


def test_a_negative_camera_mask_does_not_drop_a_marker_by_its_residual(tmp_path):
    data = bytearray(c3d_bytes(points=markers(1, 1)))
    data[-512 + 12 : -512 + 16] = np.float32(0x7F05).tobytes()  # seven cameras, residual 5
    (tmp_path / "walk.c3d").write_bytes(data)

    assert np.isfinite(read_c3d(tmp_path / "walk.c3d").points_m).all()


@pytest.mark.parametrize("unit", [("m", 1.0), ("cm", 1e-2), ("mm", 1e-3), ("Millimeters", 1e-3)])
def test_every_unit_of_length_comes_out_in_metres(tmp_path, unit):
    name, factor = unit
    path = write_c3d(tmp_path / "walk.c3d", points=markers(), groups={"POINT": {"UNITS": [name]}})

    np.testing.assert_allclose(read_c3d(path).points_m, markers() * factor, rtol=1e-6)


def test_markers_without_a_unit_are_taken_as_millimetres_and_said_so(tmp_path):
    file = read_c3d(write_c3d(tmp_path / "walk.c3d", points=markers(), groups={"POINT": {"UNITS": None}}))

    assert file.points_m[0, 0, 0] == pytest.approx(0.1)
    assert [finding.advice.code for finding in file.findings] == ["LAB-006"]


def test_markers_in_a_unit_that_is_none_are_refused(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", points=markers(), groups={"POINT": {"UNITS": ["furlong"]}})

    with refused("LAB-003"):
        read_c3d(path)


@pytest.mark.parametrize("told", [BEYOND, BEYOND % 65_536, Float(BEYOND)], ids=["full", "run over", "float"])
def test_a_recording_longer_than_16_bits_can_count_is_read_whole(tmp_path, told):
    samples = np.arange(BEYOND, dtype=float)[:, None]

    file = read_c3d(write_c3d(tmp_path / "long.c3d", analog=samples, rate=2000.0, told_frames=told))

    assert file.frames == BEYOND
    np.testing.assert_array_equal(file.analog[[0, -1], 0], [0.0, BEYOND - 1])


def test_a_long_trial_that_ezc3d_wrote_is_read_whole(tmp_path):
    written = ezc3d.c3d()
    written["parameters"]["POINT"]["RATE"]["value"] = [200]
    written["parameters"]["POINT"]["LABELS"]["value"] = ["HEEL"]
    points = np.ones((4, 1, 72_000))
    points[0, 0] = np.arange(72_000)
    written["data"]["points"] = points
    written.write(str(tmp_path / "long.c3d"))

    file = read_c3d(tmp_path / "long.c3d")

    assert file.frames == 72_000
    assert file.points_m[-1, 0, 0] == pytest.approx(71.999)


def test_the_end_of_a_file_that_was_cut_is_told(tmp_path):
    content = c3d_bytes(points=markers(100, 3))
    (tmp_path / "cut.c3d").write_bytes(content[: len(content) - 2048])

    file = read_c3d(tmp_path / "cut.c3d")

    assert 0 < file.frames < 100
    assert [finding.advice.code for finding in file.findings] == ["LAB-004"]


def test_unsigned_samples_keep_their_upper_half(tmp_path):
    counts = np.array([[0.0], [32_768.0], [65_535.0]])
    groups = {"ANALOG": {"FORMAT": ["UNSIGNED"], "OFFSET": np.array([32_768]), "SCALE": np.array([0.5])}}

    file = read_c3d(
        write_c3d(tmp_path / "emg.c3d", analog=counts, kind=INTEGER, unsigned=True, groups=groups)
    )

    np.testing.assert_allclose(file.analog[:, 0], [-16_384.0, 0.0, 16_383.5])


def test_a_negative_offset_stays_negative(tmp_path):
    groups = {"ANALOG": {"OFFSET": np.array([-100]), "SCALE": np.array([2.0])}}

    file = read_c3d(write_c3d(tmp_path / "emg.c3d", analog=np.array([[0.0], [50.0]]), groups=groups))

    np.testing.assert_allclose(file.analog[:, 0], [200.0, 300.0])


def test_what_stands_in_labels2_is_read(tmp_path):
    analog, points = np.tile(np.arange(300.0), (2, 1)), markers(2, 260)
    groups = {
        "ANALOG": {
            "LABELS2": [f"A{number}" for number in range(255, 300)],
            "SCALE2": np.full(45, 2.0),
            "UNITS2": ["mV"] * 45,
        },
        "POINT": {"LABELS2": [f"M{number}" for number in range(255, 260)]},
    }

    file = read_c3d(write_c3d(tmp_path / "many.c3d", points=points, analog=analog, groups=groups))

    assert file.analog_labels == tuple(f"A{number}" for number in range(300))
    assert file.point_labels[-1] == "M259"
    assert file.analog[0, 299] == 598.0 and file.analog_units[299] == "mV"


def test_equal_marker_names_are_told_apart(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", points=markers(), groups={"POINT": {"LABELS": ["RKNE"] * 3}})

    file = read_c3d(path)

    assert file.point_labels == ("RKNE", "RKNE #2", "RKNE #3")
    assert [finding.advice.code for finding in file.findings] == ["LAB-005"]


def test_what_a_model_computed_is_no_marker(tmp_path):
    groups = {
        "POINT": {
            "LABELS": ["LHEE", "LKneeAngles", "RIndex"],
            "ANGLES": ["LKneeAngles"],
            "ANGLE_UNITS": ["deg"],
        }
    }

    file = read_c3d(write_c3d(tmp_path / "walk.c3d", points=markers(), groups=groups))

    assert file.point_labels == ("LHEE", "RIndex")
    assert file.output_labels == ("LKneeAngles",) and file.output_units == ("deg",)
    np.testing.assert_allclose(file.outputs[:, 0], markers()[:, 1])


def test_events_count_from_the_first_stored_frame_and_tell_their_side(tmp_path):
    groups = {
        "EVENT": {
            "USED": 3,
            "LABELS": ["Foot Off", "Foot Strike2", "Loading"],
            "CONTEXTS": ["Right", "Left", "General"],
            "TIMES": np.array([[0.0, 1.0, 0.0], [2.5, 0.0, 2.0]]),
        }
    }

    file = read_c3d(write_c3d(tmp_path / "walk.c3d", points=markers(), first_frame=101, groups=groups))

    assert [(event.kind, event.side, event.time_s) for event in file.events] == [
        (TrialEventKind.OTHER, None, pytest.approx(1.0)),
        (TrialEventKind.FOOT_OFF, Side.RIGHT, pytest.approx(1.5)),
        (TrialEventKind.FOOT_STRIKE, Side.LEFT, pytest.approx(59.0)),
    ]


@pytest.mark.parametrize(
    ("label", "kind", "side"),
    [
        ("Right Foot Off", TrialEventKind.FOOT_OFF, Side.RIGHT),
        ("LHS", TrialEventKind.FOOT_STRIKE, Side.LEFT),
        ("R_TO", TrialEventKind.FOOT_OFF, Side.RIGHT),
        ("left heel strike", TrialEventKind.FOOT_STRIKE, Side.LEFT),
        ("Start", TrialEventKind.OTHER, None),
    ],
)
def test_an_event_without_a_context_tells_its_side_by_its_label(tmp_path, label, kind, side):
    group = {"USED": 1, "LABELS": [label], "CONTEXTS": ["General"], "TIMES": np.array([[0.0], [0.02]])}

    (event,) = read_c3d(write_c3d(tmp_path / "walk.c3d", points=markers(), groups={"EVENT": group})).events

    assert (event.kind, event.side) == (kind, side)


def test_labels_as_windows_writes_them_are_read(tmp_path):
    groups = {"ANALOG": {"LABELS": ["Wadenmuskel für links".encode("cp1252")], "DESCRIPTIONS": ["Kanal 1"]}}

    file = read_c3d(write_c3d(tmp_path / "emg.c3d", analog=np.ones((3, 1)), groups=groups))

    assert file.analog_labels == ("Wadenmuskel für links",)
    assert file.analog_descriptions == ("Kanal 1",)


def test_the_head_tells_all_but_the_samples(tmp_path):
    head = read_c3d_head(write_c3d(tmp_path / "emg.c3d", analog=np.ones((40, 2)), rate=100.0, samples=20))

    assert head.analog_labels == ("A0", "A1") and head.analog_rate_hz == 2000.0 and head.frames == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "LAB-001"),
        (b"time,L TA\n0,1\n", "LAB-002"),
        (c3d_bytes(points=markers())[:700], "LAB-002"),
        (c3d_bytes(points=np.empty((0, 3, 3))), "LAB-002"),
        (c3d_bytes(points=markers(), rate=0.0), "LAB-002"),
    ],
    ids=["empty", "text", "cut in its head", "no frames", "no rate"],
)
def test_what_is_no_c3d_file_is_refused(tmp_path, content, code):
    (tmp_path / "walk.c3d").write_bytes(content)

    with refused(code):
        read_c3d(tmp_path / "walk.c3d")


def test_a_file_that_is_not_there_or_locked_is_refused(tmp_path, monkeypatch):
    with refused("LAB-001"):
        read_c3d(tmp_path / "missing.c3d")

    def locked(*_: object, **__: object) -> None:
        raise PermissionError(13, "The process cannot access the file because another one uses it")

    path = write_c3d(tmp_path / "walk.c3d", points=markers())
    monkeypatch.setattr(Path, "open", locked)
    with refused("LAB-001"):
        read_c3d(path)


def test_a_marker_beyond_every_laboratory_is_not_in_view(tmp_path: Path) -> None:
    points = markers()
    points[2, 1, 0] = 1e30
    file = read_c3d(write_c3d(tmp_path / "far.c3d", points=points))
    assert np.isnan(file.points_m[2, 1]).all() and np.isfinite(file.points_m).sum() == points.size - 3
