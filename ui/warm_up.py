"""Load and build the later pages while the program is idle, so that none stalls when it is first opened."""

from __future__ import annotations

import gc
import importlib
import logging
import threading
from collections.abc import Iterator

from PySide6.QtWidgets import QWidget

from core.session.flow import STEPS, Step
from ui.asides import Aside
from ui.idle_work import IdleWorkQueue
from ui.page_stack import PageStack
from ui.scene.availability import why_no_scene
from ui.session_context import SessionContext

PAUSE_MS = 20
HEAVIEST_STEPS = (Step.MOTION, Step.REVIEW, Step.COMPARE)
WIDGETS_PER_TURN = 40
LAZY_MODULES = (
    "ui.plots.joint_grid",
    "ui.presenters.review",
    "ui.presenters.compare",
    "ui.presenters.personalize",
    "ui.presenters.train",
    "vtkmodules.util.data_model",
    "vtkmodules.qt.QVTKRenderWindowInteractor",
    "ui.scene.world",
    "ui.scene.mouse",
    "ui.presenters.deploy",
    "ui.presenters.report",
    "ui.presenters.visits",
)


def warm_up(pages: PageStack, context: SessionContext) -> IdleWorkQueue:
    """Call it after the first window is shown; busy until all is ready. Leaves most turns to mouse and keys.

    From then on, the pages with the most to draw read new results before they are opened.

    A missing library is left to the page that needs it, which can show advice.
    """
    work_queue = IdleWorkQueue(pages, PAUSE_MS)
    work_queue.add(_prepare(pages))
    for changed in (context.visit_changed, context.record_changed):
        changed.connect(lambda: work_queue.add(_read_ahead(pages)))
    return work_queue


def _prepare(pages: PageStack) -> Iterator[None]:
    thread = threading.Thread(target=_import_lazy_modules, name="warm-up", daemon=True)
    thread.start()
    while thread.is_alive():
        yield
    why_no_scene()
    for place in (*STEPS, *Aside):
        yield
        page = pages.page(place)
        for number, widget in enumerate(page.findChildren(QWidget)):
            if number % WIDGETS_PER_TURN == 0:
                yield
            widget.ensurePolished()  # the stylesheet takes as long as building the page
    gc.freeze()  # or Python would look through all of this again and again, a tenth of a second each time


def _read_ahead(pages: PageStack) -> Iterator[None]:
    for step in HEAVIEST_STEPS:
        yield
        if step is not pages.step:  # the page that is shown was refreshed already
            pages.presenter(step).refresh()


def _import_lazy_modules() -> None:
    for name in LAZY_MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            logging.getLogger(__name__).warning("%s could not be loaded ahead", name, exc_info=True)
