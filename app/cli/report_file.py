"""The visit report as a file, also where there is no screen; `exotwin report`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.paths import data_dir_default
from core.store.repository import Store


def without_screen() -> None:
    """Letters can be drawn from here on, also where there is no screen."""
    from PySide6.QtWidgets import QApplication  # the kind that a window needs, too: there is one per process

    if QApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        QApplication([])


def write_visit_report(store: Store, visit_id: str, path: Path, *, appendix: bool = False) -> None:
    """Write the PDF of a visit. Refuses what `take_out` does."""
    from core.session.export import take_out
    from core.session.report import report_content
    from ui.presenters.report_pictures import with_pictures
    from ui.report_pdf import write_report

    take_out(store, visit_id, "report")
    without_screen()
    content = with_pictures(store, visit_id, report_content(store, visit_id))
    write_report(path, replace(content, appendix=appendix))


def add_report(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("report", help="the report of a visit as PDF, or as JSON for programs")
    parser.add_argument("visit", help="a patient's code, for the newest visit, or the id of a visit")
    parser.add_argument("--out", type=Path, help="PDF file to write")
    parser.add_argument("--appendix", action="store_true", help="with forces, muscles and help in full")
    parser.add_argument("--json", action="store_true", help="print every number with its unit and record")
    add_data_dir(parser)
    parser.set_defaults(command=_report)


def _report(args: argparse.Namespace) -> int:
    from app.cli.export import visit_of
    from core.errors import refuse
    from core.session.report_json import report_json
    from core.store.repository import open_store
    from core.vault.scratch import temporary
    from ui.saving import copy_to

    if args.out is None and not args.json:
        raise refuse(
            "RPT-027",
            "Nothing was asked for.",
            "The report is written as a PDF with --out, and printed for programs with --json.",
            "Give --out FILE.pdf or --json, or both.",
        )
    with open_store(getattr(args, "data_dir", None) or data_dir_default(), to_read=True) as store:
        visit_id = visit_of(store, args.visit) or store.visit(args.visit).id
        if args.out is not None:
            with temporary(store.data_dir) as places:
                made = places.place("report.pdf")
                write_visit_report(store, visit_id, made, appendix=args.appendix)
                copy_to(made, args.out, "The report")
        if args.json:
            print(report_json(store, visit_id), end="")
        else:
            print(f"The report is in {args.out}.")
    return 0
