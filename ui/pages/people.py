"""People: who works here with which role, and the clinic's rules for signing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
)

from core.domain.people import MOST_NAME, Action, PeopleRules, Role, may
from ui.pages.frame import Page
from ui.widgets.basics import Box, Button, column, label, row

BACK = ("back", "Back")
_USUAL = PeopleRules()
_COLUMNS = ("Name", "Role", "Account")


@dataclass(frozen=True, slots=True)
class PersonRow:
    name: str
    role: Role
    active: bool
    words: str  # about the account


@dataclass(frozen=True, slots=True)
class PeopleState:
    headline: str
    detail: str
    rows: tuple[PersonRow, ...] = ()
    rules: PeopleRules = _USUAL
    why_not: str = ""  # why nothing can be changed here at the moment
    first: bool = False  # nobody has an account yet


class PeoplePage(Page):
    title = "People"
    help_text = (
        "Everybody has a name, a role and a PIN. Without any account this is the single-user mode: names are "
        "typed and nobody signs in. The first account has to be one of IT, which manages people; then "
        "everybody signs in, and each signature asks for the PIN again. A PIN that IT gives is replaced at "
        "the first sign-in. Accounts are deactivated, never deleted, as the record names their people. Have "
        "two people of IT: a forgotten PIN can only be replaced by another one who manages people."
    )

    added = Signal(str, object, str, str)  # name, Role, PIN, again
    role_chosen = Signal(str, object)  # name, Role
    pin_given = Signal(str, str, str)  # name, PIN, again
    active_chosen = Signal(str, bool)
    rules_chosen = Signal(object)  # PeopleRules

    def __init__(self) -> None:
        super().__init__()
        self._state = PeopleState("", "")
        self._detail = label("", "muted", wrap=True)
        self.body.addWidget(self._detail)
        halves = row(self._build_list(), self._build_right(), gap=16)
        halves.setStretch(0, 3)
        halves.setStretch(1, 2)
        self.body.addLayout(halves, 1)
        self._connect()

    def render(self, state: PeopleState) -> None:  # type: ignore[override]
        changed = state.rows != self._state.rows
        self._state = state
        self.set_headline(state.headline)
        self.set_main_action("")
        self.set_secondary_actions(BACK)
        self._detail.setText(state.detail)
        self._detail.setVisible(bool(state.detail))
        self.show_body()
        if changed:
            self._show_rows(state.rows)
        self.four_eyes.setChecked(state.rules.four_eyes)
        self.idle.setValue(state.rules.idle_min)
        self._rules_box.setVisible(not state.first)
        self._list_box.setVisible(not state.first)
        self.add.setText("Make the first account" if state.first else "Add")
        if state.first:
            self.role.setCurrentIndex(self.role.findData(Role.IT))
        self.role.setEnabled(not state.first)
        self.pin.setPlaceholderText("Your PIN" if state.first else "First PIN")
        self._check()

    def clear_secrets(self) -> None:
        for field in (self.pin, self.again, self.first_pin, self.first_again):
            field.clear()

    def clear_new(self) -> None:
        self.name.clear()
        self.clear_secrets()

    @property
    def chosen(self) -> PersonRow | None:
        number = self.table.currentRow()
        return self._state.rows[number] if 0 <= number < len(self._state.rows) else None

    # Implementation -----------------------------------------------------------------------------

    def _show_rows(self, rows: tuple[PersonRow, ...]) -> None:
        kept = self.table.currentRow()
        self.table.setRowCount(len(rows))
        for number, one in enumerate(rows):
            for place, words in enumerate((one.name, one.role.value, one.words)):
                self.table.setItem(number, place, QTableWidgetItem(words))
        self.table.setCurrentCell(min(max(kept, 0), len(rows) - 1), 0)

    def _check(self) -> None:
        """Why each button is greyed stands in its tip."""
        why_not, one = self._state.why_not, self.chosen
        nobody = "" if one is not None else "Choose somebody in the list."
        role = Role(self.new_role.currentData())
        same = "That is the role now." if one is not None and role is one.role else ""
        no_pin = "" if self.first_pin.text() else "Type a first PIN twice."
        empty = "" if self.name.text().strip() and self.pin.text() else "Type a name, and a PIN twice."
        for button, reason in (
            (self.change_role, why_not or nobody or same),
            (self.give_pin, why_not or nobody or no_pin),
            (self.toggle, why_not or nobody),
            (self.add, why_not or empty),
            (
                self.keep_rules,
                why_not or ("" if self._rules != self._state.rules else "Nothing was changed."),
            ),
        ):
            button.setEnabled(not reason)
            button.setToolTip(reason)
            button.setAccessibleDescription(reason)
        self.toggle.setText("Deactivate" if one is None or one.active else "Activate")

    @property
    def _rules(self) -> PeopleRules:
        return PeopleRules(self.four_eyes.isChecked(), self.idle.value())

    def _choose(self) -> None:
        one = self.chosen
        if one is not None:
            self.new_role.setCurrentIndex(self.new_role.findData(one.role))
        self.first_pin.clear()
        self.first_again.clear()
        self._check()

    def _build_list(self) -> Box:
        self._list_box = box = Box("card", margin=12, gap=8)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.setAccessibleName("Accounts")
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.new_role = _roles("Role of the chosen person")
        self.change_role, self.toggle = Button("Change role"), Button("Deactivate")
        self.first_pin, self.first_again = _pin("First PIN"), _pin("Once more")
        self.give_pin = Button("Give a first PIN")
        box.body.addWidget(label("Accounts", "section"))
        box.body.addWidget(self.table, 1)
        box.body.addLayout(row(self.new_role, self.change_role, None, self.toggle))
        box.body.addLayout(row(self.first_pin, self.first_again, self.give_pin, None))
        return box

    def _build_right(self) -> Box:
        outer = Box("flat", margin=0, gap=12)
        new = Box("card", margin=12, gap=8)
        self.name, self.role = QLineEdit(), _roles("Role of the new account")
        self.name.setMaxLength(MOST_NAME)
        self.name.setPlaceholderText("Name, as it shall stand on reports")
        self.name.setAccessibleName("Name of the new account")
        self.pin, self.again = _pin("First PIN"), _pin("Once more")
        self._may = label("", "small", wrap=True)
        self.add = Button("Add")
        new.body.addWidget(label("New account", "section"))
        for widget in (self.name, self.role, self._may, self.pin, self.again):
            new.body.addWidget(widget)
        new.body.addLayout(row(None, self.add))
        self._rules_box = Box("card", margin=12, gap=8)
        self.four_eyes = QCheckBox("Two people release a controller for a patient")
        self.idle, self.keep_rules = QSpinBox(), Button("Keep rules")
        self.idle.setRange(1, 120)
        self.idle.setSuffix(" min")
        self.idle.setAccessibleName("Minutes until the screen locks")
        self._rules_box.body.addWidget(label("Rules of the clinic", "section"))
        self._rules_box.body.addWidget(self.four_eyes)
        line = row(label("The screen locks after"), self.idle, None, self.keep_rules)
        self._rules_box.body.addLayout(line)
        outer.body.addWidget(new)
        outer.body.addWidget(self._rules_box)
        outer.body.addLayout(column(None))
        self._show_may()
        return outer

    def _show_may(self) -> None:
        role = Role(self.role.currentData())  # Qt keeps the word only
        self._may.setText(f"May {'; '.join(one.value for one in Action if may(role, one))}.")

    def _connect(self) -> None:
        self.table.itemSelectionChanged.connect(self._choose)
        self.role.currentIndexChanged.connect(self._show_may)
        self.new_role.currentIndexChanged.connect(self._check)
        for field in (self.name, self.pin, self.again, self.first_pin, self.first_again):
            field.textChanged.connect(self._check)
        self.four_eyes.toggled.connect(self._check)
        self.idle.valueChanged.connect(self._check)
        self.add.clicked.connect(self._add)
        self.again.returnPressed.connect(self.add.click)
        self.change_role.clicked.connect(
            lambda: self._of_chosen(
                lambda one: self.role_chosen.emit(one.name, Role(self.new_role.currentData()))
            )
        )
        self.give_pin.clicked.connect(
            lambda: self._of_chosen(
                lambda one: self.pin_given.emit(one.name, self.first_pin.text(), self.first_again.text())
            )
        )
        self.toggle.clicked.connect(
            lambda: self._of_chosen(lambda one: self.active_chosen.emit(one.name, not one.active))
        )
        self.keep_rules.clicked.connect(lambda: self.rules_chosen.emit(self._rules))

    def _add(self) -> None:
        self.added.emit(self.name.text(), Role(self.role.currentData()), self.pin.text(), self.again.text())

    def _of_chosen(self, emit: Callable[[PersonRow], None]) -> None:
        one = self.chosen
        if one is not None:
            emit(one)


def _roles(accessible: str) -> QComboBox:
    field = QComboBox()
    field.setAccessibleName(accessible)
    for role in Role:
        field.addItem(role.value, role)
    return field


def _pin(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    return field
