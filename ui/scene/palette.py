"""The theme's colours as numbers between 0 and 1, as VTK takes them."""

from __future__ import annotations

from dataclasses import dataclass

from ui.theme.tokens import Colors

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ScenePalette:
    sky: Rgb
    floor: Rgb
    grid: Rgb
    mark: Rgb
    bone: Rgb
    exo: Rgb
    left: Rgb
    right: Rgb
    muscle_rest: Rgb
    muscle_active: Rgb


def scene_palette(colors: Colors) -> ScenePalette:
    return ScenePalette(
        sky=rgb(colors.scene_sky),
        floor=rgb(colors.scene_floor),
        grid=rgb(colors.scene_grid),
        mark=rgb(colors.muted),
        bone=rgb(colors.bone),
        exo=rgb(colors.accent),
        left=rgb(colors.left),
        right=rgb(colors.right),
        muscle_rest=rgb(colors.muscle_rest),
        muscle_active=rgb(colors.muscle_active),
    )


def rgb(hex_colour: str) -> Rgb:
    """`#RRGGBB` as three fractions."""
    red, green, blue = (int(hex_colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return (red, green, blue)
