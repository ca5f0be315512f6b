"""Gates on what hosts' samplers saw: background, throttled, temperature, swap, held_frequency."""

import pytest

from hosts.wire.samples import HostSample
from tests.dynasplit.testbed.gates.made_up import host, noisy, verdict, window

WATTS = noisy(4.0, seed=1)  # a window of 2.4 s


def samples(others_pct=0.0, mhz=1800.0, throttled=(0, 0), swapped=(0, 0), celsius=50.0):
    """Every quarter of a second from a second before the window to a second after it."""
    found = []
    for i in range(-4, 14):
        late = i > 4
        found.append(
            HostSample(
                time_ns=i * 250_000_000,
                cpu_mhz=mhz,
                temperature_c=celsius,
                others_s=100.0 + others_pct / 100 * 4 * 0.25 * i,
                cpus=4,
                throttled=throttled[late],
                swapped_pages=swapped[late],
            )
        )
    return found


def seen(knobs=None, **more):
    return window(host(WATTS, samples=samples(**more), knobs=knobs))


@pytest.mark.parametrize(("others_pct", "passes"), [(1, True), (8, False), (80, False)])
def test_others_cpu_time_is_their_share_of_all_cpus(others_pct, passes):
    found = verdict("background", seen(others_pct=others_pct))
    assert found.found == pytest.approx(others_pct)
    assert found.passed == passes
    if not passes:
        assert found.words == f"edge: others take {others_pct} % of its CPUs; at most 5 % may be"


def test_only_the_window_counts_for_others_cpu_time():
    taken = samples()
    for one in taken[:3]:  # somebody who was there before
        one.others_s -= 50
    assert verdict("background", window(host(WATTS, samples=taken))).found == 0


def test_one_machine_is_never_alone():
    one = window(host(WATTS, samples=samples(others_pct=50, throttled=(0, 3))), one_machine=True)
    assert verdict("background", one) is None
    assert verdict("throttled", one) is None


@pytest.mark.parametrize(("count", "passes"), [(0, True), (1, False), (40, False)])
@pytest.mark.fault(
    group="hosts",
    fault="a processor that was throttled while it was measured",
    seen="`times during the run; at most 0 may be`, measured again, then given up by name",
)
def test_any_new_throttling_fails_the_window(count, passes):
    found = verdict("throttled", seen(throttled=(7, 7 + count)))
    assert (found.passed, found.found) == (passes, count)
    if not passes:
        assert found.words.endswith("times during the run; at most 0 may be")


def test_flags_of_a_condition_count_as_throttling_too():
    one = window(host(WATTS), conditions={"edge_throttled_flags": 4.0})
    assert not verdict("throttled", one).passed
    assert verdict("throttled", window(host(WATTS), conditions={"edge_throttled_flags": 0})).passed


@pytest.mark.parametrize(("celsius", "passes"), [(50, True), (81, False), (99, False)])
def test_a_hot_host_is_told(celsius, passes):
    assert verdict("temperature", seen(celsius=celsius)).passed == passes


@pytest.mark.parametrize(("pages", "passes"), [(0, True), (1, False), (10_000, False)])
def test_any_swapped_page_is_told(pages, passes):
    found = verdict("swap", seen(swapped=(3, 3 + pages)))
    assert (found.passed, found.found) == (passes, pages)


@pytest.mark.parametrize(
    ("ran_mhz", "asked", "passes"),
    [
        (1800, 1800, True),
        (1808, 1800, True),
        (1785, 1800, False),
        (600, 1800, False),
        (3391, 2801, True),  # a turbo
        (2500, 2801, False),
    ],
)
def test_a_frequency_that_is_not_the_one_that_was_set_is_told(ran_mhz, asked, passes):
    found = verdict("held_frequency", seen(mhz=ran_mhz, knobs={"cpu_mhz": asked}))
    assert found.passed == passes
    if not passes:
        assert f"MHz off the {asked} MHz that were set; at most 10 MHz may be" in found.words


def test_hosts_that_tell_nothing_are_not_judged():
    silent = window(host(WATTS, samples=[HostSample(i * 10**9) for i in range(3)]))
    for one in (silent, window()):
        for name in ("background", "throttled", "temperature", "swap", "held_frequency"):
            assert verdict(name, one) is None
