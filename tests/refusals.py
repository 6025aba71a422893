"""How tests look at a refusal: by its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.errors import UserError


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[UserError]]:
    """What is done inside must be refused with this code; gives what was told."""
    with pytest.raises(UserError) as caught:
        yield caught
    assert caught.value.advice.code == code, caught.value


def code_of(call: Callable[..., object], *arguments: object, **named: object) -> str:
    """The code with which this call is refused."""
    with pytest.raises(UserError) as caught:
        call(*arguments, **named)
    return caught.value.advice.code
