"""Load what the later pages need while nobody waits, so that no page stalls when it is first opened."""

from __future__ import annotations

import importlib
import logging
import threading

LATER = (
    "pyqtgraph",
    "core.gait.similarity",
    "vtkmodules.vtkRenderingOpenGL2",
    "vtkmodules.vtkInteractionStyle",
    "vtkmodules.vtkRenderingFreeType",
    "vtkmodules.vtkFiltersCore",
    "vtkmodules.vtkFiltersSources",
    "vtkmodules.util.numpy_support",
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
