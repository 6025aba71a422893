"""Job `calibrate_cameras`: from films of a board, or from another program's file, to a calibration."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.capture.calibration.boards import SHIPPED, Board, BoardKind, checked_board
from core.capture.calibration.export import calibration_toml
from core.capture.calibration.files import read_calibration
from core.capture.calibration.from_board import BoardCalibration, Wishes, calibrate
from core.capture.calibration.matching import View, matched
from core.domain.calibration import Calibration, Camera
from core.domain.findings import worst_first
from core.domain.record import RecordKind
from core.errors import refuse
from core.jobs.values import JobContext, JsonValue, Params
from core.store.private import ordinary_permissions
from core.store.repository import open_store
from core.tasks.board_films import Filmed, is_stills, look_through, read_times
from core.tasks.by_account import by_account


def run(params: Params, context: JobContext) -> str:
    """Returns the id of a CALIBRATION record of the visit `visit_id`, or "" without a visit.

    One of: `file` (a calibration file), `earlier` (id of a CALIBRATION whose cameras have not moved, as
    `by` says), or `videos` (one film, picture or folder of pictures of the board per camera) with `board`
    {kind, columns, rows, square_mm, dictionary}, `times` (CSV), `lenses` (calibration file), `lens_pictures`
    (one folder per camera), `floor_s` (when the board lay on the floor) and `synchronous`. `out` is a TOML
    file to write, `summary` a JSON file with the errors of each camera.
    """
    known: BoardCalibration | None = None
    files: tuple[Path, ...] = ()
    inputs: tuple[str, ...] = ()
    if params.get("file"):
        path = Path(str(params["file"]))
        context.progress(0.1, f"Reading {path.name}")
        calibration, files = read_calibration(path), (path,)
    elif params.get("earlier"):
        inputs = (str(params["earlier"]),)
        by = by_account(params, context).get("by") or context.spec.operator
        calibration = _kept(inputs[0], str(by), context)
    else:
        known = _from_films(params, context)
        calibration = known.calibration
    calibration = replace(calibration, findings=worst_first(calibration.findings))
    context.check_cancelled()
    context.progress(0.98, "Saving the calibration")
    _write(params, calibration, known)
    visit_id = str(params.get("visit_id") or "")
    if not visit_id:
        return ""
    with open_store(context.spec.data_dir) as store:
        return store.save(
            RecordKind.CALIBRATION,
            calibration,
            visit_id=visit_id,
            inputs=inputs,
            summary=summary_of(calibration),
            operator=context.spec.operator,
            files=files,
        )


def summary_of(calibration: Calibration) -> str:
    """One line for people."""
    count = len(calibration.cameras)
    errors = [error for error in calibration.error_px if math.isfinite(error)]
    words = [f"{count} camera{'s' if count > 1 else ''}"]
    if errors:
        words.append(f"off by at most {max(errors):.2f} px")
    if math.isfinite(calibration.error_mm):
        words.append(f"{calibration.error_mm:.1f} mm")
    return f"{', '.join(words)}; {calibration.source}"


def _kept(record_id: str, by: str, context: JobContext) -> Calibration:
    """A calibration of an earlier visit, used again because a person says that no camera has moved."""
    with open_store(context.spec.data_dir) as store:
        earlier = store.load(record_id, Calibration)
        on = store.info(record_id).created_utc
    who = f" by {by}" if by else ""
    source = f"{earlier.source}, of {on:%Y-%m-%d}, cameras said{who} not to have moved"
    return replace(earlier, source=source)


def _from_films(params: Params, context: JobContext) -> BoardCalibration:
    paths = [Path(str(name)) for name in cast(list[JsonValue], params.get("videos") or [])]
    if not paths:
        raise refuse(
            "CAL-035",
            "There is nothing to calibrate with.",
            "Neither a calibration file nor a film of a board was given.",
            "Choose a calibration file, or one film of the board per camera.",
        )
    board = board_of(params.get("board"))
    times_file = params.get("times")
    times = read_times(Path(str(times_file))) if times_file else None
    lenses, board, noticed = _lenses(params, board, context)
    filmed = look_through(paths, board, _reporter(context, 0.3, 0.85), times)
    context.progress(0.87, "Adjusting lenses and places of all cameras")
    context.check_cancelled()
    stills = all(is_stills(path) for path in paths)
    floor_s = params.get("floor_s")
    wishes = Wishes(
        synchronous=bool(params.get("synchronous", times is not None)),
        stills=stills,
        clocks=bool(params.get("clocks", True)),
        floor_s=None if floor_s is None else float(cast(float, floor_s)),
    )
    found = calibrate(filmed.sightings, filmed.board, wishes, _known(lenses, filmed))
    findings = (*noticed, *filmed.findings, *found.calibration.findings)
    return replace(found, calibration=replace(found.calibration, findings=findings))


def board_of(params: JsonValue) -> Board:
    """The declared board, the shipped one by default. Refuses CAL-020."""
    if not isinstance(params, dict):
        return SHIPPED
    kind = BoardKind(str(params.get("kind") or SHIPPED.kind))
    usual = SHIPPED if kind is BoardKind.CHARUCO else Board(kind, 8, 5, SHIPPED.square_m)
    square_mm = params.get("square_mm")
    return checked_board(
        replace(
            usual,
            columns=int(cast(int, params.get("columns") or usual.columns)),
            rows=int(cast(int, params.get("rows") or usual.rows)),
            square_m=float(cast(float, square_mm)) / 1000 if square_mm is not None else usual.square_m,
            dictionary=str(params.get("dictionary") or usual.dictionary),
        )
    )


def _lenses(
    params: Params, board: Board, context: JobContext
) -> tuple[tuple[Camera, ...] | Calibration | None, Board, tuple[Any, ...]]:
    """Lenses that are known beforehand: from a file, from stills, or none."""
    if params.get("lenses"):
        return read_calibration(Path(str(params["lenses"]))), board, ()
    folders = [Path(str(name)) for name in cast(list[JsonValue], params.get("lens_pictures") or [])]
    if not folders:
        return None, board, ()
    filmed = look_through(folders, board, _reporter(context, 0.0, 0.3))
    cameras = [
        calibrate((one,), filmed.board, Wishes(stills=True)).calibration.cameras[0]
        for one in filmed.sightings
    ]
    return tuple(cameras), filmed.board, filmed.findings


def _known(lenses: tuple[Camera, ...] | Calibration | None, filmed: Filmed) -> tuple[Camera, ...] | None:
    """The lens of each camera that filmed, for pictures of its size."""
    if lenses is None:
        return None
    views = [View(one.name, one.width_px, one.height_px) for one in filmed.sightings]
    if isinstance(lenses, tuple):
        lenses = Calibration(lenses, "", (math.nan,) * len(lenses))
        views = [replace(view, name="") for view in views]  # folders of stills come in the order of cameras
    return matched(lenses, views).cameras


def _reporter(context: JobContext, begin: float, end: float) -> Any:
    def report(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(begin + (end - begin) * fraction, sentence)

    return report


def _write(params: Params, calibration: Calibration, known: BoardCalibration | None) -> None:
    with ordinary_permissions():
        for key, text in (
            ("out", calibration_toml(calibration)),
            ("summary", json.dumps(numbers(calibration, known), indent=2) + "\n"),
        ):
            if params.get(key):
                _write_text(Path(str(params[key])), text)


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise refuse(
            "CAL-038",
            f"The calibration could not be written to {path}.",
            f"{error.strerror or error}.",
            "Name a file in a folder that exists and may be written to.",
        ) from error


def numbers(calibration: Calibration, known: BoardCalibration | None) -> dict[str, Any]:
    """What is told of a calibration: each camera with its errors, and the findings."""
    cameras = []
    for number, camera in enumerate(calibration.cameras):
        each: dict[str, Any] = {
            "name": camera.name,
            "size_px": [camera.width_px, camera.height_px],
            "focal_px": [round(float(camera.matrix[0, 0]), 2), round(float(camera.matrix[1, 1]), 2)],
            "position_m": [round(float(value), 4) for value in camera.centre_m],
            "error_px": _told(calibration.error_px[number]),
            "error_mm": _told(calibration.camera_error_mm[number]) if calibration.camera_error_mm else None,
        }
        if known is not None:
            each["pictures"] = known.pictures[number]
            each["late_ms"] = _told(1000 * float(known.late_s[number]))
            each["focal_uncertainty_percent"] = _told(100 * float(known.focal_spread[number]))
        cameras.append(each)
    return {
        "source": calibration.source,
        "cameras": cameras,
        "error_mm": _told(calibration.error_mm),
        "findings": [
            {
                "code": finding.advice.code,
                "severity": finding.severity.value,
                "text": " ".join((finding.advice.what, finding.advice.why, finding.advice.next_step)),
            }
            for finding in calibration.findings
        ],
    }


def _told(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
