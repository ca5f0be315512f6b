"""The columns of runs and requests tables: names, units, ranges, meanings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from dynasplit.core.right_images import FORM_WORDS
from hosts.conditions.base import describe as describe_condition
from hosts.knobs.base import is_packaged, knobs

Kind = Literal["int", "float", "bool", "text"]
Need = Literal["always", "every_row", "any"]
KNOB_PREFIX = "knob_"
FAMILIES: Mapping[str, str] = {
    "channels": "channel_",
    "conditions": "condition_",
    "gates": "gate_",
    "uncertainty": "uncertainty_",
}
"""Fields of a measurement that hold figures by name, and the prefixes of their columns."""
BIG_MS = 1e8


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: ends in its unit where it has one.
        unit: of the values; empty for counts, words and shares.
        dtype: int, float, bool or text.
        least: smallest value allowed. most: greatest value allowed. None: any.
        required: `always`: the column must be there and filled; `every_row`: filled in every
            row or absent; `any`: single values may be absent.
        meaning: one line of documentation.
    """

    name: str
    unit: str
    dtype: Kind
    least: float | None
    most: float | None
    required: Need
    meaning: str

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        if self.dtype == "bool":
            return "true or false"
        if self.dtype == "text":
            return "a word"
        what = "a whole number" if self.dtype == "int" else "a number"
        return f"{what} from {self.least:g} to {self.most:g} {self.unit}".rstrip()


def _ms(name: str, meaning: str, required: Need = "any", least: float = 0.0) -> Column:
    return Column(name, "ms", "float", least, BIG_MS, required, meaning)


def _joule(name: str, meaning: str, required: Need = "any", least: float = 0.0) -> Column:
    return Column(name, "J", "float", least, 1e7, required, meaning)


def _share(name: str, meaning: str, required: Need = "every_row") -> Column:
    return Column(name, "", "float", 0, 1, required, meaning)


def _count(name: str, meaning: str, required: Need = "any", unit: str = "") -> Column:
    return Column(name, unit, "int", 0, 1e12, required, meaning)


def family_columns(names: Iterable[str]) -> dict[str, Column]:
    """The columns among these that hold figures of a family, by name."""
    return {
        name: _family_column(name) for name in names if name.startswith(tuple(FAMILIES.values()))
    }


def with_unit(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Those columns whose unit is known here."""
    return {name: column for name, column in columns.items() if column.unit}


_GATE_UNITS = {"pct": "%", "w": "W", "ms": "ms", "mhz": "MHz", "c": "°C"}
_UNCERTAINTY_UNITS = {"pct": "%", "w": "W", "j": "J"}


def _family_column(name: str) -> Column:
    """A figure's unit is the ending of its name."""
    if name.startswith(FAMILIES["conditions"]):
        known = describe_condition(name.removeprefix(FAMILIES["conditions"]))
        if known is not None:
            return Column(name, known.unit, "float", -1e12, 1e12, "any", known.meaning)
        return Column(
            name, "", "float", -1e12, 1e12, "any", "a condition, observed after the window"
        )
    if name.startswith(FAMILIES["gates"]):
        unit = _GATE_UNITS.get(name.rpartition("_")[2], "")
        return Column(name, unit, "float", -1e12, 1e12, "any", "what a gate found of the window")
    if name.startswith(FAMILIES["uncertainty"]):
        unit = _UNCERTAINTY_UNITS.get(name.rpartition("_")[2], "")
        return Column(name, unit, "float", 0, 1e9, "any", "a part of the energy's uncertainty")
    if name.endswith("_w"):
        return Column(name, "W", "float", 0, 1e6, "any", "a channel's idle baseline")
    return _joule(name, "energy of a channel, an inference, idle power included")


IDENTITY = (
    Column("model", "", "text", None, None, "every_row", "the network; one in a table"),
    _count("last_split_point", "the split point at which all runs on the edge", "every_row"),
)
_KNOB_TYPES: dict[type, Kind] = {int: "int", str: "text", bool: "bool"}
CONFIGURATION = (
    Column("split_point", "", "int", 0, 100_000, "always", "operations before it run on the edge"),
    *(
        Column(k.name, k.unit, _KNOB_TYPES[k.kind], k.least, k.most, "every_row", k.meaning)
        for k in knobs().values()
        if is_packaged(k.name)
    ),
)
_FIGURES = (
    _ms("latency_ms", "from the head's start to the result's arrival", "always", 1e-6),
    _joule("energy_j", "edge and cloud, an inference", "every_row", 1e-9),
    _share("accuracy", "share of labelled images classified correctly"),
    _share("fidelity", "share of images classified as by the unsplit network"),
    _share("accuracy_top5", "share of labelled images with their class among the first 5", "any"),
    Column("output_mae", "", "float", 0, 1e9, "any", "mean absolute difference of the outputs"),
    _count("images", "how many images accuracy and fidelity were determined on"),
    _ms("edge_ms", "computing the head"),
    _ms("transfer_ms", "sending the intermediate tensor, encoded, waited for and decoded"),
    _ms("cloud_ms", "computing the tail"),
)
_INTERVAL = (
    _joule("energy_low_j", "the 95 % interval of the window's energy: from"),
    _joule("energy_high_j", "the 95 % interval of the window's energy: to"),
)
_ATTRIBUTED = tuple(
    _joule(f"{host}_{part}_j", f"metered from the answer before, {where}: {meaning}", least=-1e7)
    for host, where in (("edge", "on the edge"), ("cloud", "in the cloud"))
    for part, meaning in (
        ("attributed", "the request's share"),
        ("switching", "switching's"),
        ("nobody", "nobody's"),
    )
)
_SOURCE = Column("source", "", "text", None, None, "every_row", "where the figures come from")
_MODE = (
    Column("mode", "", "text", None, None, "any", "latency, one batch at a time, or throughput"),
    Column("throughput_rps", "1/s", "float", 0, 1e9, "any", "inferences a second"),
)
_RUNTIMES = (
    _ms("edge_load_ms", "opening the head, before the window"),
    _ms("cloud_compile_ms", "compiling the tail, its first run included, before the window"),
    Column("edge_runtime", "", "text", None, None, "any", "library that computed the head"),
    Column("cloud_runtime", "", "text", None, None, "any", "library that computed the tail"),
    Column("cloud_device", "", "text", None, None, "any", "where the tail ran, such as GPU:0"),
)
_ACCOUNTING = Column(
    "accounting", "", "text", None, None, "any", "how energies are counted; absent: occupied"
)
_INFERENCES = Column(
    *("inference_ms", "ms", "text", None, None, "any"),
    "latency of each inference of the window, separated by spaces",
)
_RIGHT = Column(
    "right", "", "text", None, None, "any", f"labelled images classified correctly, {FORM_WORDS}"
)
_FLAGS = Column("flags", "", "text", None, None, "any", "what is doubtful, separated by ;")
_TIME = Column("testbed_time_s", "s", "float", 0, 1e9, "any", "what the run cost the testbed")

RUNS: tuple[Column, ...] = (
    *IDENTITY,
    *CONFIGURATION,
    _count("repeat", "0 for the first run of a configuration", "every_row"),
    _SOURCE,
    *_FIGURES,
    _ms("latency_spread_ms", "interquartile range within the window"),
    _joule("edge_energy_j", "the edge's part of the energy"),
    _joule("cloud_energy_j", "the cloud's part of the energy"),
    *_INTERVAL,
    Column("edge_idle_w", "W", "float", 0, 1e6, "any", "idle power of the edge's state"),
    Column("cloud_idle_w", "W", "float", 0, 1e6, "any", "idle power of the cloud's state"),
    _ms("edge_busy_ms", "mean time of head and encoding, an inference"),
    _ms("cloud_busy_ms", "mean time of decoding and tail, an inference"),
    Column("tensor_kb", "KB", "float", 0, 1e9, "any", "an image's tensor, in 1024 bytes"),
    *_RUNTIMES,
    *_MODE,
    Column("wire_kb", "KB", "float", 0, 1e9, "any", "an image's tensor as it was sent"),
    _ms("encode_ms", "encoding the tensor of a batch, part of transfer_ms"),
    _ms("decode_ms", "decoding it, part of transfer_ms"),
    _count("inferences", "how many the window counts"),
    _count("edge_samples", "meter samples in the window, edge"),
    _count("cloud_samples", "meter samples in the window, cloud"),
    Column("window_s", "s", "float", 0, 1e9, "any", "the window's length"),
    _TIME,
    _RIGHT,
    _INFERENCES,
    _ACCOUNTING,
    _FLAGS,
)
REQUESTS: tuple[Column, ...] = (
    *IDENTITY,
    _count("request", "the request's index in the workload", "always"),
    Column("network", "", "text", None, None, "always", "what the request asks for"),
    Column("policy", "", "text", None, None, "always", "who chose"),
    _ms("threshold_ms", "the latency that the request allows", "always", 1e-6),
    *CONFIGURATION,
    *_FIGURES,
    Column("met", "", "bool", None, None, "always", "latency at most the threshold"),
    Column(
        "infeasible",
        "",
        "bool",
        None,
        None,
        "always",
        "not met, nor could any known before",
    ),
    _ms("switch_ms", "setting knobs and warming up before the request, no part of its latency"),
    _ms("exceedance_ms", "latency above the threshold; absent where met"),
    *_INTERVAL,
    *_ATTRIBUTED,
    *_MODE,
    _SOURCE,
    _TIME,
    _ACCOUNTING,
    _FLAGS,
)
