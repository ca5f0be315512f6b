"""False alarms: windows on boards without any fault that a gate or the audit does not pass."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from dynasplit.audit import audit_live
from dynasplit.core.errors import MeasurementError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.testbed.judging import GateRules, WindowTooShort
from hosts.emulation.profile import load_profile
from hosts.wire.window_rules import WindowRules
from tests.judged.in_process import opened
from tests.system.test_emulated_figures import space

STRICT = Path(__file__).resolve().parents[2] / "conf" / "measure" / "strict.yaml"
NETWORKS = {"vgg16": "pi4_coral_v100", "digits_cnn": "quick"}
MODES = ("latency", "throughput")
HEAD = "| network | mode | measure | windows | alarms | by |\n|---|---|---|---|---|---|\n"
SEEDS = 5
EACH = 60


@dataclass
class Alarms:
    """Windows, and those that were doubted; a longer window that is asked for is no alarm."""

    windows: int = 0
    alarms: int = 0
    names: Counter = field(default_factory=Counter)


def strict() -> GateRules:
    """The gates of measure=strict."""
    gates = yaml.safe_load(STRICT.read_text(encoding="utf-8"))["gates"]
    return GateRules(
        {name: g["action"] for name, g in gates.items()},
        {n: {k: v for k, v in g.items() if k != "action"} for n, g in gates.items()},
    )


def configurations(network: str) -> tuple[Configuration, ...]:
    """All of a network's space."""
    if network == "vgg16":
        return space().configurations
    knobs = [
        Knob("cpu_mhz", (600, 1000, 1400, 1800)),
        Knob("edge_accelerator", ("off", "max"), "edge", "off"),
        Knob("cloud_gpu", (False, True), "cloud", False),
    ]
    return SearchSpace.build(range(8), 7, knobs).configurations


def alarms(network: str, mode: str, gates: GateRules, seeds: int = SEEDS) -> Alarms:
    """Of windows on boards of some seeds, each window once, without a second try."""
    told = Alarms()
    profile, every = load_profile(NETWORKS[network]), configurations(network)
    rules = WindowRules(mode=mode, relative_ci=0.01)
    for seed in range(seeds):
        some = [every[(11 * seed + i * 13) % len(every)] for i in range(EACH)]
        before: list[Measurement] = []
        with opened(profile, network, seed=seed, rules=rules, gates=gates) as (testbed, _):
            for i, configuration in enumerate(some):
                told.windows += 1
                try:
                    found = testbed.measure(configuration, repeat=i)
                except WindowTooShort:
                    continue
                except MeasurementError as error:
                    told.names[str(error).partition(":")[0]] += 1
                    told.alarms += 1
                    continue
                doubts = (*found.flags, *audit_live(found, before))
                before.append(found)
                told.names.update(doubts)
                told.alarms += bool(doubts)
    return told


def row(network: str, mode: str, kind: str, found: Alarms) -> str:
    """One line of the table."""
    named = ", ".join(f"{who} {often}" for who, often in sorted(found.names.items())) or "-"
    cells = (network, mode, kind, str(found.windows), str(found.alarms), named)
    return f"| {' | '.join(cells)} |\n"


def text() -> str:
    """The table, and the share of all windows."""
    rows, windows, doubted = "", 0, 0
    for network in NETWORKS:
        for mode in MODES:
            for kind, gates in (("default", GateRules()), ("strict", strict())):
                found = alarms(network, mode, gates)
                rows += row(network, mode, kind, found)
                windows, doubted = windows + found.windows, doubted + found.alarms
    share = 100 * doubted / windows
    return f"{windows} windows, {doubted} alarms: {share:.2f} %.\n\n{HEAD}{rows}"
