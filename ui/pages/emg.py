"""EMG: import, map channels to muscles, judge; or skip with a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QTabWidget,
    QWidget,
)

from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding
from ui.file_dialogs import ask_file
from ui.pages.amplitude_panel import AmplitudePanel, AmplitudeState
from ui.pages.emg_cycles import EmgCycles, EmgCyclesView
from ui.pages.frame import Page
from ui.pages.mvc_panel import MvcPanel, MvcState
from ui.pages.number_table import FittingTable, NumberTable
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Deck, ElidedLabel, column, label, row
from ui.widgets.channel_map import ChannelMap, MappedChannel
from ui.widgets.emg_fields import EmgFields, EmgFieldsState, EmgFieldsValues
from ui.widgets.emg_offset import EmgOffset
from ui.widgets.envelope_stack import EnvelopeStack


@dataclass(frozen=True, slots=True)
class Mapping:
    """A chosen file before it is processed."""

    file_name: str
    channels: tuple[MappedChannel, ...]
    fields: EmgFieldsState = field(default_factory=EmgFieldsState)  # what the file does not tell of itself
    mvc_name: str = ""
    mvc_files: int = 0  # chosen by the protocol of maximum contractions
    chains: tuple[tuple[str, str], ...] = ()  # (title, reason) of the ways to process, the usual one first


@dataclass(frozen=True, slots=True, eq=False)
class EmgState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    mapping: Mapping | None = None
    emg: EmgEnvelopes | None = None
    table: NumberTable | None = None
    cycles: EmgCyclesView | None = None  # with `emg`
    mvc: MvcState | None = None  # while the protocol of maximum contractions is shown
    amplitude: AmplitudeState | None = None  # while the assistance force is looked for
    findings: tuple[Finding, ...] = ()
    asks_reason: bool = False  # the person is about to skip
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()


class EmgPage(Page):
    title = "EMG"
    help_text = (
        "EMG shows when muscles work. Import a table (CSV, TXT, XLSX, STO), EDF, BDF or C3D file; channels "
        "are mapped to muscles by their names, and you can correct every one. Signals are filtered (20 to "
        "500 Hz unless you choose another way of processing), rectified and smoothed, and shown as "
        "a share of the maximum voluntary contraction when such a recording is given, else of their own "
        "maximum. EMG is optional: skip it and say why. “Assistance force” finds from recordings at several "
        "forces of a belt with how much the thigh works least."
    )

    file_chosen = Signal(object)  # Path
    mvc_chosen = Signal(object)  # Path
    protocol_opened = Signal()
    reading_changed = Signal(str, object)  # sheet, header line (None: as found)
    offset_changed = Signal(str)  # seconds as written
    site_changed = Signal(str, object)  # channel, ChannelSite or None
    skipped = Signal(str)  # reason
    skip_cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._mapping, self._result = self._build_mapping(), self._build_result()
        self._nothing = QWidget()  # while a reason is asked for
        self.mvc = MvcPanel()
        self.amplitude = AmplitudePanel()
        self.mvc.pattern = self.amplitude.pattern = _PATTERN
        self._views = Deck(self._mapping, self._result, self._nothing, self.mvc, self.amplitude)
        self.body.addWidget(self._build_skip())
        self.body.addWidget(self._views, 1)

    def fields(self) -> EmgFieldsValues:
        """What a person entered of the chosen file."""
        return self._fields.values()

    def clear_fields(self) -> None:
        self._fields.clear()

    def chain(self) -> int:
        """Number of the chosen way to process, in the order of `Mapping.chains`."""
        return max(0, self._chain.currentIndex())

    def render(self, state: EmgState) -> None:  # type: ignore[override]
        self.set_headline(state.headline, state.tone)
        self.set_badges(*state.badges)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.set_secondary_actions(*state.secondary)
        self.show_findings(state.findings)
        if not state.asks_reason:
            self._reason.clearFocus()  # before it is hidden, or the focus jumps to some other button
        self._skip.setVisible(state.asks_reason)
        shown = (state.mapping, state.emg, state.mvc, state.amplitude)
        nothing = all(one is None for one in shown)
        if nothing and not state.asks_reason:
            self.show_empty(
                "emg",
                "See when the muscles work",
                "Drop a table (CSV, XLSX), EDF or C3D file here, or choose it. No EMG today? Skip this step; "
                "everything else works without it.",
                state.main_action,
            )
            return
        self.show_body()
        if state.asks_reason:
            self._views.show_widget(self._nothing)
        elif state.amplitude is not None:
            self._views.show_widget(self.amplitude)
            self.amplitude.show_state(state.amplitude)
        elif state.mvc is not None:
            self._views.show_widget(self.mvc)
            self.mvc.show_state(state.mvc)
        elif state.mapping is not None:
            self._show_mapping(state.mapping)
        elif state.emg is not None and state.table is not None:
            self._views.show_widget(self._result)
            self._envelopes.show_envelopes(state.emg)
            self._offset.show_offset(state.emg)
            if state.cycles is not None:
                self._cycles.show_view(state.cycles)
            self._quality.show_numbers(state.table)

    def ask_reason(self) -> None:
        self._reason.setFocus()

    def choose_file(self) -> None:
        path = ask_file(self, "EMG recording", _PATTERN)
        if path is not None:
            self.file_chosen.emit(path)

    def choose_mvc(self) -> None:
        path = ask_file(self, "Recording of maximum contractions", _PATTERN)
        if path is not None:
            self.mvc_chosen.emit(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.file_chosen.emit(paths[0])

    def _show_mapping(self, mapping: Mapping) -> None:
        self._views.show_widget(self._mapping)
        self._file.setText(mapping.file_name)
        self._map.show_channels(mapping.channels)
        self._fields.show_state(mapping.fields)
        self._mvc.setText(_shortened(mapping.mvc_name) or "Choose file")
        self._mvc.setToolTip(mapping.mvc_name or "Recording of maximum voluntary contractions")
        files = f"{mapping.mvc_files} file{'s' * (mapping.mvc_files != 1)}"
        self._protocol.setText(f"By protocol: {files}" if mapping.mvc_files else "By protocol…")
        if self._chain.count() != len(mapping.chains):
            self._chain.clear()
            for number, (title, reason) in enumerate(mapping.chains):
                self._chain.addItem(title)
                self._chain.setItemData(number, reason, Qt.ItemDataRole.ToolTipRole)

    def _build_mapping(self) -> QWidget:
        self._file = ElidedLabel("strong")
        self._map = ChannelMap()
        self._map.changed.connect(self.site_changed)
        self._fields = EmgFields()
        self._fields.reading_changed.connect(self.reading_changed)
        self._mvc = Button("Choose file", icon="folder", tip="Recording of maximum voluntary contractions")
        self._mvc.clicked.connect(self.choose_mvc)
        self._protocol = Button("By protocol…", tip="Which contraction for which muscle, and a file for each")
        self._protocol.clicked.connect(self.protocol_opened)
        self._chain = QComboBox()
        self._chain.setAccessibleName("Processing")
        self._chain.setMinimumContentsLength(_CHAIN_LETTERS)
        top = row(
            self._file,
            label("Processing", "muted"),
            self._chain,
            label("Maximum contractions (optional)", "muted"),
            self._mvc,
            self._protocol,
        )
        top.setStretch(0, 1)
        page = QWidget()
        layout = column(gap=12)
        layout.addLayout(top)
        layout.addWidget(self._fields)
        layout.addWidget(self._map, 1)
        page.setLayout(layout)
        return page

    def _build_result(self) -> QWidget:
        self._envelopes, self._quality = EnvelopeStack(), FittingTable()
        self._quality.setProperty("dense", True)
        self._cycles = EmgCycles()
        card = Box("card", margin=12)
        card.body.addWidget(self._envelopes, 1)
        self._offset = EmgOffset()
        self._offset.changed.connect(self.offset_changed)
        card.body.addWidget(self._offset)
        page = QWidget()
        layout = row(self._quality, card, gap=16)
        layout.setStretch(0, 1)
        layout.setStretch(1, 1)
        page.setLayout(layout)
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        tabs.addTab(page, "Signals")
        tabs.addTab(self._cycles, "Per gait cycle")
        return tabs

    def _build_skip(self) -> QWidget:
        self._reason = QLineEdit()
        self._reason.setAccessibleName("Why EMG is skipped")
        self._reason.setPlaceholderText("for example: no electrodes today")
        skip, back = Button("Skip EMG"), Button("Back", "quiet")
        skip.clicked.connect(lambda: self.skipped.emit(self._reason.text()))
        self._reason.returnPressed.connect(lambda: self.skipped.emit(self._reason.text()))
        back.clicked.connect(self.skip_cancelled)
        self._skip = Box("card", horizontal=True, margin=16, gap=12)
        self._skip.body.addWidget(label("Why is there no EMG?", "section"))
        self._skip.body.addWidget(self._reason, 1)
        self._skip.body.addWidget(skip)
        self._skip.body.addWidget(back)
        self._skip.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._skip.hide()
        return self._skip


def _shortened(name: str) -> str:
    """A long file name without its middle."""
    return name if len(name) <= _NAME_LETTERS else f"{name[:12]}…{name[-10:]}"


_NAME_LETTERS, _CHAIN_LETTERS = 24, 20  # so that a row fits a screen 1366 wide
_PATTERN = "EMG (*.csv *.txt *.tsv *.xlsx *.edf *.bdf *.sto *.mot *.c3d);;All files (*)"
