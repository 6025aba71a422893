"""What people read when something is refused because of who they are."""

from __future__ import annotations

from core.domain.people import Action, Person, may, refusal_words, who_may
from core.errors import UserError, refuse


def nobody_signed_in() -> UserError:
    return refuse(
        "PPL-001",
        "Nobody is signed in.",
        "This data folder has accounts, and whoever works with it signs in by name and PIN.",
        "Sign in; in a terminal with --as NAME.",
    )


def locked() -> UserError:
    return refuse(
        "PPL-001",
        "The screen is locked.",
        "Nobody used it for a while, or somebody locked it.",
        "Unlock it with your PIN, then do it again.",
    )


def check_may(person: Person, action: Action) -> None:
    """Refuses PPL-002 what the role of this person does not cover."""
    if not may(person.role, action):
        raise refuse(
            "PPL-002",
            f"{person.name} may not {action.value}.",
            f"{refusal_words(person.role, action)}.",
            f"Let {who_may(action)} sign in and do it.",
        )


def not_signed(action: Action, by: str) -> UserError:
    who = f"No PIN of {by} was given for it" if by else "Nobody gave a PIN for it"
    return refuse(
        "PPL-003",
        f"This was not done: it needs a signature ({action.value}).",
        f"{who} in the last two minutes, or it was used already.",
        f"Sign it with the PIN of {who_may(action)}.",
    )


def wrong_pin() -> UserError:
    return refuse(
        "PPL-004",
        "Name and PIN do not fit.",
        "The name is not known here, the account is not active, or the PIN is another one.",
        "Type both again; who forgot the PIN gets a new one from whoever manages people, on the People page "
        "or by `exotwin people change NAME --pin`.",
    )


def has_to_wait(seconds: float) -> UserError:
    return refuse(
        "PPL-005",
        "This account takes no PIN at the moment.",
        "Several wrong ones were given in a row.",
        f"Wait {max(1, round(seconds))} seconds, then try again.",
    )


def same_pin() -> UserError:
    return refuse(
        "PPL-006",
        "This PIN was not taken.",
        "It is the one that you have already.",
        "Choose another one, that only you know.",
    )


def name_unusable(name: str, why: str) -> UserError:
    return refuse(
        "PPL-007",
        f"There is no new account for “{name}”.",
        why,
        "Give another name, as it shall stand on reports.",
    )


def first_pin_stands(name: str) -> UserError:
    return refuse(
        "PPL-008",
        f"{name} has not chosen a PIN yet.",
        "The present one was given by somebody else, who could sign with it.",
        "Choose an own PIN first: at sign-in, or with `exotwin people pin`.",
    )


def needs_second(why: str) -> UserError:
    return refuse(
        "PPL-009",
        "The controller was not released: two people have to sign.",
        why,
        f"Let a second person sign too, who may: {who_may(Action.RELEASE)}.",
    )


def release_unproven() -> UserError:
    return refuse(
        "PPL-010",
        "This release does not count any more.",
        "It was signed before people signed in here, or by fewer people than have to.",
        "Sign the comparison again on the Compare page.",
    )


def first_must_manage() -> UserError:
    return refuse(
        "PPL-011",
        "The first account was not made.",
        "From then on everybody signs in, and nobody could make further accounts.",
        f"Begin with somebody who may manage people: {who_may(Action.MANAGE_PEOPLE)}.",
    )


def last_manager(name: str) -> UserError:
    return refuse(
        "PPL-012",
        f"The account of {name} stays as it is.",
        "Nobody else is active who may manage people, so no account could ever be changed again.",
        "Make a second such account first.",
    )


def no_account(name: str) -> UserError:
    return refuse(
        "PPL-013",
        f"There is no account of “{name}”.",
        "It is spelled differently, or in another data folder.",
        "See the list: `exotwin people list`.",
    )


def idle_out_of_range(least: int, most: int) -> UserError:
    return refuse(
        "PPL-015",
        "The time until the screen locks was not changed.",
        f"It is between {least} and {most} minutes.",
        "Choose a time in between.",
    )
