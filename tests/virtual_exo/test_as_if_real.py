"""Claims about purpose, exo and time on the way to an exo that does not say that it is virtual."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.deploy.checks import check_exo, check_package
from core.deploy.package import parse_package
from core.deploy.transfer import transfer
from core.devices import exo_refusals
from core.devices.exo_link import connect
from core.domain.exo_protocol import Rc
from core.domain.release import Purpose
from tests.deploy.controllers import FOR_A_PERSON, SERIAL, SMALL, built, check_context, trained
from tests.refusals import code_of
from tests.virtual_exo.virtual_exo_process import VirtualExoProcess, exo_as_if_real, virtual_exo


def silent(fraction: float, sentence: str) -> None:
    """Nobody looks."""


def package(**origin: object):
    return parse_package(built(trained(hidden=SMALL), **origin).archive)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualExoProcess]:
    state = str(tmp_path_factory.mktemp("real"))
    options = ("--listen", "tcp:0", "--serial", SERIAL, "--worn-before", "0", "--state", state)
    with exo_as_if_real(*options) as running:
        yield running


def test_a_package_for_virtual_exos_is_stopped_by_the_program_and_by_the_exo_itself(
    real: VirtualExoProcess,
) -> None:
    for made in (package(), package(device_serial=SERIAL)):
        check_package(made, check_context())
        with connect(real.address) as link:
            exo = link.info()
            assert not exo.virtual
            assert code_of(check_exo, made, check_context().keys, exo) == "DEP-040"
            assert code_of(transfer, link, made, silent) == "DEP-033"
            assert link.info().active_sha256 == ""


def test_a_package_for_a_person_goes_onto_its_exo_and_onto_no_other(real: VirtualExoProcess) -> None:
    worn = package(**FOR_A_PERSON)
    assert worn.blob.release.purpose is Purpose.SUPERVISED_HUMAN
    with connect(real.address) as link:
        check_exo(worn, check_context().keys, link.info())
        assert transfer(link, worn, silent).device.active_sha256 == worn.blob.sha256
        link.revert()
        assert (
            code_of(transfer, link, package(**{**FOR_A_PERSON, "device_serial": "SN-8"}), silent) == "DEP-034"
        )


def test_an_exo_tells_an_older_one_and_an_expired_one_apart() -> None:
    kept, older = package(counter=7), package(counter=6)
    past = datetime.now(UTC) - timedelta(days=91)
    with virtual_exo("--listen", "tcp:0", "--worn-before", "0") as exo, connect(exo.address) as link:
        transfer(link, kept, silent)
        link.confirm(kept.blob.sha256)
        assert link.info().counter == 7
        assert code_of(transfer, link, older, silent) == "DEP-035"
        assert code_of(transfer, link, package(counter=8, created_utc=past), silent) == "DEP-036"


def test_connecting_tells_the_time_and_an_earlier_one_is_remarked() -> None:
    made = package()
    with virtual_exo("--listen", "tcp:0", "--worn-before", "0") as exo:
        with connect(exo.address) as link:
            assert link.time_refused is None
            assert abs(link.info().utc_s - datetime.now(UTC).timestamp()) < 30.0
            link.tell_time(datetime.now(UTC) + timedelta(days=400))  # a clock that is far ahead
            assert link.time_refused is None
            assert code_of(transfer, link, made, silent) == "DEP-036"
        with connect(exo.address) as link:
            assert link.time_refused is not None
            assert link.time_refused.advice.code == "DEP-038"
            link.reset()  # off and on: the time that was told is forgotten
        with connect(exo.address) as link:
            assert link.time_refused is None
            transfer(link, made, silent)
            link.confirm(made.blob.sha256)
            link.reset()
            info = link.info()
            assert (info.active_sha256, info.utc_s) == (made.blob.sha256, 0)


@pytest.mark.parametrize(
    ("rc", "code"),
    [
        (Rc.FOR_VIRTUAL_EXO, "DEP-033"),
        (Rc.OTHER_EXO, "DEP-034"),
        (Rc.DOWNGRADE, "DEP-035"),
        (Rc.EXPIRED, "DEP-036"),
        (Rc.NO_TIME, "DEP-037"),
        (Rc.OTHER_VERSION, "DEP-039"),
        (Rc.BAD_STATE, "EXO-008"),
        (None, "EXO-008"),
    ],
)
def test_each_code_of_the_exo_about_a_release_has_advice_of_its_own(rc: Rc | None, code: str) -> None:
    assert exo_refusals.refused("EXO-008", "why", rc).advice.code == code
