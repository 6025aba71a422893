"""Unexpected errors: logged with their traceback, told in one sentence, survived."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from core.errors import Advice, UserError

_log = logging.getLogger(__name__)


def install_crash_hook(tell: Callable[[str], None]) -> None:
    """Send errors that nobody caught, in slots and in threads, to the log and a sentence to `tell`.

    A plotting library that is imported later puts its own hook in front and calls this one.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, UserError):
            tell(error.advice.one_line())
            return
        _log.error("Unexpected error", exc_info=(kind, error, trace))
        tell(unexpected("Your data is safe; details are in the log.").one_line())

    def thread_hook(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            hook(given.exc_type, given.exc_value, given.exc_traceback)

    sys.excepthook = hook
    threading.excepthook = thread_hook


def unexpected(where: str) -> Advice:
    """What to say about a bug; `where` tells where its details are."""
    return Advice("Something unexpected happened.", "This is a mistake in ExoTwin.", where, "APP-001")
