"""Data: whether the record is encrypted, and how long patients are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from ui.pages.frame import Page
from ui.printing import ask_printer
from ui.theme import Tone
from ui.widgets.basics import column, row
from ui.widgets.encrypt_box import EncryptBox
from ui.widgets.keep_box import KeepBox
from ui.widgets.recovery_key_box import RecoveryKeyBox

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

BACK, NEW_KEY = ("back", "Back"), ("new_key", "New recovery key…")
_NOT_KEPT = "Print, save or write down the recovery key first, and tick that."


@dataclass(frozen=True, slots=True)
class DataState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    words: tuple[str, ...] = ()  # paragraphs about the encryption
    main_action: str = ""
    asks: bool = False  # how the record shall open is asked
    has_key_store: bool = False
    recovery_key: str = ""  # shown now, and never again
    may_renew: bool = False  # a new recovery key can be made
    keep_years: int | None = None
    due: tuple[tuple[str, str, str], ...] = ()  # id, code, words
    why_not: str = ""  # why this person may change nothing here


class DataPage(Page):
    title = "Data"
    help_text = (
        "An encrypted record can be read by nobody who takes the disk, a copy of the folder or a backup: "
        "database, results, films, job folders and logs are encrypted. It opens by a passphrase or by itself "
        "in the login in which it was encrypted, and by the recovery key where those are lost. The right "
        "side lists patients who were last seen longer ago than the clinic keeps them. Nobody is erased by "
        "itself."
    )

    recovery_key_printed = Signal()
    recovery_key_saved = Signal()
    years_chosen = Signal(object)  # None: no time
    patient_opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state = DataState("")
        self.encrypting, self.recovery_key, self.keeping = EncryptBox(), RecoveryKeyBox(), KeepBox()
        halves = row(gap=16)
        left = column(self.encrypting, self.recovery_key, gap=0)
        halves.addLayout(left, 3)
        halves.addWidget(self.keeping, 2)
        self.body.addLayout(halves, 1)
        self.encrypting.changed.connect(self._check)
        self.encrypting.entered.connect(self._press)
        self.recovery_key.kept.connect(self._check)
        self.recovery_key.printed.connect(self.recovery_key_printed)
        self.recovery_key.saved.connect(self.recovery_key_saved)
        self.keeping.chosen.connect(self.years_chosen)
        self.keeping.opened.connect(self.patient_opened)

    def render(self, state: DataState) -> None:  # type: ignore[override]
        self._state = state
        self.set_headline(state.headline, state.tone)
        self.show_body()
        self.encrypting.setVisible(not state.recovery_key)
        self.encrypting.show_words(state.words, asks=state.asks, has_key_store=state.has_key_store)
        self.recovery_key.show_key(state.recovery_key)
        self.keeping.show_kept(state.keep_years, state.due, state.why_not)
        renew = (NEW_KEY,) if state.may_renew and not state.recovery_key else ()
        self.set_secondary_actions(BACK, *renew)
        self._check()

    @property
    def passphrase(self) -> tuple[str, str]:
        return self.encrypting.given

    def forget_secrets(self) -> None:
        self.encrypting.forget()
        self.recovery_key.show_key("")

    def ask_printer(self) -> QPrinter | None:
        return ask_printer(self)

    # Implementation -----------------------------------------------------------------------------

    def _check(self) -> None:
        state = self._state
        missing = self.encrypting.missing
        if state.recovery_key:
            missing = "" if self.recovery_key.is_kept else _NOT_KEPT
        reason = f"{state.why_not}." if state.why_not else missing
        self.set_main_action(state.main_action, not reason, reason)

    def _press(self) -> None:
        if self.main_buttons[0].isEnabled():
            self.main_action.emit()
