"""`exotwin calibrate` and `calibration-board`: where cameras stand and how their lenses bend."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.paths import data_dir_default
from core.errors import refuse
from core.jobs.values import JsonValue

EXIT_OK = 0
AddDataDir = Callable[[argparse.ArgumentParser], None]
PAGES = ("a4", "a3", "a2", "a1")


def add_calibrate(commands: Any, add_data_dir: AddDataDir) -> None:
    """Add both commands to the parsers of the commands."""
    parser = commands.add_parser("calibrate", help="calibrate cameras with a board, or read a calibration")
    parser.add_argument(
        "videos",
        nargs="*",
        type=Path,
        metavar="VIDEO",
        help="one film of the board per camera; or one picture, or one folder of pictures, per camera",
    )
    parser.add_argument("--file", type=Path, help="a calibration file to check and convert instead")
    parser.add_argument("--times", type=Path, help="CSV with the times of the pictures (cam_id, frame_time)")
    parser.add_argument("--lenses", type=Path, help="calibration file with the lenses: only find the places")
    parser.add_argument(
        "--lens-pictures",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="one folder of stills per camera",
    )
    parser.add_argument(
        "--floor", type=float, metavar="SECONDS", help="when the board lay on the floor (0: at the start)"
    )
    parser.add_argument(
        "--synchronous", action="store_true", help="the films started together (default: found out)"
    )
    parser.add_argument(
        "--clocks-as-told", action="store_true", help="trust the times of the pictures to the millisecond"
    )
    parser.add_argument("--out", type=Path, help="TOML file to write")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    _add_board(parser)
    add_data_dir(parser)
    parser.set_defaults(command=_calibrate)
    board = commands.add_parser("calibration-board", help="a board to print, in true size")
    board.add_argument("--out", type=Path, required=True, help="PDF file to write")
    board.add_argument("--page", choices=PAGES, default="a4", help="size of the paper (default a4)")
    _add_board(board)
    board.set_defaults(command=_board)


def _add_board(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--board", choices=("charuco", "chessboard"), default="charuco", help="kind (default charuco)"
    )
    parser.add_argument("--columns", type=int, help="squares along a row (default 7; chessboard 8)")
    parser.add_argument("--rows", type=int, help="squares along a column (default 5)")
    parser.add_argument(
        "--square-mm", type=float, help="side of a square, measured on the print (default 35)"
    )
    parser.add_argument("--dictionary", help="markers, for example DICT_4X4_50 (default: found out)")


def _board_params(args: argparse.Namespace) -> dict[str, JsonValue]:
    return {
        "kind": args.board,
        "columns": args.columns,
        "rows": args.rows,
        "square_mm": args.square_mm,
        "dictionary": args.dictionary,
    }


def _calibrate(args: argparse.Namespace) -> int:
    from app.terminal import open_terminal

    if bool(args.videos) == bool(args.file):
        raise refuse(
            "CAL-035",
            "There is nothing to calibrate with."
            if not args.file
            else "Films and a file were given at once.",
            "A calibration comes either from films of a board or from a file.",
            "Give one film of the board per camera, or --file FILE.",
        )
    data_dir = getattr(args, "data_dir", None) or data_dir_default()
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        with open_terminal(data_dir) as terminal:
            terminal.run("calibrate_cameras", _params(args, summary))
        numbers = json.loads(summary.read_text(encoding="utf-8"))
    if args.as_json:
        print(json.dumps(numbers, indent=2))
    else:
        for line in told(numbers):
            print(line)
        if args.out is not None:
            print(f"The calibration is in {args.out}.")
    return EXIT_OK


def _params(args: argparse.Namespace, summary: Path) -> dict[str, JsonValue]:
    params: dict[str, JsonValue] = {"summary": str(summary), "board": _board_params(args)}
    for key in ("file", "times", "lenses", "out"):
        value = getattr(args, key)
        if value is not None:
            params[key] = str(value.absolute())
    params["videos"] = [str(path.absolute()) for path in args.videos]
    params["lens_pictures"] = [str(path.absolute()) for path in args.lens_pictures]
    if args.floor is not None:
        params["floor_s"] = args.floor
    if args.synchronous:
        params["synchronous"] = True
    if args.clocks_as_told:
        params["clocks"] = False
    return params


def told(numbers: dict[str, Any]) -> list[str]:
    """Lines for people: one per camera, and what was noticed."""
    lines = [f"{numbers['source']}"]
    for camera in numbers["cameras"]:
        size = "x".join(str(side) for side in camera["size_px"])
        line = f"{camera['name']:<12} {size:<10} focal length {camera['focal_px'][0]:.1f} px"
        if camera["error_px"] is not None:
            line += f", off by {camera['error_px']:.2f} px"
        if camera["error_mm"] is not None:
            line += f" or {camera['error_mm']:.2f} mm"
        lines.append(line)
    if numbers["error_mm"] is not None:
        lines.append(f"All cameras together: {numbers['error_mm']:.2f} mm in space")
    lines += [
        f"{finding['severity']}: {finding['text']} [{finding['code']}]" for finding in numbers["findings"]
    ]
    return lines


def _board(args: argparse.Namespace) -> int:
    from core.capture.calibration.board_print import board_pdf
    from core.tasks.calibrate_cameras import board_of

    board = board_of(_board_params(args))
    content = board_pdf(board, args.page)
    try:
        args.out.write_bytes(content)
    except OSError as error:
        raise refuse(
            "CAL-038",
            f"The board could not be written to {args.out}.",
            f"{error.strerror or error}.",
            "Name a file in a folder that exists and may be written to.",
        ) from error
    print(f"{args.out}: {board.told()} on {args.page.upper()}. Print it at 100 %.")
    return EXIT_OK
