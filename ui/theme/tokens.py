"""Design tokens: the only place where sizes and colours are written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class Mode(StrEnum):
    LIGHT = "light"
    DARK = "dark"

    @property
    def other(self) -> Mode:
        return Mode.DARK if self is Mode.LIGHT else Mode.LIGHT


class Tone(StrEnum):
    """How a sentence is meant. Never shown by colour alone: each tone has an icon."""

    NEUTRAL = "neutral"
    OK = "ok"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in px."""

    xs: int = 4
    s: int = 8
    m: int = 12
    l: int = 16  # noqa: E741 - the letter of a size
    xl: int = 24
    xxl: int = 32


@dataclass(frozen=True, slots=True)
class TypeScale:
    """Letter heights in px at the system's normal font size."""

    small: int = 12
    body: int = 14
    strong: int = 16
    title: int = 20
    hero: int = 28

    def scaled(self, factor: float) -> TypeScale:
        return TypeScale(
            round(self.small * factor),
            round(self.body * factor),
            round(self.strong * factor),
            round(self.title * factor),
            round(self.hero * factor),
        )


@dataclass(frozen=True, slots=True)
class ToneColors:
    ink: str  # text and icons, on the page or on `surface`
    surface: str
    border: str


@dataclass(frozen=True, slots=True)
class Colors:
    """Colours of one mode as #rrggbb. Text colours reach 4.5:1 on every surface named here."""

    background: str
    surface: str
    sunken: str
    border: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    focus: str
    selection: str
    left: str
    right: str
    norm: str  # line and letters of the normal band
    norm_band: str
    plot_grid: str
    danger: str  # STOP EXO and other body-near actions
    on_danger: str
    ok: ToneColors
    warn: ToneColors
    stop: ToneColors
    bone: str
    muscle_rest: str
    muscle_active: str
    ghost: str  # another gait inside the same picture
    scene_floor: str
    scene_grid: str
    scene_sky: str
    visits: tuple[str, str, str, str]  # recordings that are compared; none is a side's colour

    def tone(self, tone: Tone) -> ToneColors:
        match tone:
            case Tone.OK:
                return self.ok
            case Tone.WARN:
                return self.warn
            case Tone.STOP:
                return self.stop
            case Tone.NEUTRAL:
                return ToneColors(self.text, self.surface, self.border)


LIGHT = Colors(
    background="#F4F6F8",
    surface="#FFFFFF",
    sunken="#E9EDF1",
    border="#D3D9E0",
    text="#1A2430",
    muted="#515D6B",
    accent="#0B6B6B",
    accent_hover="#095757",
    on_accent="#FFFFFF",
    focus="#0B6B6B",
    selection="#DCEDED",
    left="#B83A4B",
    right="#2B6CB0",
    norm="#646E7A",
    norm_band="#C9CFD6",
    plot_grid="#E4E8EC",
    danger="#B3261E",
    on_danger="#FFFFFF",
    ok=ToneColors("#1B6B3D", "#E6F4EB", "#B9DDC7"),
    warn=ToneColors("#7A4D00", "#FFF4DC", "#EBD199"),
    stop=ToneColors("#A8231B", "#FDEAE8", "#F0BDB8"),
    bone="#EAE2D0",
    muscle_rest="#7F93A8",
    muscle_active="#D2452D",
    ghost="#7A3FC4",
    scene_floor="#DFE4E9",
    scene_grid="#B9C2CC",
    scene_sky="#F0F3F6",
    visits=("#1A2430", "#B45F06", "#00786A", "#8A3FA8"),
)

DARK = Colors(
    background="#14191F",
    surface="#1C232B",
    sunken="#0F1318",
    border="#36414D",
    text="#E7ECF1",
    muted="#A7B2BE",
    accent="#5CC8C0",
    accent_hover="#7AD6CF",
    on_accent="#08201E",
    focus="#5CC8C0",
    selection="#21403F",
    left="#F08A97",
    right="#7DB3F0",
    norm="#98A3AF",
    norm_band="#3D4853",
    plot_grid="#2A333D",
    danger="#C7362C",
    on_danger="#FFFFFF",
    ok=ToneColors("#86D8A6", "#17301F", "#2C5A3D"),
    warn=ToneColors("#F2C567", "#352A12", "#665224"),
    stop=ToneColors("#FFA198", "#3F1F1C", "#7A3A34"),
    bone="#E4DBC6",
    muscle_rest="#7F93A8",
    muscle_active="#E8553B",
    ghost="#B58CFF",
    scene_floor="#252D36",
    scene_grid="#3E4955",
    scene_sky="#161C23",
    visits=("#E7ECF1", "#F0A13A", "#4FD1B0", "#C79BF2"),
)


@dataclass(frozen=True, slots=True)
class Theme:
    """All tokens of the look for widgets and plots."""

    mode: Mode
    colors: Colors
    type: TypeScale = field(default_factory=TypeScale)
    space: Spacing = field(default_factory=Spacing)
    radius: int = 6
    family: str = "DejaVu Sans"
    scale: float = 1.0  # how much larger than normal the system's font is

    @property
    def dark(self) -> bool:
        return self.mode is Mode.DARK

    def side_color(self, side: str) -> str:
        """Colour of `Side.LEFT` or `Side.RIGHT`."""
        return self.colors.left if side == "left" else self.colors.right


@lru_cache(maxsize=8)  # called by every button and icon when the look changes
def theme(mode: Mode, *, scale: float = 1.0, family: str = "DejaVu Sans") -> Theme:
    return Theme(
        mode=mode,
        colors=LIGHT if mode is Mode.LIGHT else DARK,
        type=TypeScale().scaled(scale),
        family=family,
        scale=scale,
    )
