"""Claims about our statistics against pingouin and spm1d, whose numbers `make_oracle` stored."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from app.bench.stats import TABLES, fields, own_fields, own_tables
from core.statistics.repeated import sphericity
from core.statistics.tails import chi2_p
from tests.statistics.make_oracle import FILE

STORED = json.loads(FILE.read_text(encoding="utf-8"))


def apart(own: dict[str, float], theirs: dict[str, float]) -> float:
    """The largest difference; of numbers above 1, in shares of them."""
    return max(abs(own[name] - value) / max(1.0, abs(value)) for name, value in theirs.items())


def test_two_hundred_tables_give_pingouins_numbers_to_a_millionth() -> None:
    own = own_tables()

    assert sum(name.startswith("one") for name in own) == TABLES == 200
    assert max(apart(numbers, STORED[table]) for table, numbers in own.items()) < 1e-6


def test_curves_give_spm1ds_smoothness_thresholds_and_clusters() -> None:
    own = own_fields()

    assert sum(numbers["clusters"] > 0 for numbers in own.values()) >= 10
    assert max(apart(numbers, STORED[table]) for table, numbers in own.items()) < 1e-6
    assert len(own) == len(list(fields()))


def test_mauchlys_p_is_andersons_and_not_pingouins() -> None:
    """pingouin 0.7.0 has three times the conditions where Anderson has three times the contrasts."""
    random = np.random.RandomState(1)
    values = random.randn(12, 4) * np.array([1, 2, 1, 3]) + random.randn(12, 1) * 2 + 0.5 * np.arange(4)
    contrast = values @ np.linalg.qr(np.column_stack([np.ones(4), np.eye(4)[:, 1:]]))[0][:, 1:]

    found = sphericity(contrast)

    d, n = 3, 11
    rho = 1 - (2 * d * d + d + 2) / (6 * d * n)
    first, further = chi2_p(found.chi2, 5), chi2_p(found.chi2, 9)
    other = (2 * d**3 + 6 * d**2 + 3 * (d + 1) + 2) / (2 * d**3 + 6 * d**2 + 3 * d + 2)
    assert found.chi2 == pytest.approx(-n * rho * math.log(found.w))
    assert found.p == pytest.approx(0.011131184, abs=1e-9)
    assert first + other * (found.p - first) == pytest.approx(0.011141293, abs=1e-9)  # pingouin's
    assert first < found.p < further
