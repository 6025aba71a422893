"""Scenarios in which a twin walks: terrain, speed and perturbation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side

STEP_RISE_M, STEP_TREAD_M = 0.17, 0.29  # public stairs
_FIRST_MIDDLE_M = (-0.08, 0.115)  # up, down
STEPS_AHEAD = 48  # nearly 14 m of public stairs
GOAL_TREADS = 3  # beyond the last step: a stride and a half on the landing
COURSE_SPEED_M_S = 0.8  # at which a course begins and comes to the stairs
STEPS_BEHIND = 3  # the start is on the stairs: both feet stand on treads from the first step on


class GroundKind(StrEnum):
    LEVEL = "level"
    RAMP = "ramp"
    STAIRS = "stairs"
    COURSE = "course"  # level, then some steps and a landing


@dataclass(frozen=True, slots=True)
class Ground:
    """The terrain ahead. Uphill is positive."""

    kind: GroundKind = GroundKind.LEVEL
    slope_rad: float = 0.0  # ramps
    rise_m: float = 0.0  # stairs: height of one step, negative down
    tread_m: float = 0.0  # stairs: depth of one step
    friction: float = 1.0
    level_m: float = 0.0  # course: from the start to where a stride up the stairs begins
    steps: int = 0  # course: how many; the landing is as high as the last one

    @property
    def climb(self) -> float:
        """Metres up per metre ahead, on average; of a course, where it begins."""
        if self.kind is GroundKind.STAIRS:
            return self.rise_m / self.tread_m
        return float(np.tan(self.slope_rad))

    @property
    def first_middle_m(self) -> float:
        """Distance ahead of the start at which the middle of the tread at height 0 is.

        A stride of two treads that begins at distance 0 then puts every foot on the middle of a tread.
        """
        if self.kind in (GroundKind.STAIRS, GroundKind.COURSE):
            return self.level_m + _FIRST_MIDDLE_M[0 if self.rise_m > 0 else 1]
        return 0.0

    @property
    def goal_m(self) -> float:
        """Course: distance ahead at which it is done, with both feet on the landing. Else 0."""
        on_landing = GOAL_TREADS + self.steps
        return self.level_m + on_landing * self.tread_m if self.kind is GroundKind.COURSE else 0.0


LEVEL_GROUND = Ground()


def ground_height_m(ground: Ground, forward_m: FloatArray) -> FloatArray:
    """Height of the walkway at distances ahead of the start, any shape."""
    forward = np.asarray(forward_m, dtype=np.float64)
    if ground.kind in (GroundKind.STAIRS, GroundKind.COURSE):
        height: FloatArray = ground.rise_m * tread_number(ground, forward)
        return height
    return np.tan(ground.slope_rad) * forward if ground.kind is GroundKind.RAMP else np.zeros(forward.shape)


def line_m(ground: Ground, forward_m: FloatArray) -> FloatArray:
    """Height of the walkway's line at distances ahead, any shape: it climbs evenly through the treads."""
    if ground.kind is not GroundKind.COURSE:
        return ground.climb * np.asarray(forward_m, dtype=np.float64)
    up = np.clip(forward_m - ground.level_m, 0.0, ground.steps * ground.tread_m)
    line: FloatArray = ground.rise_m / ground.tread_m * up
    return line


def tread_number(ground: Ground, forward_m: FloatArray) -> FloatArray:
    """Number of the tread at distances ahead; tread 0 is at height 0. The landings end the count."""
    place = (forward_m - ground.first_middle_m) / ground.tread_m
    lowest, highest = (0, ground.steps) if ground.kind is GroundKind.COURSE else (-STEPS_BEHIND, STEPS_AHEAD)
    number: FloatArray = np.clip(np.floor(place + 0.5), lowest, highest)
    return number


class GaitKind(StrEnum):
    """The gait of the reference motion."""

    WALK = "walk"
    RUN = "run"
    STAIRS_UP = "stairs up"
    STAIRS_DOWN = "stairs down"
    COURSE = "course"  # walks, a run and stairs, one after the other


class DisturbanceKind(StrEnum):
    PUSH = "push"  # a force on the pelvis
    TRIP = "trip"  # an obstacle holds the swing foot back
    SLIP = "slip"  # a patch of floor without friction


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A perturbation, once per walk."""

    kind: DisturbanceKind
    at_s: float = 3.0
    duration_s: float = 0.15
    forward_n_kg: float = 0.0  # push and trip: force per body mass, negative holds back
    sideways_n_kg: float = 0.0  # push: positive to the person's left
    friction: float = 0.1  # slip


class ExoDisturbanceKind(StrEnum):
    """A failure of the exo itself."""

    HALT = "halt"  # the torque is zero at once
    FROZEN_TORQUE = "frozen torque"  # the torque stays as it was
    FROZEN_SENSOR = "frozen sensor"  # angle and velocity stay as they were
    STRAP_SHIFT = "strap shift"  # the segments' straps slip: all angles are read with an offset from then on


@dataclass(frozen=True, slots=True)
class ExoDisturbance:
    """A failure of the exo, once per walk, on one side or both."""

    kind: ExoDisturbanceKind
    sides: tuple[Side, ...] = SIDES
    at_s: float = 3.0
    duration_s: float = 0.3
    shift_rad: float = 0.0  # STRAP_SHIFT


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. `speed_m_s` None means the person's own speed."""

    key: str  # short and stable, for files and commands: "ramp-up-5"
    name: str  # "Ramp up, 5°"
    gait: GaitKind = GaitKind.WALK
    ground: Ground = LEVEL_GROUND
    speed_m_s: float | None = None
    start_and_stop: bool = False  # begins and ends standing
    disturbance: Disturbance | None = None
    exo_disturbance: ExoDisturbance | None = None
    usual_s: float = 10.0  # how long it is simulated where nobody says


def _ramp(degrees: int) -> Scenario:
    way = "up" if degrees > 0 else "down"
    ground = Ground(GroundKind.RAMP, slope_rad=float(np.radians(degrees)))
    return Scenario(f"ramp-{way}-{abs(degrees)}", f"Ramp {way}, {abs(degrees)}°", ground=ground)


def _level(speed_m_s: float) -> Scenario:
    return Scenario(f"level-{speed_m_s:.1f}", f"Level, {speed_m_s:.1f} m/s", speed_m_s=speed_m_s)


def _run(speed_m_s: float) -> Scenario:
    name = f"Running, {speed_m_s:.1f} m/s"
    return Scenario(f"run-{speed_m_s:.1f}", name, GaitKind.RUN, speed_m_s=speed_m_s)


def _stairs(way: str, gait: GaitKind, sign: float) -> Scenario:
    ground = Ground(GroundKind.STAIRS, rise_m=sign * STEP_RISE_M, tread_m=STEP_TREAD_M)
    return Scenario(f"stairs-{way}", f"Stairs {way}", gait, ground)


LEVEL_WALKING = Scenario("level", "Level walking")
COURSE = Scenario(
    "course",
    "Course: walk, run, stairs",
    GaitKind.COURSE,
    Ground(GroundKind.COURSE, rise_m=STEP_RISE_M, tread_m=STEP_TREAD_M, level_m=18.0, steps=7),
    usual_s=25.0,
)
"""Walk, run, walk and seven steps up, as people were asked to by Luo et al. 2024 (Nature 630:353)."""
SCENARIOS: tuple[Scenario, ...] = (
    LEVEL_WALKING,
    *(_level(speed) for speed in (0.6, 0.9, 1.2, 1.5, 1.8)),
    *(_ramp(degrees) for degrees in (5, 10, -5, -10)),
    _stairs("up", GaitKind.STAIRS_UP, 1.0),
    _stairs("down", GaitKind.STAIRS_DOWN, -1.0),
    *(_run(speed) for speed in (2.0, 2.5, 3.0)),
    Scenario("start-stop", "Start and stop", start_and_stop=True),
    COURSE,
    Scenario(
        "push",
        "Push from the side",
        disturbance=Disturbance(DisturbanceKind.PUSH, sideways_n_kg=1.5),
    ),
    Scenario("trip", "Trip", disturbance=Disturbance(DisturbanceKind.TRIP, forward_n_kg=-2.0)),
    Scenario("slip", "Slip", disturbance=Disturbance(DisturbanceKind.SLIP, duration_s=0.4)),
)


def _failure(key: str, name: str, failure: ExoDisturbance) -> Scenario:
    return Scenario(f"exo-{key}", name, exo_disturbance=failure)


_HALT, _STAYS = ExoDisturbanceKind.HALT, ExoDisturbanceKind.FROZEN_TORQUE
EXO_FAILURES: tuple[Scenario, ...] = (
    *(
        _failure(f"halt-{side}", f"The exo halts on the {side}", ExoDisturbance(_HALT, (side,)))
        for side in SIDES
    ),
    _failure("halt", "The exo halts on both sides", ExoDisturbance(_HALT)),
    *(
        _failure(f"torque-stays-{side}", f"The torque stays on the {side}", ExoDisturbance(_STAYS, (side,)))
        for side in SIDES
    ),
    _failure("torque-stays", "The torque stays on both sides", ExoDisturbance(_STAYS)),
    *(
        _failure(
            f"sensors-freeze-{milliseconds}",
            f"The sensors freeze for {milliseconds} ms",
            ExoDisturbance(ExoDisturbanceKind.FROZEN_SENSOR, duration_s=milliseconds / 1000.0),
        )
        for milliseconds in (30, 100)
    ),
    _failure(
        "strap-slips",
        "A strap slips on the left",
        ExoDisturbance(ExoDisturbanceKind.STRAP_SHIFT, (Side.LEFT,), shift_rad=0.15),
    ),
)
"""Level walking in which the exo itself fails: nothing happens to who wears none."""
DISTURBED: tuple[Scenario, ...] = (
    *EXO_FAILURES,
    *(scenario for scenario in SCENARIOS if scenario.disturbance is not None),
)
"""The battery of twelve: nine failures of the exo, a push, a trip and a slip."""
MILD_SLIP = Scenario(
    "slip-mild",
    "Slip, shorter",
    disturbance=Disturbance(DisturbanceKind.SLIP, duration_s=0.3),
)
"""Not a part of the battery: a slip that more people survive."""


def scenario_of(key: str) -> Scenario | None:
    return next((one for one in (*SCENARIOS, *EXO_FAILURES, MILD_SLIP) if one.key == key), None)
