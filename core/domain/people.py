"""Who may do what: the people of a clinic, their roles, and the one table of roles and actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.record import RecordKind, Verdict
from core.domain.subject import Subject

SINGLE_USER = "single-user mode: nobody signed in"  # what screens, reports and packages say
MOST_NAME = 60  # letters of a name; a report's line has room for it


class Role(StrEnum):
    """What somebody answers for in the clinic; stored and printed by this word."""

    ASSISTANT = "assistant"
    THERAPIST = "therapist"
    PHYSICIAN = "physician"
    ENGINEER = "engineer"
    IT = "IT"


class Action(StrEnum):
    """What is allowed or refused by role; the value completes "may not …"."""

    EDIT_PATIENT = "enter or change patients and visits"
    CAPTURE = "record, import or settle recordings"
    ACCEPT_STOP = "accept a finding that stops"
    ACCEPT_IMPAIRMENT = "accept a weakness or an impairment"
    TRAIN = "make twins, train or compare controllers"
    INTERPRET = "write the interpretation of a visit"
    RELEASE = "release a controller"
    PACK = "pack a released controller"
    DEPLOY = "transfer a controller to an exo or connect to one"
    KEEP = "keep a controller after its trial"
    ROLL_BACK = "go back to the controller before"
    EXPORT = "take results out of the program"
    ERASE = "erase recordings or patients"
    MANAGE_KEYS = "make, retire or trust keys"
    MANAGE_PEOPLE = "manage people"
    LOOK_AFTER = "look after the record: its copies, its encryption and the clock"


_MEASURE = frozenset({Role.ASSISTANT, Role.THERAPIST, Role.PHYSICIAN, Role.ENGINEER})
_TREAT = frozenset({Role.THERAPIST, Role.PHYSICIAN})
_WORK = frozenset({Role.THERAPIST, Role.PHYSICIAN, Role.ENGINEER})

# IT looks after people, keys and copies, and neither captures nor signs: who can give out rights and keys
# must not be able to use them on a patient. Nobody else can give them out.
MATRIX: dict[Action, frozenset[Role]] = {
    # An engineer works with recordings of patients whom those who treat them have entered.
    Action.EDIT_PATIENT: frozenset({Role.ASSISTANT, Role.THERAPIST, Role.PHYSICIAN}),
    # Filming needs no judgement of the patient; whoever was there knows which leg is the left one.
    Action.CAPTURE: _MEASURE,
    # Going on in spite of a finding, and what weakness a twin has, are clinical judgements.
    Action.ACCEPT_STOP: _TREAT,
    Action.ACCEPT_IMPAIRMENT: _TREAT,
    # A training is long and technical, and nothing of it reaches a body without a release.
    Action.TRAIN: _WORK,
    Action.INTERPRET: _TREAT,
    # The first use of new torques on a person is a physician's decision, and not of who trained them.
    Action.RELEASE: frozenset({Role.PHYSICIAN}),
    # What was released may be packed and transferred by all who stand at the exo: it runs with half its
    # torque until somebody who treats the patient keeps it.
    Action.PACK: _WORK,
    Action.DEPLOY: _WORK,
    # Whoever supervised the walk judges it: that is the therapist as often as the physician.
    Action.KEEP: _TREAT,
    # To a controller that was kept before, so no new torque is decided on.
    Action.ROLL_BACK: _TREAT,
    # What leaves the program leaves its protection.
    Action.EXPORT: _WORK,
    # Not to be undone, and a record of treatment has to be kept for years: the physician answers for that.
    Action.ERASE: frozenset({Role.PHYSICIAN}),
    Action.MANAGE_KEYS: frozenset({Role.IT}),
    Action.MANAGE_PEOPLE: frozenset({Role.IT}),
    Action.LOOK_AFTER: frozenset({Role.IT}),
}

# Each of these is a signature: the PIN is given again, every time.
SIGNED = frozenset(
    {
        Action.ACCEPT_STOP,
        Action.ACCEPT_IMPAIRMENT,
        Action.INTERPRET,
        Action.RELEASE,
        Action.KEEP,
        Action.ROLL_BACK,
        Action.ERASE,
        Action.MANAGE_KEYS,
        Action.MANAGE_PEOPLE,
        Action.LOOK_AFTER,
    }
)

# What a job may be granted when it is started. All else that is signed needs its own row of a signature,
# which the trail covers: a job's ticket is covered by nothing.
GRANTED_TO_JOBS = frozenset({Action.ERASE})

_CAPTURED = (
    RecordKind.CALIBRATION,
    RecordKind.RECORDING,
    RecordKind.LANDMARKS,
    RecordKind.LABORATORY_TRIAL,
    RecordKind.MOTION,
    RecordKind.EXO_LOG,
    RecordKind.EMG,
    RecordKind.AMPLITUDE,
    RecordKind.CAPTURE_COMPARISON,  # its page leaves the program by an export only
)
_MADE = (
    RecordKind.KINETICS,
    RecordKind.MOMENTS,
    RecordKind.MUSCLE_CALIBRATION,
    RecordKind.DEFICITS,
    RecordKind.TWIN,
    RecordKind.IMPAIRMENTS,
    RecordKind.GAIT_POLICY,
    RecordKind.SIMULATED_GAIT,
    RecordKind.SCENARIO,
    RecordKind.BELT_PROFILE,
    RecordKind.CONTROLLER,
    RecordKind.COMPARISON,
    RecordKind.STUDY_CELL,
    RecordKind.STRANGER_WALKS,
)
ACTION_OF_KIND: dict[RecordKind, Action] = {
    **dict.fromkeys(_CAPTURED, Action.CAPTURE),
    **dict.fromkeys(_MADE, Action.TRAIN),
    RecordKind.CHOSEN_IMPAIRMENTS: Action.ACCEPT_IMPAIRMENT,
    RecordKind.PACKAGE: Action.PACK,
    RecordKind.DEPLOYMENT: Action.DEPLOY,
    RecordKind.WALK: Action.DEPLOY,
    RecordKind.INTERPRETATION: Action.INTERPRET,
    RecordKind.REPORT: Action.EXPORT,
}
ACTION_OF_VERDICT: dict[Verdict, Action] = {
    **dict.fromkeys(Verdict, Action.CAPTURE),
    Verdict.SIGNED: Action.RELEASE,
    Verdict.OVERRIDDEN: Action.ACCEPT_STOP,
    Verdict.WEAKNESS_ACCEPTED: Action.ACCEPT_IMPAIRMENT,
    Verdict.WEAKNESS_DECLINED: Action.ACCEPT_IMPAIRMENT,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `name` and `role` are what stands on reports."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account as a list of people shows it; never its PIN."""

    person: Person
    active: bool
    first_pin: bool  # given by somebody else: to be replaced before anything is signed
    made_utc: datetime
    changed_utc: datetime


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """What the clinic has decided for all its people."""

    four_eyes: bool = False  # a second person has to sign the release of a controller for a patient
    idle_min: int = 10  # minutes without a key or the mouse until the screen locks


def patient_action(*subjects: Subject) -> Action:
    """Patients who do not exist are for trying things out: whoever may record may make them."""
    return Action.CAPTURE if all(one.synthetic for one in subjects) else Action.EDIT_PATIENT


def may(role: Role, action: Action) -> bool:
    return role in MATRIX[action]


def who_may(action: Action) -> str:
    """Roles for a sentence: "a therapist or a physician"."""
    words = [f"{_article(role)} {role.value}" for role in Role if may(role, action)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def refusal_words(role: Role, action: Action) -> str:
    """Why a button is greyed: "An assistant may not release a controller; a physician may"."""
    article = _article(role)
    article = "" if not article else f"{article} "
    words = f"{article}{role.value} may not {action.value}; {who_may(action).strip()} may"
    return words[:1].upper() + words[1:]


def _article(role: Role) -> str:
    if role is Role.IT:
        return "somebody from"
    return "an" if role.value[0] in "aeiou" else "a"
