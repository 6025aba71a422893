"""Deploy: package, connect, transfer after a second deliberate act, watch, stop."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from ui.pages.deploy_trial import (
    KeepCard,
    KeepState,
    ProvisionalCard,
    ProvisionalStep,
    ReleaseStrip,
    WalkCard,
    WalkView,
)
from ui.pages.frame import Page
from ui.plots.live_curve import LivePlot, Trace
from ui.theme import Tone
from ui.widgets.basics import Box, Button, Deck, Icon, column, fit_list, label, row, set_look
from ui.widgets.hold_button import HoldButton

TELEMETRY_POINTS = 6000
WINDOW_S = 12.0


@dataclass(frozen=True, slots=True)
class DeployState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    package_lines: tuple[str, ...] = ()
    release_lines: tuple[str, ...] = ()  # the verdict where it warns, and who released it in spite of it
    needs_passphrase: bool = False  # of the site's key, which is kept in a file
    ports: tuple[tuple[str, str], ...] = ()  # (address, words)
    address: str = ""  # proposed; what the person typed is kept
    offers_virtual: bool = False
    busy: bool = False  # a transfer or a start is going on
    confirming: bool = False  # the confirmation is open
    patient_code: str = ""
    device_name: str = ""
    deployed_lines: tuple[str, ...] = ()
    deployed_tone: Tone = Tone.OK
    is_provisional: bool = False
    provisional_steps: tuple[ProvisionalStep, ...] = ()
    provisional_title: str = ""
    keep: KeepState | None = None
    walk: WalkView | None = None
    connected: bool = False
    armed: bool = False
    may_arm: bool = False
    fault: bool = False  # one that has to be acknowledged
    exo_words: str = "No exo is connected."
    exo_tone: Tone = Tone.NEUTRAL
    limit_nm: float = 0.0
    main_action: str = ""
    why_not: str = ""
    secondary: tuple[tuple[str, str], ...] = ()
    badges: tuple[str, ...] = ()


class DeployPage(Page):
    title = "Deploy"
    help_text = (
        "The approved controller is packed, sent to the exo, read back, compared and tested. It is then on "
        "trial: at zero torque until you arm it, at half torque in the first walk with it, and gone "
        "again unless you keep it afterwards. To stop: the red button, F12, or Esc held for half a second."
    )

    passphrase_given = Signal(str)
    address_changed = Signal(str)
    look_for_exos = Signal()
    start_virtual = Signal()
    confirmed = Signal(str)  # the code that was typed
    confirm_closed = Signal()
    connect_wanted = Signal(bool)
    arm = Signal()
    disarm = Signal()
    acknowledge = Signal()
    stop = Signal()
    kept = Signal(str, str, str)  # name, role, reason
    keep_closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._code, self._is_connected = "", False
        left = column(gap=10)
        self._package, self._exo, self.release = self._build_package(), self._build_exo(), ReleaseStrip()
        self.provisional, self.keep = ProvisionalCard(), KeepCard()
        self.keep.kept.connect(self.kept)
        self.keep.closed.connect(self.keep_closed)
        cards = (
            self.release,
            self._package,
            self._exo,
            self._build_confirm(),
            self.provisional,
            self.keep,
            self._build_done(),
        )
        for card in cards:
            left.addWidget(card)
        left.addStretch(1)
        left.addWidget(label("Research prototype, not a cleared medical device.", "small", wrap=True))
        side = QWidget()
        side.setLayout(left)
        side.setFixedWidth(400)
        halves = row(gap=12)
        halves.addWidget(side)
        halves.addWidget(self._build_live(), 1)
        self.body.addLayout(halves, 1)

    @property
    def address(self) -> str:
        """Of the exo that was chosen by its words, or what was typed."""
        typed = self.ports.currentText().strip()
        known = self.ports.findText(typed, Qt.MatchFlag.MatchExactly)
        return typed if known < 0 else str(self.ports.itemData(known))

    def render(self, state: DeployState) -> None:  # type: ignore[override]
        self.set_badges(*state.badges)
        self.set_secondary_actions(*state.secondary)
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.show_body()
        self._package_words.setText("\n".join(state.package_lines) or "Not packed yet.")
        self.release.show_lines(state.release_lines)
        self._show_passphrase(state.needs_passphrase)
        self._show_exo(state)
        self._show_confirm(state)
        answering = state.keep is not None and state.keep.confirming  # room for name and role above the fold
        self._package.setVisible(not state.is_provisional and not answering)
        self._exo.setVisible(not state.connected)
        self.provisional.show_lines(
            () if state.keep is not None and state.keep.confirming else state.provisional_steps,
            state.provisional_title,
        )
        self.keep.show_state(state.keep or KeepState())
        self._show_done(state)
        self._show_live(state)

    # Building -------------------------------------------------------------------------------------

    def _build_package(self) -> Box:
        box = Box("card", margin=14, gap=4)
        self._package_words = label("", "body", wrap=True)
        box.body.addWidget(label("1  Controller package", "section"))
        box.body.addWidget(self._package_words)
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText("Passphrase of the site's key")
        self.passphrase.setAccessibleName("Passphrase of the site's key")
        self.passphrase.returnPressed.connect(self._give_passphrase)
        box.body.addWidget(self.passphrase)
        return box

    def _build_exo(self) -> Box:
        box = Box("card", margin=14, gap=8)
        self.ports = QComboBox()
        self.ports.setEditable(True)
        self.ports.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.ports.setAccessibleName("Address of the exo")
        edit = self.ports.lineEdit()
        if edit is not None:
            edit.setPlaceholderText("Serial port or tcp:host:port")
        self._look = Button("Look for exos", icon="search")
        self._virtual = Button("Start virtual exo", icon="play")
        box.body.addWidget(label("2  Exo", "section"))
        box.body.addWidget(self.ports)
        box.body.addLayout(row(self._look, self._virtual, None))
        self.ports.currentTextChanged.connect(lambda _text: self.address_changed.emit(self.address))
        self._look.clicked.connect(self.look_for_exos)
        self._virtual.clicked.connect(self.start_virtual)
        return box

    def _build_confirm(self) -> Box:
        self._confirm = Box("strip", margin=14, gap=8)
        self._confirm.setProperty("tone", Tone.WARN.value)
        self._confirm_words = label("", "section", wrap=True)
        self.code = QLineEdit()
        self.code.setAccessibleName("Code of the patient, typed to confirm")
        self.transfer = Button("Transfer now", "danger")
        cancel = Button("Not now")
        self._confirm.body.addWidget(label("3  Confirm", "section"))
        self._confirm.body.addWidget(self._confirm_words)
        self._confirm.body.addWidget(self.code)
        self._confirm.body.addLayout(row(self.transfer, cancel, None))
        self.code.textChanged.connect(self._check_code)
        self.code.returnPressed.connect(self.transfer.click)
        self.transfer.clicked.connect(lambda: self.confirmed.emit(self.code.text().strip()))
        cancel.clicked.connect(self.confirm_closed)
        return self._confirm

    def _build_done(self) -> Box:
        self._done = Box("strip", horizontal=True, margin=14, gap=10)
        self._done.setProperty("tone", Tone.OK.value)
        self._done_words = label("", "body", wrap=True)
        self._done_icon = Icon("done", 20, Tone.OK)
        self._done.body.addLayout(column(self._done_icon, None))
        self._done.body.addWidget(self._done_words, 1)
        return self._done

    def _build_live(self) -> Box:
        box = Box("card", margin=14, gap=8)
        self._exo_icon = Icon("", 20)
        self._exo_words = label("", "strong", wrap=True)
        self._connect = Button("Connect")
        top = row(self._exo_icon, self._exo_words, self._connect, gap=8)
        top.setStretch(1, 1)
        sides = (Trace("left", "left", 2.2), Trace("right", "right", 2.2))
        self.torque = LivePlot(
            sides, unit="Torque of the exo (N·m)", capacity=TELEMETRY_POINTS, window_s=WINDOW_S
        )
        self.angle = LivePlot(sides, unit="Joint angle (°)", capacity=TELEMETRY_POINTS, window_s=WINDOW_S)
        self.torque.setAccessibleName("Exo torque, left and right, live")
        self.angle.setAccessibleName("Joint angle, left and right, live")
        self.torque.set_value_range(-2, 2)
        self.angle.set_value_range(-20, 40)
        self.arm_button = HoldButton("Hold to arm", tip="Hold until the bar is full")
        self.disarm_button = Button("Disarm")
        self.acknowledge_button = Button("Acknowledge fault", icon="check")
        self.stop_button = Button("STOP EXO", "danger", "stop", tip="Zero torque now (F12, or Esc held)")
        self.stop_button.setMinimumHeight(48)
        box.body.addLayout(top)
        curves = QWidget()
        inside = column(gap=8)
        inside.addLayout(self._side_key())
        inside.addWidget(self.torque, 3)
        inside.addWidget(self.angle, 2)
        curves.setLayout(inside)
        self._curves, self.walk = curves, WalkCard()
        self._deck = Deck(self._curves, self.walk)
        box.body.addWidget(self._deck, 1)
        buttons = (self.arm_button, self.disarm_button, self.acknowledge_button)
        box.body.addLayout(row(*buttons, None, self.stop_button, gap=10))
        self._connect.clicked.connect(lambda: self.connect_wanted.emit(not self._is_connected))
        self.arm_button.held.connect(self.arm)
        self.disarm_button.clicked.connect(self.disarm)
        self.acknowledge_button.clicked.connect(self.acknowledge)
        self.stop_button.clicked.connect(self.stop)
        return box

    @staticmethod
    def _side_key() -> QVBoxLayout:
        words = []
        for side in ("left", "right"):
            word = label(f"—  {side.capitalize()}", "section")
            word.setProperty("side", side)
            words.append(word)
        flexion = label("flexion is up", "small")
        result = QVBoxLayout()
        result.addLayout(row(*words, flexion, None, gap=16))
        return result

    # Showing --------------------------------------------------------------------------------------

    def _show_passphrase(self, confirming: bool) -> None:
        opened = confirming and not self.passphrase.isVisible()
        self.passphrase.setVisible(confirming)
        if opened:
            self.passphrase.setFocus(Qt.FocusReason.OtherFocusReason)

    def _give_passphrase(self) -> None:
        words = self.passphrase.text()
        self.passphrase.clear()  # it stays nowhere
        if words:
            self.passphrase_given.emit(words)

    def _show_exo(self, state: DeployState) -> None:
        known = [(self.ports.itemData(i), self.ports.itemText(i)) for i in range(self.ports.count())]
        if known != [(address, words) for address, words in state.ports]:
            typed = self.ports.currentText()
            self.ports.blockSignals(True)
            self.ports.clear()
            for address, words in state.ports:
                self.ports.addItem(words, address)
            fit_list(self.ports)
            self.ports.setCurrentIndex(-1)
            self.ports.setEditText(typed)
            self.ports.blockSignals(False)
        if state.address and not self.ports.currentText():
            self.ports.setEditText(dict(state.ports).get(state.address, state.address))
        for widget in (self.ports, self._look, self._virtual):
            widget.setEnabled(not state.busy and not state.connected)
        self._virtual.setVisible(state.offers_virtual)

    def _show_confirm(self, state: DeployState) -> None:
        opened = state.confirming and not self._confirm.isVisible()
        self._code = state.patient_code
        self._confirm.setVisible(state.confirming)
        self._confirm_words.setText(
            f"This puts the controller of {state.patient_code} onto {state.device_name}. "
            f"Type {state.patient_code} to confirm patient and device."
        )
        self.code.setPlaceholderText(state.patient_code)
        if opened:
            self.code.clear()
            self.code.setFocus(Qt.FocusReason.OtherFocusReason)
        self._check_code()

    def _check_code(self) -> None:
        self.transfer.setEnabled(bool(self._code) and self.code.text().strip() == self._code)

    def _show_done(self, state: DeployState) -> None:
        self._done.setVisible(bool(state.deployed_lines))
        set_look(self._done, tone=state.deployed_tone.value)
        icon = {Tone.OK: "done", Tone.STOP: "stop", Tone.WARN: "attention"}.get(state.deployed_tone, "deploy")
        self._done_icon.show_icon(icon, state.deployed_tone)
        self._done_words.setText("\n".join(state.deployed_lines))

    def _show_live(self, state: DeployState) -> None:
        self._is_connected = state.connected
        leave = "Take back" if state.is_provisional else "Disconnect"
        self._connect.setText(leave if state.connected else "Connect")
        self._connect.setEnabled(state.connected or (bool(self.address) and not state.busy))
        self._exo_words.setText(state.exo_words)
        icons = {Tone.OK: "done", Tone.WARN: "attention", Tone.STOP: "stop"}
        self._exo_icon.show_icon(icons.get(state.exo_tone, "deploy"), state.exo_tone)
        self.arm_button.setEnabled(state.connected and state.may_arm and not state.armed)
        self.arm_button.setText(f"Hold to arm {state.device_name}")
        self.disarm_button.setEnabled(state.connected and state.armed)
        faulty = state.connected and state.fault
        self.acknowledge_button.setVisible(faulty)
        for button in (self.arm_button, self.disarm_button):
            button.setVisible(not faulty)
        if state.walk is not None and not state.armed:
            self.walk.show_walk(state.walk)
            self._deck.show_widget(self.walk)
        else:
            self._deck.show_widget(self._curves)
        self.stop_button.setVisible(state.connected)
        if state.limit_nm:
            self.torque.show_torque_limit(state.limit_nm)
