"""The results of a visit, or single records, as files that other programs read."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from core.domain.people import Action
from core.domain.record import RecordInfo, RecordKind
from core.errors import refuse
from core.session.export_readme import README, readme_text
from core.session.export_record import ExportFile, record_files
from core.session.patient_file import FILE_NAME, patient_json
from core.store.repository import Store

SUMS, BUNDLE = "SHA256SUMS.txt", "exotwin-export.zip"
# What a visit gives; its comparison has its own walks, which carry other labels than those before it.
OF_A_VISIT = (
    RecordKind.LABORATORY_TRIAL,
    RecordKind.MOTION,
    RecordKind.KINETICS,
    RecordKind.MOMENTS,
    RecordKind.EMG,
    RecordKind.AMPLITUDE,
    RecordKind.TWIN,
    RecordKind.GAIT_POLICY,
    RecordKind.SIMULATED_GAIT,
    RecordKind.BELT_PROFILE,
    RecordKind.COMPARISON,
    RecordKind.WALK,
)
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a file in a ZIP: equal files make an equal ZIP


def visit_records(store: Store, visit_id: str) -> tuple[RecordInfo, ...]:
    """The newest record of each kind that has files. Refuses REC-020 when there are none."""
    newest = (store.latest(visit_id, kind) for kind in OF_A_VISIT)
    found = tuple(info for info in newest if info is not None)
    if not found:
        raise refuse(
            "REC-020",
            "There is nothing to export yet.",
            "The visit has no trial of a laboratory, no motion and no EMG.",
            "Solve a motion or import EMG first.",
        )
    return found


def take_out(store: Store, visit_id: str, what: str) -> None:
    """Everything that leaves the program passes here first: who takes out what is in the log.

    Refuses PPL-001 and PPL-002, see `core.store.authority`.
    """
    person = store.people.check(Action.EXPORT)
    if person is not None:
        store.log(person.name, "taken out", visit_id, what)


def export_visit(store: Store, visit_id: str) -> dict[str, bytes]:
    """Content by file name, of the newest results of a visit. Refuses REC-020 when there are none.

    Names begin with what a file is: measured, estimated, synthetic or simulated.
    """
    return export_records(store, tuple(info.id for info in visit_records(store, visit_id)))


def export_records(
    store: Store, record_ids: Sequence[str], more: Sequence[ExportFile] = ()
) -> dict[str, bytes]:
    """Content by file name of these records, with README and SHA-256 sums. `more` are files made elsewhere.

    Refuses OUT-001 for a record without files, REC-007 for one that is not there, and what `take_out` does.
    """
    infos = [store.info(record_id) for record_id in dict.fromkeys(record_ids)]
    files = [file for info in infos for file in record_files(store, info)]
    visits = dict.fromkeys(info.visit_id for info in infos)
    for visit_id in visits:
        take_out(store, visit_id, f"{len(infos)} results")
    patients = (_patient_file(store, visit_id) for visit_id in visits)
    named = tuple(_named_once((*files, *more, *patients)))
    if len(visits) > 1:
        named = tuple(_with_visit(store, file) for file in named)
    contents = {file.name: file.data for file in named}
    contents[README] = readme_text(_title(store, infos), named).encode("utf-8")
    contents[SUMS] = sums_text(contents).encode("utf-8")
    return contents


def _patient_file(store: Store, visit_id: str) -> ExportFile:
    visit = store.visit(visit_id)
    text = patient_json(store.subject_of(visit_id), visit)
    about = "the patient's data at this visit, as `exotwin session run` reads them"
    return ExportFile(FILE_NAME, text, about, "", _visit_words(store, visit_id))


def _with_visit(store: Store, file: ExportFile) -> ExportFile:
    """Which visit a record belongs to stands in the README."""
    if not file.record_id:
        return file
    return replace(file, visit=_visit_words(store, store.info(file.record_id).visit_id))


def _visit_words(store: Store, visit_id: str) -> str:
    return f"{store.subject_of(visit_id).code} visit {store.visit(visit_id).number}"


def _named_once(files: Sequence[ExportFile]) -> Iterator[ExportFile]:
    """A name that another record has too gets the beginning of the record's id, or else a number."""
    taken: set[str] = set()
    for file in files:
        name, path, number = file.name, PurePath(file.name), 2
        if name in taken and file.record_id:
            name = f"{path.stem}_{file.record_id[:8]}{path.suffix}"
        while name in taken:
            name, number = f"{path.stem}_{number}{path.suffix}", number + 1
        taken.add(name)
        yield replace(file, name=name)


def _title(store: Store, infos: Sequence[RecordInfo]) -> str:
    """Whose data these are: codes, never names."""
    visits = dict.fromkeys(info.visit_id for info in infos)
    told = [
        f"{'synthetic ' if store.subject_of(visit_id).synthetic else ''}patient "
        f"{store.subject_of(visit_id).code}, visit {store.visit(visit_id).number} of "
        f"{store.visit(visit_id).started_utc:%Y-%m-%d}"
        for visit_id in visits
    ]
    version = infos[-1].provenance.code_version if infos else ""
    return f"ExoTwin {version} export: {'; '.join(told)}".replace("  ", " ")


def sums_text(contents: dict[str, bytes]) -> str:
    """One line per file, as `sha256sum` writes and checks them."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items())


def zip_bytes(contents: dict[str, bytes]) -> bytes:
    """The files in one ZIP; the same files make the same ZIP."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), data, zipfile.ZIP_DEFLATED)
    return whole.getvalue()
