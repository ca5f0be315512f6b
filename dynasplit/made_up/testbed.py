"""A made-up testbed: the true figures of every configuration, and runs that scatter about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.front.dominance import Points, non_dominated
from dynasplit.made_up.families import FAMILIES
from dynasplit.made_up.traits import Traits, plain
from hosts.emulation.noise import generator

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
_QUALITY, _SPLITS = 0.95, 3
_OVERHEAD_S, _INFERENCES = 4.0, 100
"""Of a run's cost: warming up and setting knobs; and how many inferences its window has."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The true figures of each configuration, in the space's order (c,).

    Attributes:
        edge_ms: head. transfer_ms: link. cloud_ms: tail. edge_j, cloud_j: of an inference.
        quality: None: it is no objective.
    """

    edge_ms: Floats
    transfer_ms: Floats
    cloud_ms: Floats
    edge_j: Floats
    cloud_j: Floats
    quality: Floats | None

    @property
    def points(self) -> Points:
        """Objectives to be minimised (c, d)."""
        columns = [self.edge_ms + self.transfer_ms + self.cloud_ms, self.edge_j + self.cloud_j]
        if self.quality is not None:
            columns.append(-self.quality)
        return np.stack(columns, axis=1)


@dataclass
class MadeUpTestbed:
    """A testbed whose truth is known.

    Attributes:
        family: its name. number: which one of those drawn by the seed.
        space: of its configurations. traits: what it is like. truth: of every configuration.
        seed: of its runs' noise.
    """

    family: str
    number: int
    space: SearchSpace
    traits: Traits
    truth: Truth
    seed: int

    @property
    def whole_s(self) -> float:
        """Testbed time of measuring each configuration once."""
        latencies_ms = self.truth.points[:, 0]
        return float(len(latencies_ms) * _OVERHEAD_S + _INFERENCES * latencies_ms.sum() / 1000)

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """A run: the truth with noise, which is the same each time that it is asked for."""
        at = self.space.index(configuration)
        random = generator("made_up", self.seed, self.family, self.number, at, repeat)
        told, true = self.traits, self.truth
        whole = random.lognormal(0.0, told.run_cv / 2)
        if random.random() < told.stray_share:
            whole *= 1 + random.exponential(0.25)
        edge, link, cloud = (
            float(part[at]) * whole * random.lognormal(0.0, told.run_cv)
            for part in (true.edge_ms, true.transfer_ms, true.cloud_ms)
        )
        energies = [
            float(part[at]) * whole * random.lognormal(0.0, told.run_cv)
            for part in (true.edge_j, true.cloud_j)
        ]
        total_ms = edge + link + cloud
        whole_run = Measurement(
            configuration=configuration,
            repeat=repeat,
            source="modelled",
            latency_ms=total_ms,
            energy_j=sum(energies),
            fidelity=None if true.quality is None else float(true.quality[at]),
            testbed_time_s=_OVERHEAD_S + _INFERENCES * total_ms / 1000,
        )
        if not told.tells_stages:
            return whole_run
        return replace(
            whole_run,
            edge_ms=edge,
            transfer_ms=link,
            cloud_ms=cloud,
            edge_energy_j=energies[0],
            cloud_energy_j=energies[1],
        )


def drawn(
    number: int, seed: int, families: Sequence[str] = (), sizes: tuple[int, int] = (100, 1000)
) -> MadeUpTestbed:
    """The so manieth made-up testbed of a seed; families take turns.

    One whose front lies at fewer than three split points is drawn again: nothing would have to be
    searched for there.

    Args:
        number: from 0.
        seed: of all.
        families: their names; empty: all.
        sizes: of the space, from and to.
    """
    name = (families or tuple(FAMILIES))[number % len(families or FAMILIES)]
    random = generator("made_up", seed, number)
    while True:
        traits = FAMILIES[name](random, plain(random, sizes))
        space = _space(traits)
        truth = _truth(traits, space)
        on_front = np.flatnonzero(non_dominated(truth.points))
        splits = {space.configurations[at].split_point for at in on_front}
        if len(splits) >= _SPLITS and len(space) >= sizes[0]:
            return MadeUpTestbed(name, number, space, traits, truth, seed)


def _space(traits: Traits) -> SearchSpace:
    knobs = [Knob.of("cpu_mhz", traits.clocks_mhz)]
    if traits.accelerator_gain is not None:
        knobs.append(Knob.of("edge_accelerator", ["off", "max"]))
    if traits.gpu_gain is not None:
        knobs.append(Knob.of("cloud_gpu", [False, True]))
    last = len(traits.layer_ms)
    return SearchSpace.build(range(last + 1), last, knobs)


def _truth(traits: Traits, space: SearchSpace) -> Truth:
    every = space.configurations
    points = np.array([c.split_point for c in every])
    clock = np.array([traits.clocks_mhz.index(c.cpu_mhz or 0) for c in every])
    on = np.array([c.edge_accelerator != "off" for c in every], dtype=np.intp)
    gpu = np.array([c.cloud_gpu for c in every], dtype=np.intp)
    sends = points < len(traits.layer_ms)
    edge_ms = _edge_ms(traits, points, clock, on)
    transfer_ms = np.where(sends, _transfer_ms(traits, points), 0.0)
    cloud_ms = np.where(sends, _cloud_ms(traits, points, gpu), 0.0)
    relative = np.array(traits.clocks_mhz)[clock] / traits.clocks_mhz[-1]
    busy_w = traits.edge_busy_w * relative**traits.edge_power_exponent
    idle_w = traits.edge_idle_w + np.where(on, traits.accelerator_w, 0.0)
    edge_j = (idle_w * (edge_ms + transfer_ms + cloud_ms) + busy_w * edge_ms) / 1000
    cloud_j = np.where(gpu, traits.cloud_gpu_w, traits.cloud_cpu_w) * cloud_ms / 1000
    quality = None
    if traits.quality_loss is not None:
        quality = _QUALITY - traits.quality_loss[points] * np.where(on, 1.0, 0.5)
    return Truth(edge_ms, transfer_ms, cloud_ms, edge_j, cloud_j, quality)


def _edge_ms(traits: Traits, points: Indices, clock: Indices, on: Indices) -> Floats:
    """Heads' times (c,): sums over the layers before the split point."""
    mhz = np.array(traits.clocks_mhz, dtype=np.float64)
    slower = mhz[-1] / (mhz * traits.clock_speeds)  # (m,)
    moving = (1 - traits.fixed)[None, :] * slower[:, None] ** traits.exponents[None, :]
    by_cpu = traits.layer_ms * (traits.fixed[None, :] + moving)
    gain = traits.accelerator_gain
    by_both = by_cpu if gain is None else by_cpu / gain
    sums = np.stack([_summed(by_cpu), _summed(by_both)])  # (2, m, n + 1)
    return np.asarray(sums[on, clock, points])


def _summed(layers: Floats) -> Floats:
    return np.concatenate([np.zeros((len(layers), 1)), np.cumsum(layers, axis=1)], axis=1)


def _transfer_ms(traits: Traits, points: Indices) -> Floats:
    kb = traits.sent_kb[points]
    if traits.congests_kb is not None:
        over = np.maximum(kb / traits.congests_kb, 1.0)
        kb = kb * over ** (traits.congestion - 1)
    return np.asarray(traits.link_ms + kb * 8.192 / traits.link_mbit_s)


def _cloud_ms(traits: Traits, points: Indices, gpu: Indices) -> Floats:
    layers_ms = traits.layer_ms / traits.cloud_gain
    left_ms: Floats = layers_ms.sum() - np.concatenate([[0.0], np.cumsum(layers_ms)])[points]
    if traits.gpu_gain is None:
        return left_ms
    layers = len(traits.layer_ms) - points
    by_gpu = traits.gpu_start_ms + layers * traits.gpu_layer_ms + left_ms / traits.gpu_gain
    return np.where(gpu, by_gpu, left_ms)
