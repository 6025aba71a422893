"""Power that goes at any change of the storage leaves a confirmed controller or the factory one.

Most cuts are made in a device in this process, whose storage stops in the middle of what it does; a few by
SIGKILL of a real virtual exo in the middle of a write to its files. `pytest -m long` kills it 1 000 times.
"""

from __future__ import annotations

import copy
import hashlib
import random
import signal
from functools import partial

import pytest

from core.deploy.package import parse_package
from core.devices.exo_link import connect
from core.domain.exo_protocol import DeviceState
from core.errors import UserError
from core.exo_core.library import load
from tests.deploy.controllers import SMALL, built, trained
from tests.exo_core.host import EXO, IMAGE, WRITE, Exo
from tests.virtual_exo.fault_channel import FaultChannel
from tests.virtual_exo.virtual_exo_process import virtual_exo

pytestmark = pytest.mark.slow

CUTS, KILLS, MANY_KILLS = 120, 4, 1000
CHANGES = 16  # of the storage in what `bring` does, about


@pytest.fixture(scope="module")
def packages():
    return [parse_package(built(trained(seed, hidden=SMALL)).archive) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def blobs(packages):
    return [package.device_bytes for package in packages]


# in this process


def random_life(chance, blobs):
    """What a host may ask of an exo that has a controller already, one step after the other."""
    steps = []
    for data in chance.choices(blobs, k=chance.randint(1, 3)):
        name, chunk = hashlib.sha256(data).digest(), chance.randint(200, 1500)
        steps.append(partial(send, data=data, chunk=chunk))
        steps.append(partial(order, action="test", sha=name))
        steps.append(chance.choice([reset, partial(order, action="activate")]))
        steps.append(chance.choice([reset, partial(order, action="confirm", sha=name)]))
        steps.append(
            chance.choice([reset, partial(order, action="revert"), partial(order, action="erase", sha=name)])
        )
    return steps


def order(exo, **request):
    exo.ask(EXO, 3, WRITE, **request)


def send(exo, data, chunk):
    """Upload until all is there or the exo refuses."""
    said = exo.ask(IMAGE, 1, WRITE, off=0, data=b"", len=len(data), sha=hashlib.sha256(data).digest())
    while said.get("off", len(data)) < len(data):
        offset = said["off"]
        said = exo.ask(IMAGE, 1, WRITE, off=offset, data=data[offset : offset + chunk])


def reset(exo):
    exo.device.boot()


def running(exo):
    return exo.ask(EXO, 0)["sha"]


def lasting(areas):
    """What an exo with this storage runs after it was started and no trial was confirmed."""
    exo = Exo(load())
    exo.bench.areas = copy.deepcopy(areas)
    exo.device.boot()
    exo.device.boot()
    return running(exo)


def live(exo, steps):
    """The storage before each step and after the last; ends early when the power goes."""
    storages = [copy.deepcopy(exo.bench.areas)]
    for step in steps:
        step(exo)
        if exo.bench.dead:
            break
        storages.append(copy.deepcopy(exo.bench.areas))
    return storages


def cut_somewhere(seed, blobs, first):
    """Live a random life twice, the second time with a power cut; whether that could be seen."""
    chance = random.Random(seed)
    steps = random_life(chance, blobs)
    whole, cut = exo_with(first), exo_with(first)
    whole.bench.power_on()
    storages = live(whole, steps)
    cut.bench.power_on()
    cut.bench.cut, cut.bench.fraction = chance.randint(1, whole.bench.changes), chance.random()
    reached = len(live(cut, steps)) - 1
    assert cut.bench.dead

    cut.bench.power_on()
    cut.device.boot()
    assert cut.state is DeviceState.SAFE
    cut.run(0.05)
    assert (cut.bench.torque_nm, cut.bench.enabled) == ((0.0, 0.0), False)
    name = running(cut)
    if name:
        assert cut.ask(EXO, 4, WRITE)["passed"]
        assert name in {hashlib.sha256(blob).digest() for blob in blobs}
    cut.device.boot()
    assert running(cut) in {lasting(storages[reached]), lasting(storages[reached + 1])}


def exo_with(areas):
    exo = Exo(load())
    exo.bench.areas = copy.deepcopy(areas)
    exo.device.boot()
    return exo


@pytest.fixture(scope="module")
def first(blobs):
    """The storage of an exo with a confirmed controller."""
    exo = Exo(load())
    exo.install(blobs[0])
    return exo.bench.areas


def test_power_cuts_anywhere_in_random_lives_leave_a_confirmed_controller_or_the_factory_one(blobs, first):
    for seed in range(CUTS):
        cut_somewhere(seed, blobs, first)


# a real process


def bring(link, contents):
    """What the app does to put a controller onto the exo."""
    sha256 = contents.blob.sha256
    link.upload(contents.device_bytes)
    link.test(sha256)
    link.activate()
    assert link.selftest().passed
    link.confirm(sha256)


def killed(exo, link, contents):
    """Whether the exo was killed while it got a controller."""
    try:
        bring(link, contents)
    except UserError as error:
        assert error.advice.code in ("EXO-003", "EXO-005")
        assert exo.process.wait(timeout=5.0) == -signal.SIGKILL
        return True
    return False


def options(folder):
    return "--listen", "tcp:0", "--state", str(folder), "--worn-before", "0", "--faults", "tcp:0"


def look(link):
    """What runs; when it is a trial, what runs after the next restart. Nothing moves."""
    for _ in range(2):
        info = link.info()
        assert info.state is DeviceState.SAFE
        assert link.selftest().passed
        assert not any(any(record.command_nm) for record in link.telemetry(0).records)
        link.reset()
    assert link.info().confirmed
    return link.info().active_sha256


def kill_often(folder, packages, kills, seed):
    """Put one controller after the other onto the same exo, and kill it every time."""
    chance, allowed, done = random.Random(seed), set(), 0
    with virtual_exo(*options(folder)) as exo, connect(exo.address) as link:
        bring(link, packages[0])
        allowed = {packages[0].blob.sha256}
    while done < kills:
        with (
            virtual_exo(*options(folder)) as exo,
            FaultChannel(exo.faults) as faults,
            connect(exo.address) as link,
        ):
            runs = look(link)
            assert runs in allowed
            wanted = chance.choice([package for package in packages if package.blob.sha256 != runs])
            faults.inject("power_cut", at_change=chance.randint(1, CHANGES), fraction=chance.random())
            died = killed(exo, link, wanted)
        done += died
        allowed = {runs, wanted.blob.sha256} if died else {wanted.blob.sha256}
    with virtual_exo(*options(folder)) as exo, connect(exo.address) as link:
        assert look(link) in allowed


def test_an_exo_that_is_killed_while_it_stores_starts_with_a_confirmed_controller(packages, tmp_path):
    kill_often(tmp_path, packages, KILLS, seed=1)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_an_exo_that_is_killed_a_thousand_times_starts_with_a_confirmed_controller(packages, tmp_path):
    kill_often(tmp_path, packages, MANY_KILLS, seed=2)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_thousand_cuts_in_random_lives_leave_a_confirmed_controller_or_the_factory_one(blobs, first):
    for seed in range(CUTS, CUTS + 10_000):
        cut_somewhere(seed, blobs, first)
