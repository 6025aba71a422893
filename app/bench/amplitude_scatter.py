"""How the activity of three thigh muscles of a real walk scatters from stride to stride.

It tells whether a minute of walking knows the activity better than five strides do, and how much: strides
that follow each other are alike, so their mean settles more slowly than that of independent ones. One adult,
42 strides on a treadmill without an exo, envelopes as they are published: a hint, no law.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.gait_curves import contacts
from app.bench.recorded_walks import WALK36, opensim_columns, required_file
from core.domain.amplitude import WINDOW
from core.domain.arrays import FloatArray

_COLUMNS = ("rect_fem_r", "vas_med_r", "vas_lat_r")
_FEW = 5  # strides, as the study takes
_LONGEST = 1.3  # of the middle one


def real_scatter(folder: Path) -> dict[str, Any]:
    """In percent of the mean over all strides. Refuses PC-026."""
    activity = _by_stride(folder)
    off = activity - activity.mean()
    sd, alike = float(activity.std(ddof=1)), float((off[1:] * off[:-1]).sum() / (off**2).sum())
    fives = activity[: len(activity) // _FEW * _FEW].reshape(-1, _FEW).mean(axis=1)
    share = 100.0 * sd / float(activity.mean())
    return {
        "source": WALK36,
        "people": 1,
        "strides": len(activity),
        "sd_of_one_stride": round(share, 1),
        "correlation_of_neighbours": round(alike, 2),
        "sd_of_mean_of_five": round(share * _left(_FEW, alike), 1),
        "sd_of_mean_of_five_counted": round(share * float(fives.std(ddof=1)) / sd, 1),
        "sd_of_mean_of_all": round(share * _left(len(activity), alike), 1),
        "sd_of_mean_of_all_if_independent": round(share / float(np.sqrt(len(activity))), 1),
        "second_half_over_first": round(
            float(activity[len(activity) // 2 :].mean() / activity[: len(activity) // 2].mean()), 2
        ),
    }


def _left(count: int, alike: float) -> float:
    """SD of the mean of so many strides over that of one, where each hangs on the one before."""
    lags = np.arange(1, count)
    return float(np.sqrt((1.0 + 2.0 * ((1.0 - lags / count) * alike**lags).sum()) / count))


def _by_stride(folder: Path) -> FloatArray:
    """(N,) mean of the three muscles in WINDOW of each stride."""
    force = opensim_columns(required_file(folder, f"{WALK36}/XLD.mot"))
    emg = opensim_columns(required_file(folder, f"{WALK36}/emgFilt.sto"))
    time_s = force["time"]
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    strikes = [float(time_s[one.start]) for one in contacts(force["ground_force_vy"], rate_hz)]
    pairs = list(pairwise(strikes))
    middle = float(np.median([end - start for start, end in pairs]))
    inside = np.linspace(*WINDOW, 101)
    return np.array(
        [
            np.mean([np.interp(start + inside * (end - start), emg["time"], emg[name]) for name in _COLUMNS])
            for start, end in pairs
            if end - start < _LONGEST * middle  # a contact that was not found makes one stride of two
        ]
    )
