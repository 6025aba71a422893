"""The recovery key, once: to be printed, saved elsewhere or written down before anything goes on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QCheckBox

from ui import theme
from ui.widgets.basics import Box, Button, label, row

KEEP_IT = (
    "It opens the record when this computer, its login or the passphrase is lost. Without it the data are "
    "lost then, too. Keep it in a safe place, not on this computer."
)
_ONCE = "It is shown only now: when you leave this page it is gone from the screen."
_GROUPS_A_LINE = 4


class RecoveryKeyBox(Box):
    printed = Signal()
    saved = Signal()
    kept = Signal()  # the tick was changed

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=12)
        self._key = label("", "hero")
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme.current().type.hero)
        self._key.setStyleSheet(f"font-family: '{font.family()}';")
        self._key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._key.setAccessibleName("Recovery key")
        self.print, self.save = Button("Print…"), Button("Save…", tip="On a stick that leaves this computer")
        self.tick = QCheckBox("It is printed, saved elsewhere or written down")
        self.body.addWidget(label("Recovery key of this record", "section"))
        self.body.addWidget(self._key)
        self.body.addLayout(row(self.print, self.save, None))
        self.body.addWidget(label(KEEP_IT, wrap=True))
        self.body.addWidget(label(_ONCE, "muted", wrap=True))
        self.body.addWidget(self.tick)
        self.body.addStretch(1)
        self.print.clicked.connect(self.printed)
        self.save.clicked.connect(self.saved)
        self.tick.toggled.connect(self.kept)
        self.hide()

    def show_key(self, key: str) -> None:
        """An empty one hides the box and forgets the tick."""
        self._key.setText("\n".join(lines_of(key)))
        if not key:
            self.tick.setChecked(False)
        self.setVisible(bool(key))

    @property
    def is_kept(self) -> bool:
        return self.tick.isChecked()


def lines_of(key: str) -> tuple[str, ...]:
    """Four groups a line, as it stands on the screen and on paper."""
    groups = key.split("-")
    return tuple("-".join(groups[at : at + _GROUPS_A_LINE]) for at in range(0, len(groups), _GROUPS_A_LINE))
