#!/usr/bin/env bash
# pingouin 0.7.0: with as many conditions as subjects or more, Mauchly's test tells a p that is made of rounding
# errors, and says nothing.
#
# Expected: no W and no p. The covariance of k - 1 contrasts of n subjects has rank n - 1 at most, so that its
# determinant, and W with it, is zero for every table with n < k; SPSS leaves W and p empty there, R refuses.
# Seen: W is zero or some 1e-34 by rounding, and its p is told as if it were one: zero, or some hundredths for the same
# table with its columns in another order. `spher` follows from it.
# For ExoTwin: core/statistics/repeated.py tells no W and no p then, and corrects, as sphericity cannot be taken for
# granted.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pingouin==0.7.0 numpy==2.4.6 scipy==1.17.1

"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import pandas
import pingouin

print(f"Python {sys.version.split()[0]}, pingouin {version('pingouin')}, numpy {np.__version__}")


def of(values):
    table = pandas.DataFrame(values).rename_axis("subject").reset_index()
    table = table.melt("subject", var_name="condition", value_name="value")
    return pingouin.sphericity(table, dv="value", within="condition", subject="subject")


spread, told = [], 0
for seed in range(20):
    random = np.random.RandomState(seed)
    values = random.randn(3, 5)  # three subjects in five conditions
    found = [of(values[:, random.permutation(5)]) for _ in range(5)]
    numbers = [one.pval for one in found]
    told += all(np.isfinite(numbers))
    spread.append(max(numbers) / max(min(numbers), 1e-300))
    if seed < 3:
        shown = ", ".join(f"{one.W:.1e} (p {one.pval:.1e})" for one in found)
        print(f"table {seed}, its conditions in five orders: W {shown}")
print(f"a p in {told} of 20 tables; by the order of conditions it differs by a factor of up to {max(spread):.1e}")
if not (told > 10 and max(spread) > 10.0):
    sys.exit("CHANGED: this is no longer what happens.")
print("As described.")
PYTHON
