"""`exotwin train moments`: judge estimates of hip moments, or train what ships."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from core.errors import refuse
from core.store.private import ordinary_permissions

_LEAST_PEOPLE = 10  # of simulated ones: a fifth of fewer validates nothing
_RATES = (1e-6, 1e-1)


def moments_command(args: argparse.Namespace) -> int:
    """Refuses MOM-009 what cannot be done, MOM-007, MOM-008, and PC-026 without the recordings."""
    _check(args)
    if args.loso:
        numbers = _left_out(args)
    if args.out is not None:
        numbers = _trained(args)
    if args.as_json:
        print(json.dumps(numbers, indent=2))
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.loso == (args.out is not None):
        raise _cannot("Say what to do with the hip moments.", "Give either --loso or --out DIR.")
    if args.out is not None and args.people < _LEAST_PEOPLE:
        what = f"{args.people} simulated people are too few to learn from."
        raise _cannot(what, f"Give --people {_LEAST_PEOPLE} or more.")
    if not _RATES[0] <= args.learning_rate <= _RATES[1]:
        what = f"A learning rate of {args.learning_rate:g} cannot train a network."
        raise _cannot(what, f"Give --learning-rate from {_RATES[0]:g} to {_RATES[1]:g}.")


def _cannot(what: str, step: str) -> Exception:
    why = "--loso judges and keeps nothing; --out trains what ships, on simulated people."
    return refuse("MOM-009", what, why, step)


def _left_out(args: argparse.Namespace) -> dict[str, Any]:
    from app.bench.commands import recordings_folder
    from app.bench.moments import bench_moments, lines
    from core.estimation.networks import Recipe
    from core.tasks.moment_model import shipped_moment_model, shipped_source_weights

    numbers = bench_moments(
        recordings_folder(),
        _progress,
        simulated=(shipped_moment_model()[0], shipped_source_weights()),
        recipe=Recipe(learning_rate=args.learning_rate),
        people=args.person,
        seed=args.seed,
    )
    if not args.as_json:
        print("\n".join(lines(numbers)))
    return numbers


def _trained(args: argparse.Namespace) -> dict[str, Any]:
    from app.bench.commands import recordings_folder
    from app.bench.moments import measured_walks
    from app.session_request import check_results_folder
    from app.train.moments import train_shipped

    check_results_folder(args.out)
    real = measured_walks(recordings_folder())
    with ordinary_permissions():
        numbers = train_shipped(real, args.people, args.seed, args.out, _progress)
    if not args.as_json:
        print(f"Model and card are in {args.out}.")
    return numbers


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
