"""Releasing a controller: a named person signs its comparison, with a reason where it does not help."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.assistance import Assistance
from core.domain.controller import Comparison, unattended
from core.domain.people import Action
from core.domain.record import Decision, Verdict
from core.domain.release import Purpose, purpose_in, release_meaning, signed_thing, typed_reason
from core.domain.situation_effects import situation_assistance
from core.domain.subject import Subject
from core.errors import refuse
from core.session.flow import Step
from core.store.repository import Store

NEEDS_ACCOUNT = "Who releases a controller for a person proves it with a PIN, and nobody has an account here."


def release_declaration(subject: Subject, purpose: Purpose = Purpose.VIRTUAL_ONLY) -> str:
    """What a signature says; nobody walks with the controller of a patient who does not exist."""
    if subject.synthetic:
        return (
            "I have looked at these simulated gaits and release the personalized controller of the synthetic "
            f"patient {subject.code} {Purpose.VIRTUAL_ONLY.words}."
        )
    return (
        f"I have looked at these simulated gaits and release the personalized controller of {subject.code} "
        f"{purpose.words}."
    )


def release_lines(
    assistance: Assistance, decisions: Iterable[Decision], comparison_id: str
) -> tuple[str, ...]:
    """The verdict where it warns, and who released the controller in spite of it; () for one that helps."""
    if not assistance.warns:
        return ()
    told = [assistance.headline]
    signed = [d for d in decisions if d.verdict is Verdict.SIGNED and d.record_id == comparison_id]
    reason = typed_reason(signed[-1].reason) if signed else ""
    if reason:
        role = f", {signed[-1].role}," if signed[-1].role else ""
        told.append(f"{signed[-1].by}{role} released it in spite of that, because: {reason}")
    return tuple(told)


def sign_comparison(
    store: Store,
    comparison_id: str,
    *,
    by: str,
    role: str,
    reason: str = "",
    second: str = "",
    purpose: Purpose = Purpose.VIRTUAL_ONLY,
) -> None:
    """Keep that this person releases the controller of this comparison; the words hold purpose and verdict.

    In people mode both `by` and, where the clinic asks for one, a `second` person have given their PIN for
    these words (`comparison_meaning`). Refuses DEP-031 without a person's name and role, DEP-044 for a person
    where nobody has an account, DEP-032 without a reason where the controller is worse than no exo or its
    effect is not known, and PPL-002, PPL-003 and PPL-009 (see `core.store.authority`).
    """
    reason = reason.strip()
    meaning = comparison_meaning(store, comparison_id, purpose, reason)
    by, role = store.people.named(Action.RELEASE, by, role, signed_thing(comparison_id, meaning))
    _check_signer(store, by, role, purpose)
    assistance = situation_assistance(store.load(comparison_id, Comparison))
    if assistance.needs_reason and not reason:
        raise refuse(
            "DEP-032",
            f"The comparison was not signed. {assistance.words}",
            "Such a controller is released only with a reason, which package and report hold.",
            "Give the reason, or train again for longer.",
        )
    store.decide(
        store.info(comparison_id).visit_id,
        Step.COMPARE,
        Verdict.SIGNED,
        record_id=comparison_id,
        by=by,
        role=role,
        reason=meaning,
        second=second,
    )


def comparison_meaning(store: Store, comparison_id: str, purpose: Purpose, reason: str) -> str:
    """All that is signed with this comparison, word for word: for this the PIN is given."""
    declaration = release_declaration(store.subject_of(store.info(comparison_id).visit_id), purpose)
    assistance = situation_assistance(store.load(comparison_id, Comparison))
    proven = not store.people.single_user
    return release_meaning(declaration, assistance, reason.strip(), proven=proven)


def _check_signer(store: Store, by: str, role: str, purpose: Purpose) -> None:
    """Refuses DEP-031 and DEP-044."""
    if not (by and role) or unattended(by):
        raise refuse(
            "DEP-031",
            "The comparison was not signed.",
            "Who releases a controller stands for it by name and role.",
            "Give name and role of the person who releases it.",
        )
    if purpose is Purpose.SUPERVISED_HUMAN and store.people.single_user:
        raise refuse(
            "DEP-044",
            "The comparison was not signed.",
            NEEDS_ACCOUNT,
            "Make accounts on the People page and sign with a PIN, or release it for a virtual exo only.",
        )


def signed_purpose(store: Store, comparison_id: str) -> Purpose:
    """What the newest signature of this comparison by a person declares."""
    decisions = store.decisions(store.info(comparison_id).visit_id)
    signed = [d for d in decisions if d.verdict is Verdict.SIGNED and d.record_id == comparison_id]
    by_people = [decision for decision in signed if not unattended(decision.by)]
    return purpose_in(by_people[-1].reason) if by_people else Purpose.VIRTUAL_ONLY
