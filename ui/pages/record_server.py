"""Record server: where the record lies, and the test of a server before it is used."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from ui.pages.frame import Page
from ui.theme import Tone
from ui.widgets.basics import Box, Icon, clear, column, label, row
from ui.widgets.server_fields import ServerEntry, ServerFields

BACK, AGAIN = ("back", "Back"), ("test", "Test again")
_ABOUT = (
    "A clinic with several rooms keeps one record on a PostgreSQL server, and every PC works in it. On one "
    "PC the record stays in the data folder, and nothing has to be set up.",
    "Whoever looks after the server prepares it once: exotwin record server-setup. The password goes into "
    "the key store of this login, never into a file.",
    "exotwin record move brings a record that has patients to the server, and back.",
)

_USUAL = ServerEntry()


@dataclass(frozen=True, slots=True)
class ServerState:
    headline: str
    files: str = ""  # where the files of results lie, in a sentence
    tone: Tone = Tone.NEUTRAL
    entry: ServerEntry = _USUAL
    testing: bool = False
    found: tuple[tuple[str, bool], ...] = ()  # sentences of the last test, and whether each is well
    nothing: str = ""  # why there are none
    may_use: bool = False  # what stands in the fields was tested, and can be used
    why_not: str = ""  # why it cannot be used, or nothing can be done here


class RecordServerPage(Page):
    title = "Record server"
    help_text = (
        "The test connects to the server, asks for its version, the rights of the account and how long an "
        "answer takes, and changes nothing. Only what was tested can be used: then the record of this data "
        "folder lies on the server, and the program opens it anew. Both are commands, too: exotwin record "
        "server test, exotwin record server use."
    )

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fields = ServerFields()
        self.fields.edited.connect(self.edited)
        self.fields.entered.connect(self._press)
        self._found, found = QVBoxLayout(), Box("card", margin=16, gap=8)
        self._found.setSpacing(8)
        found.body.addWidget(label("What the test found", "section"))
        found.body.addLayout(self._found)
        found.body.addStretch(1)
        about = Box("card", margin=16, gap=10)
        about.body.addWidget(label("One record for several PCs", "section"))
        for words in _ABOUT:
            about.body.addWidget(label(words, "muted", wrap=True))
        about.body.addStretch(1)
        halves = row(gap=16)
        halves.addLayout(column(self.fields, found, gap=16), 3)
        halves.addWidget(about, 2)
        self._files = label("", "muted", wrap=True)
        self.body.addWidget(self._files)
        self.body.addLayout(halves, 1)

    @property
    def entry(self) -> ServerEntry:
        return self.fields.entry()

    @property
    def password(self) -> str:
        return self.fields.password.text()

    def forget_password(self) -> None:
        self.fields.password.clear()

    def render(self, state: ServerState) -> None:  # type: ignore[override]
        self.set_headline(state.headline, state.tone)
        self.show_body()
        self._files.setText(state.files)
        self.fields.show_entry(state.entry)
        self.fields.setEnabled(not state.testing)
        if state.may_use:
            self.set_main_action("Use this record…", not state.why_not, state.why_not)
        else:
            words = "Testing…" if state.testing else "Test the connection"
            self.set_main_action(words, not state.testing, "")
        self.set_secondary_actions(BACK, *((AGAIN,) if state.may_use else ()))
        clear(self._found)
        if not state.found:
            self._found.addWidget(label(state.nothing, "muted", wrap=True))
        for words, good in state.found:
            icon = Icon("done" if good else "attention", 18, Tone.OK if good else Tone.WARN)
            line = row(icon, label(words, wrap=True), gap=8)
            line.setStretch(1, 1)
            self._found.addLayout(line)

    def _press(self) -> None:
        if self.main_buttons[0].isEnabled():
            self.main_action.emit()
