"""The virtual exo trusts the keys of its data folder, as they are when a controller comes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.deploy.keys.site_key import signing_key, trust
from core.deploy.package import parse_package
from core.deploy.transfer import transfer
from core.devices.exo_link import connect
from core.domain.exo_protocol import SlotState
from core.virtual_exo.trust import TrustedFolder
from tests.deploy.controllers import KEY, built
from tests.refusals import code_of
from tests.virtual_exo.virtual_exo_process import virtual_exo

PACKAGE = parse_package(built().archive)


def sent(address: str, data: bytes = PACKAGE.device_bytes) -> tuple[SlotState, str]:
    with connect(address) as link:
        link.upload(data)
        slot = link.slots().holding(hashlib.sha256(data).hexdigest())
        link.erase(slot.sha256)
        return slot.state, slot.detail


@pytest.mark.parametrize("listen", ["tcp:0", "pty"])
def test_a_key_counts_from_the_moment_it_is_trusted(tmp_path: Path, listen: str):
    with virtual_exo("--listen", listen, "--trust", str(tmp_path)) as running:
        refused, why = sent(running.address)
        trust(tmp_path, KEY.public)
        accepted, _ = sent(running.address)
    assert (refused, accepted) == (SlotState.BAD, SlotState.VALID)
    assert why == "not signed by anybody whom this exo trusts"


def test_a_practice_key_is_enough_for_the_virtual_exo(tmp_path: Path):
    practice = parse_package(built(key=signing_key(tmp_path, None)).archive)
    with virtual_exo("--listen", "tcp:0", "--trust", str(tmp_path)) as running:
        assert sent(running.address, practice.device_bytes)[0] is SlotState.VALID


def test_a_damaged_key_changes_nothing_while_the_exo_runs(tmp_path: Path):
    trust(tmp_path, KEY.public)
    folder = TrustedFolder(tmp_path)
    assert not folder.look()

    (tmp_path / "keys" / "site.pub.pem").write_text("nothing")

    assert not folder.look()
    assert [key.raw for key in folder.keys] == [KEY.public.raw]


def test_a_transfer_of_a_stranger_is_refused_with_what_the_exo_says(tmp_path: Path):
    with (
        virtual_exo("--listen", "tcp:0", "--trust", str(tmp_path)) as running,
        connect(running.address) as link,
    ):
        code = code_of(transfer, link, PACKAGE, lambda fraction, sentence: None)
    assert code == "EXO-012"
