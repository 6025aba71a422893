"""Recordings of maximum contractions, chosen per contraction of the protocol."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.domain.body import SIDES
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.mvc_protocol import HOLD_S, REST_S, TRIES, Contraction, needed
from ui.pages.mvc_panel import MvcCard, MvcState

_RULE = (
    f"{TRIES} tries of each, risen slowly and held for about {HOLD_S:.0f} s, with {REST_S:.0f} s of rest "
    "between them; in one file or several. 100 % of a muscle is the best second of all tries in these files."
)


class MvcChoice:
    """Files by contraction. A file may be chosen for several contractions; it is read once."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[Path, ...]] = {}

    def add(self, key: str, paths: Iterable[Path]) -> None:
        known = self._files.get(key, ())
        self._files[key] = (*known, *(path for path in paths if path not in known))

    def remove(self, key: str) -> None:
        self._files.pop(key, None)

    def clear(self) -> None:
        self._files.clear()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file once, in the order in which they were chosen."""
        return tuple(dict.fromkeys(path for paths in self._files.values() for path in paths))

    def state(self, sites: Iterable[ChannelSite]) -> MvcState:
        """The contractions that these muscles need."""
        mapped = tuple(sites)
        contractions = needed([site.muscle for site in mapped])
        return MvcState(tuple(self._card(contraction, mapped) for contraction in contractions), _RULE)

    def _card(self, contraction: Contraction, sites: tuple[ChannelSite, ...]) -> MvcCard:
        return MvcCard(
            contraction.key,
            contraction.title,
            ", ".join(filter(None, (_legs(muscle, sites) for muscle in contraction.muscles))),
            contraction.position,
            contraction.effort,
            tuple(path.name for path in self._files.get(contraction.key, ())),
        )


def _legs(muscle: EmgMuscle, sites: tuple[ChannelSite, ...]) -> str:
    """`left and right soleus`; empty where the muscle is not mapped."""
    legs = [side.value for side in SIDES if ChannelSite(muscle, side) in sites]
    return f"{' and '.join(legs)} {muscle.value}" if legs else ""
