"""A widget that shows one simulated gait in three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from core.domain.rollout import Rollout, SceneGeometry
from core.domain.scenario import LEVEL_GROUND, Ground
from core.errors import Advice
from ui import theme
from ui.idle_work import IdleWorkQueue
from ui.scene.availability import why_no_scene
from ui.scene.mouse import OrbitMouse
from ui.scene.palette import scene_palette
from ui.scene.preset import Preset
from ui.scene.standpoint import Standpoint, preset_standpoint

if TYPE_CHECKING:
    from ui.scene.world import GaitScene


CALM_MS = 150  # without a turn; then edges are drawn smooth again


class GaitView(QWidget):
    """Shows the gait of `set_gait` at the time of `set_time`; loads VTK for the first gait on a screen."""

    looked = Signal(object)  # Standpoint, chosen by mouse
    reset = Signal()  # double-click

    def __init__(self, work_queue: IdleWorkQueue | None = None) -> None:
        """Views that belong together build up one after the other with the same `work_queue`."""
        super().__init__()
        self.setAccessibleName("3D view of the simulated gait")
        self.setMinimumSize(200, 132)
        self._scene: GaitScene | None = None
        self._canvas: Any = None  # ui.scene.canvas.Canvas, untyped
        self._gait: tuple[SceneGeometry, Rollout] | None = None
        self._ground = LEVEL_GROUND
        self._ghost: tuple[SceneGeometry, Rollout] | None = None
        self._time_s = 0.0
        self._ghost_time_s: float | None = None
        self._dirty = False
        self._work_queue, self._building = work_queue or IdleWorkQueue(self), False
        self._standpoint = self._home = preset_standpoint(Preset.CORNER)
        self._moving = False
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(lambda: self.set_moving(self._moving))
        self._drawn_in = theme.current().mode
        self._message = _message(self)
        self._layout()

    def sizeHint(self) -> QSize:
        return QSize(300, 220)

    def set_gait(self, geometry: SceneGeometry, rollout: Rollout, ground: Ground = LEVEL_GROUND) -> None:
        self._gait, self._ground = (geometry, rollout), ground
        self._time_s = float(rollout.time_s[0])
        self._dirty = True
        QTimer.singleShot(0, self, self._show_if_possible)

    @property
    def ready(self) -> bool:
        """Whether the requested picture is on the screen."""
        return self._scene is not None and not self._dirty

    @property
    def waiting(self) -> bool:
        """Whether a requested picture is still to be drawn."""
        requested = self._gait is not None and self.isVisible()
        return requested and not self.ready and why_no_scene() is None

    def set_ghost(self, geometry: SceneGeometry | None, rollout: Rollout | None) -> None:
        """Show another gait tinted and half seen through in the same picture; None removes it."""
        self._ghost = None if geometry is None or rollout is None else (geometry, rollout)
        if self._scene is not None and self._gait is not None:
            self._scene.set_ghost(self._gait[0] if geometry is None else geometry, rollout)
            self.set_time(self._time_s)

    def set_time(self, time_s: float, ghost_time_s: float | None = None) -> None:
        """Show the frame at `time_s`; the ghost may have a clock of its own."""
        self._time_s, self._ghost_time_s = time_s, ghost_time_s
        if self._scene is not None:
            self._scene.move(time_s, ghost_time_s)
            self.draw()

    @property
    def standpoint(self) -> Standpoint:
        return self._standpoint

    def look(self, standpoint: Standpoint) -> None:
        """From now on from here. Emits nothing."""
        self._standpoint = standpoint
        if self._scene is not None:
            self._scene.look(standpoint)
            if not self._moving:  # else the next frame is on its way
                self._scene.smooth(False)  # as long as it is turned
                self._calm.start()
                self.set_time(self._time_s, self._ghost_time_s)

    def stand(self, preset: Preset) -> None:
        """A preset standpoint, to which a double-click comes back."""
        self._home = preset_standpoint(preset)
        self.look(self._home)

    def show_muscles(self, shown: bool) -> None:
        if self._scene is not None:
            self._scene.show_muscles(shown)
            self.draw()

    def set_moving(self, moving: bool) -> None:
        """While moving, edges are left rough for the sake of the frame rate."""
        self._moving = moving
        if self._scene is not None:
            self._scene.smooth(not moving)
            if not moving:
                self.draw()

    def draw(self) -> None:
        if self._canvas is not None and self.isVisible():
            self._canvas.GetRenderWindow().Render()

    def close_scene(self) -> None:
        """Give the drawing context back; without it VTK complains when the program ends."""
        if self._canvas is not None:
            self._canvas.Finalize()
            self._canvas.setParent(None)
            self._canvas.deleteLater()
        self._canvas = self._scene = None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_theme()  # which may have changed while another page was shown
        QTimer.singleShot(0, self, self._show_if_possible)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_theme()

    def _layout(self) -> None:
        self._picture = QWidget(self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._message)
        self._stack.addWidget(self._picture)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self._stack, 1)
        inner = QVBoxLayout(self._picture)
        inner.setContentsMargins(0, 0, 0, 0)

    def _show_if_possible(self) -> None:
        if self._gait is None or not self.isVisible() or self._building:
            return
        advice = why_no_scene()
        if advice is not None:
            self._show_advice(advice)
        elif not self.ready:
            self._building = True
            self._work_queue.add(self._build_up())

    def _show_advice(self, advice: Advice) -> None:
        self._message.setText(f"<b>{advice.what}</b><br>{advice.why}<br>{advice.next_step}")
        self._stack.setCurrentWidget(self._message)

    def _build_up(self) -> Iterator[None]:
        """From nothing to the first picture, one heavy thing per turn of the event loop."""
        for _ in self._steps():
            yield
            if self._canvas is None:
                break  # closed meanwhile
        self._building = False
        self._show_if_possible()  # there may be another gait by now

    def _steps(self) -> Iterator[None]:
        from ui.scene.world import prepare

        if self._canvas is None:
            canvas = self._make_canvas()
            self._make_scene()
            yield
            canvas.Initialize()
            yield
        assert self._gait is not None
        yield from prepare(*self._gait)
        self._fill()
        yield
        self.set_time(self._time_s, self._ghost_time_s)

    def _make_canvas(self) -> Any:
        from ui.scene.canvas import Canvas

        canvas = Canvas(self._picture)
        canvas.GetRenderWindow().SetMultiSamples(0)
        canvas.SetInteractorStyle(None)
        self._listen(OrbitMouse(canvas))
        canvas.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        layout = self._picture.layout()
        assert layout is not None
        layout.addWidget(canvas)
        self._stack.setCurrentWidget(self._picture)
        self._canvas = canvas
        return canvas

    def _listen(self, mouse: OrbitMouse) -> None:
        mouse.turned.connect(lambda right, down: self._person_looks(self._standpoint.turned(right, down)))
        mouse.raised.connect(lambda up: self._person_looks(self._standpoint.raised(up, self.height())))
        mouse.closer.connect(lambda notches: self._person_looks(self._standpoint.closer(notches)))
        mouse.reset.connect(self._reset)

    def _person_looks(self, standpoint: Standpoint) -> None:
        self.look(standpoint)
        self.looked.emit(standpoint)

    def _reset(self) -> None:
        self.look(self._home)
        self.reset.emit()

    def _fill(self) -> None:
        if self._canvas is None or self._gait is None or not self._dirty:
            return
        if self._scene is not None and self._drawn_in is not theme.current().mode:
            self._canvas.GetRenderWindow().RemoveRenderer(self._scene.renderer)
            self._scene = None
        if self._scene is None:
            self._make_scene()
        assert self._scene is not None
        self._scene.look(self._standpoint)
        self._scene.set_gait(*self._gait, self._ground)
        if self._ghost is not None:
            self._scene.set_ghost(*self._ghost)
        self._scene.smooth(not self._moving)
        self._scene.move(self._time_s, self._ghost_time_s)
        self._dirty = False

    def _make_scene(self) -> None:
        from ui.scene.world import GaitScene

        self._drawn_in = theme.current().mode
        self._scene = GaitScene(scene_palette(theme.current().colors))
        self._canvas.GetRenderWindow().AddRenderer(self._scene.renderer)

    def _follow_theme(self) -> None:
        """Draw again from scratch, in the colours of the new theme, when the window has changed its own."""
        if self._scene is None or self._drawn_in is theme.current().mode or not self.isVisible():
            return
        self._dirty = True
        QTimer.singleShot(0, self, self._show_if_possible)


def _message(parent: QWidget) -> QLabel:
    label = QLabel("", parent)
    label.setProperty("role", "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setMargin(24)
    return label
