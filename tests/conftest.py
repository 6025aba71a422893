"""Fixtures and process-wide defaults that every room's tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from core.store.artifacts.choice import ARTIFACTS_VARIABLE
from core.store.private import keep_private
from core.store.record_address import DATABASE_VARIABLE
from tests.bad_inputs import codes_to_be_told, told_codes
from tests.masks import ORDINARY
from tests.postgres_server import EMPTY, RECORD, PostgresServer, missing, running_server

# Before anything imports Qt, numpy or torch: no screen is needed, and two cores are not oversubscribed.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# No test may touch the key store of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
# The processes that tests start are one program with them; a test of two programs says so.
os.environ.setdefault("EXOTWIN_PROGRAM", "tests")
# Records of tests lie where the tests say.
os.environ.pop(DATABASE_VARIABLE, None)
os.environ.pop(ARTIFACTS_VARIABLE, None)

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.hookimpl(trylast=True)  # after those that are not asked for have been left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the tests, the files that take longest come first, so that none ends alone."""
    if not hasattr(config, "workerinput"):
        return
    longest_s: dict[Path, float] = {}
    for item in items:
        longest_s[item.path] = max(longest_s.get(item.path, 0.0), _may_take_s(item))
    items.sort(key=lambda item: -longest_s[item.path])  # stable: a file stays together, in its own order


def _may_take_s(item: pytest.Item) -> float:
    """What a test asks for beyond the usual limit; else 1 for a slow one and 0 for a quick one."""
    limit = item.get_closest_marker("timeout")
    if limit is not None and limit.args:
        return float(limit.args[0])
    return 0.0 if item.get_closest_marker("slow") is None else 1.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """A test that is in the index of bad inputs fails unless its code was told while it ran."""
    expected = codes_to_be_told(item)
    if not expected:
        return (yield)
    with told_codes() as told:
        result = yield
    if expected - told:
        pytest.fail(f"{', '.join(sorted(expected - told))} was not told; {', '.join(sorted(told))} was")
    return result


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Find a real recording below `EXOTWIN_DATA` (default `../shared/data`); skip where it is missing."""
    root = Path(os.environ.get("EXOTWIN_DATA", str(REPOSITORY.parent / "shared" / "data")))

    def find(relative: str) -> Path:
        path = root / relative
        if not path.exists():
            pytest.skip(f"real recording {relative} is not below {root} (set EXOTWIN_DATA)")
        return path

    return find


@pytest.fixture(scope="session")
def pose_model() -> Path:
    """The pose model fetched at set-up, or skip."""
    import resources

    path = resources.pose_model()
    if not path.is_file():
        pytest.skip("the pose model is not there: run `python3 installer/bootstrap.py setup`")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with a record; skips where it is not installed."""
    why = missing()
    if why:
        pytest.skip(why)
    with running_server() as server:
        server.set_up_record()
        yield server


@pytest.fixture
def record_url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The record of this test lies in an empty database of a server, reached by the program's account."""
    postgres.bring(EMPTY)
    url = postgres.url(RECORD)
    monkeypatch.setenv(DATABASE_VARIABLE, url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest) -> str:
    """The test is of a record in the data folder, and again of one on a server."""
    if request.param == "postgresql":
        request.getfixturevalue("record_url")
    return str(request.param)


@pytest.fixture(autouse=True)
def umask_as_before() -> Iterator[None]:
    """What a test does to the umask, as the program's own processes do, ends with it."""
    if os.name == "nt":
        yield
        return
    before = os.umask(ORDINARY)
    os.umask(before)
    kept = os.environ.get("EXOTWIN_ORDINARY_UMASK")
    yield
    os.umask(before)
    if kept is None:
        os.environ.pop("EXOTWIN_ORDINARY_UMASK", None)


@pytest.fixture
def reads_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands read files without a process of their own, for tests of what they tell of the files."""
    monkeypatch.setattr(
        "app.jobs.guarded.guarded", lambda _files, read, *args, **kwargs: read(*args, **kwargs)
    )


@pytest.fixture
def private_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as the program's own are, started by somebody whose group may read."""
    if os.name == "nt":
        pytest.skip("Windows has no permission bits")
    monkeypatch.setenv("EXOTWIN_ORDINARY_UMASK", "")  # so that it is put back
    monkeypatch.delenv("EXOTWIN_ORDINARY_UMASK")
    before = os.umask(ORDINARY)
    keep_private()
    yield
    os.umask(before)
