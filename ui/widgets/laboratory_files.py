"""The files of a laboratory trial: the walk, and, where there are such, a standing trial and its forces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal

from ui.file_dialogs import ask_file
from ui.widgets.basics import Box, Button, column, label

TRIAL_ENDINGS = (".c3d", ".trc")
FORCE_ENDINGS = (".mot", ".sto")
_WHY = (
    "A standing trial tells the size of the body and where the markers sit; without one the walk does. A "
    "force table is needed only where the trial is a .trc: a .c3d holds its plates."
)
_MARKERS = f"Laboratory trials ({' '.join(f'*{end}' for end in TRIAL_ENDINGS)});;All files (*)"
_FORCES = f"Force tables ({' '.join(f'*{end}' for end in FORCE_ENDINGS)});;All files (*)"


@dataclass(frozen=True, slots=True)
class TrialFiles:
    walk: Path
    standing: Path | None = None
    plates: Path | None = None


class LaboratoryFiles(Box):
    """Shown after a trial was chosen, until it is imported or left."""

    standing_chosen = Signal(object)  # Path
    plates_chosen = Signal(object)  # Path
    wanted = Signal(bool)  # import, or leave it

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self._names = label("", wrap=True)
        self.body.addLayout(
            column(label("Laboratory trial", "section"), self._names, label(_WHY, "small", wrap=True), gap=4),
            1,
        )
        self.standing, self.plates = Button("Standing trial…"), Button("Force table…")
        self.take, self.leave = Button("Import trial", "main"), Button("Cancel")
        for button in (self.standing, self.plates, self.leave, self.take):
            self.body.addWidget(button)
        self.standing.clicked.connect(lambda: self._choose("Standing trial", _MARKERS, self.standing_chosen))
        self.plates.clicked.connect(lambda: self._choose("Force table", _FORCES, self.plates_chosen))
        self.take.clicked.connect(lambda: self.wanted.emit(True))
        self.leave.clicked.connect(lambda: self.wanted.emit(False))
        self.hide()

    def ask(self, files: TrialFiles | None) -> None:
        """Show what was chosen; None hides the card."""
        self.setVisible(files is not None)
        if files is None:
            return
        more = [
            f"{name}: {path.name}"
            for name, path in (("standing", files.standing), ("forces", files.plates))
            if path is not None
        ]
        self._names.setText(" · ".join([f"walk: {files.walk.name}", *more]))

    def choose_walk(self) -> Path | None:
        """Ask for the trial with the system's own chooser."""
        return ask_file(self, "Laboratory trial of a walk", _MARKERS)

    def _choose(self, title: str, pattern: str, chosen: object) -> None:
        path = ask_file(self, title, pattern)
        if path is not None:
            chosen.emit(path)  # type: ignore[attr-defined]
