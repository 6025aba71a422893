"""Unexpected errors: logged with their traceback, shown in one sentence; the program goes on."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from core.errors import Advice, UserError

_log = logging.getLogger(__name__)


def install_crash_hook(show_message: Callable[[str], None]) -> None:
    """Send uncaught errors, in slots and in threads, to the log and a sentence to `show_message`.

    A plotting library that is imported later puts its own hook in front and calls this one.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, UserError):
            show_message(error.advice.one_line())
            return
        _log.error("Unexpected error", exc_info=(kind, error, trace))
        show_message(bug_advice("Your data is safe; details are in the log.").one_line())

    def thread_hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    sys.excepthook = hook
    threading.excepthook = thread_hook


def bug_advice(where: str) -> Advice:
    """Advice shown for a bug; `where` says where its details are."""
    return Advice("Something unexpected happened.", "This is a mistake in ExoTwin.", where, "APP-001")
