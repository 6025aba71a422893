"""Unexpected errors in the GUI process: logged with their traceback, told in one sentence."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import TracebackType

from core.errors import UserError

_log = logging.getLogger(__name__)


def install_crash_hook(tell: Callable[[str], None]) -> None:
    """Send uncaught errors to the log and a sentence to `tell`.

    Plotting libraries replace the hook when they are imported, so this runs after them, and again
    whenever one was imported late.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, UserError):
            tell(error.advice.one_line())
            return
        _log.error("Unexpected error", exc_info=(kind, error, trace))
        tell("Something unexpected happened. Your data is safe; details are in the log. [APP-001]")

    sys.excepthook = hook
