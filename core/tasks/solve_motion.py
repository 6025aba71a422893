"""Landmarks of the patient to joint angles, strides and measures."""

from __future__ import annotations

from core.domain.clock import LEAST_FACTOR, MOST_FACTOR, FilmClock
from core.domain.motion import BELT_SPEEDS_M_S, Motion, stride_words
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.domain.sides_doubt import Sides, SideSource
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.motion.solve import Stated, motion_from_tracks
from core.store.repository import Store, open_store
from core.tasks.by_account import by_account


def run(params: Params, context: JobContext) -> str:
    """Solve LANDMARKS `landmarks_id`, with `swap_sides` if left and right are the wrong way round.

    `sides` is the source of left and right (`SideSource`), `sides_by` the person who confirmed the sides.
    `belt_speed_m_s` is the speed of a treadmill where it was read; refuses MOT-074 what no treadmill runs at.
    `slow_motion` is how many times slower than life the film plays, `slow_motion_by` the person who said so.
    Refuses MOT-093 for a factor that no film has.
    """
    landmarks_id, stated = str(params["landmarks_id"]), _stated(by_account(params, context))

    def tick(fraction: float) -> None:
        context.check_cancelled()
        context.progress(0.1 + 0.85 * fraction, "Fitting the skeleton to the landmarks")

    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the landmarks")
        landmarks = store.load(landmarks_id, Landmarks)
        visit_id = store.info(landmarks_id).visit_id
        subject = store.subject_of(visit_id)
        context.progress(0.1, "Scaling the skeleton to the person")
        motion = motion_from_tracks(
            landmarks.patient.tracks,
            height_m=subject.height_m,
            mass_kg=subject.mass_kg,
            stated=stated,
            synthetic=landmarks.synthetic,
            tick=tick,
        )
        context.check_cancelled()
        context.progress(0.95, "Saving the motion")
        settings = {**_as_settings(stated), "height_m": subject.height_m, "mass_kg": subject.mass_kg}
        return _save(store, context, motion, visit_id, landmarks_id, settings)


def _stated(params: Params) -> Stated:
    """What the person said about the trial. Refuses MOT-074 and MOT-093."""
    source = SideSource(str(params.get("sides", SideSource.REPAIRED)))
    exchanged, by = bool(params.get("swap_sides", False)), str(params.get("sides_by", ""))
    return Stated(Sides(source, exchanged, by), film_clock(params), belt_speed(params))


def _as_settings(stated: Stated) -> dict[str, object]:
    """As the parameters of the job call it."""
    sides, clock = stated.sides, stated.clock
    return {
        "swap_sides": sides.exchanged,
        "sides": sides.source.value,
        "sides_by": sides.by,
        "slow_motion": clock.slow_motion,
        "slow_motion_by": clock.by,
        "belt_speed_m_s": stated.belt_speed_m_s,
    }


def belt_speed(params: Params) -> float | None:
    """The treadmill's speed that a person read, m/s; None without. Refuses MOT-074 what none runs at."""
    given = params.get("belt_speed_m_s")
    if given is None:
        return None
    low, high = BELT_SPEEDS_M_S
    try:
        speed = float(str(given))
    except ValueError:
        speed = 0.0
    if not low <= speed <= high:
        raise refuse(
            "MOT-074",
            f"A treadmill cannot run at {given} m/s.",
            f"Treadmills run at {low:g} to {high:g} m/s; 1 m/s is 3.6 km/h.",
            "Enter the speed on the treadmill's display in m/s, or nothing: then the feet tell it.",
        )
    return speed


def film_clock(params: Params) -> FilmClock:
    """What the person said about the film's clock. Refuses MOT-093 for a factor that no film has."""
    given = str(params.get("slow_motion", 1.0))
    try:
        factor = float(given)
    except ValueError:
        factor = 0.0
    if not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise refuse(
            "MOT-093",
            f"A film cannot play {given} times slower than life.",
            f"It can be {LEAST_FACTOR:g} to {MOST_FACTOR:g} times: pictures per second while recording over "
            "pictures per second while playing.",
            "Give that number; 1 when the film plays as fast as life.",
        )
    return FilmClock(factor, str(params.get("slow_motion_by", "")))


def _save(
    store: Store,
    context: JobContext,
    motion: Motion,
    visit_id: str,
    landmarks_id: str,
    settings: dict[str, object],
) -> str:
    return store.save(
        RecordKind.MOTION,
        motion,
        visit_id=visit_id,
        inputs=(landmarks_id,),
        summary=motion_summary(motion),
        operator=context.spec.operator,
        settings=settings,
    )


def motion_summary(motion: Motion) -> str:
    if motion.without_walk:
        time_s = motion.kinematics.time_s
        return f"no stride forward, angles over {time_s[-1] - time_s[0]:.1f} s"
    left, right = (len(cycles.angle_rad) for cycles in motion.cycles)
    measures = motion.measures
    return (
        f"{stride_words(left, right)}, {measures.cadence_steps_min:.0f} steps/min, "
        f"{measures.speed_m_s:.2f} m/s"
    )
