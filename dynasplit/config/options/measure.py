"""The options of `measure`: mode, window, retries of a measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynasplit.config.options.gates import GatesConf
from dynasplit.config.rules import (
    above,
    at_least,
    listed,
    one_of,
    option,
    share,
)
from hosts.knobs.base import describe


def _codecs() -> Sequence[str]:
    return [str(name) for name in describe("codec").allowed_of(None) or ()]


@dataclass
class MeasureConf:
    """Options of a measurement: mode, window, retries.

    Attributes:
        mode: latency (one batch at a time) or throughput (edge, link and cloud at the same time).
        codec: how intermediate tensors are sent: none, lz4, zstd, float16, int8, or one of the
            last two with a compressor, as int8+zstd.
        batch_size: how many images head and tail take at once.
        min_inferences: least number in a window. max_inferences: most, for relative_ci.
        min_samples: least meter samples in a window. min_window_s: its least length.
        max_window_s: how long it goes on for relative_ci; None: however long (hosts=local: 1 s).
        warmup: inferences before the window. warmup_s: least time of them (at least three times
            what counted meters state of delay, and of averaging beyond their period).
        max_gap_periods: greatest gap between meter samples, in their periods.
        baseline_s: how long idle power is measured, in board time.
        baseline_every: measure it again after so many measurements, and at the end; None: only
            before all.
        relative_ci: go on until the latency's confidence interval is so narrow; None: don't.
        retries: how often a failed measurement is tried again. retry_wait_s: pause before.
        gates: what a window must pass: action and thresholds of each gate.
        control_every: measure a control configuration after so many measurements; None: 50 on
            machines, none on boards; 0: none.
        control: it, as `{split_point: 3, cpu_mhz: 1800}`; what it leaves open is as at the first
            corner of the space.
        order: of a grid search: space (neighbours differ in one knob) or blocks (drawn from the
            seed, so that drift meets all alike); None: blocks on machines.
        max_warmup_s: warm-up goes on so long for steady latencies; None: 30 on machines, 0 (by
            warmup and warmup_s alone) on boards.
        cool_down_c: before a window, hosts cool down to so much above their temperature at the
            run's begin; None: 10 on machines, not at all on boards.
        cool_down_limit_s: longest wait; 0: there is none.
        baseline_states: measure idle power in each state that hosts idle in (an accelerator or a
            GPU held open), which accountings net of it need; None: yes.
        outage_s: how long a host or the link may be gone; until then it is tried again.
    """

    mode: str = option("latency", one_of("latency", "throughput"))
    codec: str = option("none", listed(_codecs))
    batch_size: int = option(1, at_least(1))
    min_inferences: int = option(10, at_least(1))
    max_inferences: int = option(1000, at_least(1))
    min_samples: int = option(20, at_least(2))
    min_window_s: float = option(0.5, at_least(0))
    max_window_s: float | None = option(None, above(0))
    warmup: int = option(5, at_least(0))
    warmup_s: float = option(0.0, at_least(0))
    max_gap_periods: float = option(3.0, at_least(1))
    baseline_s: float = option(60.0, above(0))
    baseline_every: int | None = option(None, at_least(1))
    relative_ci: float | None = option(None, share(zero=False, one=False))
    retries: int = option(2, at_least(0))
    retry_wait_s: float = option(1.0, at_least(0))
    outage_s: float = option(60.0, at_least(0))
    control_every: int | None = option(None, at_least(0))
    control: dict[str, Any] = field(default_factory=dict)
    order: str | None = option(None, one_of("space", "blocks"))
    max_warmup_s: float | None = option(None, at_least(0))
    cool_down_c: float | None = option(None, above(0))
    cool_down_limit_s: float = option(120.0, at_least(0))
    baseline_states: bool | None = None
    gates: GatesConf = field(default_factory=GatesConf)

    def conflicts(self) -> Iterator[str]:
        """Values that exclude each other."""
        if self.min_inferences > self.max_inferences:
            allowed = f"up to measure.max_inferences={self.max_inferences}"
            yield f"min_inferences={self.min_inferences}; allowed: {allowed}"
