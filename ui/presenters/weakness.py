"""What the recording suggests of weakness, as the Personalize page shows it."""

from __future__ import annotations

from core.domain.body import SIDES
from core.domain.deficits import Deficits, StrengthDeficit
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind
from core.session.weakness import Proposal, assessment, proposals, usable_sources
from core.store.repository import Store
from ui.pages.number_table import NumberRow, NumberTable
from ui.pages.weakness import ProposalCard, WeaknessState
from ui.presenters.emg_muscles import BUSY
from ui.theme import Tone
from ui.wording import day, listed

ASSESS, AGAIN = "Assess strength", "Assess again"
NO_SOURCE = (
    "It needs joint moments from force plates (Motion page, tab Forces) or muscles calibrated with EMG, both "
    "of this motion."
)
_UNKNOWN = "–"


def weakness_state(store: Store, visit_id: str, motion_id: str | None, *, busy: bool) -> WeaknessState:
    """Of the assessment that stands; says what it needs where there is none."""
    usable = motion_id is not None and bool(usable_sources(store, motion_id))
    why_not = BUSY if busy else "" if usable else NO_SOURCE
    info = assessment(store, visit_id)
    if info is None:
        earlier = store.latest(visit_id, RecordKind.DEFICITS) is not None
        return WeaknessState(
            "What strength was assessed from changed: assess again, then answer again."
            if earlier
            else "Strength was not assessed yet.",
            Tone.WARN if earlier else Tone.NEUTRAL,
            action=AGAIN if earlier else ASSESS,
            why_not=why_not,
        )
    deficits, suggested = store.load(info.id, Deficits), proposals(store, visit_id)
    verdict, tone = weakness_verdict(suggested)
    return WeaknessState(
        verdict,
        tone,
        proposals=tuple(_card(one) for one in suggested),
        strengths=strength_table(deficits),
        not_told=grouped(deficits.not_told),
        action=AGAIN,
        why_not=why_not,
    )


def weakness_verdict(suggested: tuple[Proposal, ...]) -> tuple[str, Tone]:
    if not suggested:
        return "No weakness is suggested.", Tone.NEUTRAL
    accepted = sum(one.accepted for one in suggested)
    waiting = sum(one.answer is None for one in suggested)
    count = "One weakness is" if len(suggested) == 1 else f"{len(suggested)} weaknesses are"
    if waiting == len(suggested):
        return f"{count} suggested. Nothing goes into the twin before you accept it.", Tone.WARN
    if waiting:
        return f"{count} suggested, {accepted or 'none'} accepted, {waiting} to answer.", Tone.WARN
    return f"{count} suggested, {accepted or 'none'} accepted.", Tone.OK


def strength_table(deficits: Deficits) -> NumberTable:
    """Both legs of every group; a dash where nothing is told."""
    by_place = {(one.group, one.side): one for one in deficits.strengths}
    rows = tuple(
        NumberRow(
            group.label,
            tuple(_cell(by_place.get((group, side))) for side in SIDES),
            tips=tuple(_tip(by_place.get((group, side))) for side in SIDES),
        )
        for group in MuscleGroup
    )
    return NumberTable(("", "Left", "Right"), rows)


def grouped(not_told: tuple[str, ...]) -> tuple[str, ...]:
    """One line for all groups with the same reason."""
    by_reason: dict[str, list[str]] = {}
    for sentence in not_told:
        name, _, reason = sentence.partition(": ")
        by_reason.setdefault(reason, []).append(name)
    return tuple(
        f"{listed([names[0], *(name[0].lower() + name[1:] for name in names[1:])])}: {reason}"
        for reason, names in by_reason.items()
    )


def _card(proposal: Proposal) -> ProposalCard:
    impairment, answer = proposal.impairment, proposal.answer
    words = ""
    if answer is not None:
        done = "Accepted" if proposal.accepted else "Declined"
        words = f"{done} by {answer.by}, {answer.role}, {day(answer.on_utc)}."
    return ProposalCard(
        impairment.slot.label, impairment.side, proposal.sentence, words, accepted=proposal.accepted
    )


def _cell(one: StrengthDeficit | None) -> str:
    if one is None:
        return _UNKNOWN
    low, high = one.interval
    return f"{_percent(one.strength)} % ({_percent(low)}–{_percent(high)})"


def _tip(one: StrengthDeficit | None) -> str:
    return "Not told by this recording." if one is None else one.sentence


def _percent(strength: float) -> str:
    return f"{5 * round(20.0 * strength):d}"
