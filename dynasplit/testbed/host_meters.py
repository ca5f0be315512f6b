"""All meters of one host, by channel."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from dynasplit.core.errors import HostProgramFailed, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.testbed.channels import HostTraces, check_sees_gpu, counted_channels
from dynasplit.testbed.meter import MeterStream
from hosts.wire.readings import MeterHeader

_LATE_S = 20.0
_LEAD_OUT_PERIODS = 2.0
_PATIENCE_PERIODS = 2.0
_PATIENCE_S = 1.0


class HostMeters:
    """The meters of one host as they stream.

    Attributes:
        counted: names of the channels whose sum is the host's energy; empty: it has no meter.
    """

    def __init__(self, host: str, streams: Sequence[MeterStream]) -> None:
        """Raises ConfigurationError where it is not clear what the host's energy would be."""
        self._host, self._streams = host, streams
        self._channels = [channel for stream in streams for channel in stream.header.channels]
        self.counted = counted_channels(host, self._channels)

    def check_sees_gpu(self) -> None:
        """Raise ConfigurationError if what counts as the host's energy would lack its GPU's."""
        check_sees_gpu(self._host, self._channels)

    @property
    def streams(self) -> Sequence[MeterStream]:
        """Each meter's readings."""
        return self._streams

    @property
    def period_s(self) -> float:
        """The slowest period of the channels that count; 0: there is none."""
        counting = [s for s in self._streams if any(n in self.counted for n in s.channels)]
        return max((stream.header.period_s for stream in counting), default=0.0)

    @property
    def lead_out_s(self) -> float:
        """How long a window's load goes on after it, so that its last readings see no other."""
        counting = [s.header for s in self._streams if any(n in self.counted for n in s.channels)]
        return max((_lead_out_s(header) for header in counting), default=0.0)

    @property
    def identity(self) -> str | None:
        """The instruments' own names; None: there is no meter."""
        return "; ".join(stream.header.identity for stream in self._streams) or None

    @property
    def headers(self) -> dict[str, MeterHeader]:
        """What the meter of each channel says of itself, by the channel's name."""
        return {name: stream.header for stream in self._streams for name in stream.channels}

    @property
    def lag_s(self) -> float:
        """How far back the readings that count reach beyond their own period.

        A mean over its own period holds nothing of what was before it; a longer one, and a meter's
        delay, do.
        """
        counting = [h for n, h in self.headers.items() if n in self.counted]
        return max((_lag_s(header) for header in counting), default=0.0)

    @property
    def lead_in_s(self) -> float:
        """How long a window's load goes on before it, so that its first readings see no other.

        An instrument is asked out of step with its updates: what it tells may be a whole period
        old, beyond being a mean. A board's meter is in step.
        """
        counting = [h for n, h in self.headers.items() if n in self.counted and not h.emulated]
        return max((h.period_s + (h.averaging_s or h.period_s) for h in counting), default=0.0)

    def since(self, from_ns: int, start_ns: int, end_ns: int) -> dict[str, Trace]:
        """Each counted channel's readings between two times, as they are there now.

        Args:
            from_ns: the first time on the host's clock.
            start_ns: from which the traces' times count.
            end_ns: the last time.
        """
        return {
            name: stream.readings(name, from_ns, end_ns, start_ns)
            for stream in self._streams
            for name in stream.channels
            if name in self.counted
        }

    def make_ready(self) -> None:
        """Before a window: begin anew what has ended.

        Raises:
            WindowInvalid, HostProgramFailed: a meter that counts gives no readings.
        """
        for stream in self._streams:
            if any(name in self.counted for name in stream.channels):
                stream.make_ready()
            else:
                with suppress(WindowInvalid, HostProgramFailed):
                    stream.make_ready()

    def allow_start(self) -> None:
        """Time has passed: let those that did not start be begun anew once more."""
        for stream in self._streams:
            stream.allow_start()

    def traces(self, start_ns: int, end_ns: int) -> HostTraces:
        """The traces around a window on the host's clock, once the meters have covered it.

        Waits for late readings of channels that count, and a moment for others.

        Raises:
            WindowInvalid: a channel that counts does not cover the window.
        """
        found: dict[str, Trace] = {}
        for stream in self._streams:
            late_s = stream.header.late_s
            moment_s = _PATIENCE_PERIODS * stream.header.period_s + _PATIENCE_S + late_s
            for name in stream.channels:
                if name in self.counted:
                    found[name] = stream.trace(name, start_ns, end_ns, _LATE_S + late_s)
                else:
                    with suppress(WindowInvalid):
                        found[name] = stream.trace(name, start_ns, end_ns, moment_s)
        return HostTraces(found, self.counted, (end_ns - start_ns) / 1e9)


def _lead_out_s(header: MeterHeader) -> float:
    averaging_s = header.averaging_s or 0.0
    return max(_LEAD_OUT_PERIODS * header.period_s, header.period_s + averaging_s / 2)


def _lag_s(header: MeterHeader) -> float:
    return (header.delay_s or 0.0) + max(0.0, (header.averaging_s or 0.0) - header.period_s)
