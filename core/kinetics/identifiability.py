"""What the data tell of each parameter: singular values of the slopes of the moments.

Directions in which the moments hardly change cannot be told; a parameter that lies mostly in them keeps its
expected value by the prior alone, and the person must know (Ascher & Petzold; Hansen 1998, Rank-Deficient and
Discrete Ill-Posed Problems, ch. 1).
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.muscle_calibration import CalibratedParameter, Told
from core.kinetics.calibration_parameters import Parameters
from core.kinetics.muscle_fit import MuscleFit

_UNIFORM = 12.0**-0.5  # standard deviation of any value within the bounds, in their width
_NOT_TOLD = 0.75  # of that: the data narrowed the parameter by less than a quarter
_AT_BOUND = 0.01  # of the width
_LEAST_NOISE = 1e-6
CORRELATED_FRAMES = 10.0
"""Neighbouring frames err together: the misfit of a gait curve has one independent value in about 0.1 s."""


def told(parameters: Parameters, fit: MuscleFit) -> tuple[CalibratedParameter, ...]:
    """Every parameter before and after, what the data say of it, and its standard deviation.

    The strength of a whole group that is made of parts follows its parts: their mean by peak force.
    """
    spread = covariance(parameters, fit)
    rows = zip(
        parameters.names,
        parameters.units,
        parameters.before,
        fit.values,
        parameters.low,
        parameters.high,
        np.sqrt(np.diag(spread)),
        strict=True,
    )
    found = [_told(name, unit, *(float(value) for value in values)) for name, unit, *values in rows]
    for name, share in parameters.groups.items():
        before, after, low, high = (
            float(share @ values)
            for values in (parameters.before, fit.values, parameters.low, parameters.high)
        )
        found.append(_told(name, "", before, after, low, high, float(np.sqrt(share @ spread @ share))))
    return tuple(found)


def _told(
    name: str, unit: str, before: float, after: float, low: float, high: float, sd: float
) -> CalibratedParameter:
    width = high - low
    verdict = Told.MOVED
    if min(after - low, high - after) < _AT_BOUND * width:
        verdict = Told.AT_BOUND
    elif sd > _NOT_TOLD * _UNIFORM * width:
        verdict = Told.NOT_TOLD
    return CalibratedParameter(
        name, unit, before, after, low, high, verdict, np.inf if verdict is Told.NOT_TOLD else sd
    )


def covariance(parameters: Parameters, fit: MuscleFit) -> FloatArray:
    """(P, P) in the units of the parameters, from the data and from the width of the bounds.

    By singular values s of the slopes over the noise: a direction is known to 1 / sqrt(s^2 + 12), 12 being
    what the bounds alone tell.
    """
    counted = max(len(fit.misfit) / CORRELATED_FRAMES, 1.0)
    noise = float(np.sqrt(np.mean(fit.misfit**2))) * np.sqrt(CORRELATED_FRAMES)
    noise *= np.sqrt(counted / max(counted - 3.0, 1.0))  # the three that act on every frame
    scaled = fit.slopes * parameters.width / max(noise, _LEAST_NOISE)
    _, values, directions = np.linalg.svd(scaled, full_matrices=False)
    narrowed = 1.0 / (values**2 + _UNIFORM**-2) - _UNIFORM**2
    spread = _UNIFORM**2 * np.eye(len(parameters.width)) + (directions.T * narrowed) @ directions
    return np.asarray(spread * np.outer(parameters.width, parameters.width))
