"""Record server: testing one in a worker, and choosing it for this data folder; by who looks after it."""

from __future__ import annotations

import json

from sqlalchemy import URL

from core.domain.people import Action
from core.errors import UserError, refuse
from core.jobs.values import (
    SECRET,
    Cancelled,
    Crashed,
    JobState,
    JsonValue,
    Message,
    Outcome,
    outcome_advice,
)
from core.session.flow import Step, StepStatus
from core.store.artifacts.look import where_results_lie
from core.store.people import RECORD
from core.store.record_address import record_url, save_url
from core.store.server_choice import (
    choose_server,
    chosen_words,
    require_free,
    require_no_variable,
    require_same,
)
from core.store.server_look import ServerLook
from ui.pages.record_server import RecordServerPage, ServerState
from ui.presenters.base import StepPresenter
from ui.session_context import SessionContext
from ui.signature import Signed
from ui.theme import Tone
from ui.widgets.server_fields import ServerEntry

JOB = "look_at_server"
_FIELDS = ("host", "port", "sslmode", "password")


class RecordServerPresenter(StepPresenter):
    """No step of the session. The driver of the database is loaded by the job alone."""

    step = Step.PATIENT
    right_for_main = Action.LOOK_AFTER

    def __init__(self, page: RecordServerPage, context: SessionContext) -> None:
        super().__init__(page, context)
        self._page, self._store = page, context.store
        self._job = ""  # the test that runs
        self._asked: tuple[ServerEntry, str] | None = None  # entry and password of the last test
        self._look: ServerLook | None = None  # what it found
        page.edited.connect(self.refresh)
        page.secondary_action.connect(lambda key: self.attempt(lambda: self._secondary(key)))
        context.jobs.messaged.connect(self._messaged)

    def running_job(self) -> JobState | None:
        return None

    def stale_sentence(self, status: StepStatus) -> str | None:
        return None

    def leave(self) -> None:
        self._look = self._asked = None
        self._page.forget_password()

    def show(self, status: StepStatus) -> None:
        look = self._look if self._asked == self._given else None
        found = () if look is None else (*((w, True) for w in look.good), *((w, False) for w in look.doubts))
        where = "on" if self._store.shared else "in"
        self._page.render(
            ServerState(
                headline=f"The record lies {where} {self._store.database.words}.",
                files=self._files(),
                tone=Tone.OK if self._store.writable else Tone.NEUTRAL,
                entry=self._saved(),
                testing=bool(self._job),
                found=found,
                nothing=self._nothing(),
                may_use=look is not None and look.ready,
                why_not=self._why_not(),
            )
        )

    def _files(self) -> str:
        if self._store.shares_files:
            place = where_results_lie(self._store.data_dir)
            return f"The files of results lie in {place}, where all PCs of this record reach them."
        if not self._store.shared:
            return "The files of results lie there, too."
        return (
            f"The files of results lie in {self._store.data_dir}, where no other PC opens them; exotwin "
            "record move --artifacts PLACE brings them where all do."
        )

    def _nothing(self) -> str:
        """Why there is nothing that a test found."""
        if self._job:
            return "The server is being asked."
        failed = self._asked is not None and self._asked == self._given
        return "The test did not get that far." if failed else "This address was not tested yet."

    @property
    def _given(self) -> tuple[ServerEntry, str]:
        return self._page.entry, self._page.password

    def _saved(self) -> ServerEntry:
        url = record_url(self._store.data_dir)
        return ServerEntry() if url is None else entry_of(url)

    def _why_not(self) -> str:
        blocked = self._store.people.blocked(Action.LOOK_AFTER)
        if blocked:
            return f"{blocked}."
        try:
            if self._store.shared:
                require_no_variable()
                require_same(url_of(self._page.entry), record_url(self._store.data_dir))
            else:
                require_free(self._store.data_dir)
        except UserError as error:
            return f"{error.advice.why} {error.advice.next_step}"
        return ""

    # Actions of the person

    def main(self) -> None:
        if self._look is not None and self._look.ready and self._asked == self._given:
            self._use(url_of(self._page.entry))
        else:
            self._test()

    def _test(self) -> None:
        """Refuses REC-066 what is no address."""
        url, password = url_of(self._page.entry), self._page.password
        self._page.show_advice(None)
        self._look, self._asked = None, self._given
        params: dict[str, JsonValue] = {
            "url": url.render_as_string(hide_password=False),
            "password_follows": bool(password),
        }
        self._job = self.context.jobs.submit(JOB, params)
        if password:
            self.context.jobs.send(self._job, SECRET + password)
        self.refresh()

    def _use(self, url: URL) -> None:
        password, folder = self._page.password, self._store.data_dir

        def signed(by: Signed) -> None:
            self._store.people.check(Action.LOOK_AFTER, by=by.name, about=RECORD)
            if password:
                _keep_password(url, password)
            self._store.log(by.name, "record server chosen", "", chosen_words(url))
            self.leave()
            if self._store.shared:
                save_url(folder, url)
                self.context.show_message("The address is kept.", Tone.OK)
            else:
                self.context.reopen(lambda: choose_server(folder, url))

        self.sign(Action.LOOK_AFTER, RECORD, (self.context.operator, ""), chosen_words(url), signed)

    def _secondary(self, key: str) -> None:
        if key == "back":
            self.context.go_to.emit(self.context.came_from)
        else:
            self._test()

    # What the worker tells

    def _messaged(self, job_id: str, message: Message) -> None:
        if job_id == self._job:
            told = json.loads(message.text)
            self._look = ServerLook(**{**told, "lacks": tuple(told["lacks"])})

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        if job_id != self._job:
            return
        self._job = ""
        advice = outcome_advice(outcome)
        self._page.show_advice(advice, outcome.detail if isinstance(outcome, Crashed) else "")
        if advice is not None or isinstance(outcome, Cancelled):
            self._look = None
        self.refresh()


def url_of(entry: ServerEntry) -> URL:
    """The address without its password. Refuses REC-066 what is missing or no number."""
    if not entry.host or not entry.database or not entry.account:
        raise _incomplete("Host, database and account are all needed.")
    if not entry.port.isdecimal() or not 0 < int(entry.port) < 65536:
        raise _incomplete(f"“{entry.port}” is no port; PostgreSQL's usual one is 5432.")
    socket = entry.host.startswith("/")  # a folder on this PC
    query = {**dict(entry.more), "sslmode": entry.tls, **({"host": entry.host} if socket else {})}
    return URL.create(
        "postgresql+psycopg",
        username=entry.account,
        host=None if socket else entry.host,
        port=int(entry.port),
        database=entry.database,
        query=query,
    )


def entry_of(url: URL) -> ServerEntry:
    usual = ServerEntry()
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    return ServerEntry(
        url.host or query.get("host", ""),
        str(url.port or query.get("port", usual.port)),
        url.database or "",
        url.username or "",
        query.get("sslmode", usual.tls),
        tuple((name, value) for name, value in query.items() if name not in _FIELDS),
    )


def _keep_password(url: URL, password: str) -> None:
    """Slow to import, and wanted here only; loads no driver."""
    from core.store.dialects.postgresql_connect import keep_password

    keep_password(url, password)


def _incomplete(why: str) -> UserError:
    return refuse("REC-066", "No record server was tried.", why, "Complete the address, then test it.")
