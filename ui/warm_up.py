"""Load what the pages need while the person still looks at the first one."""

from __future__ import annotations

import importlib
import threading

# Plotting and the 3D view take a second or more to load; nobody should wait for them at the first click.
MODULES = (
    "ui.presenters.capture",
    "ui.presenters.motion",
    "ui.presenters.emg",
    "ui.presenters.personalize",
    "ui.presenters.review",
    "ui.presenters.train",
    "ui.presenters.compare",
    "ui.presenters.deploy",
    "ui.presenters.report",
    "ui.scene.world",
)


def warm_up() -> threading.Thread:
    """Import them in a thread; call it once the first window is on the screen.

    A thread and not a job: imports only help the process that does them.
    """
    thread = threading.Thread(target=_load, name="warm-up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    for name in MODULES:
        importlib.import_module(name)
