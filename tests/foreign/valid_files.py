"""A small valid file of every kind that people bring, by the kind's name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import openpyxl

from core.laboratory.writers import table_text, trc_text
from tests.capture.calibration.rigs import rig
from tests.capture.calibration.test_files import caliscope, pose2sim, qualisys
from tests.capture.figures import noise, write_video
from tests.emg.test_files import edf
from tests.laboratory.c3d_bytes import INTEGER, c3d_bytes
from tests.laboratory.test_trial import NAMES, person

SECONDS, RATE_HZ = 2, 1000
_MUSCLES = ("L_soleus", "R_soleus", "L_tib_anterior")
_MAP = {"EMG 1": "left soleus", "EMG 2": ["soleus", "right"]}
_PATIENT = {
    "code": "P-0007", "birth_year": 1985, "sex": "female", "height_m": 1.68, "mass_kg": 60,
    "affected_side": "right", "diagnosis": "stroke", "walking_aid": "cane", "functional_class": 4,
    "consent": {"by": "Dr Test", "on": "2026-11-20"},
}  # fmt: skip


def signals() -> np.ndarray:
    """(T, C) of bursts."""
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    noise_v = np.random.default_rng(0).normal(size=(len(time_s), len(_MUSCLES)))
    return 1e-4 * noise_v * (1.2 + np.sin(2 * np.pi * time_s))[:, None]


def _c3d(_folder: Path, kind: str = "float") -> bytes:
    points = person(0, 2)
    analog = 1e3 * np.resize(signals(), (10 * len(points), len(_MUSCLES)))
    groups = {"POINT": {"LABELS": list(NAMES)}, "ANALOG": {"LABELS": list(_MUSCLES)}}
    return c3d_bytes(points=points, analog=analog, samples=10, kind=kind, groups=groups)


def _csv(_folder: Path, delimiter: str = ",") -> bytes:
    rows = [
        delimiter.join([f"{number / RATE_HZ:.4f}", *(f"{value:.7f}" for value in row)])
        for number, row in enumerate(signals())
    ]
    return "\n".join([delimiter.join(["time", *_MUSCLES]), *rows]).encode()


def _log(_folder: Path) -> bytes:
    rows = [f"{number / 100:.2f},{5 * np.sin(number / 20):.3f},0.0" for number in range(300)]
    return "\n".join(["time,left_hip_flexion_torque,right_hip_flexion_torque", *rows]).encode()


def _xlsx(_folder: Path) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["time", *_MUSCLES])
    for number, row in enumerate(signals()[:1200]):
        sheet.append([number / RATE_HZ, *map(float, row)])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _edf(folder: Path) -> bytes:
    columns = zip(_MUSCLES, signals().T, strict=True)
    return edf(folder / "made.edf", [(name, "mV", RATE_HZ, 1e3 * one) for name, one in columns]).read_bytes()


def _trc(_folder: Path) -> bytes:
    return trc_text("walk", NAMES, np.arange(101) / 100.0, 1e-3 * person(0, 2)).encode()


def _mot(_folder: Path) -> bytes:
    values = np.column_stack([np.sin(np.arange(300) / 20.0), np.zeros(300)])
    time_s, names = np.arange(300) / 100.0, ("left_hip_flexion_torque", "right_hip_flexion_torque")
    return table_text("walk", names, time_s, values, in_degrees=False).encode()


def _npz(_folder: Path) -> bytes:
    kept = io.BytesIO()
    np.savez_compressed(
        kept,
        time_s=np.arange(30) / 30.0,
        image_px=np.full((30, 33, 2), 100.0),
        world_m=np.full((30, 33, 3), 0.1),
        visibility=np.ones((30, 33)),
        size_px=np.array([640, 480]),
    )
    return kept.getvalue()


def _picture(_folder: Path, ending: str = ".png") -> bytes:
    return bytes(cv2.imencode(ending, noise(1)[0])[1])


def _video(folder: Path, ending: str = ".mp4", codec: str = "mp4v") -> bytes:
    return write_video(folder / f"made{ending}", noise(30, 96, 64), 30.0, codec).read_bytes()


def _package(_folder: Path) -> bytes:
    from tests.deploy.test_package import BUILT

    return BUILT.archive


Maker = Callable[[Path], bytes]
VALID: dict[str, tuple[str, bool, tuple[Maker, ...]]] = {
    # kind: ending, whether it is text, what makes such files
    "c3d": (".c3d", False, (_c3d, lambda folder: _c3d(folder, INTEGER))),
    "csv": (".csv", True, (_csv, lambda folder: _csv(folder, ";"))),
    "log": (".csv", True, (_log,)),
    "xlsx": (".xlsx", False, (_xlsx,)),
    "edf": (".edf", False, (_edf,)),
    "trc": (".trc", True, (_trc,)),
    "mot": (".mot", True, (_mot,)),
    "video": (".mp4", False, (_video, lambda folder: _video(folder, ".avi", "MJPG"))),
    "times": (".json", True, (lambda _folder: json.dumps([n / 30 for n in range(30)]).encode(),)),
    "patient": (".json", True, (lambda _folder: json.dumps(_PATIENT).encode(),)),
    "map": (".json", True, (lambda _folder: json.dumps(_MAP).encode(),)),
    "plant": (".json", True, (lambda _folder: b'{"walk": {"stride_s": 1.1}, "stand_s": 1.0}',)),
    "calibration": (
        ".toml",
        True,
        tuple(
            lambda _folder, write=write: write(rig().cameras).encode()
            for write in (pose2sim, caliscope, qualisys)
        ),
    ),
    "landmarks": (".npz", False, (_npz,)),
    "picture": (".png", False, (_picture, lambda folder: _picture(folder, ".jpg"))),
    "package": (".exopkg", False, (_package,)),
}
