"""The options of a session that begins with a laboratory's trial instead of a film."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from core.errors import refuse

_OF_FILMS = {
    "calibration": None,
    "person": None,
    "slow_motion": None,
    "turn": 0,
    "hide_face": False,
    "sides": "",
}  # options that only a film has, and what they are when nobody gave them


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """A walk, and what belongs to it."""

    walk: Path
    standing: Path | None = None
    plates: Path | None = None


def add_trial_options(seen: argparse._MutuallyExclusiveGroup, parser: argparse.ArgumentParser) -> None:
    """`seen` is the choice between a film and a trial."""
    seen.add_argument("--trial", type=Path, help="markers of a walk, .c3d or .trc, in place of a video")
    parser.add_argument("--standing", type=Path, help="standing trial of the same markers, with --trial")
    parser.add_argument("--plates", type=Path, help="force table (.mot, .sto) of a .trc, with --trial")


def trial_files(args: argparse.Namespace) -> TrialFiles | None:
    """None for a film. Refuses (PC-022) options that belong to the other."""
    if args.trial is None:
        if args.standing is not None or args.plates is not None:
            raise _not_together("--standing and --plates belong to a laboratory's trial.", "--trial")
        return None
    given = [name for name, unsaid in _OF_FILMS.items() if getattr(args, name, unsaid) != unsaid]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise _not_together(f"Only films have {options}.", "--video")
    return TrialFiles(args.trial, args.standing, args.plates)


def _not_together(why: str, needs: str) -> Exception:
    next_step = f"Leave them out, or begin the session with {needs}."
    return refuse("PC-022", "This command cannot be understood.", why, next_step)
