"""The gallery: every page, both themes, two sizes, with what is in a data folder; for people to look at."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QTabBar

from core.jobs.values import JobState, JsonValue, Listener
from core.session.flow import STEPS, Step
from core.store.private import ordinary_permissions
from core.store.repository import Store, open_store
from ui import theme
from ui.asides import Aside, Place
from ui.jobs_bridge import JobsBridge
from ui.main_window import MainWindow
from ui.scene.gait_view import GaitView
from ui.session_context import SessionContext
from ui.theme import Mode

SIZES = ((1366, 768), (1920, 1080))
_SETTLE_MS = 400  # plots and the 3D view draw a little later than the page
_SCENE_TRIES = 60
_SIDES_MATTER = (Step.CAPTURE, Step.MOTION, Step.REVIEW, Step.COMPARE, Aside.VISITS)

# Linear-light projections of Viénot, Brettel and Mollon 1999 (Color Research & Application 24:243).
_DEFICIENCIES = {
    "protan": np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
    "deutan": np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
}


class IdleBoard:
    """A job board on which nothing runs."""

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        return ""

    def resume(self, job_id: str) -> str:
        return job_id

    def cancel(self, job_id: str) -> None:
        return None

    def pause(self, job_id: str, paused: bool) -> None:
        return None

    def send(self, job_id: str, text: str) -> None:
        return None

    def states(self) -> tuple[JobState, ...]:
        return ()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return lambda: None


def render_gallery(out: Path, data_dir: Path) -> int:
    """Write PNGs of every page into `out`, and an `index.html`; returns 0.

    Per theme: before a visit is open, then with it at two sizes, and as colour-blind people see it.

    Shows the visit with the most records of the data folder. With a screen (also Xvfb) the 3D view is in the
    pictures; without one its place says why it is empty.
    """
    if sys.platform.startswith("linux") and not (os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["exotwin"])
    assert isinstance(app, QApplication)
    with ordinary_permissions():
        out.mkdir(parents=True, exist_ok=True)
    with open_store(data_dir) as store:
        names = [name for mode in Mode for name in _render_mode(app, out, store, mode)]
    with ordinary_permissions():
        (out / "index.html").write_text(_index(names), encoding="utf-8")
    return 0


def _render_mode(app: QApplication, out: Path, store: Store, mode: Mode) -> list[str]:
    theme.apply(app, mode)
    bridge = JobsBridge(IdleBoard())
    context = SessionContext(store, bridge, operator="Gallery")
    window = MainWindow(context)
    window.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    window.move(0, 0)
    window.show()
    QCursor.setPos(2, 2)  # no hover read-outs in the pictures
    names = []
    for step in STEPS:
        window.go_to(step)
        names += _save(out, window, f"{step.value}-{mode.value}-before", step)
    visit_id = fullest_visit(store)
    if visit_id is not None:
        context.open_visit(visit_id)
    for width, height in SIZES:
        window.resize(width, height)
        for place in (*STEPS, *Aside):
            window.go_to(place)
            ending = f"{mode.value}-{width}x{height}"
            names += _save(out, window, f"{place.value}-{ending}", place)
            names += _save_tabs(out, window, place, ending)
    window.close()
    window.deleteLater()
    bridge.close()
    _settle(0)
    return names


def _save(out: Path, window: MainWindow, name: str, step: Place) -> list[str]:
    _settle(_SETTLE_MS)
    _wait_for_scenes(window)
    picture = _photograph(window)
    pictures = {name: picture.toImage()}
    if step in _SIDES_MATTER and name.endswith(f"{SIZES[0][0]}x{SIZES[0][1]}"):
        for deficiency in _DEFICIENCIES:
            pictures[f"{name}-{deficiency}"] = as_seen_by(picture.toImage(), deficiency)
    with ordinary_permissions():
        for title, image in pictures.items():
            image.save(str(out / f"{title}.png"))
    return list(pictures)


def _save_tabs(out: Path, window: MainWindow, place: Place, ending: str) -> list[str]:
    """Every further tab of a page, which the first one hides."""
    names: list[str] = []
    for tabs in [found for found in window.pages.page(place).findChildren(QTabBar) if found.isVisible()]:
        for number in range(1, tabs.count()):
            if tabs.isTabVisible(number) and tabs.isTabEnabled(number):
                tabs.setCurrentIndex(number)
                part = tabs.tabText(number).lower().replace(" ", "-")
                names += _save(out, window, f"{place.value}-{part}-{ending}", place)
        tabs.setCurrentIndex(0)
    return names


def _photograph(window: MainWindow) -> QPixmap:
    """The window with its 3D view: `grab` does not contain native child windows, the screen does."""
    screen = window.screen()
    if QGuiApplication.platformName() in ("offscreen", "minimal") or screen is None:
        return window.grab()
    shown = window.frameGeometry()
    if not screen.geometry().contains(shown):
        return window.grab()
    return screen.grabWindow(0, shown.x(), shown.y(), shown.width(), shown.height())


def _wait_for_scenes(window: MainWindow) -> None:
    """3D views draw themselves a turn of the event loop later, on a loaded machine much later."""
    for _ in range(_SCENE_TRIES):
        if not any(view.waiting for view in window.findChildren(GaitView)):
            return
        _settle(_SETTLE_MS)


def _settle(milliseconds: int) -> None:
    """Let events, timers and repaints happen."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def fullest_visit(store: Store) -> str | None:
    """The visit with the most records; None when there is no visit."""
    visits = [visit.id for row in store.patients() for visit in store.visits(row.id)]
    return max(visits, key=lambda visit_id: len(store.records(visit_id)), default=None)


def as_seen_by(image: QImage, deficiency: str) -> QImage:
    """What a person with this colour deficiency sees: `protan` or `deutan`."""
    source = image.convertToFormat(QImage.Format.Format_RGB888)
    width, height, stride = source.width(), source.height(), source.bytesPerLine()
    pixels = np.frombuffer(source.constBits(), np.uint8).reshape(height, stride)[:, : 3 * width]
    light = (pixels.reshape(height, width, 3) / 255.0) ** 2.2
    seen = np.clip(light @ _DEFICIENCIES[deficiency].T, 0.0, 1.0) ** (1 / 2.2)
    shown = np.ascontiguousarray((255.0 * seen).round().astype(np.uint8))
    return QImage(shown.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _index(names: list[str]) -> str:
    figures = "\n".join(
        f'<figure><img src="{name}.png" alt="{name}"><figcaption>{name}</figcaption></figure>'
        for name in names
    )
    style = "body{font-family:sans-serif;margin:24px}img{width:100%;border:1px solid #ccc}"
    style += "main{display:grid;grid-template-columns:1fr 1fr;gap:24px}figure{margin:0}"
    return (
        f"<!doctype html><meta charset='utf-8'><title>ExoTwin gallery</title><style>{style}</style>"
        f"<h1>ExoTwin gallery</h1><main>{figures}</main>\n"
    )
