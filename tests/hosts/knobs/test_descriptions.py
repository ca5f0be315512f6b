"""What the knobs say of themselves, and what is said of a knob that nobody here knows."""

import subprocess
import sys
from pathlib import Path

import pytest

import hosts.knobs
from hosts.core.errors import ExtensionError, KnobError
from hosts.knobs.base import HostKnob, build, describe, is_packaged, knobs, names_on_hosts
from hosts.machine.real import RealMachine

ROOT = Path(__file__).resolve().parents[3]


def test_they_come_by_where_they_act():
    edge = ["cpu_cores", "cpu_little_mhz", "cpu_mhz", "edge_accelerator", "jetson_mode"]
    cloud = ["cloud_gpu", "gpu_clock_mhz", "gpu_power_w"]
    link = ["link_delay_ms", "link_loss_pct", "link_mbit_s"]
    assert list(knobs()) == [*edge, *cloud, "codec", *link, "batch_size"]
    assert all(map(is_packaged, knobs()))
    assert names_on_hosts() == [*edge, *cloud, *link]
    assert names_on_hosts("edge") == [*edge, *link]
    assert names_on_hosts("cloud") == cloud


def test_asking_them_imports_nothing_heavy():
    code = (
        "from hosts.knobs.base import knobs; import sys; [k.ordered(()) for k in knobs().values()];"
        "from hosts.conditions.base import conditions; conditions();"
        "assert not {'numpy', 'msgspec', 'psutil'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("name", "values", "ordered", "shown"),
    [
        ("cpu_mhz", [1800, 600], (600, 1800), ["600 MHz", "1800 MHz"]),
        ("cpu_cores", [4, 1], (1, 4), ["1 core", "4 cores"]),
        ("edge_accelerator", ["max", "off"], ("off", "max"), ["no TPU", "TPU max"]),
        ("cloud_gpu", [True, False], (False, True), ["no GPU", "GPU"]),
        ("link_mbit_s", [20, 5], (5, 20), ["link 5 Mbit/s", "link 20 Mbit/s"]),
        ("link_delay_ms", [0, 20], (20, 0), ["link +20 ms", ""]),
        ("link_loss_pct", [0, 2], (2, 0), ["link -2 %", ""]),
        ("jetson_mode", ["MAXN", "MODE_10W"], ("MODE_10W", "MAXN"), ["mode MODE_10W", "mode MAXN"]),
        ("gpu_power_w", [300, 100], (100, 300), ["GPU 100 W", "GPU 300 W"]),
        ("gpu_clock_mhz", [1980, 210], (210, 1980), ["GPU 210 MHz", "GPU 1980 MHz"]),
        (
            "codec",
            ["none", "lz4", "int8+zstd"],
            ("lz4", "int8+zstd", "none"),
            ["codec lz4", "codec int8+zstd", ""],
        ),
        ("batch_size", [1, 4], (4, 1), ["batch 4", ""]),
    ],
)
def test_values_are_ordered_and_worded(name, values, ordered, shown):
    knob = describe(name)
    assert knob.ordered(values) == ordered
    assert [knob.shown(value) for value in ordered] == shown


@pytest.mark.parametrize(
    ("name", "values", "where", "idle"),
    [
        ("fan_pct", [20, 80], "edge", None),
        ("cloud_nic", [False, True], "cloud", False),
        ("governor", ["save", "off"], "edge", "off"),
    ],
)
def test_a_foreign_knob_is_described_by_its_values(name, values, where, idle):
    knob = describe(name)
    assert (knob.where, knob.resting(values)) == (where, idle)
    assert not issubclass(knob, HostKnob)


def test_only_a_hosts_knob_is_built():
    with pytest.raises(KnobError, match="'codec' asked; there are: cpu_cores, cpu_little_mhz, "):
        build("codec", RealMachine())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "derived from Knob with name = 'toy' expected"),
        ("name = 'other'", "derived from Knob with name = 'toy' expected"),
        ("name, kind = 'toy', float", "kind = .*float.*; allowed: int, str, bool"),
        ("name, kind, where = 'toy', int, 'moon'", "moon; allowed: edge, cloud, link, software"),
        ("name, kind, where = 'toy', int, 'edge'", "meaning is missing; allowed: a line for help"),
    ],
)
def test_a_file_that_does_not_say_what_a_knob_must_is_refused(tmp_path, monkeypatch, text, said):
    head = "from hosts.knobs.base import Knob\n"
    body = f"class Toy(Knob):\n    {text}\n" if text else ""
    (tmp_path / "toy.py").write_text(head + body)
    monkeypatch.setattr(hosts.knobs, "__path__", [*hosts.knobs.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "hosts.knobs.toy", raising=False)
    knobs.cache_clear()
    with pytest.raises(ExtensionError, match=said):
        knobs()
    knobs.cache_clear()
