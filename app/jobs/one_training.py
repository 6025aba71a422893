"""One training of a visit at a time: who starts another is told which runs, since when and where."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from app.jobs.admission import Admit, Admitted
from core.errors import Advice, UserError
from core.jobs.table import JOB_TABLE, JobKind
from core.jobs.values import Cancelled, Outcome, Params, Refused
from core.store.trainings import RENEW_S, Trainings, taken_over

if TYPE_CHECKING:
    from core.store.repository import Store

# Each makes, from the visit's newest results, what the next one builds on.
TRAININGS = frozenset(
    {
        "fit_twin",
        "fit_impairments",
        "calibrate_muscles",
        "learn_gait",
        "teach_profile",
        "train_controller",
        "adapt_controller",
        "distil_controller",
    }
)
_log = logging.getLogger(__name__)


class VisitLease:
    """That this program may train for a visit, until it is given back or lost to another program."""

    def __init__(self, kind: str, visit_id: str, name: str, owner: OneTraining) -> None:
        self.kind, self.visit_id, self.name = kind, visit_id, name
        self._owner, self._lost = owner, False
        self._stop: Callable[[], None] = lambda: None

    def stop_with(self, stop: Callable[[], None]) -> None:
        """What ends the training when another program has begun one."""
        self._stop = stop

    def lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._stop()

    def give_back(self) -> None:
        self._owner.give_back(self)

    def told(self, outcome: Outcome) -> Outcome:
        """How the job ended, for the person: one that was stopped because of another says so."""
        if not self._lost or not isinstance(outcome, Cancelled):
            return outcome
        return Refused(self._owner.why_lost(self))


class OneTraining:
    """Between the board and who admits its jobs. A thread renews its leases in a record that is shared."""

    def __init__(self, store: Store, admit: Admit, operator: str = "", renew_s: float = RENEW_S) -> None:
        self._store, self._admit, self._operator, self._renew_s = store, admit, operator, renew_s
        self._trainings: Trainings = store.trainings
        self._leases: dict[str, VisitLease] = {}
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def admit(self, name: str, kind: JobKind, params: Params, visit_id: str) -> Admitted:
        """As who is asked behind this; refuses JOB-020 besides, a second training of one visit."""
        visit = self._visit_of(params, visit_id) if name in TRAININGS else ""
        if not visit:
            return self._admit(name, kind, params, visit_id)
        taken = self._trainings.take(visit, name, self._store.people.who(self._operator))
        lease = VisitLease(name, visit, taken, self)
        with self._guard:
            self._leases[taken] = lease
        try:
            admission = self._admit(name, kind, params, visit_id)
        except BaseException:
            lease.give_back()
            raise
        self._keep_renewing()
        return replace(admission, lease=lease)

    def give_back(self, lease: VisitLease) -> None:
        with self._guard:
            self._leases.pop(lease.name, None)
        try:
            self._trainings.give_back(lease.name)
        except UserError as error:  # out of reach: it lapses by itself
            _log.warning("A training's end could not be noted: %s", error)

    def why_lost(self, lease: VisitLease) -> Advice:
        try:
            running = self._trainings.running(lease.visit_id)
        except UserError:
            running = None
        return taken_over(JOB_TABLE[lease.kind].title, running)

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _visit_of(self, params: Params, visit_id: str) -> str:
        """Named by whoever starts it, or that of a record it is made from; "" where none is known."""
        told = visit_id or str(params.get("visit_id") or "")
        names = () if told else [value for value in params.values() if isinstance(value, str) and value]
        for name in names:
            try:
                return self._store.info(name).visit_id
            except UserError:
                continue  # no record's id
        return told

    def _keep_renewing(self) -> None:
        with self._guard:
            if self._trainings.shared and self._thread is None:
                self._thread = threading.Thread(target=self._renew, name="training-lease", daemon=True)
                self._thread.start()

    def _renew(self) -> None:
        while not self._over.wait(self._renew_s):
            try:
                lost = self._trainings.renew()
            except UserError as error:  # the next time is soon enough
                _log.warning("A training could not be noted as going on: %s", error)
                continue
            except Exception:  # noqa: BLE001 - thread border: without it every lease would lapse
                _log.exception("A training could not be noted as going on")
                continue
            with self._guard:
                leases = [self._leases[name] for name in lost if name in self._leases]
            for lease in leases:
                _log.warning("The training %s of a visit is another program's now", lease.kind)
                lease.lose()
