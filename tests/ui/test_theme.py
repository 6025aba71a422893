"""The look is legible, and left and right stay apart for colour-blind people too."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

import resources
from ui import theme
from ui.gallery import as_seen_by
from ui.preferences import Preferences
from ui.theme import DARK, LIGHT, Colors, Mode, ToneColors
from ui.widgets.basics import Button

BOTH = pytest.mark.parametrize("colors", (LIGHT, DARK), ids=("light", "dark"))


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2.1."""
    rgb = np.array(QColor(color).getRgbF()[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(ink: str, ground: str) -> float:
    bright, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@BOTH
def test_text_reaches_four_and_a_half_to_one_on_every_ground(colors: Colors) -> None:
    inks = (colors.text, colors.muted, colors.left, colors.right, colors.norm)
    for ink in inks:
        for ground in (colors.background, colors.surface):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
    assert contrast(colors.on_accent, colors.accent) >= 4.5
    assert contrast(colors.on_danger, colors.danger) >= 4.5
    assert contrast(colors.text, colors.selection) >= 4.5
    assert contrast(colors.muted, colors.selection) >= 4.5


@BOTH
def test_tones_are_legible_on_their_own_surface(colors: Colors) -> None:
    tones = [getattr(colors, f.name) for f in fields(colors) if f.name in ("ok", "warn", "stop")]
    for tone in tones:
        assert isinstance(tone, ToneColors)
        assert contrast(tone.ink, tone.surface) >= 4.5
        assert contrast(tone.ink, colors.surface) >= 4.5


@BOTH
def test_left_is_red_toned_and_right_is_blue_toned(colors: Colors) -> None:
    left, right = QColor(colors.left), QColor(colors.right)
    assert left.red() > left.blue() > 0 and left.red() > left.green()
    assert right.blue() > right.red()


@BOTH
@pytest.mark.parametrize("deficiency", ("protan", "deutan"))
def test_left_and_right_stay_apart_for_colour_blind_people(colors: Colors, deficiency: str) -> None:
    image = QImage(2, 1, QImage.Format.Format_RGB888)
    image.setPixelColor(0, 0, QColor(colors.left))
    image.setPixelColor(1, 0, QColor(colors.right))
    simulated = as_seen_by(image, deficiency)
    left, right = (np.array(simulated.pixelColor(x, 0).getRgb()[:3]) for x in (0, 1))
    assert np.abs(left - right).max() > 60  # of 255, in at least one channel


def test_every_icon_that_is_named_in_the_code_exists(repository) -> None:  # type: ignore[no-untyped-def]
    from core.session.flow import Step, StepState
    from ui.widgets.step_list import _LOOKS

    for name in [step.value for step in Step] + [_LOOKS[state][0] for state in StepState]:
        assert resources.path(f"icons/{name}.svg").is_file(), name


def test_the_chosen_mode_is_kept_with_the_data_folder(tmp_path: Path) -> None:
    assert Preferences(tmp_path).mode is Mode.LIGHT
    Preferences(tmp_path).keep_mode(Mode.DARK)
    assert Preferences(tmp_path).mode is Mode.DARK


def test_a_look_that_does_not_exist_becomes_the_light_one(tmp_path: Path) -> None:
    (tmp_path / "preferences.ini").write_text("[look]\nmode=neon\n", encoding="utf-8")
    assert Preferences(tmp_path).mode is Mode.LIGHT


def test_a_disabled_danger_button_does_not_look_pressable(app: QApplication) -> None:
    button = Button("STOP EXO", "danger")
    button.resize(120, 40)
    for enabled, ground in ((True, LIGHT.danger), (False, LIGHT.sunken)):
        button.setEnabled(enabled)
        assert button.grab().toImage().pixelColor(60, 5).name() == ground.lower()


def test_the_mode_can_be_changed_at_any_time(app: QApplication) -> None:
    theme.apply(app, Mode.DARK)
    assert theme.current().dark
    theme.apply(app, Mode.LIGHT)
    assert theme.current().colors is LIGHT
