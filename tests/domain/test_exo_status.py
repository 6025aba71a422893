"""Claims about what a watched exo and the screens tell each other: it comes back as it was said."""

from __future__ import annotations

import pytest

from core.domain.controller import Approver
from core.domain.exo_protocol import DeviceState, Rc
from core.domain.exo_status import (
    ExoStatusMessage,
    confirm_command,
    parse_confirm_command,
    parse_roll_back_command,
    roll_back_command,
)
from core.errors import Advice

DR_A = Approver("Dr Ä: “A”", "physician", 'I saw "her" walk.\n')


@pytest.mark.parametrize("refused", [None, Advice("It is so.", "It was so.", "Do this.", "TST-001")])
def test_news_come_back_as_they_were_told(refused: Advice | None) -> None:
    news = ExoStatusMessage(is_provisional=True, may_keep=True, earlier="3", saved=True, refused=refused)
    assert ExoStatusMessage.from_text(news.to_text()) == news


def test_other_messages_are_no_news() -> None:
    assert ExoStatusMessage.from_text("Safe: zero torque.") is None


def test_to_keep_is_never_taken_for_to_roll_back() -> None:
    assert (
        parse_confirm_command(confirm_command(DR_A))
        == parse_roll_back_command(roll_back_command(DR_A))
        == DR_A
    )
    assert (
        parse_confirm_command(roll_back_command(DR_A))
        is parse_roll_back_command(confirm_command(DR_A))
        is None
    )
    assert parse_confirm_command("stop") is None


def test_an_exo_moves_in_two_of_its_states_and_has_a_sentence_for_every_refusal() -> None:
    assert [state for state in DeviceState if state.moves] == [DeviceState.ARMED, DeviceState.ACTIVE]
    sentences = [code.sentence for code in Rc]
    assert len(set(sentences)) == len(sentences) and all(one.endswith(".") for one in sentences)
