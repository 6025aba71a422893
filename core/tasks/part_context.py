"""A part of a job that is a task of its own: it reports into a span of the whole job."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.jobs.values import JobContext, JobSpec


class PartContext:
    """`JobContext` of a part. It keeps its files in a folder of its own within the job's."""

    def __init__(self, whole: JobContext, name: str, span: tuple[float, float]) -> None:
        self._whole, self._name, self._span = whole, name, span

    @property
    def spec(self) -> JobSpec:
        return self._whole.spec

    @property
    def work_dir(self) -> Path:
        folder = self._whole.work_dir / self._name
        folder.mkdir(exist_ok=True)
        return folder

    def clear(self) -> None:
        """Remove its files, at its end: a study has thousands of parts."""
        shutil.rmtree(self.work_dir, ignore_errors=True)

    def progress(self, fraction: float | None, sentence: str) -> None:
        begins, ends = self._span
        whole = None if fraction is None else begins + (ends - begins) * fraction
        self._whole.progress(whole, sentence)

    def sample(self, **values: float) -> None:
        self._whole.sample(**values)

    def picture(self, name: str, **arrays: NDArray[np.generic]) -> None:
        self._whole.picture(name, **arrays)

    def message(self, text: str) -> None:
        self._whole.message(text)

    def check_cancelled(self) -> None:
        self._whole.check_cancelled()

    def received(self) -> tuple[str, ...]:
        return self._whole.received()
