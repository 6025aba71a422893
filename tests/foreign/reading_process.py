"""A process that reads one file after another under the limits of a job, and is replaced when it ends."""

from __future__ import annotations

import multiprocessing
import pickle
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from app.jobs.limits import OverLimitError, Watch, hold_to
from core.errors import UserError
from core.jobs.limits import TABLES, Limits
from core.store.private import keep_private

READ = "read"  # the outcome of a file that is still good


@dataclass
class Tally:
    """How the files of one kind ended."""

    outcomes: Counter[str] = field(default_factory=Counter)  # READ, a code, or how the process ended
    bugs: list[str] = field(default_factory=list)
    most_mb: float = 0.0

    def line(self, kind: str) -> str:
        told = ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common())
        return f"{kind}: {told}; at most {self.most_mb:.0f} MB"


class ReadingProcess:
    """`read(kind, path)` gives how it ended; what the file did to the process is no trouble of the caller."""

    def __init__(self, limits: Limits = TABLES) -> None:
        self._limits = limits
        self._spawn = multiprocessing.get_context("spawn")
        self._start()

    def __enter__(self) -> ReadingProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, kind: str, path: Path, tally: Tally) -> None:
        self._pipe.send((kind, path))
        try:
            outcome, detail = pickle.loads(self._watch.message())
        except OverLimitError as error:
            outcome, detail = error.excess.name.lower(), ""
            self._again()
        except (EOFError, OSError):
            outcome, detail = "died", ""
            self._again()
        tally.most_mb = max(tally.most_mb, self._watch.most_mb)
        tally.outcomes[outcome] += 1
        if outcome == "bug":
            tally.bugs.append(f"{path.name}: {detail}")

    def _start(self) -> None:
        self._pipe, theirs = self._spawn.Pipe()
        self._process = self._spawn.Process(target=_serve, args=(theirs, self._limits))
        self._process.start()
        theirs.close()
        self._watch = Watch(self._process, self._pipe, self._limits)
        self._watch.message()  # it is ready

    def _again(self) -> None:
        most_mb = self._watch.most_mb
        self._end()
        self._start()
        self._watch.most_mb = most_mb

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, limits: Limits) -> None:
    from tests.foreign.readers import READ as READERS

    hold_to(limits)
    keep_private()
    pipe.send("ready")
    while True:
        kind, path = pipe.recv()
        pipe.send(_outcome(READERS[kind], path))


def _outcome(read: object, path: Path) -> tuple[str, str]:
    try:
        read(path)  # type: ignore[operator]
    except UserError as error:
        return error.advice.code, error.advice.one_line()
    except MemoryError:
        return "memory", ""
    except Exception:  # noqa: BLE001 - what a reader leaves uncaught is what these tests look for
        return "bug", traceback.format_exc()
    return READ, ""
