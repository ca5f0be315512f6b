"""Power traces: clip to a window, find gaps, integrate. numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import WindowInvalid

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """Readings of one meter.

    Attributes:
        times_s: (n,) ascending, relative to whatever the caller chose as zero.
        watts: (n,) mean power over the period around each time.
        period_s: the meter's nominal period.
        max_w: no reading can be above it; None: it is not known what can be.
        uncertain_s: the times may be off by as much, all alike; 0: one clock tells all.
    """

    times_s: Array
    watts: Array
    period_s: float
    max_w: float | None = None
    uncertain_s: float = 0.0

    def within(self, start_s: float, end_s: float) -> Trace:
        """The readings inside a window (its edges included)."""
        keep = (self.times_s >= start_s) & (self.times_s <= end_s)
        return replace(self, times_s=self.times_s[keep], watts=self.watts[keep])

    def energy_j(
        self, start_s: float, end_s: float, *, min_samples: int, max_gap_periods: float
    ) -> float:
        """Integrate over a window: trapezoid rule, the window's edges interpolated.

        Args:
            start_s: the window's start, on the trace's clock.
            end_s: its end.
            min_samples: how many readings must lie inside.
            max_gap_periods: the largest gap allowed, in meter periods.

        Raises:
            WindowInvalid: too few readings, a gap, readings that do not reach the edges, or such as
                cannot be.
        """
        self._check(start_s, end_s, min_samples, max_gap_periods)
        inside = self.within(start_s, end_s)
        edges_w = np.interp([start_s, end_s], self.times_s, self.watts)
        times_s = np.concatenate(([start_s], inside.times_s, [end_s]))
        watts = np.concatenate((edges_w[:1], inside.watts, edges_w[1:]))
        return float(np.trapezoid(watts, times_s))

    def mean_w(self, start_s: float, end_s: float) -> float:
        """Mean of the readings inside a window.

        Raises:
            WindowInvalid: there are none, or such as cannot be.
        """
        self._check_readings()
        inside = self.within(start_s, end_s)
        if inside.watts.size == 0:
            raise WindowInvalid(f"no meter reading between {start_s:.3f} and {end_s:.3f} s")
        return float(inside.watts.mean())

    def _check(
        self, start_s: float, end_s: float, min_samples: int, max_gap_periods: float
    ) -> None:
        count = self.within(start_s, end_s).times_s.size
        if count < max(1, min_samples):
            raise WindowInvalid(
                f"{count} meter readings in a window of {end_s - start_s:.2f} s; at least "
                f"{min_samples} are needed (period {self.period_s} s)"
            )
        self.check_covers(start_s, end_s, max_gap_periods=max_gap_periods)

    def check_covers(self, start_s: float, end_s: float, *, max_gap_periods: float) -> None:
        """Refuse readings that leave a gap between two times, or such as cannot be.

        Args:
            start_s: the first time, on the trace's clock.
            end_s: the last.
            max_gap_periods: the largest gap allowed, in meter periods.

        Raises:
            WindowInvalid: what was found.
        """
        self._check_readings()
        if not self.times_s.size:
            raise WindowInvalid(f"no meter reading between {start_s:.3f} and {end_s:.3f} s")
        near = (self.times_s >= start_s - max_gap_periods * self.period_s) & (
            self.times_s <= end_s + max_gap_periods * self.period_s
        )
        times_s = self.times_s[near]
        bounded = np.concatenate(([min(start_s, times_s[0])], times_s, [max(end_s, times_s[-1])]))
        gap_s = float(np.diff(bounded).max())
        if gap_s > max_gap_periods * self.period_s * (1 + 1e-9):
            raise WindowInvalid(
                f"a gap of {gap_s:.2f} s in the meter's readings; at most "
                f"{max_gap_periods * self.period_s:.2f} s ({max_gap_periods} periods) is allowed"
            )

    def _check_readings(self) -> None:
        """Refuse readings that cannot be."""
        if not np.all(np.isfinite(self.watts)):
            raise WindowInvalid("the meter gave readings that are no numbers")
        if (back := np.flatnonzero(np.diff(self.times_s) < 0)).size:
            at_s, next_s = self.times_s[back[0]], self.times_s[back[0] + 1]
            raise WindowInvalid(
                f"the meter's time goes back: a reading of {next_s:.3f} s after one of {at_s:.3f} s"
            )
        if (below := np.flatnonzero(self.watts < 0)).size:
            raise WindowInvalid(f"a negative power, {self._told(below[0])}")
        most_w = np.inf if self.max_w is None else self.max_w
        if (above := np.flatnonzero(self.watts > most_w)).size:
            raise WindowInvalid(
                f"an impossible power, {self._told(above[0])}; at most {self.max_w:g} W can be "
                "drawn, as its option max_w says"
            )

    def _told(self, place: int) -> str:
        return f"{self.watts[place]:.4g} W at {self.times_s[place]:.3f} s"
