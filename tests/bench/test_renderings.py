"""The benchmark of renderings: what it makes is what it says, and an exchange is never called right."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.bench.film import RATE_HZ, Image, Rendering, read_film, rendered, write_rendering
from app.bench.renderings import (
    LANDINGS_S,
    RIGHT,
    STOPPED,
    WRONG,
    bench_renderings,
    judged,
    obstructed,
    renderings,
)
from core.domain.findings import Severity
from core.domain.motion import Motion, Stride
from tests.refusals import refused
from tests.ui.samples import finding, motion

FRAMES = 12


@pytest.fixture
def film() -> list[Image]:
    """A bright square that moves to the right."""
    pictures = np.zeros((FRAMES, 48, 96, 3), dtype=np.uint8)
    for number, picture in enumerate(pictures):
        picture[16:32, 4 * number : 4 * number + 16] = 255
    return list(pictures)


def walked(*, exchanged: bool = False, late_s: float = 0.0) -> Motion:
    """The film's own strides."""
    strides = tuple(
        Stride(side.other if exchanged else side, start + late_s, start + 0.7, end + late_s)
        for side, landings in LANDINGS_S.items()
        for start, end in pairwise(landings)
    )
    base = motion()
    return replace(base, strides=strides, measures=replace(base.measures, cadence_steps_min=97.5))


def test_there_are_at_least_forty_and_each_has_its_own_name() -> None:
    names = [rendering.name for rendering in (*renderings(), *obstructed())]
    assert len(renderings()) >= 40 and len(set(names)) == len(names)
    assert sum(rendering.mirrored for rendering in renderings()) > len(renderings()) / 3


def test_the_films_own_steps_are_right_and_exchanged_ones_are_not() -> None:
    plain = Rendering("plain")
    assert judged(walked(), (), plain).kind == RIGHT
    assert judged(walked(exchanged=True), (), plain).kind == WRONG
    assert judged(walked(late_s=0.3), (), plain).kind == WRONG
    mirrored = Rendering("mirrored", mirrored=True)
    assert judged(walked(exchanged=True), (), mirrored).kind == RIGHT
    assert judged(walked(), (), mirrored).kind == WRONG
    trimmed = Rendering("trimmed", trimmed=6)
    assert judged(walked(late_s=-6 / RATE_HZ), (), trimmed).kind == RIGHT


def test_a_finding_that_stops_is_no_silence() -> None:
    stop = finding(Severity.STOP, "MOT-032")
    assert judged(walked(exchanged=True), (stop,), Rendering("plain")).kind == STOPPED
    assert judged(walked(exchanged=True), (finding(),), Rendering("plain")).kind == WRONG


def test_one_stride_of_one_leg_is_not_enough_to_be_right() -> None:
    first = replace(walked(), strides=walked().strides[:1])
    assert judged(first, (), Rendering("plain")).kind == WRONG


def test_a_rendering_is_mirrored_trimmed_and_played_at_its_rate(film: list[Image]) -> None:
    same = list(rendered(film, Rendering("same", scale=1.0)))
    mirrored = list(rendered(film, Rendering("mirrored", scale=1.0, mirrored=True)))
    trimmed = list(rendered(film, Rendering("trimmed", scale=1.0, trimmed=3)))
    fast = list(rendered(film, Rendering("fast", scale=0.5, rate_hz=60.0)))
    np.testing.assert_array_equal(same, film)
    np.testing.assert_array_equal(mirrored, [picture[:, ::-1] for picture in film])
    np.testing.assert_array_equal(trimmed, film[3:])
    assert len(fast) == 2 * FRAMES and fast[0].shape == (24, 48, 3)


@pytest.mark.parametrize("rendering", renderings()[:6], ids=lambda one: one.name)
def test_what_is_written_can_be_read_again(film: list[Image], rendering: Rendering, tmp_path: Path) -> None:
    path = write_rendering(film, rendering, tmp_path)
    assert path is not None
    assert len(read_film(path)) == FRAMES
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(30.0, abs=0.1)


def test_a_missing_film_is_told(tmp_path: Path) -> None:
    with refused("PC-026"):
        bench_renderings(tmp_path)
