"""`exotwin export VISIT --out DIR`: the results of a visit as files for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.paths import data_dir_default

if TYPE_CHECKING:
    from core.store.repository import Store


def add_export(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("export", help="results of a visit as TRC, MOT, STO and CSV")
    parser.add_argument("visit", help="a patient's code, for the newest visit, or the id of a visit")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    add_data_dir(parser)
    parser.set_defaults(command=_export)


def _visit_id(store: Store, told: str) -> str:
    """The newest visit of the patient with this code, or the visit with this id. Refuses REC-007."""
    for patient in store.patients(told):
        visits = store.visits(patient.id)
        if patient.subject.code == told and visits:
            return visits[-1].id
    return store.visit(told).id


def _export(args: argparse.Namespace) -> int:
    from app.session_request import check_results_folder
    from core.session.export import export_visit
    from core.store.private import ordinary_permissions
    from core.store.repository import open_store

    with open_store(getattr(args, "data_dir", None) or data_dir_default()) as store:
        files = export_visit(store, _visit_id(store, args.visit))
    check_results_folder(args.out)
    with ordinary_permissions():
        for name, content in files.items():
            (args.out / name).write_text(content, encoding="utf-8")
    print("\n".join([*files, f"{len(files)} files are in {args.out}."]))
    return 0
