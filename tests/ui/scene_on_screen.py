"""Run on a virtual screen by `test_scene`: draws two gaits and prints what can be seen."""

from __future__ import annotations

import sys

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from core.domain.rollout import GaitLabel
from tests.ui import walks
from ui import theme
from ui.scene.availability import why_no_scene
from ui.scene.palette import rgb
from ui.scene.stage import GaitStage, StagedGait


def main() -> None:
    app = QApplication(sys.argv)
    look = theme.apply(app, theme.Mode.LIGHT)
    stage = GaitStage(2)
    stage.resize(1000, 600)
    stage.show()
    labels = (GaitLabel.WITHOUT_EXO, GaitLabel.PERSONALIZED_CONTROLLER)
    geometry = walks.geometry()
    stage.show_gaits(*(StagedGait(walks.rollout(label), geometry, label.value) for label in labels))
    for _ in range(200):
        _wait(50)
        if all(view.ready for view in stage.views):
            break
    _wait(200)
    first = [_pixels(view) for view in stage.views]
    stage.set_time(2.0)
    stage.key.ghost.click()
    _wait(200)
    stage.key.ghost.click()
    _wait(200)
    later = [_pixels(view) for view in stage.views]
    turned = _turn_the_first(stage)
    dark_sky = _dark_while_hidden(app, stage)
    accent = np.array(rgb(look.colors.accent))
    seen = {
        "advice": why_no_scene(),
        "colours": len(np.unique(first[0].reshape(-1, 3), axis=0)),
        "exo_left": _count_hue(first[0], accent),
        "exo_right": _count_hue(first[1], accent),
        "turned_with_it": turned,
        "dark_sky": dark_sky,
        "changed_by_time": _changed(first[0], later[0]),
    }
    sys.stdout.write(" ".join(f"{name}={value}" for name, value in seen.items()) + "\n")
    stage.close_scene()


def _turn_the_first(stage: GaitStage) -> int:
    """Pixels of the second picture that change when a mouse turns the first."""
    before, canvas = _pixels(stage.views[1]), stage.views[0]._canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    for x in range(60, 200, 20):
        at = QPointF(x, 60)
        button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(canvas, QMouseEvent(QEvent.Type.MouseMove, at, at, button, button, keys))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 60))
    _wait(200)
    return _changed(before, _pixels(stage.views[1]))


def _dark_while_hidden(app: QApplication, stage: GaitStage) -> int:
    """Brightness of the sky, 0 to 255, after the theme became dark while another page was shown."""
    stage.hide()
    theme.apply(app, theme.Mode.DARK)
    _wait(50)
    stage.show()
    _wait(400)
    return int(_pixels(stage.views[0])[30:40, 30:40].mean())


def _changed(before: np.ndarray, after: np.ndarray) -> int:
    return int((np.abs(before.astype(int) - after.astype(int)).max(axis=2) > 20).sum())


def _wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _pixels(widget: QWidget) -> np.ndarray:
    """What the screen shows where the widget is, (H, W, 3)."""
    corner = widget.mapToGlobal(widget.rect().topLeft())
    screen = widget.screen()
    picture = screen.grabWindow(0, corner.x(), corner.y(), widget.width(), widget.height()).toImage()
    picture = picture.convertToFormat(picture.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3).copy()


def _count_hue(picture: np.ndarray, colour: np.ndarray) -> int:
    """Pixels of this colour in any light."""
    value = picture.astype(float)
    fraction = value / np.maximum(value.sum(axis=2, keepdims=True), 1.0)
    near = np.abs(fraction - colour / colour.sum()).max(axis=2) < 0.03
    return int((near & (value.sum(axis=2) > 60)).sum())


if __name__ == "__main__":
    main()
