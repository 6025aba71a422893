"""How pip builds ExoTwin: setuptools, plus one compiled library, plus a compiler where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import building
from setuptools import build_meta
from setuptools.build_meta import (  # noqa: F401 - what pip asks of a build backend
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)
from setuptools.command.bdist_wheel import bdist_wheel

Settings = Mapping[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_compiler()]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    return [*build_meta.get_requires_for_build_editable(config_settings), *_compiler()]


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    building.build(building.LIBRARY)
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    building.build(building.LIBRARY)
    return str(build_meta.build_editable(wheel_directory, config_settings, metadata_directory))


def _compiler() -> list[str]:
    return [] if building.find_compiler() else [building.ZIG]


class Wheel(bdist_wheel):
    """A wheel with the compiled core inside is for one kind of machine only."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False
