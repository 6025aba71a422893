"""Claims about limits along the whole way: firmware, device profile, package, visit, and never above any."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.controller import TorqueLimits
from core.exo_core.safety import Limits, Profile, Rc, Supervisor

SHA = bytes(range(32))
FIRMWARE_LIMITS = TorqueLimits(18.0, 150.0, float(np.float32(1.396)))  # S1, S3, S6
FIELDS = ("peak_nm", "rate_nm_s", "hip_range_rad")
limits_of = st.builds(TorqueLimits, st.floats(0.1, 40.0), st.floats(1.0, 400.0), st.floats(0.1, 3.0))
acts = st.lists(st.tuples(st.sampled_from(["package", "visit"]), limits_of), max_size=8)


def smallest(several: list[TorqueLimits]) -> TorqueLimits:
    return TorqueLimits(*(min(getattr(limits, name) for limits in several) for name in FIELDS))


@settings(max_examples=200, deadline=None)
@given(limits_of, limits_of, limits_of)
def test_the_tightest_of_two_is_below_both_whatever_the_order(first, second, third):
    both = first.tightest(second)
    assert both == second.tightest(first) == smallest([first, second])
    assert both.tightest(third) == first.tightest(second.tightest(third)) == smallest([first, second, third])
    assert both.tightest(both) == both


@settings(max_examples=200, deadline=None)
@given(limits_of, acts)
def test_the_exo_keeps_to_the_smallest_of_firmware_profile_package_and_visit(profile, asked):
    supervisor = started(profile)
    package, visits = FIRMWARE_LIMITS, []
    for kind, limits in asked:
        if kind == "package":
            supervisor.use(SHA, of_core(limits), trial=False)
            package = limits
        elif supervisor.tighten(of_core(limits)) is Rc.OK:
            visits.append(limits)
        allowed = smallest([FIRMWARE_LIMITS, profile, package, *visits])
        assert all(0.0 <= above < 1e-6 for above in above_the_core(allowed, supervisor.limits))


def started(profile: TorqueLimits) -> Supervisor:
    supervisor = Supervisor(Profile(of_core(profile)))
    supervisor.start()
    return supervisor


def of_core(limits: TorqueLimits) -> Limits:
    return Limits(*(getattr(limits, name) for name in FIELDS))


def above_the_core(allowed: TorqueLimits, found: Limits) -> list[float]:
    """By which share each limit that is allowed lies above the one that the core keeps, in float32."""
    return [1.0 - getattr(found, name) / getattr(allowed, name) for name in FIELDS]
