"""The functions of an angle by which an OpenSim model lets joints slide."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.domain.arrays import FloatArray

Function = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Value and slope at angles (T,)."""


@dataclass(frozen=True, slots=True, eq=False)
class SimmSpline:
    """The cubic spline of SIMM and OpenSim, straight beyond its ends.

    At either end its third derivative is that of the cubic through the four outermost points (Forsythe,
    Malcolm & Moler 1977, Computer Methods for Mathematical Computations, ch. 4.4), so that a cubic is met
    exactly. Needs four points or more.
    """

    x: FloatArray  # (K,) increasing
    y: FloatArray  # (K,)
    cubic: FloatArray  # (4, K - 1) of the distance from the left point, constant term first

    @classmethod
    def through(cls, x: FloatArray, y: FloatArray) -> SimmSpline:
        width, rise = np.diff(x), np.diff(y) / np.diff(x)
        size = len(x)
        matrix, right = np.zeros((size, size)), np.zeros(size)  # unknown: a sixth of the second derivatives
        inner = np.arange(1, size - 1)
        matrix[inner, inner - 1], matrix[inner, inner + 1] = width[:-1], width[1:]
        matrix[inner, inner] = 2.0 * (width[:-1] + width[1:])
        right[inner] = np.diff(rise)
        matrix[0, :2], matrix[-1, -2:] = (-width[0], width[0]), (-width[-1], width[-1])
        right[0] = width[0] ** 2 * _third_difference(x[:4], y[:4])
        right[-1] = width[-1] ** 2 * _third_difference(x[-4:], y[-4:])
        bend = np.linalg.solve(matrix, right)
        first = rise - width * (bend[1:] + 2.0 * bend[:-1])
        return cls(x, y, np.stack([y[:-1], first, 3.0 * bend[:-1], np.diff(bend) / width]))

    def __call__(self, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
        inside = np.clip(angle, self.x[0], self.x[-1])
        piece = np.clip(np.searchsorted(self.x, inside, side="right") - 1, 0, len(self.x) - 2)
        a, b, c, d = self.cubic[:, piece]
        u = inside - self.x[piece]
        slope = b + u * (2.0 * c + 3.0 * d * u)
        return a + u * (b + u * (c + d * u)) + slope * (angle - inside), slope


def _third_difference(x: FloatArray, y: FloatArray) -> float:
    """Divided difference over four points: a sixth of the third derivative of the cubic through them."""
    for order in (1, 2, 3):
        y = np.diff(y) / (x[order:] - x[:-order])
    return float(y[0])


def read_function(element: ET.Element) -> Function | None:
    """The function below a `function` element; None for one that this program does not know."""
    match element.tag:
        case "Constant":
            constant = float(element.findtext("value", "0"))
            return lambda angle: (np.full_like(angle, constant), np.zeros_like(angle))
        case "LinearFunction":
            rise, base = _numbers(element, "coefficients")
            return lambda angle: (rise * angle + base, np.full_like(angle, rise))
        case "PolynomialFunction":
            return partial(_polynomial, _numbers(element, "coefficients"))
        case "SimmSpline" | "NaturalCubicSpline" if len(_numbers(element, "x")) >= 4:  # older name
            return SimmSpline.through(_numbers(element, "x"), _numbers(element, "y"))
        case "MultiplierFunction":
            scaled = element.find("function/*")
            factor = float(element.findtext("scale", "1"))
            return None if scaled is None else _scaled(read_function(scaled), factor)
    return None


def _polynomial(coefficients: FloatArray, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients from the highest order down, as OpenSim has them."""
    slope = np.polyval(np.polyder(coefficients), angle)
    return np.asarray(np.polyval(coefficients, angle), dtype=float), np.asarray(slope, dtype=float)


def _scaled(function: Function | None, factor: float) -> Function | None:
    if function is None:
        return None

    def scaled(angle: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, slope = function(angle)
        return factor * value, factor * slope

    return scaled


def _numbers(element: ET.Element, tag: str) -> FloatArray:
    return np.array([float(word) for word in element.findtext(tag, "").split()])
