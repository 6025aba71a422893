"""Load what the later pages need while nobody waits, so that no page stalls when it is first opened."""

from __future__ import annotations

import importlib
import logging
import threading

LATER = (
    "ui.plots.joint_grid",
    "ui.presenters.review",
    "ui.presenters.compare",
    "ui.presenters.personalize",
    "ui.presenters.train",
    "vtkmodules.qt.QVTKRenderWindowInteractor",
    "ui.scene.world",
    "ui.scene.mouse",
    "ui.presenters.deploy",
    "core.emg.readers",
    "ui.presenters.report",
)


def warm_up() -> threading.Thread:
    """Import in the background; call it after the first window is shown. Returns the thread, to be joined.

    A missing library is left to the page that needs it, which can say so to a person.
    """
    thread = threading.Thread(target=_load, name="warm-up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    for name in LATER:
        try:
            importlib.import_module(name)
        except ImportError:
            logging.getLogger(__name__).warning("%s could not be loaded ahead", name, exc_info=True)
