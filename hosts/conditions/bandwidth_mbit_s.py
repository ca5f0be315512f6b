"""The bandwidth that tensors found between edge and cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hosts.conditions.base import Condition

if TYPE_CHECKING:
    from hosts.wire.messages import Inference, RunReport


class BandwidthMbitS(Condition):
    """Bytes sent over the round trip less tail and coding: a lower bound of the link's rate."""

    name = "bandwidth_mbit_s"
    unit = "Mbit/s"
    where = "link"
    meaning = "bandwidth that tensors reached, a lower bound of the link's"

    def of_run(self, report: RunReport) -> float | None:
        """In Mbit/s, the median of a window's inferences; None where nothing is sent."""
        from statistics import median

        window = report.inferences[report.first : report.last]
        if report.mode != "latency":
            return None  # the round trip holds waiting
        rates = [rate for one in window if (rate := _mbit_s(one)) is not None]
        return median(rates) if rates else None


def _mbit_s(one: Inference) -> float | None:
    """Bits a microsecond of one inference's tensor; None without timestamps of all stages."""
    sent_ns, tail_start_ns, tail_end_ns = one.encoded_ns, one.tail_start_ns, one.tail_end_ns
    if sent_ns is None or tail_start_ns is None or tail_end_ns is None or not one.sent_bytes:
        return None
    begun_ns = tail_start_ns if one.decode_start_ns is None else one.decode_start_ns
    link_ns = one.end_ns - sent_ns - (tail_end_ns - begun_ns)
    return one.sent_bytes * 8 / (link_ns / 1000) if link_ns > 0 else None
