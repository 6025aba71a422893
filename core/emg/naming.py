"""Muscle and side from the names of EMG channels.

A name is a muscle only when all of it fits one (`core.emg.muscle_words`): "R Tibialis Posterior" is no
tibialis anterior, and what is not known stays without a muscle for a person to choose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.findings import Finding, Severity
from core.emg.muscle_words import (
    FILLERS,
    GM,
    GM_PARTNERS,
    HEADS,
    OTHER_SIGNALS,
    SIDE_WORDS,
    STUCK_SIDES,
    WRITINGS,
)
from core.emg.signals import RawEmg
from core.emg.units import is_other_quantity, split_unit
from core.errors import Advice

_FORCE_COMPONENT = re.compile(r"^[fm]\d*[xyz]\d*$|^[fm][xyz]?\d+$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_COPY = re.compile(r" #\d+$")  # how `unique_names` tells equal names apart


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the names of a file say. `doubled`: a muscle that several channels claim alike."""

    sites: dict[str, ChannelSite]
    doubled: dict[ChannelSite, tuple[str, ...]]


def suggest_site(name: str, unit: str = "", description: str = "") -> ChannelSite | None:
    """Muscle and side of a channel such as `L_tibialis_anterior`, `Voltage.R Gast` or `LT TIB.ANT., uV`.

    The description of a C3D channel is asked where its label tells nothing. None when neither holds both, or
    when the channel is another kind of signal by its words or its unit.
    """
    if is_other_signal(name, unit) or is_other_signal(description):
        return None
    return _site_of(name) or (_site_of(description) if description else None)


def is_other_signal(name: str, unit: str = "") -> bool:
    """Whether words or unit say that this is no EMG: acceleration, force, time, trigger, counter."""
    plain, written_unit = split_unit(_COPY.sub("", name))
    words = [re.sub(r"\d+$", "", word) for word in _words(plain)]
    return (
        is_other_quantity(unit or written_unit)
        or any(word in OTHER_SIGNALS for word in words)
        or any(_FORCE_COMPONENT.match(word) for word in _words(plain))
    )


def suggestions(raw: RawEmg) -> Suggestions:
    """The channels whose names hold muscle and side.

    Of several for the same site the one that says it is EMG wins; where none does better than another, all
    are left for a person to choose from.
    """
    return suggestions_of(raw.channels, raw.units, raw.descriptions)


def suggestions_of(
    names: Sequence[str], units: Sequence[str] = (), descriptions: Sequence[str] = ()
) -> Suggestions:
    """The same from N names; units and descriptions are N each, or none."""
    units, descriptions = units or [""] * len(names), descriptions or [""] * len(names)
    claims: dict[ChannelSite, list[tuple[int, str]]] = {}
    found = [
        suggest_site(name, unit, description)
        for name, unit, description in zip(names, units, descriptions, strict=True)
    ]
    found = _with_gm(names, found)
    for name, unit, site in zip(names, units, found, strict=True):
        if site is not None:
            claims.setdefault(site, []).append((_strength(name, unit), name))
    sites: dict[str, ChannelSite] = {}
    doubled: dict[ChannelSite, tuple[str, ...]] = {}
    for site, claimants in claims.items():
        best = max(strength for strength, _name in claimants)
        winners = tuple(name for strength, name in claimants if strength == best)
        if len(winners) == 1:
            sites[winners[0]] = site
        else:
            doubled[site] = winners
    return Suggestions({name: sites[name] for name in names if name in sites}, doubled)


def naming_findings(found: Suggestions, used: Sequence[ChannelSite]) -> tuple[Finding, ...]:
    """Muscles that several channels claim, as long as nobody has chosen (EMG-030)."""
    return tuple(
        Finding(
            Severity.WARNING,
            Advice(
                f"{len(names)} channels are called {site.side} {site.muscle}: {', '.join(names)}.",
                "Their names do not tell which of them was meant.",
                "Choose one of them in the channel map; until then none is used.",
                "EMG-030",
            ),
        )
        for site, names in found.doubled.items()
        if site not in used
    )


def _strength(name: str, unit: str) -> int:
    """How surely a channel that names a muscle holds its EMG."""
    return int("emg" in name.lower()) + int(bool(unit or split_unit(name)[1]))


def _with_gm(names: Sequence[str], found: list[ChannelSite | None]) -> list[ChannelSite | None]:
    """GM is the medial gastrocnemius in a file that also has the lateral one of that side; else unknown."""
    known = [site for site in found if site is not None]
    result = list(found)
    for place, name in enumerate(names):
        side = _side_of_rest(name, GM) if found[place] is None and not is_other_signal(name) else None
        for partner, muscle in GM_PARTNERS.items():
            if side is not None and ChannelSite(partner, side) in known:
                result[place] = ChannelSite(muscle, side)
    return result


def _side_of_rest(name: str, rest: str) -> Side | None:
    for words in _readings(_COPY.sub("", name)):
        for side, other in _sides(words):
            if other == rest:
                return side
    return None


def _site_of(name: str) -> ChannelSite | None:
    """The one site that some reading of the name fits; None where there is none or more than one."""
    for words in _readings(_COPY.sub("", name)):
        sites = {
            ChannelSite(muscle, side)
            for side, rest in _sides(words)
            if (muscle := _muscle_of(rest, words)) is not None
        }
        if sites:
            return sites.pop() if len(sites) == 1 else None
    return None


def _muscle_of(rest: str, words: list[str]) -> EmgMuscle | None:
    """The muscle of a name without its side; heads by one letter only where they are one word with it."""
    return WRITINGS.get(rest) or (HEADS.get(rest) if rest in words or len(words) == 1 else None)


def _readings(name: str) -> list[list[str]]:
    """The words of a name: with what stands in brackets, without it where it only repeats, and split where
    capitals begin."""
    plain = split_unit(name)[0]
    texts = [plain, _BRACKETS.sub(" ", plain)] if _only_repeats(plain) else [plain]
    if "".join(_words(plain)) not in WRITINGS:  # "GastL" is the lateral gastrocnemius, on a side not told
        texts.append(_CAMEL.sub(" ", plain))
    readings = [[word for word in map(_core, _words(text)) if word] for text in texts]
    return [words for place, words in enumerate(readings) if words and words not in readings[:place]]


def _only_repeats(name: str) -> bool:
    """Whether brackets tell no other muscle: so in "Vastus lateralis (VL)", not in "Tibialis (posterior)"."""
    inside = "".join(core for word in _words(" ".join(_BRACKETS.findall(name))) if (core := _core(word)))
    return not inside or inside in WRITINGS


def _words(text: str) -> list[str]:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return [word for word in re.split(r"[^a-z0-9]+", ascii_text.lower()) if word]


def _core(word: str) -> str:
    """The word without a trailing number; empty when it says nothing about the muscle."""
    letters = word.rstrip("0123456789")
    return "" if letters in FILLERS else letters


def _sides(words: list[str]) -> list[tuple[Side, str]]:
    """Every way to tell a side from the rest of the name, whose letters are run together."""
    ways: list[tuple[Side, str]] = []
    for side in Side:
        of_side = [place for place, word in enumerate(words) if SIDE_WORDS.get(word) is side]
        for left_out in ([place] for place in of_side):
            ways.append((side, _joined(words, left_out)))
        if len(of_side) > 1:
            ways.append((side, _joined(words, of_side)))
    if not ways and "".join(words) not in WRITINGS:
        ways = _stuck(_joined(words, []))
    return ways


def _joined(words: list[str], left_out: list[int]) -> str:
    return "".join(word for place, word in enumerate(words) if place not in left_out)


def _stuck(text: str) -> list[tuple[Side, str]]:
    """Sides at the beginning or the end of run-together letters."""
    ways = []
    for mark in STUCK_SIDES:
        if text.startswith(mark):
            ways.append((SIDE_WORDS[mark], text[len(mark) :]))
        if text.endswith(mark):
            ways.append((SIDE_WORDS[mark], text[: -len(mark)]))
    return ways
