"""Run on a virtual screen by `test_scene`: draws two gaits and prints what can be seen."""

from __future__ import annotations

import sys

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
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
    accent = np.array(rgb(look.colors.accent))
    seen = {
        "advice": why_no_scene(),
        "colours": len(np.unique(first[0].reshape(-1, 3), axis=0)),
        "exo_left": _count_hue(first[0], accent),
        "exo_right": _count_hue(first[1], accent),
        "changed_by_time": int((np.abs(first[0].astype(int) - later[0].astype(int)).max(axis=2) > 20).sum()),
    }
    sys.stdout.write(" ".join(f"{name}={value}" for name, value in seen.items()) + "\n")
    stage.close_scene()


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
