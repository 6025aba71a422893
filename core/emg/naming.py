"""Muscle and side from the names of EMG channels."""

from __future__ import annotations

import re

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle

# Spellings seen in recordings, most specific first: the first that occurs in the name wins.
_SPELLINGS: tuple[tuple[EmgMuscle, tuple[str, ...]], ...] = (
    (EmgMuscle.GLUTEUS_MEDIUS, ("gluteusmedius", "glutmed", "glmed", "gmed", "gmd")),
    (EmgMuscle.GLUTEUS_MAXIMUS, ("gluteusmaximus", "glutmax", "glmax", "gmax", "gmx")),
    (EmgMuscle.TENSOR_FASCIAE_LATAE, ("tensor", "tfl")),
    (EmgMuscle.ADDUCTORS, ("adductor", "addlong", "addmag", "add")),
    (EmgMuscle.RECTUS_FEMORIS, ("rectusfem", "recfem", "rectfem", "rectus", "rect", "rec", "rf")),
    (EmgMuscle.VASTUS_LATERALIS, ("vastuslat", "vaslat", "vastlat", "vlo", "vl", "vas")),
    (EmgMuscle.VASTUS_MEDIALIS, ("vastusmed", "vasmed", "vastmed", "vmo", "vm")),
    (EmgMuscle.SEMIMEMBRANOSUS, ("semimem", "sm")),
    (EmgMuscle.SEMITENDINOSUS, ("semiten", "semit", "st")),
    (EmgMuscle.BICEPS_FEMORIS, ("bicepsfem", "bicfem", "biceps", "bflh", "hams", "ham", "bic", "bf")),
    (EmgMuscle.GRACILIS, ("gracilis", "grac")),
    (EmgMuscle.SARTORIUS, ("sartorius", "sart")),
    (EmgMuscle.TIBIALIS_ANTERIOR, ("tibialisant", "tibant", "tibialis", "tib", "ta")),
    (
        EmgMuscle.GASTROCNEMIUS_LATERALIS,
        ("gastrocnemiuslat", "gaslat", "gastlat", "latgas", "galat", "gl", "lg"),
    ),
    (
        EmgMuscle.GASTROCNEMIUS_MEDIALIS,
        ("gastrocnemius", "gasmed", "gastmed", "medgas", "gastroc", "gast", "gas", "gm", "mg"),
    ),
    (EmgMuscle.SOLEUS, ("soleus", "sol", "so")),
    (EmgMuscle.PERONEUS_LONGUS, ("peroneus", "perlong", "pero", "per", "pl")),
)
_SIDE_WORDS = {"l": Side.LEFT, "left": Side.LEFT, "r": Side.RIGHT, "right": Side.RIGHT}
_SHORT = 3  # spellings up to this length must stand alone: "st" is not in "post"
_NOT_EMG = re.compile(
    r"force|moment|^[fm][xyz]?\d|^[fm]\d[xyz]|angle|torque|velocity|sync|spare|tibpost", re.I
)


def suggest_site(name: str) -> ChannelSite | None:
    """Guess muscle and side from a channel name such as `L_tibialis_anterior` or `Voltage.R Gast`.

    None when the name does not hold both.
    """
    if _NOT_EMG.search(name) or _NOT_EMG.search(re.sub(r"[^A-Za-z]", "", name)):
        return None
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    side, rest = _take_side(words)
    muscle = _muscle(rest)
    return None if side is None or muscle is None else ChannelSite(muscle, side)


def suggested_sites(channels: tuple[str, ...]) -> dict[str, ChannelSite]:
    """Channels whose names hold muscle and side; of two for the same site the first is taken."""
    sites: dict[str, ChannelSite] = {}
    for name in channels:
        site = suggest_site(name)
        if site is not None and site not in sites.values():
            sites[name] = site
    return sites


def _take_side(words: list[str]) -> tuple[Side | None, list[str]]:
    for word in words:
        if word in _SIDE_WORDS:
            return _SIDE_WORDS[word], [other for other in words if other != word]
    for position, word in enumerate(words):  # stuck to the muscle, as in "RTIB" or "soleusl"
        if _muscle([word]) is None or word[0] in "lr":
            for side_letter, rest in ((word[0], word[1:]), (word[-1], word[:-1])):
                if side_letter in _SIDE_WORDS and _muscle([rest]) is not None:
                    return _SIDE_WORDS[side_letter], [*words[:position], rest, *words[position + 1 :]]
    return None, words


def _muscle(words: list[str]) -> EmgMuscle | None:
    joined = "".join(words)
    for muscle, spellings in _SPELLINGS:
        for spelling in spellings:
            if spelling in words or spelling == joined or (len(spelling) > _SHORT and spelling in joined):
                return muscle
    return None
