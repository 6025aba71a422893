"""`exotwin replay FILE`: what broke when the physics of a body broke down, in plain words."""

from __future__ import annotations

from pathlib import Path

from core.domain.body import Joint
from core.simulation.physics.flight_recorder import Recording, read_recording
from core.simulation.physics.flight_replay import Breakdown, replay


def replay_lines(file: Path) -> tuple[str, ...]:
    """Replay the recording and describe what failed, one sentence per line."""
    recording = read_recording(file)
    found = replay(recording)
    return (
        f"Body {recording.body + 1} of the batch (seed {recording.seed}) broke down "
        f"{found.time_s:.3f} s after its last start, in step batch {recording.batch + 1}.",
        _first_failure(found),
        _growth(found),
        *_forces(found),
        _reproduction(found, recording),
    )


def _first_failure(found: Breakdown) -> str:
    if not found.where:
        return f"What broke first: {found.quantity}."
    return f"What broke first: the {found.quantity} of {_label(found.where)} was no possible number any more."


def _growth(found: Breakdown) -> str:
    growth_ms = 1000.0 * (found.time_s - found.wild_since_s)
    largest = (
        f"the largest acceleration before was {abs(found.fastest_acceleration):.3g} {found.fastest_unit} "
        f"of {_label(found.fastest)}"
    )
    if growth_ms <= 0.0:
        return f"It came at once: {largest}."
    return f"It grew for {growth_ms:.0f} ms: {largest}."


def _forces(found: Breakdown) -> tuple[str, ...]:
    lines = []
    if found.contact:
        lines.append(f"The hardest contact, {found.contact}, carried {found.contact_force_n:.3g} N.")
    if found.actuator:
        lines.append(f"The strongest actuator, {_label(found.actuator)}, gave {found.actuator_force:.3g}.")
    return tuple(lines)


def _reproduction(found: Breakdown, recording: Recording) -> str:
    if found.same:
        return "The replay gave the recorded numbers again, bit by bit."
    if not found.made_here:
        return f"The replay differs in detail: it was recorded with {recording.made_with}."
    return "The replay differs from the recording: the body was changed from outside between two steps."


def _label(name: str) -> str:
    return Joint(name).label if name in set(Joint) else name
