"""`exotwin export PATIENT|VISIT|RECORD… --out DIR`: results as files for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.paths import data_dir_default

if TYPE_CHECKING:
    from core.session.export_record import ExportFile
    from core.store.repository import Store


def add_export(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("export", help="results as C3D, TRC, MOT, STO, CSV, OSIM and figures")
    parser.add_argument(
        "what",
        nargs="+",
        help="a patient's code, for the newest visit; the id of a visit; or ids of records",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the files and their ZIP")
    add_data_dir(parser)
    parser.set_defaults(command=_export)


def _record_ids(store: Store, told: Sequence[str]) -> list[str]:
    """Of records, and of the newest results of visits. Refuses REC-007 and REC-020."""
    from core.session.export import visit_records

    found: list[str] = []
    for name in told:
        if (visit_id := visit_of(store, name)) is not None:
            found += [info.id for info in visit_records(store, visit_id)]
        else:
            found.append(store.info(name).id)
    return found


def visit_of(store: Store, told: str) -> str | None:
    """The newest visit of the patient with this code, or the visit with this id; None for neither."""
    from core.errors import UserError

    for patient in store.patients(told):
        visits = store.visits(patient.id)
        if patient.subject.code == told and visits:
            return visits[-1].id
    try:
        return store.visit(told).id
    except UserError:
        return None


def _missing_models(store: Store, record_ids: Sequence[str]) -> list[ExportFile]:
    """Models for OpenSim of twins of earlier versions, which kept none."""
    from core.domain.record import RecordKind
    from core.domain.twin import Twin
    from core.session.export_record import OSIM_ABOUT, OSIM_FILE, ExportFile
    from core.twin.osim_writer import osim_text

    made = []
    for record_id in record_ids:
        info = store.info(record_id)
        if info.kind is RecordKind.TWIN and not (store.folder(record_id) / OSIM_FILE).exists():
            model = osim_text(store.load(record_id, Twin).body, store.subject_of(info.visit_id).code)
            made.append(ExportFile(OSIM_FILE, model, OSIM_ABOUT, record_id))
    return made


def _export(args: argparse.Namespace) -> int:
    from app.cli.report_file import without_screen
    from app.session_request import check_results_folder
    from core.session.export import BUNDLE, export_records, zip_bytes
    from core.store.private import patient_permissions
    from core.store.repository import open_store
    from ui.figure_files import figure_files

    without_screen()
    with open_store(getattr(args, "data_dir", None) or data_dir_default(), to_read=True) as store:
        record_ids = _record_ids(store, args.what)
        more = (*figure_files(store, record_ids), *_missing_models(store, record_ids))
        files = export_records(store, record_ids, more)
    check_results_folder(args.out)
    with patient_permissions():
        for name, content in files.items():
            (args.out / name).write_bytes(content)
        (args.out / BUNDLE).write_bytes(zip_bytes(files))
    print("\n".join([*files, f"{len(files)} files are in {args.out}, and together in {BUNDLE}."]))
    return 0
