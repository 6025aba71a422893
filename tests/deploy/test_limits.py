"""Claims about limits along the whole way: firmware, device profile, package, visit, and never above any."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.virtual_exo.supervisor import FIRMWARE_LIMITS, ArmRequest, Supervisor
from core.devices.exo_protocol import Rc
from core.domain.controller import TorqueLimits

SHA = bytes(range(32))
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
    supervisor = Supervisor(profile)
    package, visits = FIRMWARE_LIMITS, []
    for kind, limits in asked:
        if kind == "package":
            supervisor.use_controller(SHA, limits, trial=False)
            package = limits
        elif supervisor.tighten(limits) is Rc.OK:
            visits.append(limits)
        assert supervisor.limits == smallest([FIRMWARE_LIMITS, profile, package, *visits])


@settings(max_examples=100, deadline=None)
@given(limits_of, limits_of, st.floats(0.1, 100.0), st.booleans())
def test_an_armed_exo_gives_no_more_than_the_session_asked_for(profile, package, max_nm, trial):
    supervisor = Supervisor(profile)
    supervisor.use_controller(SHA, package, trial=trial)
    assert supervisor.arm(ArmRequest(SHA, supervisor.nonce, max_nm, 1.0), 0.0) is Rc.OK
    share = 0.5 if trial else 1.0
    assert supervisor.peak_nm == min(smallest([FIRMWARE_LIMITS, profile, package]).peak_nm * share, max_nm)
