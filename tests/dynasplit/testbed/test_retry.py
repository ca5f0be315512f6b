"""How often, and for how long, a measurement is tried again."""

import time

import pytest

from dynasplit.core.errors import (
    HostNotReady,
    HostUnreachable,
    KnobNotHeld,
    KnobRefused,
    LinkLost,
    MeasurementError,
    WindowInvalid,
)
from dynasplit.testbed.retry import RetryPolicy

FOUND = object()


class Testbed:
    """Fails so often by each error, then measures."""

    __test__ = False

    def __init__(self, *errors: Exception) -> None:
        self.left, self.attempts = list(errors), 0

    def __call__(self):
        self.attempts += 1
        if self.left:
            raise self.left.pop(0)
        return FOUND


@pytest.mark.parametrize(
    "error", [WindowInvalid, HostNotReady, HostUnreachable, LinkLost, KnobNotHeld]
)
def test_what_passes_is_tried_again_as_often_as_asked(error):
    policy = RetryPolicy(retries=2, wait_s=0)
    assert policy.measure(Testbed(error("a"), error("b"))) is FOUND
    with pytest.raises(error, match="c"):
        policy.measure(Testbed(error("a"), error("b"), error("c")))


@pytest.mark.parametrize("error", [KnobRefused, MeasurementError])
def test_what_does_not_pass_is_not_tried_again(error):
    testbed = Testbed(error("a"))
    with pytest.raises(error):
        RetryPolicy(retries=2, wait_s=0, outage_s=9).measure(testbed)
    assert testbed.attempts == 1


@pytest.mark.fault(
    group="link",
    fault="a host or link that is gone for long",
    seen="tried again for as long as `measure.outage_s` says, then its error",
)
def test_a_link_that_is_gone_is_tried_for_as_long_as_asked_and_not_longer():
    """`measure.outage_s` is what is asked."""
    policy = RetryPolicy(retries=0, wait_s=0.02, outage_s=0.3)
    assert policy.measure(Testbed(*[LinkLost("gone")] * 4)) is FOUND
    since_s = time.monotonic()
    with pytest.raises(LinkLost):
        policy.measure(Testbed(*[LinkLost("gone")] * 10_000))
    assert 0.3 <= time.monotonic() - since_s < 5


def test_the_time_that_a_link_was_gone_counts_anew_after_another_error():
    policy = RetryPolicy(retries=1, wait_s=0.02, outage_s=0.3)
    errors = [*[LinkLost("gone")] * 4, WindowInvalid("a gap"), *[LinkLost("gone")] * 4]
    assert policy.measure(Testbed(*errors)) is FOUND


def test_who_waits_is_told_once_that_something_is_gone():
    policy, told = RetryPolicy(retries=2, wait_s=0, outage_s=5), []
    policy.measure(Testbed(WindowInvalid("a gap"), LinkLost("gone"), LinkLost("gone")), told.append)
    assert told == ["gone. It is tried again, 2 times, and for 5 s at least"]
    with pytest.raises(LinkLost):
        RetryPolicy(retries=0, wait_s=0).measure(Testbed(LinkLost("gone")), told.append)
    assert len(told) == 1
