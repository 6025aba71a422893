"""What Train says of a belt's assistance: the newest plan, what is missing, and who can give it."""

from __future__ import annotations

from core.assistance.curves import CYCLE, conventional_n, peak_of, torque_nm
from core.devices.profiles import belt_of, load_profile
from core.domain.amplitude import USUAL_N, Amplitude
from core.domain.belt_profile import BeltProfile
from core.domain.body import JointKind
from core.domain.controller import TorqueDirection
from core.domain.findings import Severity
from core.domain.record import RecordKind
from core.session.flow import standing
from core.session.weakness import facts_of
from ui.pages.belt import BeltState, BeltWishes
from ui.plots.belt_curve import BeltCurves
from ui.session_context import SessionContext
from ui.theme import Tone

_BUSY = "Something is being computed for this step."
_NO_MOMENTS = "Compute the forces of this walk on the Motion page first, on its tab Forces."
_NO_TWIN = "Personalize first: the exo learns the profile on the patient's twin."
_NO_ANKLE = "This profile knows no push-off of the ankle: plan again."
_STALE = "The moments were computed again after this was planned: plan again."


def belt_state(context: SessionContext, visit_id: str, *, busy: bool) -> BeltState:
    facts = facts_of(context.store, visit_id)
    moments, plan = standing(facts, RecordKind.KINETICS), facts.newest(RecordKind.BELT_PROFILE)
    tuned = facts.newest(RecordKind.AMPLITUDE)
    found = None if tuned is None else context.store.load(tuned.id, Amplitude)
    why_not = _BUSY if busy else "" if moments is not None else _NO_MOMENTS
    if plan is None:
        return BeltState(
            "No assistance is planned yet.",
            usual=_usual(context, found),
            lines=_found_words(found),
            action="Plan assistance",
            why_not=why_not,
        )
    profile = context.store.load(plan.id, BeltProfile)
    stale = standing(facts, RecordKind.BELT_PROFILE) is None
    doubted = any(one.severity is not Severity.NOTE for one in profile.findings)
    geometry = profile.geometry
    return BeltState(
        _STALE if stale else _verdict(profile),
        Tone.WARN if stale or doubted else Tone.OK,
        BeltWishes(profile.amplitude_n, geometry.above_m, geometry.ahead_m, geometry.along_m),
        _curves(profile),
        (*_lines(profile), *_found_words(found)),
        "Plan again",
        why_not,
        f"Teach {context.device_name} this profile",
        _BUSY
        if busy
        else _why_not_teach(
            context,
            stale=stale,
            twin=facts.newest(RecordKind.GAIT_POLICY),
            ankle=profile.ankle_nm_kg is not None,
        ),
    )


def _found_words(found: Amplitude | None) -> tuple[str, ...]:
    return () if found is None else (f"Least muscle activity by EMG: {found.sentence}.",)


def _usual(context: SessionContext, found: Amplitude | None) -> BeltWishes | None:
    """The force that EMG found, where it did."""
    subject = context.subject
    belt = None if subject is None else belt_of(subject.device)
    if belt is None:
        return None
    force_n = USUAL_N if found is None else float(round(found.best_n))
    return BeltWishes(force_n, belt.above_m, belt.ahead_m, belt.along_m)


def _why_not_teach(context: SessionContext, *, stale: bool, twin: object, ankle: bool) -> str:
    if stale:
        return _STALE
    if twin is None:
        return _NO_TWIN
    subject = context.subject
    device = None if subject is None else load_profile(subject.device)
    if device is None:
        return ""
    if device.joint is JointKind.ANKLE:
        return "" if ankle else _NO_ANKLE
    if device.limits.direction is not TorqueDirection.EXTENSION:
        return ""
    return f"{device.name} cannot flex the hip, as a belt does. Set one that can on the Patient page."


def _verdict(profile: BeltProfile) -> str:
    synthetic = ", synthetic" if profile.synthetic else ""
    at = f"{100.0 * peak_of(profile.shape):.0f} % of the gait cycle"
    return (
        f"Planned, not given to anybody: {profile.amplitude_n:.0f} N at {at}, {torque_nm(profile).max():.1f} "
        f"N·m about the hip (moments: {profile.source}{synthetic})"
    )


def _lines(profile: BeltProfile) -> tuple[str, ...]:
    left, right = profile.strides
    return (
        f"Mean of {left} left and {right} right strides; a sum of {profile.order} sines within "
        f"{100.0 * profile.fit.rrmse:.2f} % of the range. The same force on both sides.",
        *(f"{one.advice.what} {one.advice.why} {one.advice.next_step}" for one in profile.findings),
    )


def _curves(profile: BeltProfile) -> BeltCurves:
    window = profile.shape.window
    before = conventional_n(CYCLE, window, profile.amplitude_n, profile.conventional_skew)
    return BeltCurves(
        profile.force_n(CYCLE),
        profile.amplitude_n * profile.wanted,
        before,
        (100.0 * window.first, 100.0 * window.last),
    )
