"""A widget that shows one simulated gait in three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from core.domain.rollout import Rollout, SceneGeometry
from core.domain.scenario import LEVEL_GROUND, Ground
from core.errors import Advice
from ui import theme
from ui.idle_work import IdleWorkQueue
from ui.scene.availability import why_no_scene
from ui.scene.palette import scene_palette
from ui.scene.preset import Preset

if TYPE_CHECKING:
    from ui.scene.world import World


class GaitView(QWidget):
    """`set_gait` says what, `set_time` says when. VTK is loaded when the first gait is shown on a screen."""

    def __init__(self, slices: IdleWorkQueue | None = None) -> None:
        """Views that belong together build up one after the other with the same `slices`."""
        super().__init__()
        self.setAccessibleName("3D view of the simulated gait")
        self.setMinimumSize(200, 200)
        self._world: World | None = None
        self._canvas: Any = None  # QVTKRenderWindowInteractor, untyped
        self._gait: tuple[SceneGeometry, Rollout] | None = None
        self._ground = LEVEL_GROUND
        self._ghost: tuple[SceneGeometry, Rollout] | None = None
        self._time_s = 0.0
        self._ghost_time_s: float | None = None
        self._dirty = False
        self._slices, self._building = slices or IdleWorkQueue(self), False
        self._preset: Preset | None = None
        self._drawn_in = theme.current().mode
        self._caption = QLabel("", self)
        self._message = _message(self)
        self._layout()

    def sizeHint(self) -> QSize:
        return QSize(300, 220)

    def set_gait(
        self, geometry: SceneGeometry, rollout: Rollout, label: str, ground: Ground = LEVEL_GROUND
    ) -> None:
        self._gait, self._ground = (geometry, rollout), ground
        self.set_caption(label)
        self._time_s = float(rollout.time_s[0])
        self._dirty = True
        QTimer.singleShot(0, self, self._show_if_possible)

    @property
    def ready(self) -> bool:
        """Whether what was asked for is on the screen."""
        return self._world is not None and not self._dirty

    @property
    def waiting(self) -> bool:
        """Whether a picture was asked for that is still to be drawn."""
        wanted = self._gait is not None and self.isVisible()
        return wanted and not self.ready and why_no_scene() is None

    def set_ghost(self, geometry: SceneGeometry | None, rollout: Rollout | None) -> None:
        """Show another gait at 35 % opacity in the same picture; None removes it."""
        self._ghost = None if geometry is None or rollout is None else (geometry, rollout)
        if self._world is not None and self._gait is not None:
            self._world.set_ghost(self._gait[0] if geometry is None else geometry, rollout)
            self.set_time(self._time_s)

    def set_time(self, time_s: float, ghost_time_s: float | None = None) -> None:
        """Show the frame at `time_s`; the ghost may have a clock of its own."""
        self._time_s, self._ghost_time_s = time_s, ghost_time_s
        if self._world is not None:
            self._world.move(time_s, ghost_time_s)
            self.draw()

    def stand(self, preset: Preset) -> None:
        self._preset = preset
        if self._world is not None:
            self._world.stand(preset)
            self.set_time(self._time_s, self._ghost_time_s)

    def show_muscles(self, shown: bool) -> None:
        if self._world is not None:
            self._world.show_muscles(shown)
            self.draw()

    def set_caption(self, text: str) -> None:
        self._caption.setText(text)
        self._caption.setVisible(bool(text))

    def set_moving(self, moving: bool) -> None:
        """While moving, edges are left rough for the sake of the frame rate."""
        if self._world is not None:
            self._world.smooth(not moving)
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
        self._canvas = self._world = None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._show_if_possible)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_theme()

    def _layout(self) -> None:
        self._caption.setProperty("role", "section")
        self._caption.setVisible(False)
        self._picture = QWidget(self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._message)
        self._stack.addWidget(self._picture)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self._caption)
        box.addLayout(self._stack, 1)
        inner = QVBoxLayout(self._picture)
        inner.setContentsMargins(0, 0, 0, 0)

    def _show_if_possible(self) -> None:
        if self._gait is None or not self.isVisible() or self._building:
            return
        advice = why_no_scene()
        if advice is not None:
            self._say(advice)
        elif not self.ready:
            self._building = True
            self._slices.add(self._build_up())

    def _say(self, advice: Advice) -> None:
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
            self._make_world()
            yield
            canvas.Initialize()
            yield
        assert self._gait is not None
        yield from prepare(*self._gait)
        self._fill()
        yield
        self.set_time(self._time_s, self._ghost_time_s)

    def _make_canvas(self) -> Any:
        from vtkmodules.qt.QVTKRenderWindowInteractor import QVTKRenderWindowInteractor

        from ui.scene.mouse import orbit_style

        canvas = QVTKRenderWindowInteractor(self._picture)
        canvas.GetRenderWindow().SetMultiSamples(0)
        canvas.SetInteractorStyle(orbit_style())
        canvas.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        layout = self._picture.layout()
        assert layout is not None
        layout.addWidget(canvas)
        self._stack.setCurrentWidget(self._picture)
        self._canvas = canvas
        return canvas

    def _fill(self) -> None:
        if self._canvas is None or self._gait is None or not self._dirty:
            return
        if self._world is None:
            self._make_world()
        assert self._world is not None
        self._world.set_gait(*self._gait, self._ground)
        if self._preset is not None:
            self._world.stand(self._preset)
        if self._ghost is not None:
            self._world.set_ghost(*self._ghost)
        self._world.smooth(True)
        self._world.move(self._time_s, self._ghost_time_s)
        self._dirty = False

    def _make_world(self) -> None:
        from ui.scene.world import World

        self._drawn_in = theme.current().mode
        self._world = World(scene_palette(theme.current().colors))
        self._canvas.GetRenderWindow().AddRenderer(self._world.renderer)

    def _follow_theme(self) -> None:
        """Draw again from scratch, in the colours of the new theme."""
        if self._world is None or self._drawn_in is theme.current().mode or not self.isVisible():
            return
        self._canvas.GetRenderWindow().RemoveRenderer(self._world.renderer)
        self._world, self._dirty = None, True
        self._fill()
        self.draw()


def _message(parent: QWidget) -> QLabel:
    label = QLabel("", parent)
    label.setProperty("role", "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setMargin(24)
    return label
