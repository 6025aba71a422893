"""Claims about the locks: what pyproject.toml says, with hashes, and without what NVIDIA's cards need."""

from __future__ import annotations

import platform
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from installer import advisories, environment, lock, locks
from installer.advisories import Advisory
from installer.locks import EXTRAS, GPU_ONLY, TARGETS, TESTED, Part, Pin, Target
from installer.terminal import SetupFailure

LINUX = Target("linux-x86_64", (3, 11))
SYSTEM = {"linux-x86_64": "Linux", "windows-amd64": "Windows", "macos-arm64": "Darwin"}
HASH = "a" * 64


def asked_for(target: Target, requirements: list[str]) -> list[Requirement]:
    """Those of the requirements that count on this target."""
    here = {"python_version": ".".join(map(str, target.python)), "platform_system": SYSTEM[target.system]}
    read = (Requirement(line) for line in requirements)
    return [one for one in read if one.marker is None or one.marker.evaluate(here)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_lock_and_pyproject_agree(repository: Path, target: Target):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = {pin.name: pin.version for pin in locks.read(target)}

    for one in asked_for(target, project["dependencies"]):
        assert one.specifier.contains(runtime[locks.normal(one.name)]), f"run installer/lock.py: {one}"
    for part in (Part.DEV, *EXTRAS):
        added = {pin.name: pin.version for pin in locks.read(target, part)}
        assert not runtime.keys() & added.keys()
        for one in asked_for(target, project["optional-dependencies"][part.extra]):
            pinned = (added | runtime)[locks.normal(one.name)]
            assert one.specifier.contains(pinned), f"run installer/lock.py: {one}"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_package_that_several_parts_need_is_one_version_and_is_installed_once(target: Target):
    names = [pin.name for pin in locks.read(target, *TESTED)]

    assert len(names) == len(set(names))
    server, cluster = ({pin.name for pin in locks.read(target, part)} for part in (Part.SERVER, Part.CLUSTER))
    assert "aiohttp" in server & cluster  # each can be installed without the other


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_single_pc_gets_nothing_that_only_servers_clusters_and_graphics_cards_need(target: Target):
    runtime = {pin.name for pin in locks.read(target)}

    assert not runtime & {"psycopg", "psycopg-binary", "s3fs", "botocore", "ray", "grpcio", "pyarrow"}
    assert not runtime & {"mujoco-warp", "warp-lang", "moto"}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_lock_brings_what_only_nvidias_cards_need(target: Target):
    pins = locks.read(target, *TESTED)

    assert not [pin.name for pin in pins if GPU_ONLY.fullmatch(pin.name)]
    torch = next(pin for pin in pins if pin.name == "torch")
    assert torch.version.endswith("+cpu") is target.system.startswith("linux")


def test_every_supported_python_has_a_lock_for_every_system(repository: Path):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    supported = Requirement(f"python {project['requires-python']}").specifier

    assert [minor for minor in range(8, 20) if supported.contains(f"3.{minor}")] == [
        minor for _, minor in locks.PYTHONS
    ]
    for target in TARGETS:
        assert all(target.path(part).is_file() for part in TESTED)


def test_what_is_installed_here_is_what_the_lock_says():
    if not environment.is_installed(TESTED):
        pytest.skip("the environment is not one that bootstrap.py made for this tree")

    pins = locks.read(locks.this_machine(), *TESTED)

    assert {pin.name: version(pin.name) for pin in pins} == {pin.name: pin.version for pin in pins}


def test_a_lock_is_written_as_it_is_read(tmp_path: Path):
    pins = (Pin("numpy", "2.4.6", (HASH, "b" * 64)), Pin("torch", "2.13.0+cpu", (HASH,)))

    path = locks.write(pins, tmp_path / "lock.txt", "# head\n")

    assert locks.parse(path.read_text(encoding="utf-8")) == pins


@pytest.mark.parametrize(
    "line", ["numpy", "numpy>=2 --hash=sha256:" + HASH, "numpy==2.4.6", "numpy==2 --hash=md5:1"]
)
def test_a_package_without_version_or_hash_is_no_lock(line: str):
    with pytest.raises(ValueError, match="not a pinned package"):
        locks.parse(line)


@pytest.mark.parametrize(
    ("system", "machine"), [("Linux", "aarch64"), ("Windows", "ARM64"), ("FreeBSD", "amd64")]
)
def test_a_machine_without_a_lock_is_told_which_have_one(monkeypatch, system: str, machine: str):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)

    with pytest.raises(SetupFailure, match=rf"not for Python .* on {system} {machine}.*Linux \(x86_64\)"):
        locks.this_machine()


def test_only_files_that_fit_the_target_get_into_its_lock():
    names = {
        "1": "vtk-9.7.1-cp311-cp311-manylinux_2_28_x86_64.whl",
        "2": "vtk-9.7.1-cp313-cp313-manylinux_2_28_x86_64.whl",
        "3": "vtk-9.7.1-cp311-cp311-win_amd64.whl",
        "4": "vtk-9.7.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "5": "vtk-9.7.1-cp39-abi3-manylinux_2_17_x86_64.whl",
        "6": "vtk-9.7.1.tar.gz",
        "7": "vtk-9.7.1-cp311-cp311-musllinux_1_2_x86_64.whl",
    }
    files = [{"name": name, "sha256": digest} for digest, name in names.items()]

    assert lock.fitting(files, "9.7.1", LINUX) == ("1", "5")
    assert lock.fitting(files, "9.7.1", Target("linux-x86_64", (3, 13))) == ("2", "5")
    assert lock.fitting(files, "9.7.1", Target("windows-amd64", (3, 11))) == ("3",)
    assert lock.fitting(files, "9.7.1", Target("macos-arm64", (3, 11))) == ("6",)  # from its source


def test_no_locked_package_is_in_the_list_of_advisories():
    pinned = {(pin.name, pin.version) for pin in advisories.pinned()}

    assert not [one for one in advisories.known() if (locks.normal(one.package), one.version) in pinned]


def test_a_package_that_was_not_looked_up_does_not_count_as_safe():
    unsafe = {"name": "b", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
    skipped = {"name": "a", "skip_reason": "Dependency not found on PyPI and could not be audited"}

    assert advisories.judged({"dependencies": [skipped, unsafe]}) == (
        (Advisory("b", "1", "PYSEC-1", ("2",)),),
        1,
    )
    assert advisories.judged({"dependencies": [skipped]}) == ((), 0)
