"""Whether this PC can draw in three dimensions, checked before VTK can end the program."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from core.errors import Advice

OLDEST_OPENGL = (3, 2)
PLATFORMS = ("xcb", "windows", "cocoa")  # where VTK can put its window into one of Qt's


@lru_cache(maxsize=1)
def why_no_scene() -> Advice | None:
    """None when the 3D view will work, otherwise advice for the person."""
    platform = QGuiApplication.platformName()
    if platform not in PLATFORMS:
        return Advice(
            "The 3D view cannot be shown here.",
            f"It needs a window of this screen, and the program runs on “{platform}”.",
            "Everything else works. For 3D on Wayland, start with QT_QPA_PLATFORM=xcb.",
            "PC-031",
        )
    version = _opengl_version()
    if version is None or version < OLDEST_OPENGL:
        found = "no OpenGL" if version is None else f"OpenGL {version[0]}.{version[1]}"
        return Advice(
            "The 3D view cannot be shown on this PC.",
            f"It needs OpenGL 3.2 or newer and this PC offers {found}.",
            "Everything else works. Update the graphics driver, then run “exotwin doctor”.",
            "PC-032",
        )
    return None


def _opengl_version() -> tuple[int, int] | None:
    requested = QSurfaceFormat()
    requested.setVersion(*OLDEST_OPENGL)
    requested.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    context = QOpenGLContext()
    context.setFormat(requested)
    if not context.create():
        return None
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not surface.isValid() or not context.makeCurrent(surface):
        return None
    version = (context.format().majorVersion(), context.format().minorVersion())
    context.doneCurrent()
    return version
