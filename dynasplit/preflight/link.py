"""The way from edge to cloud on the tensor port: its round trip and its rate."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.core.errors import LinkLost
from dynasplit.preflight.findings import Finding, error, ok, warning
from dynasplit.preflight.two_hosts import TwoHosts
from dynasplit.testbed.lab import LINK_ADVICE
from hosts.wire.preflight import LinkOrder, LinkReport

_LINK_S = 120.0
_IMAGE_KB = 588.0
"""A preprocessed image of 224 x 224, which split point 0 sends."""

_SLOW_S = 1.0


def check(hosts: TwoHosts) -> Iterator[Finding]:
    """An error where the edge does not reach the cloud; a warning where an image takes long."""
    try:
        report = hosts.ask("edge", "Link", LinkOrder(), LinkReport, _LINK_S)
    except LinkLost as why:
        yield error("edge", "link", str(why), LINK_ADVICE)
        return
    found = f"{report.mbit_s:.0f} Mbit/s, round trip {1000 * report.round_trip_s:.2f} ms"
    image_s = report.round_trip_s + _IMAGE_KB * 8192 / (report.mbit_s * 1e6)
    if image_s > _SLOW_S:
        found += f": an image of {_IMAGE_KB:.0f} KB takes {image_s:.1f} s"
        advice = "use a faster network, or name another in hosts.cloud.link_address"
        yield warning("edge", "link", found, advice)
    else:
        yield ok("edge", "link", found)
