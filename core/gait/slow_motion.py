"""Whether a film of a walk plays in slow motion, by the body's own clock.

A file does not say that its clock was stretched; the body does. People who walk slowly take short steps:
over a wide range of speeds the step grows with the cadence (the walk ratio; Sekiya & Nagasaki 1998, Gait &
Posture 7:225). And their legs swing almost as fast as those of others, as pendulums of the leg's length:
slow walking is long stance. A film played too slowly shows long steps at a low cadence and slow swings.

Healthy people who walk very slowly on request come near to that, with short steps: then only a large factor
is a sign. Whoever takes short steps and is filmed at twice the speed looks like somebody who walks slowly;
that cannot be told from the film.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.clock import SLOW_MOTION_EVIDENT, SLOW_MOTION_POSSIBLE, SLOW_MOTION_STATED, FilmClock
from core.domain.findings import Finding, Severity
from core.domain.gait_events import FootPaths, GaitEvents
from core.domain.units import GRAVITY_M_S2
from core.errors import Advice, UserError
from core.gait.events import find_events

_USUAL_STRIDE_S = 1.1  # events are looked for at this pace, whatever the file's clock says
_LEAST_STEPS = 3
_LEG = 0.53  # hip above the floor over body height (Winter 2009, fig. 4.1)
_WALK_RATIO = 0.0036  # step in body heights over steps/min; 0.0027 to 0.0041 in recorded walks
_SWING = 1.35  # swing time over sqrt(leg length / g); 1.2 to 1.5 in recorded walks
_SHORT, _LONG = 0.28, 0.33  # steps in body heights
_EVIDENT = (3.0, 1.55)  # times slower than usual, with short and with long steps
_POSSIBLE = (2.2, 1.35)
_FACTORS = (2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True)
class BodyClock:
    """What the body says about the clock of the film it is seen in."""

    step_heights: float  # step length over body height
    cadence_steps_min: float
    swing_s: float  # of the side that swings faster: a paretic leg is slow by itself

    def slower(self, height_m: float) -> float:
        """How many times slower than usual this body walks, by its steps and its swing; 1 is usual."""
        by_step = self.step_heights / self.cadence_steps_min / _WALK_RATIO
        by_swing = self.swing_s / np.sqrt(_LEG * height_m / GRAVITY_M_S2) / _SWING
        return float(np.sqrt(by_step * by_swing))


def body_clock(paths: FootPaths, height_m: float) -> BodyClock | None:
    """Steps and swing of a walk by the film's clock; None where too few steps are seen."""
    stride_s = _stride_s(find_events(paths))
    if stride_s is None:
        return None
    pace = stride_s / _USUAL_STRIDE_S
    usual = FootPaths(paths.time_s / pace, paths.pelvis_m, paths.heel_m, paths.toe_m)
    events = find_events(usual)
    stride_s = _stride_s(events)
    swings = [swing for swing in map(_swing_s, events) if swing is not None]
    steps_m = _steps_m(usual, events)
    if stride_s is None or not swings or len(steps_m) < _LEAST_STEPS:
        return None
    step = float(np.median(steps_m)) / height_m
    return BodyClock(max(step, 0.0), 120.0 / (stride_s * pace), min(swings) * pace)


def slow_motion_findings(paths: FootPaths, height_m: float, clock: FilmClock) -> tuple[Finding, ...]:
    """Ask whether the film plays in slow motion, or tell who said how fast it was recorded.

    `paths` are on the clock that `clock` leads to: its times are divided already.
    """
    found = [_stated(clock)] if clock.stated else []
    body = body_clock(paths, height_m)
    if body is None:
        return tuple(found)
    slower = body.slower(height_m)
    if slower >= _limit(body, _EVIDENT):
        found.append(_asked(body, slower, clock))
    elif slower >= _limit(body, _POSSIBLE) and not clock.stated:
        found.append(Finding(Severity.WARNING, _question(body, SLOW_MOTION_POSSIBLE, "may be")))
    return tuple(found)


def too_slow_for_life(paths: FootPaths, height_m: float, clock: FilmClock) -> UserError | None:
    """The refusal of a walk so slow that no stride of it can be used; None when it is not slow motion."""
    body = body_clock(paths, height_m)
    if body is None or body.slower(height_m) < _limit(body, _POSSIBLE):
        return None
    if clock.stated:
        return UserError(_still(body, SLOW_MOTION_EVIDENT))
    return UserError(_question(body, SLOW_MOTION_EVIDENT, "is", likely_factor(body.slower(height_m))))


def likely_factor(slower: float) -> float:
    """The usual slow motion of a phone that is nearest."""
    return min(_FACTORS, key=lambda factor: abs(float(np.log(factor / slower))))


def _stride_s(events: tuple[GaitEvents, GaitEvents]) -> float | None:
    gaps = np.concatenate([np.diff(side.heel_strike_s) for side in events])
    return float(np.median(gaps)) if len(gaps) else None


def _swing_s(events: GaitEvents) -> float | None:
    """Median time from toe off to the landing that follows it."""
    swings = []
    for off_s in events.toe_off_s:
        landed = events.heel_strike_s[events.heel_strike_s > off_s]
        if len(landed):
            swings.append(float(landed[0] - off_s))
    return float(np.median(swings)) if swings else None


def _steps_m(paths: FootPaths, events: tuple[GaitEvents, GaitEvents]) -> FloatArray:
    """How far each heel lands in front of the other, by the other foot's toes, still on the floor."""
    foot_m = float(np.percentile(paths.heel_m[:, :, 1] - paths.toe_m[:, :, 1], 90))
    steps = []
    for column, side in enumerate(events):
        for strike_s in side.heel_strike_s:
            heel_m = np.interp(strike_s, paths.time_s, -paths.heel_m[:, column, 1])
            toe_m = np.interp(strike_s, paths.time_s, -paths.toe_m[:, 1 - column, 1])
            steps.append(float(heel_m - toe_m + foot_m))
    return np.array(steps)


def _limit(body: BodyClock, limits: tuple[float, float]) -> float:
    return float(np.interp(body.step_heights, (_SHORT, _LONG), limits))


def _asked(body: BodyClock, slower: float, clock: FilmClock) -> Finding:
    if not clock.stated:
        return Finding(Severity.STOP, _question(body, SLOW_MOTION_EVIDENT, "is", likely_factor(slower)))
    return Finding(Severity.WARNING, _still(body, SLOW_MOTION_POSSIBLE))


def _question(body: BodyClock, code: str, certainty: str, factor: float | None = None) -> Advice:
    about = "" if factor is None else f" It looks {factor:g} times slower than life."
    return Advice(
        "Was this recorded in slow motion?",
        f"{_seen(body)} That {certainty} too slow for this body by the film's clock.{about}",
        "Say on the Motion page, or with --slow-motion, how many times slower the film plays; 1 if it plays "
        "as fast as life.",
        code,
    )


def _still(body: BodyClock, code: str) -> Advice:
    return Advice(
        "The walk is very slow even so.",
        f"{_seen(body)} The film may play slower than was said.",
        "Check at how many pictures per second the film was recorded, and correct the factor.",
        code,
    )


def _seen(body: BodyClock) -> str:
    step, cadence = 100 * body.step_heights, body.cadence_steps_min
    return (
        f"Steps of {step:.0f} % of the body height come {cadence:.0f} times a minute, and a leg takes "
        f"{body.swing_s:.2f} s to swing."
    )


def _stated(clock: FilmClock) -> Finding:
    return Finding(
        Severity.NOTE,
        Advice(
            f"{clock.by} said how fast the film was recorded.",
            clock.words,
            "Nothing to do.",
            SLOW_MOTION_STATED,
        ),
    )
