"""Impairments that a person puts into the twin by name and role, and those that the gait suggests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.domain.chosen_impairments import ChosenImpairment, ChosenImpairments, ImpairmentOrigin
from core.domain.impairment import Impairment
from core.domain.impairment_fit import ImpairmentFit
from core.domain.people import Action
from core.domain.record import RecordInfo, RecordKind
from core.errors import refuse
from core.session.accepted import CHOSEN_SETTING, chosen_setting, follows_choice
from core.session.flow import standing
from core.session.impairment_list import check_room, chosen
from core.session.weakness import accepted_impairments, assessment, facts_of
from core.store.repository import Store

LEAST_SEVERITY = 0.05  # of a suggestion: less is not told apart from none


def check_choice(impairments: Sequence[Impairment], by: str, role: str) -> None:
    """Refuses what `choose` would refuse of these, before anything is stored: PER-001 to PER-003."""
    slots = tuple(one.slot for one in impairments)
    if impairments:
        _check_name(by, role)
    for one in impairments:
        _check_severity(one)
        check_room(one.slot, slots)


def choose(
    store: Store, visit_id: str, impairment: Impairment, origin: ImpairmentOrigin, *, by: str, role: str
) -> RecordInfo:
    """Put an impairment into the list, in place of an earlier one of the same kind and place.

    Refuses PER-001 without a name and a role, PER-002 one of severity 0, PER-003 one too many, and PPL-003
    without a signature where people have accounts.
    """
    by, role = store.people.named(Action.ACCEPT_IMPAIRMENT, by, role, visit_id)
    _check_name(by, role)
    _check_severity(impairment)
    new = ChosenImpairment(impairment, origin, by, role)
    rest = [one for one in chosen(store, visit_id) if one.impairment.slot != impairment.slot]
    others = [one.impairment.slot for one in rest]
    check_room(impairment.slot, [*others, *(one.slot for one in accepted_weaknesses(store, visit_id))])
    return _save(store, visit_id, (*rest, new), operator=new.by)


def remove(store: Store, visit_id: str, label: str, *, by: str, role: str) -> RecordInfo:
    """Take an impairment out of the list.

    Refuses PER-001 without a name and a role, PER-004 one that is not there, and PPL-003 as `choose`.
    """
    by, role = store.people.named(Action.ACCEPT_IMPAIRMENT, by, role, visit_id)
    _check_name(by, role)
    before = chosen(store, visit_id)
    rest = tuple(one for one in before if one.impairment.slot.label != label)
    if len(rest) == len(before):
        raise refuse(
            "PER-004",
            f"{label} is not among the twin's impairments.",
            "It was removed already, or never chosen.",
            "Look at the list on the Personalize page.",
        )
    return _save(store, visit_id, rest, operator=by)


def gait_suggestions(store: Store, visit_id: str) -> tuple[tuple[Impairment, float], ...]:
    """Impairments found in the gait and the standard deviation of their severity, the most severe first.

    Severities are in hundredths: no search tells more. Empty without a search that stands.
    """
    info = standing(facts_of(store, visit_id), RecordKind.IMPAIRMENTS)
    if info is None:
        return ()
    fit = store.load(info.id, ImpairmentFit)
    sd = {one.slot: one.sd for one in fit.estimates}
    found = [one for one in fit.body.impairments if one.severity >= LEAST_SEVERITY]
    return tuple(
        (replace(one, severity=round(one.severity, 2)), sd.get(one.slot, float("nan")))
        for one in sorted(found, key=_by_severity)
    )


def accepted_weaknesses(store: Store, visit_id: str) -> tuple[Impairment, ...]:
    """Of the assessment of strength that stands."""
    info = assessment(store, visit_id)
    return () if info is None else accepted_impairments(store, info.id)


def together(first: tuple[Impairment, ...], second: tuple[Impairment, ...]) -> tuple[Impairment, ...]:
    """Both, each kind and place once: the more severe one counts.

    What comes in some strides only stands beside what is always there.
    """
    counted: dict[object, Impairment] = {}
    for one in (*first, *second):
        key = (one.slot, one.occasional)
        other = counted.get(key)
        counted[key] = one if other is None or one.severity > other.severity else other
    return tuple(counted.values())


def impairment_lines(store: Store, visit_id: str) -> tuple[str, ...]:
    """For the report: the chosen impairments, a line for each origin and person who answers for them.

    Says so where the newest twin was made before the choice, or before one was removed.
    """
    twin = store.latest(visit_id, RecordKind.TWIN)
    by_answer: dict[str, list[str]] = {}
    for one in chosen(store, visit_id):
        by_answer.setdefault(one.answer, []).append(one.words)
    listed = [f"{answer}: {'; '.join(words)}." for answer, words in by_answer.items()]
    if twin is None or follows_choice(twin, store.latest(visit_id, RecordKind.CHOSEN_IMPAIRMENTS)):
        return tuple(f"In the twin, {line}" for line in listed)
    made_before = "Impairments were changed after the twin was made: it walks without this change."
    return (*(f"For the twin, {line}" for line in listed), made_before)


def _by_severity(impairment: Impairment) -> float:
    return -impairment.severity


def _save(store: Store, visit_id: str, listed: tuple[ChosenImpairment, ...], *, operator: str) -> RecordInfo:
    content = ChosenImpairments(listed)
    words = "; ".join(f"{one.impairment.slot.label} {one.impairment.severity:.2g}" for one in listed)
    record_id = store.save(
        RecordKind.CHOSEN_IMPAIRMENTS,
        content,
        visit_id=visit_id,
        inputs=(),
        summary=words or "No impairments",
        operator=operator,
        settings={CHOSEN_SETTING: chosen_setting(content.impairments)},
    )
    return store.info(record_id)


def _check_severity(impairment: Impairment) -> None:
    if impairment.severity <= 0.0:
        raise refuse(
            "PER-002",
            f"{impairment.slot.label} was not put into the twin.",
            "Its severity is 0: that is no impairment.",
            "Choose a severity above 0, or leave it out.",
        )


def _check_name(by: str, role: str) -> None:
    if not (by.strip() and role.strip()):
        raise refuse(
            "PER-001",
            "The twin's impairments were not changed.",
            "Whoever answers for an impairment of the twin does so by name and role.",
            "Give name and role.",
        )
