"""The testbed of a profile, for rehearsal, planning and fast tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dynasplit.accounting import DEFAULT, Accounting, build
from dynasplit.accounting._view import viewed
from dynasplit.core.measurement import Measurement, kept_latencies
from dynasplit.core.provenance import rest_flag
from dynasplit.core.space import Configuration
from dynasplit.testbed.single import single
from hosts.emulation.noise import request_factors, run_factors
from hosts.emulation.profile import Profile
from hosts.wire.messages import IN_FLIGHT
from hosts.wire.window_rules import WindowRules

_SAMPLED = 64
_WINDOW = WindowRules(min_window_s=2.0)


def pipelined_ms(stages_ms: tuple[float, float, float]) -> tuple[float, float]:
    """Period and latency of batches that overlap, of which so many may be unanswered.

    Results come at the pace of the slowest stage. Where that is the edge, nothing waits; else the
    next head begins when the batch that many before it is answered.

    Args:
        stages_ms: what a batch takes on the edge, on the link, and in the cloud.
    """
    period_ms = max(stages_ms)
    if stages_ms[0] == period_ms:
        return period_ms, sum(stages_ms)
    return period_ms, IN_FLIGHT * period_ms


@dataclass
class ModelledTestbed:
    """Predicts each measurement from a profile, with its seeded noise between runs.

    Attributes:
        profile: the physical model.
        network: whose timings of the profile are used.
        seed: of the noise.
        rules: of a window: how long it is taken to last, and how many inferences to hold.
        accounting: by which energies are counted.
    """

    profile: Profile
    network: str
    seed: int = 0
    rules: WindowRules = _WINDOW
    accounting: Accounting = field(default_factory=lambda: build(DEFAULT))
    _set: Configuration | None = field(default=None, repr=False)

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """One run as the profile predicts it."""
        found = self._window(configuration, repeat, f"{configuration}|{repeat}|{stream}|{request}")
        spent_s = self._switched_s(configuration, self.rules.warmup * found.latency_ms)
        return replace(found, testbed_time_s=spent_s + (found.window_s or 0.0))

    def infer(
        self, configuration: Configuration, *, request: int, stream: str = "", payload: int = 0
    ) -> Measurement:
        """One request, as the first inference of a run."""
        is_set = self._set == configuration
        run = self._window(configuration, 0, f"{configuration}|0|{stream}|{request}")
        latency_ms = next(iter(run.inference_ms), run.latency_ms)
        switch_s = self._switched_s(configuration, 0.0 if is_set else latency_ms)
        share = latency_ms / run.latency_ms
        stages = {n: getattr(run, n) for n in ("edge_ms", "transfer_ms", "cloud_ms")}
        return single(
            run,
            latency_ms,
            **{name: share * ms for name, ms in stages.items()},
            switch_ms=1000 * switch_s,
            testbed_time_s=switch_s + latency_ms / 1000,
        )

    def _window(self, configuration: Configuration, repeat: int, run: str) -> Measurement:
        """A window's figures, but for what it cost."""
        p, net, k = self.profile, self.network, configuration.split_point
        mhz = float(configuration.cpu_mhz or p.edge.start.cpu_mhz)
        mode, gpu = configuration.edge_accelerator, configuration.cloud_gpu
        factors = run_factors(p.noise, self.seed, run)
        size, codec = configuration.batch_size, configuration.codec
        if p.is_last(net, k):
            codec = "none"
        encode_ms = p.encode_ms(net, k, codec, mhz) * size * factors.latency
        decode_ms = p.decode_ms(net, k, codec) * size * factors.latency
        sent_share = p.sent_share(codec)
        sending_ms = p.transfer_ms(net, k, size * sent_share) * factors.latency
        edge_ms = p.edge_ms(net, k, mhz, mode) * size * factors.latency
        cloud_ms = p.cloud_ms(net, k, gpu, size) * factors.latency
        busy_ms = edge_ms + encode_ms
        alone_ms = (edge_ms, encode_ms, sending_ms, decode_ms, cloud_ms)
        stages_ms = (busy_ms, sending_ms, decode_ms + cloud_ms)
        period_ms, latency_ms = sum(stages_ms), sum(stages_ms)
        if self.rules.mode == "throughput":
            period_ms, latency_ms = pipelined_ms(stages_ms)
        edge_j = self._edge_j(configuration, busy_ms, period_ms) * factors.power / size
        cloud_j = self._cloud_j(configuration, cloud_ms, decode_ms) * factors.power / size
        row, inferences = p.split(net, k), self._inferences(period_ms / size)
        window_s = inferences * period_ms / size / 1000
        measurement = Measurement(
            configuration=configuration,
            repeat=repeat,
            source="modelled",
            latency_ms=latency_ms,
            inference_ms=self._inference_ms(run, latency_ms, alone_ms, min(_SAMPLED, inferences)),
            energy_j=edge_j + cloud_j,
            edge_ms=edge_ms,
            transfer_ms=latency_ms - edge_ms - cloud_ms,
            cloud_ms=cloud_ms,
            edge_energy_j=edge_j,
            cloud_energy_j=cloud_j,
            edge_idle_w=p.edge.power_w(False, mhz, mode) * factors.power,
            cloud_idle_w=p.cloud.power_w(False, gpu) * factors.power,
            edge_busy_ms=busy_ms / size,
            cloud_busy_ms=(decode_ms + cloud_ms) / size,
            accuracy=(row.accuracy or {}).get(mode),
            fidelity=(row.fidelity or {}).get(mode),
            images=p.networks[net].images if row.accuracy or row.fidelity else None,
            tensor_kb=row.tensor_kb,
            mode=self.rules.mode,
            throughput_rps=1000 * size / period_ms,
            wire_kb=row.tensor_kb * sent_share,
            encode_ms=None if p.is_last(net, k) else encode_ms,
            decode_ms=None if p.is_last(net, k) else decode_ms,
            inferences=inferences,
            window_s=window_s,
            flags=() if p.cloud.rest_w is None else (rest_flag(p.cloud.rest_w),),
        )
        return viewed([measurement], self.accounting)[0]

    def _edge_j(self, configuration: Configuration, busy_ms: float, period_ms: float) -> float:
        """Of a batch: computing, then waiting."""
        edge, mode = self.profile.edge, configuration.edge_accelerator
        mhz = float(configuration.cpu_mhz or edge.start.cpu_mhz)
        active_j = edge.power_w(True, mhz, mode) * busy_ms / 1000
        return active_j + edge.power_w(False, mhz, mode) * (period_ms - busy_ms) / 1000

    def _cloud_j(self, asked: Configuration, tail_ms: float, decode_ms: float) -> float:
        """Of a batch: the tail, and decoding on the CPU."""
        p = self.profile
        tail_w = p.tail_w(self.network, asked.split_point, asked.cloud_gpu, asked.batch_size)
        return tail_w * tail_ms / 1000 + p.cloud.power_w(True, False) * decode_ms / 1000

    def _inference_ms(
        self, run: str, latency_ms: float, alone_ms: Sequence[float], count: int
    ) -> tuple[float, ...]:
        """The latency of some of the window's inferences; none where they do not differ.

        Args:
            run: names the run.
            latency_ms: what they lie around.
            alone_ms: the times of their stages, each of which varies by itself.
            count: how many.
        """
        noise = self.profile.noise
        if not noise.request_latency_cv:
            return ()
        factors = request_factors(noise, self.seed, run, count, len(alone_ms))
        times_ms = factors @ np.array(alone_ms) * (latency_ms / sum(alone_ms))
        return kept_latencies(times_ms.tolist())

    def _inferences(self, each_ms: float) -> int:
        """How many a window holds: as many as it needs to last as long as the rules say."""
        rules = self.rules
        least = max(rules.min_inferences, math.ceil(1000 * rules.min_window_s / each_ms))
        if rules.relative_ci is None:
            return least
        needed = math.ceil((1.96 * self.profile.noise.request_latency_cv / rules.relative_ci) ** 2)
        return max(least, min(needed, rules.max_inferences))

    def _switched_s(self, configuration: Configuration, warmup_ms: float) -> float:
        """Reconfiguration where knobs differ from the last ones, and warm-up."""
        was = dict(self._set.knobs) if self._set else {}
        costs_ms = self.profile.edge.reconfigure_ms | self.profile.cloud.reconfigure_ms
        change_ms = sum(
            costs_ms.get(name, 0.0) for name, v in configuration.knobs if was.get(name) != v
        )
        self._set = configuration
        return (change_ms + warmup_ms) / 1000
