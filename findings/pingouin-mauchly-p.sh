#!/usr/bin/env bash
# pingouin 0.7.0: p of Mauchly's test of sphericity is not that of the published expansion with four conditions or
# more. Its weight of the second term has three times the conditions where Anderson has three times the contrasts.
#
# Expected: the chi squared expansion of Anderson 1958 (10.7.4), after Box 1949, as in R's mauchly.test: with p
# contrasts, n degrees of freedom and rho, the weight (p + 2) (p - 1) (p - 2) (2 p^3 + 6 p^2 + 3 p + 2) /
# (288 (n p rho)^2). With three conditions (p = 2) the term is zero.
# Seen: W, chi squared and degrees of freedom agree; with four to seven conditions p differs by some ten-thousandths,
# and is that of the formula with 3 (p + 1) in the place of 3 p. Next to 0.05 that turns the verdict.
# For ExoTwin: core/statistics/repeated.py follows Anderson; `exotwin bench stats` compares p of three conditions only.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pingouin==0.7.0 numpy==2.4.6 scipy==1.17.1

"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import math
import sys
from importlib.metadata import version

import numpy as np
import pandas
import pingouin
from scipy.stats import chi2

print(f"Python {sys.version.split()[0]}, pingouin {version('pingouin')}, numpy {np.__version__}")


def p_of(w, n, p, term):
    rho = 1 - (2 * p * p + p + 2) / (6 * p * n)
    weight = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p**2 + term + 2) / (288 * (n * p * rho) ** 2)
    value, f = -n * rho * math.log(w), p * (p + 1) // 2 - 1
    first = chi2.sf(value, f)
    return first + weight * (chi2.sf(value, f + 4) - first)


worst, other = {}, 0.0
for seed in range(60):
    random = np.random.RandomState(seed)
    conditions, subjects = 3 + seed % 5, random.randint(9, 16)
    values = random.randn(subjects, conditions) * (0.5 + random.rand(conditions))
    table = pandas.DataFrame(values).rename_axis("subject").reset_index()
    table = table.melt("subject", var_name="condition", value_name="value")
    found = pingouin.sphericity(table, dv="value", within="condition", subject="subject")
    n, p = subjects - 1, conditions - 1
    apart = abs(found.pval - p_of(found.W, n, p, 3 * p))
    worst[conditions] = max(worst.get(conditions, 0.0), apart)
    other = max(other, abs(found.pval - p_of(found.W, n, p, 3 * (p + 1))))
for conditions, apart in worst.items():
    print(f"{conditions} conditions: p is off by up to {apart:.1e}")
print(f"with 3 (p + 1) in the place of 3 p: by up to {other:.1e}")
if not (worst[3] < 1e-12 and worst[7] > 1e-4 and other < 1e-9):
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.")
PYTHON
