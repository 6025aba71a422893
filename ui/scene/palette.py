"""The theme's colours as numbers between 0 and 1, as VTK takes them."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.body import Side
from ui.theme.tokens import Colors

Rgb = tuple[float, float, float]
SIDE_IN_BONE = 0.62  # of the side's colour in its leg: told apart at a glance, still bone


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
    ghost: Rgb
    muscle_rest: Rgb
    muscle_active: Rgb

    def bone_of(self, body: str) -> Rgb:
        """Legs carry the colour of their side: model names of their bodies end in `_l` or `_r`."""
        if body.endswith(f"_{Side.LEFT.suffix}"):
            return mixed(self.bone, self.left, SIDE_IN_BONE)
        if body.endswith(f"_{Side.RIGHT.suffix}"):
            return mixed(self.bone, self.right, SIDE_IN_BONE)
        return self.bone


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
        ghost=rgb(colors.ghost),
        muscle_rest=rgb(colors.muscle_rest),
        muscle_active=rgb(colors.muscle_active),
    )


def rgb(hex_colour: str) -> Rgb:
    """`#RRGGBB` as three fractions."""
    red, green, blue = (int(hex_colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return (red, green, blue)


def mixed(one: Rgb, other: Rgb, fraction: float) -> Rgb:
    """`fraction` of the other colour in the first."""
    red, green, blue = (a + (b - a) * fraction for a, b in zip(one, other, strict=True))
    return (red, green, blue)
