"""A small profile of the tests' own, with and without noise."""

import pytest

from hosts.emulation.hardware import CloudBoard, EdgeBoard, Link, Meter, Noise, Start
from hosts.emulation.profile import Profile
from hosts.emulation.timings import Network, Split


def make_profile(noise: Noise | None = None, meter_error: bool = True) -> Profile:
    gain_pct, noise_pct = (0.1, 0.05) if meter_error else (0.0, 0.0)
    meter = Meter(identity="test meter", period_s=0.1, gain_pct=gain_pct, noise_pct=noise_pct)
    modes = ("off", "std", "max")
    return Profile(
        name="test",
        source="made up for tests",
        made_up=True,
        assumed=(),
        edge=EdgeBoard(
            name="test edge",
            cpu_mhz=(600, 1200, 1800),
            governors=("ondemand", "performance", "powersave", "userspace"),
            start=Start(governor="ondemand", cpu_mhz=600),
            accelerator_modes=modes,
            active_w={m: (3.0 + i, 1.0) for i, m in enumerate(modes)},
            waiting_w={m: (2.0 + i, 0.5) for i, m in enumerate(modes)},
            reconfigure_ms={"cpu_mhz": 150.0, "edge_accelerator": 100.0},
            meter=meter,
        ),
        cloud=CloudBoard(
            name="test cloud",
            gpu=True,
            idle_w=840.0,
            tail_gpu_w=904.0,
            tail_cpu_w=930.0,
            reconfigure_ms={"cloud_gpu": 150.0},
            meter=meter,
        ),
        link=Link(base_ms=2.0, per_kb_ms=0.01),
        noise=noise or Noise(),
        networks={
            "net": Network(
                last_split_point=2,
                splits=(
                    Split(0, 100.0, {"off": (9.0, 3.0)}, 70.0, 160.0),
                    Split(1, 200.0, dict.fromkeys(modes, (180.0, 20.0)), 50.0, 120.0),
                    Split(2, 0.0, dict.fromkeys(modes, (900.0, 40.0))),
                ),
            )
        },
    )


@pytest.fixture
def profile() -> Profile:
    return make_profile()


@pytest.fixture
def noisy_profile() -> Profile:
    return make_profile(Noise(0.01, 0.01, 0.01, 0.02, 0.4))
