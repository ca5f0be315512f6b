"""The profile answers instead of hosts: for rehearsal, planning, and fast tests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from dynasplit.measurement import Measurement
from dynasplit.space import Configuration
from hosts.emulation.noise import run_factors
from hosts.emulation.profile import Profile


@dataclass
class ModelledTestbed:
    """Predicts each measurement from a profile, with its seeded noise between runs.

    Attributes:
        profile: the physical model.
        network: whose timings of the profile are used.
        seed: of the noise.
        inferences: what a window is taken to hold.
        warmup: inferences before a window, counted in the testbed's time.
        min_window_s: a window's least length; more inferences fill it.
        relative_ci: a window holds as many as a 95 % confidence interval of the mean latency needs
            whose half is at most this share of it; None: `inferences`.
        max_inferences: the most that it holds for that.
    """

    profile: Profile
    network: str
    seed: int = 0
    inferences: int = 10
    warmup: int = 5
    min_window_s: float = 2.0
    relative_ci: float | None = None
    max_inferences: int = 1000
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
        p, net, k = self.profile, self.network, configuration.split_point
        mhz = float(configuration.cpu_mhz or p.edge.start.cpu_mhz)
        mode, gpu = configuration.edge_accelerator, configuration.cloud_gpu
        factors = run_factors(p.noise, self.seed, f"{configuration}|{repeat}|{stream}|{request}")
        size, codec = configuration.batch_size, configuration.codec
        if p.is_last(net, k):
            codec = "none"
        encode_ms = p.encode_ms(net, k, codec, mhz) * size * factors.latency
        decode_ms = p.decode_ms(net, k, codec) * size * factors.latency
        sent_share = p.sent_share(codec)
        sending_ms = p.transfer_ms(net, k, size * sent_share) * factors.latency
        edge_ms = p.edge_ms(net, k, mhz, mode) * size * factors.latency
        cloud_ms = p.cloud_ms(net, k, gpu) * size * factors.latency
        transfer_ms = encode_ms + sending_ms + decode_ms
        active_j = p.edge.power_w(True, mhz, mode) * (edge_ms + encode_ms) / 1000
        waiting_ms = sending_ms + decode_ms + cloud_ms
        waiting_j = p.edge.power_w(False, mhz, mode) * waiting_ms / 1000
        edge_j = (active_j + waiting_j) * factors.power / size
        tail_j = p.cloud.power_w(True, gpu) * cloud_ms / 1000
        decode_j = p.cloud.power_w(True, False) * decode_ms / 1000
        cloud_j = (tail_j + decode_j) * factors.power / size
        row = p.split(net, k)
        latency_ms = edge_ms + transfer_ms + cloud_ms
        inferences = self._inferences()
        window_s = max(self.min_window_s, inferences * latency_ms / size / 1000)
        return Measurement(
            configuration=configuration,
            repeat=repeat,
            source="modelled",
            latency_ms=latency_ms,
            energy_j=edge_j + cloud_j,
            edge_ms=edge_ms,
            transfer_ms=transfer_ms,
            cloud_ms=cloud_ms,
            edge_energy_j=edge_j,
            cloud_energy_j=cloud_j,
            accuracy=(row.accuracy or {}).get(mode),
            fidelity=(row.fidelity or {}).get(mode),
            tensor_kb=row.tensor_kb,
            mode="latency",
            throughput_rps=1000 * size / latency_ms,
            wire_kb=row.tensor_kb * sent_share,
            encode_ms=encode_ms,
            decode_ms=decode_ms,
            inferences=max(inferences, int(window_s * 1000 * size / latency_ms)),
            window_s=window_s,
            testbed_time_s=self._spent_s(configuration, latency_ms, window_s),
        )

    def _inferences(self) -> int:
        if self.relative_ci is None:
            return self.inferences
        needed = math.ceil((1.96 * self.profile.noise.request_latency_cv / self.relative_ci) ** 2)
        return max(self.inferences, min(needed, self.max_inferences))

    def _spent_s(self, configuration: Configuration, latency_ms: float, window_s: float) -> float:
        """Reconfiguration where knobs differ from the last ones, warm-up, and the window."""
        was = dict(self._set.knobs) if self._set else {}
        costs_ms = self.profile.edge.reconfigure_ms | self.profile.cloud.reconfigure_ms
        change_ms = sum(
            costs_ms.get(name, 0.0) for name, v in configuration.knobs if was.get(name) != v
        )
        self._set = configuration
        return (change_ms + self.warmup * latency_ms) / 1000 + window_s
