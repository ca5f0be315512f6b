"""Families of made-up testbeds: each has something that a search may wrongly take for granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dynasplit.made_up.traits import Traits

Family = Callable[[np.random.Generator, Traits], Traits]


def reference(_random: np.random.Generator, traits: Traits) -> Traits:
    """As published: times follow 1/f, transfers their bytes."""
    return traits


def memory_bound(random: np.random.Generator, traits: Traits) -> Traits:
    """A part of each layer's time waits for memory, which no frequency changes."""
    return replace(traits, fixed=random.uniform(0.1, 0.8, len(traits.layer_ms)))


def several_exponents(random: np.random.Generator, traits: Traits) -> Traits:
    """Layers follow the frequency with exponents of their own, and the rest does not."""
    count = len(traits.layer_ms)
    return replace(
        traits,
        exponents=random.uniform(0.4, 1.6, count),
        fixed=random.uniform(0.0, 0.4, count),
    )


def congested_link(random: np.random.Generator, traits: Traits) -> Traits:
    """A slow link, on which transfers above a size take ever longer."""
    return replace(
        traits,
        link_mbit_s=float(random.uniform(15, 120)),
        congests_kb=float(random.uniform(0.1, 0.6) * traits.sent_kb.max()),
        congestion=float(random.uniform(1.4, 2.2)),
    )


def slow_gpu_start(random: np.random.Generator, traits: Traits) -> Traits:
    """A GPU whose start outweighs small tails, and that draws much."""
    return replace(
        traits,
        gpu_start_ms=float(random.uniform(10, 60)),
        gpu_gain=float(random.uniform(4, 30)),
        cloud_gpu_w=float(random.uniform(250, 500)),
    )


def steep_power(random: np.random.Generator, traits: Traits) -> Traits:
    """The edge's power grows much faster than its frequency: the slowest may need least."""
    return replace(
        traits,
        edge_power_exponent=float(random.uniform(2.2, 3.4)),
        edge_idle_w=traits.edge_idle_w / 2,
    )


def big_little(random: np.random.Generator, traits: Traits) -> Traits:
    """Below a frequency little cores compute, slower at the same clock; clocks have gaps."""
    count = int(random.integers(2, max(3, len(traits.clocks_mhz))))
    low = np.sort(random.choice(np.arange(3, 12), count, replace=False)) * 100
    high = np.sort(random.choice(np.arange(16, 28), count, replace=False)) * 100
    speeds = np.concatenate([np.full(count, random.uniform(0.3, 0.6)), np.ones(count)])
    return replace(traits, clocks_mhz=tuple(map(int, (*low, *high))), clock_speeds=speeds)


def throttled(random: np.random.Generator, traits: Traits) -> Traits:
    """Above a frequency the edge throttles: what is set there computes slower, and draws more."""
    speeds = np.ones(len(traits.clocks_mhz))
    hot = int(random.integers(1, max(2, len(speeds) // 2)))
    speeds[-hot:] = np.linspace(0.85, random.uniform(0.4, 0.7), hot)
    return replace(traits, clock_speeds=speeds, edge_power_exponent=float(random.uniform(1.4, 2.2)))


def no_accelerator(random: np.random.Generator, traits: Traits) -> Traits:
    """A bare edge, and a cloud without a GPU in half of them."""
    gpu = traits.gpu_gain if random.random() < 0.5 else None
    return replace(traits, accelerator_gain=None, gpu_gain=gpu)


def totals_only(random: np.random.Generator, traits: Traits) -> Traits:
    """Runs tell latency and energy as a whole, and layers do not follow 1/f."""
    return replace(memory_bound(random, traits), tells_stages=False)


def with_quality(random: np.random.Generator, traits: Traits) -> Traits:
    """Three objectives: int8 heads lose quality, the more the later they are cut, by steps."""
    steps = random.random(len(traits.layer_ms) + 1) < 0.2
    loss = np.cumsum(np.where(steps, random.exponential(0.01, len(steps)), 0.0))
    return replace(traits, quality_loss=np.minimum(loss, 0.3))


def noisy(random: np.random.Generator, traits: Traits) -> Traits:
    """Runs that differ by up to 5 %, and one in twenty that is far off."""
    return replace(traits, run_cv=float(random.uniform(0.03, 0.05)), stray_share=0.05)


FAMILIES: dict[str, Family] = {
    family.__name__: family
    for family in (
        *(reference, memory_bound, several_exponents, congested_link, slow_gpu_start),
        *(steep_power, big_little, throttled, no_accelerator, totals_only, with_quality, noisy),
    )
}
