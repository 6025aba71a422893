"""Reading a file from outside for a command that waits for what was found: in a process of its own."""

from __future__ import annotations

import multiprocessing
import pickle
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ParamSpec, TypeVar

from app.jobs.limits import OverLimitError, Watch, hold_to
from core.errors import UserError
from core.jobs.limits import TABLES, Excess, Limits, excess_advice, named

P = ParamSpec("P")
T = TypeVar("T")


class ReadingFailed(Exception):  # noqa: N818 - a bug in the other process; its traceback is the message
    """What the reading process raised beyond refusals."""


def guarded(files: Iterable[Path | None], read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `read` returns, called in a process that keeps to the limits of `TABLES`.

    `read` is a function of a module; arguments and result are pickled. Raises UserError as `read` does, and
    IMP-001 to IMP-004 when the process dies or takes more than it may.
    """
    names = named(file for file in files if file is not None)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_answer, args=(theirs, TABLES, read, args, kwargs), name="exotwin-read")
    process.start()
    theirs.close()
    try:
        kind, value = pickle.loads(Watch(process, ours, TABLES).message())
    except OverLimitError as error:
        raise UserError(excess_advice(error.excess, TABLES, names)) from error
    except (EOFError, OSError) as error:
        raise UserError(excess_advice(Excess.DIED, TABLES, names)) from error
    finally:
        process.kill()  # it has said all that it will
        process.join()
        ours.close()
    if kind == "refused":
        raise UserError(value)
    if kind == "memory":
        raise UserError(excess_advice(Excess.MEMORY, TABLES, names))
    if kind == "failed":
        raise ReadingFailed(value)
    found: T = value
    return found


def _answer(
    pipe: Connection,
    limits: Limits,
    read: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> None:
    """In the other process."""
    hold_to(limits)
    with suppress(BrokenPipeError, KeyboardInterrupt):  # the command was ended meanwhile
        pipe.send(_outcome(read, args, kwargs))


def _outcome(
    read: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[str, object]:
    try:
        return "found", read(*args, **kwargs)
    except UserError as error:
        return "refused", error.advice
    except MemoryError:
        return "memory", None
    except Exception:  # noqa: BLE001 - the process border: whatever happened must reach the command
        return "failed", traceback.format_exc()
