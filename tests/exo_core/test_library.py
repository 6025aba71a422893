"""The core is compiled where ExoTwin is installed, and never loaded when it is another one."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from core.exo_core import building
from core.exo_core.controller import Controller
from core.exo_core.library import load
from tests.deploy.controllers import package
from tests.refusals import refused


def test_the_installed_core_runs_a_controller():
    assert Controller(package().device_bytes).selftest().passed


def test_a_missing_core_is_told_with_what_to_do(tmp_path: Path):
    with refused("EXO-060"):
        load(tmp_path / building.library_name())


def test_a_core_of_other_sources_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / building.library_name()
    with monkeypatch.context() as other:
        other.setattr(building, "sources_sha256", lambda: "0" * 64)
        building.build(target, flags=("-O0",))
    with refused("EXO-060"):
        load(target)


def test_the_identity_of_the_core_changes_with_every_source(tmp_path: Path):
    (tmp_path / "a.c").write_bytes(b"int a;\n")
    one = building.sources_sha256(tmp_path)
    (tmp_path / "a.c").write_bytes(b"int a;\r\n")  # a checkout with other line ends is the same core
    assert building.sources_sha256(tmp_path) == one
    (tmp_path / "a.c").write_bytes(b"int b;\n")
    assert building.sources_sha256(tmp_path) != one


def test_sources_that_do_not_compile_are_told(tmp_path: Path):
    with pytest.raises(building.CompilerError, match="refused"):
        building.build(tmp_path / "core.so", flags=("-DEXO_SIDES=wrong",))
    assert not list(tmp_path.iterdir())


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any C compiler."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(building.shutil, "which", lambda name: None)
    monkeypatch.setattr(building, "find_spec", lambda name: None)


def test_without_a_compiler_the_builder_says_what_is_missing(bare: None, tmp_path: Path):
    with pytest.raises(building.CompilerError, match="ziglang"):
        building.build(tmp_path / "core.so")


def test_without_a_compiler_pip_is_asked_for_one(bare: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(building.FOLDER))
    backend = importlib.import_module("pip_backend")
    monkeypatch.setattr(backend, "building", building)

    for name in ("get_requires_for_build_wheel", "get_requires_for_build_editable"):
        monkeypatch.setattr(backend.build_meta, name, lambda settings: [])
        asked = getattr(backend, name)
        assert building.ZIG in asked()
        with monkeypatch.context() as found:
            found.setattr(building, "find_compiler", lambda: ["cc"])
            assert building.ZIG not in asked()


def test_a_compiler_may_be_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CC", "ccache 'my gcc'")
    assert building.find_compiler() == ["ccache", "my gcc"]
