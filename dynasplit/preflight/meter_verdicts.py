"""What steps in readings say of a meter: frozen, late, swapped, shared, or as it should be.

A pure function of what was observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dynasplit.preflight.findings import Finding, error, ok, warning
from dynasplit.preflight.steps import Step
from dynasplit.preflight.stimulus import Observed

LATE_S, LATE_PERIODS = 0.25, 0.4
"""A delay beyond both shifts a window's energy: by its share of a window of 2 s, an eighth."""

TOLD_SHARE = 0.05
"""Of a channel's power: a load on all CPUs adds at least so much to a host that idles."""

_COUPLED = 0.1
"""Of the own step: what the other host's load adds less is its traffic, or a common supply."""

_SAME = 0.5
_SLOWER = 2.5


def verdicts(observed: Sequence[Observed], *, one_machine: bool = False) -> Iterator[Finding]:
    """A finding for each channel.

    Args:
        observed: all channels of both hosts.
        one_machine: both hosts are one, so that a meter sees both.
    """
    for seen in observed:
        yield _verdict(seen, observed, one_machine)


def _verdict(seen: Observed, every: Sequence[Observed], one_machine: bool) -> Finding:
    name = f"meter {seen.channel}"
    other = "cloud" if seen.host == "edge" else "edge"
    own, foreign = seen.steps.get(seen.host), seen.steps.get(other)
    if seen.trouble:
        return error(seen.host, name, f"{seen.identity}: {seen.trouble}", "check that meter")
    if not seen.is_reached:
        found = f"{seen.identity}: a load on CPUs does not reach it"
        return warning(seen.host, name, found, "check by a network's run that it follows")
    if own is None:
        found = f"{seen.identity}: a reading each {seen.period_s:g} s is too seldom to tell a step"
        return warning(seen.host, name, found, "take it for screening only")
    follows = own.is_certain
    follows_other = _follows_other(own, foreign, _other_step(every, other))
    if one_machine:
        follows_other = False
    if not follows:
        return _without_step(seen, name, own, other, follows_other)
    if follows_other and foreign is not None:
        return error(
            seen.host,
            name,
            f"{seen.identity}: shared: {other}'s load shows in it too, by {foreign.step_w:.3g} W "
            f"beside {own.step_w:.3g} W",
            f"let only the {seen.host} host draw through it",
        )
    return _of_time(seen, name, own)


def _without_step(seen: Observed, name: str, own: Step, other: str, follows_other: bool) -> Finding:
    if follows_other:
        return error(
            seen.host,
            name,
            f"{seen.identity}: swapped: it follows the load of {other}, and not that of "
            f"{seen.host}",
            "change the meters' places, or their hosts in the configuration",
        )
    if seen.is_constant:
        return error(
            seen.host,
            name,
            f"{seen.identity}: frozen: {own.base_w:.4g} W all the time, under load and without",
            "start it anew; is its display held?",
        )
    if own.least_told_w > TOLD_SHARE * abs(own.base_w):
        return warning(
            seen.host,
            name,
            f"{seen.identity}: its noise of {own.noise_w:.2g} W hides steps below "
            f"{own.least_told_w:.2g} W",
            "end other programs there; choose a smaller range of the meter",
        )
    return error(
        seen.host,
        name,
        f"{seen.identity}: no load shows in it ({own.base_w:.4g} W, noise {own.noise_w:.2g} W)",
        f"does it stand in the supply of the {seen.host} host?",
    )


def _of_time(seen: Observed, name: str, own: Step) -> Finding:
    """Of a meter that follows its host: when, and how often."""
    rate = seen.update_s or seen.period_s
    share = 100 * own.noise_w / abs(own.base_w) if own.base_w else 0.0
    found = (
        f"{seen.identity}: follows {seen.host}'s load by {own.step_w:.3g} W, {own.delay_s:.2f} s "
        f"late; a value each {rate:.2g} s, noise {share:.2g} %"
    )
    late_s = max(LATE_S, LATE_PERIODS * seen.period_s)
    if own.delay_s > late_s:
        found = f"{seen.identity}: lags by {own.delay_s:.1f} s behind its host's load"
        advice = "set its averaging off or shorter; a host-side meter must stamp when it measured"
        return error(seen.host, name, found, advice)
    if own.delay_s < -late_s:
        found = f"{seen.identity}: shows the load {-own.delay_s:.1f} s before it begins"
        return error(seen.host, name, found, "check the clock that stamps its readings")
    if seen.update_s is not None and seen.update_s > _SLOWER * seen.period_s:
        found = (
            f"{seen.identity}: a new value each {seen.update_s:.2g} s only, where it states "
            f"{seen.period_s:.2g} s; {own.delay_s:.2f} s late"
        )
        return warning(seen.host, name, found, f"give it the option period_s={seen.update_s:.2g}")
    return ok(seen.host, name, found)


def _follows_other(own: Step, foreign: Step | None, other_w: float | None) -> bool:
    """True if the other host's load shows as more than its traffic would."""
    if foreign is None or not foreign.is_certain:
        return False
    if not own.is_certain or foreign.step_w > _COUPLED * own.step_w:
        return True
    return other_w is not None and foreign.step_w > _SAME * other_w


def _other_step(every: Sequence[Observed], other: str) -> float | None:
    """What the other host's load adds by its own meter; None: it does not say."""
    steps = [s.steps.get(other) for s in every if s.host == other and s.is_reached]
    return max((s.step_w for s in steps if s is not None and s.is_certain), default=None)
