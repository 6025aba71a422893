"""The look: `apply` sets it on the application, `current` gives its tokens, `icon` its pictures.

While a window is open, `change` and `dress` do what `apply` would do in two seconds: a stylesheet set on the
application is read again by every widget there is, one set on a part only by that part.
"""

from __future__ import annotations

import sys

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from ui.theme.icons import icon, pixmap
from ui.theme.stylesheet import stylesheet
from ui.theme.tokens import DARK, LIGHT, Colors, Mode, Spacing, Theme, Tone, ToneColors, TypeScale, theme

__all__ = [
    "DARK",
    "LIGHT",
    "Colors",
    "Mode",
    "Spacing",
    "Theme",
    "Tone",
    "ToneColors",
    "TypeScale",
    "apply",
    "change",
    "current",
    "dress",
    "icon",
    "pixmap",
    "theme",
]

_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Open Sans", "DejaVu Sans")
_MODE = "exotwin_mode"  # the look in use
_BASE = "exotwin_base"  # the look of the application's own stylesheet
_NORMAL_POINT_SIZE = 9.0 if sys.platform == "win32" else 13.0 if sys.platform == "darwin" else 11.0


def apply(app: QApplication, mode: Mode | str) -> Theme:
    """Put the look on the whole application; callable again at any time, but slow with many widgets."""
    chosen = _choose(app, mode)
    if app.property(_BASE) is None:  # a new style polishes every widget once more than needed
        app.setStyle("Fusion")
    app.setProperty(_BASE, chosen.mode.value)
    font = QFont(chosen.family)
    font.setPixelSize(chosen.type.body)
    app.setFont(font)
    app.setStyleSheet(stylesheet(chosen))
    return chosen


def change(app: QApplication, mode: Mode | str) -> Theme:
    """Change tokens and palette; whoever has a window open calls `dress` for the parts shown in it."""
    return _choose(app, mode)


def dress(part: QWidget) -> None:
    """Give a part of a window the stylesheet of the present look, unless it wears it already."""
    app = QApplication.instance()
    if not isinstance(app, QApplication) or app.property(_BASE) is None:
        return
    wears_the_applications = app.property(_BASE) == app.property(_MODE)
    wanted = "" if wears_the_applications else stylesheet(current())
    if part.styleSheet() != wanted:
        part.setStyleSheet(wanted)


def _choose(app: QApplication, mode: Mode | str) -> Theme:
    chosen = theme(Mode(mode), scale=_system_scale(app), family=_family())
    app.setProperty(_MODE, chosen.mode.value)
    app.setPalette(_palette(chosen))
    return chosen


def current() -> Theme:
    """The look in use; light before `apply` was called."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return theme(Mode.LIGHT)
    mode = Mode(app.property(_MODE) or Mode.LIGHT.value)
    return theme(mode, scale=_system_scale(app), family=app.font().family())


def _system_scale(app: QApplication) -> float:
    """How much larger than normal the person set the system's font, 1 to 1.6; read once, before `apply`."""
    known = app.property("exotwin_scale")
    if known is None:
        size = app.font().pointSizeF()
        known = min(1.6, max(1.0, size / _NORMAL_POINT_SIZE))
        app.setProperty("exotwin_scale", known)
    return float(known)


def _family() -> str:
    present = set(QFontDatabase.families())
    return next((family for family in _FAMILIES if family in present), QFont().defaultFamily())


def _palette(chosen: Theme) -> QPalette:
    """For what the stylesheet does not reach: native parts, tool tips, links, text cursors."""
    colors = chosen.colors
    roles = {
        QPalette.ColorRole.Window: colors.background,
        QPalette.ColorRole.Base: colors.surface,
        QPalette.ColorRole.AlternateBase: colors.sunken,
        QPalette.ColorRole.Button: colors.surface,
        QPalette.ColorRole.Text: colors.text,
        QPalette.ColorRole.WindowText: colors.text,
        QPalette.ColorRole.ButtonText: colors.text,
        QPalette.ColorRole.PlaceholderText: colors.muted,
        QPalette.ColorRole.ToolTipBase: colors.surface,
        QPalette.ColorRole.ToolTipText: colors.text,
        QPalette.ColorRole.Highlight: colors.accent,
        QPalette.ColorRole.HighlightedText: colors.on_accent,
        QPalette.ColorRole.Link: colors.accent,
    }
    palette = QPalette()
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors.muted))
    return palette
