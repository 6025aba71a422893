"""The two kinds of failure that cross room borders: advice for a person, and a wish to stop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_BOOTSTRAP = Path(__file__).resolve().parent.parent / "installer" / "bootstrap.py"


_CONTROLS = {sign: "\ufffd" for sign in (*range(32), *range(127, 160)) if chr(sign) not in "\n\t"}


def without_controls(text: str) -> str:
    """Names in files may hold signs that steer a terminal; line ends and tabs stay."""
    return text.translate(_CONTROLS)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a person at the screen needs to go on."""

    what: str  # what happened, one sentence
    why: str  # the reason, one sentence
    next_step: str  # what to do next, one sentence
    code: str  # stable, e.g. "CAP-014"

    def one_line(self) -> str:
        line = f"{self.what} {self.why} {self.next_step} [{self.code}]"
        return without_controls(line.replace("\n", " ").replace("\t", " "))


class UserError(Exception):
    """Something the person can mend. Everything else that is raised is a bug."""

    def __init__(self, advice: Advice) -> None:
        super().__init__(advice.one_line())
        self.advice = advice

    def __reduce__(self) -> tuple[type[UserError], tuple[Advice]]:
        return UserError, (self.advice,)


class JobCancelled(Exception):  # noqa: N818 - not an error
    """Raised inside a job after the person asked it to stop."""


def refuse(code: str, what: str, why: str, next_step: str) -> UserError:
    """Build the exception in one line: `raise refuse("CAP-001", ...)`."""
    return UserError(Advice(what=what, why=why, next_step=next_step, code=code))


def set_up_again(bootstrap: Path = _BOOTSTRAP) -> str:
    """What mends an installation that lacks a part: an installed program has no set-up script beside it."""
    if bootstrap.is_file():
        return "Connect to the network once and run `python3 installer/bootstrap.py setup`."
    return "Install ExoTwin again with its installer; patients and results stay."
