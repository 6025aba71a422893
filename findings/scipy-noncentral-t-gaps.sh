#!/usr/bin/env bash
# scipy 1.17.1: the noncentral t distribution (`special.nctdtr`, `stats.nct.cdf`) is NaN at some noncentralities between
# others at which it has a number.
#
# Expected: where the true value is below or above all that can be told from 0 or 1, that number or 0 or 1. Intervals
# of standardized effects are found by bisection over the noncentrality (Cumming & Finch 2001), which walks there.
# Seen: from about 6 on, on the side away from t, every few tenths NaN and 0 or some 1e-16 in turn, no warning: a
# bisection that meets one ends with NaN, or at a wrong end as NaN compares false with everything.
# For ExoTwin: core/statistics/tails.py integrates the distribution itself.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1

"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import scipy
from scipy import special, stats

print(f"Python {sys.version.split()[0]}, scipy {scipy.__version__}, numpy {np.__version__}")
mixed = []
for df in (1, 2, 5, 20):
    for t in (-6.0, -2.0, 10.0):
        nc = np.linspace(-30.0, 30.0, 601)
        value = special.nctdtr(df, nc, t)
        gaps = np.flatnonzero(np.isnan(value))
        between = [n for n in gaps if np.isfinite(value[n - 1]) or np.isfinite(value[(n + 1) % len(nc)])]
        mixed.append(len(between))
        print(f"df {df:2d}, t {t:5.1f}: NaN at {len(gaps)} of 601 noncentralities, the first {nc[gaps[0]]:.1f}")
near = np.arange(7.4, 8.05, 0.1)
print("df 2, t -6 at", ", ".join(f"{a:.1f}: {b:.0e}" for a, b in zip(near, special.nctdtr(2, near, -6.0))))
also = np.isnan(stats.nct.cdf(-6.0, 2, near)).any()
if not (min(mixed) > 0 and also and np.isnan(special.nctdtr(2, near, -6.0)).any()):
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.")
PYTHON
