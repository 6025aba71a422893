"""The impairments that a person puts into the twin, as the Personalize page shows them."""

from __future__ import annotations

from core.domain.chosen_impairments import ChosenImpairment, ImpairmentOrigin
from core.domain.impairment import Impairment
from core.domain.impairment_fit import ImpairmentFit
from core.domain.record import RecordKind
from core.session.accepted import follows_acceptance, follows_choice
from core.session.flow import standing
from core.session.impairment_list import chosen
from core.session.impairments import gait_suggestions
from core.session.weakness import Proposal, assessment, facts_of, proposals
from core.store.repository import Store
from ui.pages.impairments import ImpairmentCard, ImpairmentsState, SuggestionCard
from ui.presenters.emg_muscles import BUSY
from ui.theme import Tone
from ui.widgets.impairment_chooser import severity_words
from ui.wording import day

SEARCH = "fit_impairments"  # the job that finds impairments in the gait
FIND = "Find them in the gait, about a minute"
"""Some 300 walks of 7 s take 40 s of one core; a busy PC takes longer."""
GO_ON = "Go on searching in the gait"
NO_MOTION = "It needs a solved motion first."
TAKE_BACK = "It is taken back on the tab Weakness."


def impairments_state(
    store: Store, visit_id: str, motion_id: str | None, *, busy: bool, stopped: bool
) -> ImpairmentsState:
    """What stands, and what a search in the gait suggests. `stopped`: a search can go on where it was."""
    listed = chosen(store, visit_id)
    weak = tuple(one for one in proposals(store, visit_id) if one.accepted)
    slots = {one.impairment.slot for one in listed} | {one.impairment.slot for one in weak}
    verdict, tone = _verdict(store, visit_id, len(slots))
    return ImpairmentsState(
        verdict,
        tone,
        cards=(*map(_card, listed), *map(_weakness_card, weak)),
        suggestions=tuple(_suggestion(one, sd, listed) for one, sd in gait_suggestions(store, visit_id)),
        search=search_words(store, visit_id),
        action=GO_ON if stopped else FIND,
        why_not=BUSY if busy else NO_MOTION if motion_id is None else "",
    )


def search_words(store: Store, visit_id: str) -> tuple[str, ...]:
    """What came of the search in the gait, and what it does not tell apart."""
    info = standing(facts_of(store, visit_id), RecordKind.IMPAIRMENTS)
    if info is None:
        if store.latest(visit_id, RecordKind.IMPAIRMENTS) is not None:
            return ("What was searched changed: look again.",)
        return (
            "Not searched yet. The twin walks with many impairments, and those whose gait is closest to this "
            "person's are suggested. Nothing goes into the twin before you accept it.",
        )
    fit = store.load(info.id, ImpairmentFit)
    near = f"{fit.angle_rms_deg:.1f}° from the measured joint angles, {fit.healthy_rms_deg:.1f}° without."
    if not gait_suggestions(store, visit_id):
        return ("Nothing was found. That is no proof that nothing is impaired.",)
    return (f"With these the twin's gait is {near} Simulated; ± one standard deviation.", *fit.not_told_apart)


def found_in_gait(store: Store, visit_id: str, name: str) -> Impairment | None:
    """The suggestion of this label, if it stands."""
    return next((one for one, _sd in gait_suggestions(store, visit_id) if one.slot.label == name), None)


def _verdict(store: Store, visit_id: str, count: int) -> tuple[str, Tone]:
    words = {0: "No impairments", 1: "One impairment"}.get(count, f"{count} impairments")
    twin, facts = store.latest(visit_id, RecordKind.TWIN), facts_of(store, visit_id)
    if twin is None:
        return f"{words} for the twin." if count else "The twin has no impairments.", Tone.NEUTRAL
    follows = follows_choice(twin, facts.newest(RecordKind.CHOSEN_IMPAIRMENTS)) and follows_acceptance(
        twin, assessment(store, visit_id), facts.decisions
    )
    if not follows:
        return f"{words} on the list; the twin gets them when it is personalized again.", Tone.WARN
    return (f"{words} in the twin.", Tone.OK) if count else ("The twin has no impairments.", Tone.NEUTRAL)


def _card(one: ChosenImpairment) -> ImpairmentCard:
    entered = one.origin is ImpairmentOrigin.ENTERED
    origin = f"{'Entered' if entered else 'Found in the gait, accepted'} by {one.by}, {one.role}."
    return ImpairmentCard(one.impairment.slot.label, one.impairment.side, _severity(one.impairment), origin)


def _weakness_card(one: Proposal) -> ImpairmentCard:
    by = "" if one.answer is None else f" by {one.answer.by}, {one.answer.role}, {day(one.answer.on_utc)}"
    origin = f"Suggested by the recording, accepted{by}. {TAKE_BACK}"
    name, side = one.impairment.slot.label, one.impairment.side
    return ImpairmentCard(name, side, _severity(one.impairment), origin, removable=False)


def _suggestion(one: Impairment, sd: float, listed: tuple[ChosenImpairment, ...]) -> SuggestionCard:
    taken = any(other.impairment == one and other.origin is ImpairmentOrigin.GAIT for other in listed)
    spread = f" ± {sd:.2f}" if sd == sd else ""
    words = f"{one.severity:.2f}{spread} {severity_words(one.severity)}"
    return SuggestionCard(one.slot.label, one.side, words, "It is on the list already." if taken else "")


def _severity(one: Impairment) -> str:
    often = ", in some strides only" if one.occasional else ""
    return f"{one.severity:.2g} {severity_words(one.severity)}{often}"
