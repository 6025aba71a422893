"""The address of a record server, as IT types it, and the password, which never goes into a file."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit

from ui.widgets.basics import Box, fit_list, label

TLS = (
    ("verify-full", "Encrypted, and the server's certificate is checked"),
    ("require", "Encrypted"),
    ("prefer", "Encrypted where the server can"),
)
_PASSWORD_TIP = "Kept in the key store of this login, never in a file"


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """What stands in the fields, as typed, but the password."""

    host: str = ""
    port: str = "5432"
    database: str = "exotwin"
    account: str = "exotwin"
    tls: str = "require"  # libpq's sslmode
    more: tuple[tuple[str, str], ...] = ()  # further settings of the address, which have no field here


class ServerFields(Box):
    edited = Signal()
    entered = Signal()  # Enter in one of the fields

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=10)
        self.host, self.port = (
            _field("Host of the record server", "server.clinic.local"),
            _field("Port", "5432"),
        )
        self.database = _field("Database", "exotwin")
        self.account = _field("Account on the server", "exotwin")
        self.password = _field("Password of the account", "as it is kept, or as typed here")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setToolTip(_PASSWORD_TIP)
        self.tls = QComboBox()
        self.tls.setAccessibleName("Encryption of the connection")
        for mode, words in TLS:
            self.tls.addItem(words, mode)
        self.tls.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        fit_list(self.tls)
        self._given: ServerEntry | None = None
        self._lay_out()
        for field in (self.host, self.port, self.database, self.account, self.password):
            field.textEdited.connect(lambda _text: self.edited.emit())
            field.returnPressed.connect(self.entered)
        self.tls.activated.connect(lambda _index: self.edited.emit())

    def entry(self) -> ServerEntry:
        return ServerEntry(
            host=self.host.text().strip(),
            port=self.port.text().strip(),
            database=self.database.text().strip(),
            account=self.account.text().strip(),
            tls=self.tls.currentData(),
            more=() if self._given is None else self._given.more,
        )

    def show_entry(self, entry: ServerEntry) -> None:
        """Fill the fields; what a person is typing is never overwritten by the same entry."""
        if entry == self._given:
            return
        self._given = entry
        for name in ("host", "port", "database", "account"):
            getattr(self, name).setText(getattr(entry, name))
        self.tls.setCurrentIndex(max(0, self.tls.findData(entry.tls)))

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        cells = (
            ("Host", self.host, 0, 0, 3),
            ("Port", self.port, 0, 3, 1),
            ("Database", self.database, 1, 0, 2),
            ("Account", self.account, 1, 2, 2),
            ("Connection", self.tls, 2, 0, 2),
            ("Password", self.password, 2, 2, 2),
        )
        for words, field, line, at, span in cells:
            caption = label(words, "small")
            caption.setBuddy(field)
            grid.addWidget(caption, 2 * line, at, 1, span)
            grid.addWidget(field, 2 * line + 1, at, 1, span)
        for at in range(4):
            grid.setColumnStretch(at, 1)
        self.body.addWidget(label("Address of the record server", "section"))
        self.body.addLayout(grid)


def _field(name: str, example: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    return field
