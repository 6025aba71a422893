"""The normal band of a visit's motion, and findings on the band and on curves that lie far from it.

People of another age or speed than those of the band may walk otherwise in health. Where no band fits,
nothing is judged by it: that the nearest is drawn, and that a joint lies beside it, are no warnings.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.body import JointKind
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import Motion
from core.domain.subject import Subject
from core.errors import Advice
from core.gait.band_fit import BandFit, band_fits, far_off
from core.gait.norm_choice import Norm, Walker, norm_for
from core.store.repository import Store

NO_BAND_FITS, CONSTANT_OFFSET, FAR_FROM_BAND = "MOT-101", "MOT-102", "MOT-103"


def walker_of(subject: Subject, year: int, speed_m_s: float) -> Walker:
    """The patient as compared with normal people, in the year of a visit."""
    return Walker(max(0, year - subject.birth_year), subject.height_m, speed_m_s)


def motion_walker(store: Store, visit_id: str, motion: Motion) -> Walker:
    """The patient of a visit at the speed of this motion."""
    year = store.visit(visit_id).started_utc.year
    return walker_of(store.subject_of(visit_id), year, motion.measures.speed_m_s)


def motion_norm(store: Store, motion_id: str, motion: Motion) -> Norm:
    """The band that fits the patient at the speed of this motion, or the nearest."""
    return norm_for(motion_walker(store, store.info(motion_id).visit_id, motion))


def motion_far_off(motion: Motion, norm: Norm) -> tuple[BandFit, ...]:
    """The joints of a measured walk that lie far from the band, the furthest first."""
    return () if motion.without_walk else far_off(band_fits(motion.cycles, norm.bands))


def norm_findings(motion: Motion, norm: Norm) -> tuple[Finding, ...]:
    """That no band fits, constant offsets, and joints that are far from the band otherwise."""
    if motion.without_walk:
        return ()
    return (*(() if norm.fits else (_no_band(norm),)), *far_findings(motion, norm))


def far_findings(motion: Motion, norm: Norm) -> tuple[Finding, ...]:
    """Constant offsets, and, against a band that fits, joints that are far from it otherwise."""
    far = motion_far_off(motion, norm)
    offsets = [fit for fit in far if fit.is_offset]
    others = [fit for fit in far if not fit.is_offset] if norm.fits else []
    found = []
    if offsets:
        found.append(_offset(offsets, norm, by_markers=bool(motion.marker_set)))
    if others:
        found.append(_far(others))
    return tuple(found)


def with_norm_findings(motion: Motion, norm: Norm) -> tuple[Finding, ...]:
    """Those of the motion and those against the band, worst first."""
    return worst_first((*motion.findings, *norm_findings(motion, norm)))


def _no_band(norm: Norm) -> Finding:
    advice = Advice(
        f"No band for {norm.misfit} is at hand; the nearest is drawn.",
        f"It is that of {norm.nearest}. Others differ from it in health, so nothing is judged by it.",
        "Compare left with right and visit with visit instead.",
        NO_BAND_FITS,
    )
    return Finding(Severity.NOTE, advice)


def _offset(fits: Sequence[BandFit], norm: Norm, *, by_markers: bool) -> Finding:
    place, band = fits[0].kind.place, band_words(norm)
    told = [f"{fit.words_of(band)}: likely an offset of its zero, shape agrees (r {_r(fit)})" for fit in fits]
    parts = _named(told)
    advice = Advice(
        f"{parts[0].upper()}{parts[1:]}.",
        f"{_zero(fits[0].kind, by_markers=by_markers)} A posture that the person keeps looks the same.",
        f"Judge the {place} by its shape and range, not by its level.",
        CONSTANT_OFFSET,
    )
    return Finding(Severity.WARNING if norm.fits else Severity.NOTE, advice)


def band_words(norm: Norm) -> str:
    """What a sentence calls the band."""
    return "the band" if norm.fits else "the nearest band"


def _r(fit: BandFit) -> str:
    return f"{fit.correlation:.2f}".replace("-", "−")


def _named(parts: Sequence[str]) -> str:
    """The furthest in full; the curves show the others."""
    more = len(parts) - 1
    rest = f"; {more} more joints are off, too" if more > 1 else "; another joint is off, too" if more else ""
    return parts[0] + rest


def _zero(kind: JointKind, *, by_markers: bool) -> str:
    """What shifts all angles of a joint."""
    if by_markers:
        return "A marker in another place shifts all angles of a joint."
    if kind is JointKind.ANKLE:
        return "Heel and toe are guessed on the shoe, which shifts all angles of the ankle."
    if kind is JointKind.HIP_FLEXION:
        return "The hip is measured against an upright pelvis; a tilted one shifts all its angles."
    return "A leg that is not filmed square from the side looks bent throughout."


def _far(fits: Sequence[BandFit]) -> Finding:
    parts = _named([f"{fit.words} on average (r {_r(fit)})" for fit in fits])
    advice = Advice(
        f"{parts[0].upper()}{parts[1:]}.",
        "The person may walk so, or the joint was measured wrongly; r tells how well the shape agrees.",
        "Press into the curve and see in the recording whether the skeleton follows the leg.",
        FAR_FROM_BAND,
    )
    return Finding(Severity.WARNING, advice)
