"""One stylesheet from the tokens. Widgets choose a look by property, never by a style of their own.

Properties in use: QLabel role = headline | title | strong | body | muted | small | badge | value;
QPushButton kind = main | quiet | danger | link; QFrame box = card | strip | header | side | tray;
tone = ok | warn | stop; side = left | right.
"""

from __future__ import annotations

from functools import lru_cache

import resources
from ui.theme.tokens import Theme, Tone

_ARROW = resources.path("icons/arrow.svg").as_posix()  # a middle grey that is seen in both modes
_TICK = resources.path("icons/tick.svg").as_posix()


@lru_cache(maxsize=4)  # asked for with every page that is shown
def stylesheet(theme: Theme) -> str:
    parts = (_ground, _labels, _buttons, _quiet_buttons, _boxes, _inputs, _lists, _bars)
    return "\n".join(part(theme) for part in parts)


def _ground(theme: Theme) -> str:
    colors = theme.colors
    return f"""
* {{ font-family: "{theme.family}"; font-size: {theme.type.body}px; }}
QMainWindow, QDialog {{ background: {colors.background}; }}
QWidget {{ color: {colors.text}; }}
QToolTip {{ color: {colors.text}; background: {colors.surface}; border: 1px solid {colors.border};
            padding: 6px; }}
QScrollArea, QScrollArea > QWidget > QWidget[ground="true"] {{ background: transparent; border: none; }}
QSplitter::handle {{ background: transparent; }}
QMenu {{ background: {colors.surface}; border: 1px solid {colors.border}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {colors.selection}; color: {colors.text}; }}
"""


def _labels(theme: Theme) -> str:
    colors, sizes = theme.colors, theme.type
    return f"""
QLabel {{ background: transparent; }}
QLabel[role="hero"] {{ font-size: {sizes.hero}px; font-weight: 600; }}
QLabel[role="headline"] {{ font-size: {sizes.title + 2}px; font-weight: 600; }}
QLabel[role="title"] {{ font-size: {sizes.title}px; font-weight: 600; }}
QLabel[role="strong"] {{ font-size: {sizes.strong}px; font-weight: 600; }}
QLabel[role="section"] {{ font-size: {sizes.body}px; font-weight: 600; }}
QLabel[role="muted"] {{ color: {colors.muted}; }}
QLabel[role="small"] {{ color: {colors.muted}; font-size: {sizes.small}px; }}
QLabel[role="value"] {{ font-size: {sizes.strong}px; font-weight: 600; }}
QLabel[role="badge"] {{ color: {colors.muted}; font-size: {sizes.small}px; border: 1px solid {colors.border};
    border-radius: 9px; padding: 1px 8px; background: {colors.surface}; }}
QLabel[accent="true"] {{ color: {colors.accent}; }}
QLabel[side="left"] {{ color: {colors.left}; }}
QLabel[side="right"] {{ color: {colors.right}; }}
QLabel:disabled {{ color: {colors.muted}; }}
{_label_tones(theme)}
"""


def _label_tones(theme: Theme) -> str:
    return "\n".join(
        f'QLabel[tone="{tone.value}"] {{ color: {theme.colors.tone(tone).ink}; }}'
        for tone in (Tone.OK, Tone.WARN, Tone.STOP)
    )


def _buttons(theme: Theme) -> str:
    colors = theme.colors
    return f"""
QPushButton, QToolButton {{ background: {colors.surface}; color: {colors.text};
    border: 1px solid {colors.border}; border-radius: {theme.radius}px;
    padding: 6px 14px; min-height: 20px; }}
QPushButton:hover, QToolButton:hover {{ background: {colors.sunken}; }}
QPushButton:pressed, QToolButton:pressed, QPushButton:checked, QToolButton:checked {{
    background: {colors.selection}; border-color: {colors.accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {colors.focus}; padding: 5px 13px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {colors.muted}; background: {colors.sunken};
    border-color: {colors.border}; }}
QPushButton[kind="main"] {{ background: {colors.accent}; color: {colors.on_accent};
    border-color: {colors.accent}; font-weight: 600; font-size: {theme.type.strong}px; padding: 10px 22px; }}
QPushButton[kind="main"]:hover {{ background: {colors.accent_hover}; border-color: {colors.accent_hover}; }}
QPushButton[kind="main"]:focus {{ border: 2px solid {colors.text}; padding: 9px 21px; }}
QPushButton[kind="main"]:disabled {{ background: {colors.sunken}; color: {colors.muted};
    border-color: {colors.border}; }}
QPushButton[kind="danger"] {{ background: {colors.danger}; color: {colors.on_danger};
    border-color: {colors.danger}; font-weight: 700; }}
QPushButton[kind="danger"]:focus {{ border: 2px solid {colors.text}; }}
QPushButton[kind="danger"]:disabled {{ background: {colors.sunken}; color: {colors.muted};
    border-color: {colors.border}; }}
"""


def _quiet_buttons(theme: Theme) -> str:
    colors = theme.colors
    return f"""
QPushButton[kind="quiet"], QToolButton[kind="quiet"] {{ background: transparent; border-color: transparent;
    color: {colors.muted}; padding: 4px 8px; }}
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover {{ background: {colors.sunken};
    color: {colors.text}; }}
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked {{ background: {colors.selection};
    color: {colors.text}; }}
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus {{ border: 2px solid {colors.focus};
    padding: 3px 7px; }}
QPushButton[kind="link"] {{ background: transparent; border: none; color: {colors.accent}; padding: 2px 4px;
    font-weight: 600; }}
QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
QPushButton[kind="link"]:focus {{ border: 2px solid {colors.focus}; padding: 0 2px; border-radius: 4px; }}
QPushButton[kind="title"] {{ background: transparent; border: none; padding: 0 4px; min-height: 0;
    text-align: left; font-size: {theme.type.small}px; font-weight: 600; }}
QPushButton[kind="title"][side="left"] {{ color: {colors.left}; }}
QPushButton[kind="title"][side="right"] {{ color: {colors.right}; }}
QPushButton[kind="title"]:hover {{ text-decoration: underline; }}
QPushButton[kind="title"]:focus {{ border: 2px solid {colors.focus}; padding: 0 2px; border-radius: 4px; }}
QPushButton[kind="step"] {{ background: transparent; border: none; border-left: 3px solid transparent;
    border-radius: 0; text-align: left; padding: 0; min-height: 0; }}
QPushButton[kind="step"]:hover {{ background: {colors.sunken}; }}
QPushButton[kind="step"]:checked {{ background: {colors.selection}; border-left: 3px solid {colors.accent}; }}
QPushButton[kind="step"]:focus {{ border: 2px solid {colors.focus}; border-left: 3px solid {colors.focus}; }}
QPushButton[kind="card"] {{ text-align: left; padding: 0; min-height: 138px; }}
QPushButton[kind="card"]:checked {{ border: 2px solid {colors.accent}; background: {colors.selection}; }}
QPushButton[kind="link"]:disabled {{ color: {colors.muted}; }}
"""


def _boxes(theme: Theme) -> str:
    colors = theme.colors
    tones = "\n".join(
        f'QFrame[box="strip"][tone="{tone.value}"] {{ background: {colors.tone(tone).surface};'
        f" border: 1px solid {colors.tone(tone).border}; }}"
        for tone in (Tone.OK, Tone.WARN, Tone.STOP)
    )
    return f"""
QFrame[box="card"] {{ background: {colors.surface}; border: 1px solid {colors.border};
    border-radius: {theme.radius}px; }}
QFrame[box="strip"] {{ background: {colors.surface}; border: 1px solid {colors.border};
    border-radius: {theme.radius}px; }}
{tones}
QFrame[box="header"] {{ background: {colors.surface}; border: none;
    border-bottom: 1px solid {colors.border}; }}
QFrame[box="side"] {{ background: {colors.surface}; border: none; border-right: 1px solid {colors.border}; }}
QFrame[box="tray"] {{ background: {colors.surface}; border: none; border-top: 1px solid {colors.border}; }}
"""


def _inputs(theme: Theme) -> str:
    colors = theme.colors
    fields = "QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateEdit, QPlainTextEdit"
    focused = ", ".join(f"{name}:focus" for name in fields.split(", "))
    fixed = ", ".join(f"{name}:disabled" for name in fields.split(", "))
    return f"""
{fields} {{ background: {colors.surface}; color: {colors.text}; border: 1px solid {colors.border};
    border-radius: {theme.radius}px; padding: 5px 8px; min-height: 20px;
    selection-background-color: {colors.accent}; selection-color: {colors.on_accent}; }}
{fixed}, QLineEdit:read-only, QPlainTextEdit:read-only {{ background: {colors.sunken}; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QAbstractSpinBox QLineEdit {{ border: none; padding: 0 6px; min-height: 0; background: transparent; }}
QLineEdit[problem="stop"] {{ border-color: {colors.tone(Tone.STOP).ink}; }}
QLineEdit[problem="warn"] {{ border-color: {colors.tone(Tone.WARN).ink}; }}
{focused} {{ border: 2px solid {colors.focus}; padding: 4px 7px; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{_ARROW}"); width: 14px; height: 14px; }}
QTableView QComboBox {{ margin: 4px 2px; }}
QComboBox[side="left"] {{ color: {colors.left}; }}
QComboBox[side="right"] {{ color: {colors.right}; }}
QComboBox QAbstractItemView {{ background: {colors.surface}; border: 1px solid {colors.border};
    selection-background-color: {colors.selection}; selection-color: {colors.text}; }}
QCheckBox, QRadioButton {{ spacing: 8px; background: transparent; }}
QCheckBox:focus, QRadioButton:focus {{ color: {colors.accent}; }}
QCheckBox::indicator {{ width: 16px; height: 16px; border: 1px solid {colors.muted}; border-radius: 4px;
    background: {colors.surface}; }}
QCheckBox::indicator:checked {{ background: {colors.accent}; border-color: {colors.accent};
    image: url("{_TICK}"); }}
"""


def _lists(theme: Theme) -> str:
    colors = theme.colors
    return f"""
QListView, QListWidget, QTableView, QTableWidget, QTreeView {{ background: {colors.surface};
    border: 1px solid {colors.border}; border-radius: {theme.radius}px; outline: 0;
    gridline-color: {colors.border};    alternate-background-color: {colors.background}; }}
QListView::item, QListWidget::item {{ padding: 8px; }}
QTableView::item {{ padding: 0 8px; }}
QTableView[dense="true"]::item {{ padding: 0 4px; }}
QListView::item:selected, QTableView::item:selected, QListWidget::item:selected {{
    background: {colors.selection}; color: {colors.text}; }}
QListView:focus, QTableView:focus, QListWidget:focus {{ border: 2px solid {colors.focus}; }}
QHeaderView {{ background: {colors.surface}; border: none; }}
QHeaderView::section {{ background: {colors.surface}; color: {colors.muted}; border: none;
    border-bottom: 1px solid {colors.border}; padding: 6px 8px; font-size: {theme.type.small}px; }}
QTableView[dense="true"] QHeaderView::section {{ padding: 6px 4px; }}
QTableCornerButton::section {{ background: {colors.surface}; border: none; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {colors.muted}; padding: 8px 14px; border: none;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {colors.text}; border-bottom: 2px solid {colors.accent}; font-weight: 600; }}
QTabBar::tab:focus {{ color: {colors.accent}; }}
"""


def _bars(theme: Theme) -> str:
    colors = theme.colors
    return f"""
QProgressBar {{ background: {colors.sunken}; border: none; border-radius: 4px;
    min-height: 8px; max-height: 8px; }}
QProgressBar::chunk {{ background: {colors.accent}; border-radius: 4px; }}
QSlider {{ min-height: 24px; background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; background: {colors.border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {colors.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 16px; height: 16px; margin: -6px 0; border-radius: 8px;
    background: {colors.accent}; border: 2px solid {colors.surface}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {colors.text}; }}
QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {colors.border}; }}
QSlider::handle:horizontal:disabled {{ background: {colors.muted}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {colors.border}; border-radius: 5px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {colors.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
