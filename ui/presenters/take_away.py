"""Save and Copy of the pages that show results: files, the clipboard, and where they fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from core.errors import refuse
from core.session.export import export_records, take_out, zip_bytes
from core.session.export_record import record_numbers
from core.session.export_tables import numbers_csv, numbers_text
from core.session.figures import Figure, record_figure
from core.store.private import patient_permissions
from core.store.repository import Store
from ui.figure_files import figure_files, figure_image, pdf_bytes, png_bytes, svg_bytes
from ui.pages.frame import Page
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.widgets.take_away import COPIES, TakeAway

if TYPE_CHECKING:
    from ui.presenters.base import StepPresenter

_FIGURES = {TakeAway.PNG: png_bytes, TakeAway.SVG: svg_bytes, TakeAway.PDF: pdf_bytes}
_COPY_DPI = 200  # of a figure in the clipboard: sharp on paper, and no program stumbles over it


def take_away(presenter: StepPresenter, page: Page, context: SessionContext, what: TakeAway) -> None:
    """Do what was chosen of the records that the page shows. Refuses OUT-002 and OUT-003."""
    shown = presenter.shown_records()
    if not shown:
        return
    if what in COPIES:
        _copy(context, shown[0], what)
        return
    data = _data(context.store, shown, what)
    name = f"{_stem(context.store, shown[0])}-{presenter.step.value}.{what.ending}"
    path = page.ask_path("Save", name, f"{what.ending.upper()} (*.{what.ending})")
    if path is not None:
        write_away(path, data)
        context.show_message(f"Saved as {path.name}.", Tone.OK)


def write_away(path: Path, data: bytes) -> None:
    """Write what leaves the program. Refuses OUT-002."""
    try:
        with patient_permissions():
            path.write_bytes(data)
    except OSError as error:
        raise refuse(
            "OUT-002",
            f"{path.name} was not saved.",
            f"The folder {path.parent} does not take it: {error.strerror or error}.",
            "Choose another folder.",
        ) from error


def _data(store: Store, shown: tuple[str, ...], what: TakeAway) -> bytes:
    if what is TakeAway.ZIP:
        return zip_bytes(export_records(store, shown, figure_files(store, shown)))
    take_out(store, store.info(shown[0]).visit_id, what.value)
    if what is TakeAway.CSV:
        return numbers_csv(record_numbers(store, store.info(shown[0]))).encode("utf-8")
    return _FIGURES[what](_figure(store, shown[0]))


def _copy(context: SessionContext, record_id: str, what: TakeAway) -> None:
    clipboard, store = QGuiApplication.clipboard(), context.store
    take_out(store, store.info(record_id).visit_id, what.value)
    if what is TakeAway.COPY_FIGURE:
        clipboard.setImage(figure_image(_figure(store, record_id), _COPY_DPI))
        context.show_message("The figure is copied: paste it into a document.", Tone.OK)
    else:
        clipboard.setText(numbers_text(record_numbers(store, store.info(record_id))))
        context.show_message("The numbers are copied: paste them into a table.", Tone.OK)


def _figure(store: Store, record_id: str) -> Figure:
    """Refuses OUT-003."""
    figure = record_figure(store, store.info(record_id))
    if figure is None:
        raise refuse(
            "OUT-003",
            "There is no figure to take.",
            "A figure has curves over the gait cycle, and no complete stride is on record for this.",
            "Save the numbers or the ZIP instead; it has everything over time.",
        )
    return figure


def _stem(store: Store, record_id: str) -> str:
    """Beginning of a file's name: the code with what no file system minds, and the visit."""
    info = store.info(record_id)
    code, visit = store.subject_of(info.visit_id).code, store.visit(info.visit_id)
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in code)
    return f"{safe}-visit-{visit.number}"
