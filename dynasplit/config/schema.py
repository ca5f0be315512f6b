"""The configuration of an experiment: every group and key, with its type and default.

What a person may say on the command line is here and nowhere else; the files in `conf/` give
values to these keys. The library's own modules take plain values and know nothing of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import MISSING


@dataclass
class HostConf:
    """One host and the way to it.

    Attributes:
        address: name or number that SSH connects to. port: of its SSH server.
        user: login name; None: the one who runs the controller.
        key_file: the client key; None: those that SSH finds.
        known_hosts: file with the host's key; None: the user's own. Unknown keys are refused.
        python: the interpreter that runs the host's programs.
        link_address: cloud only: address of the tensor port, as the edge reaches it.
        meter: the program that reads its power. meter_options: passed to it.
        knobs: names of the programs that set its hardware.
        cpus: the CPUs that its agent keeps to; None: all (hosts=local: half of them).
    """

    address: str | None = None
    port: int = 22
    user: str | None = None
    key_file: str | None = None
    known_hosts: str | None = None
    python: str = "python3"
    link_address: str | None = None
    meter: str = "none"
    meter_options: dict[str, Any] = field(default_factory=dict)
    knobs: list[str] = field(default_factory=list)
    cpus: list[int] | None = None


@dataclass
class HostsConf:
    """What measures a configuration.

    Attributes:
        kind: emulated, local, ssh, modelled or recorded.
        profile: name or path of the physical model; None: there is none for these hosts.
        speedup: paces emulated hosts at so many times real time; None: as fast as it goes.
        edge: used with the kinds ssh and local. cloud: likewise.
    """

    kind: str = MISSING
    profile: str | None = None
    speedup: float | None = None
    edge: HostConf = field(default_factory=HostConf)
    cloud: HostConf = field(default_factory=HostConf)


@dataclass
class ModelConf:
    """The network.

    Attributes:
        name: a module of hosts/models/networks.
        weights: auto (learned ones where they are at hand, else random), imagenet, trained,
            stored or random, as far as the network has them; or a file.
        precision: of heads: auto (the network's own), int8, float32 or float16.
        path: the .keras file of model=keras_file.
        scaling: of that network's pixels: none (0..255) or unit (0..1).
        seed: of random weights, and of the choice of images.
        calibration_images: how many integers are calibrated with.
        split_points: those that may be searched; None: all.
    """

    name: str = MISSING
    weights: str = "auto"
    precision: str = "auto"
    path: str | None = None
    scaling: str = "none"
    seed: int = 0
    calibration_images: int = 24
    split_points: list[int] | None = None

    @property
    def label(self) -> str:
        """What results call the network: one of a file has the file's name."""
        return Path(self.path).name if self.name == "keras_file" and self.path else self.name


@dataclass
class DataConf:
    """The images that are inferred.

    Attributes:
        name: a module of hosts/models/datasets. images: how many.
        path: imagenet_folder's folder; tfds: where it keeps its files, None: as it likes.
        labels: imagenet_folder's file of classes, or `none`; None: the folders' names say them.
        tfds: the data set's name in TensorFlow Datasets. split: which part of it.
    """

    name: str = MISSING
    images: int = 24
    path: str | None = None
    labels: str | None = None
    tfds: str | None = None
    split: str | None = None


@dataclass
class SpaceConf:
    """Which knob values the search may choose; None: all that the hosts offer.

    Attributes:
        codec: codecs to choose from; None: none to choose, measure.codec is the one.
        batch_size: likewise; None: measure.batch_size is the one.
    """

    cpu_mhz: list[int] | None = None
    edge_accelerator: list[str] | None = None
    cloud_gpu: list[bool] | None = None
    codec: list[str] | None = None
    batch_size: list[int] | None = None


@dataclass
class SearchConf:
    """The offline phase: how to search, and when to stop (whatever comes first).

    Attributes:
        algorithm: name of a file in dynasplit/search. options: its own.
        fraction: of the space that is measured (not of a grid, which is measured whole).
        trials: how many configurations instead.
        testbed_time_s: time on the testbed. min_gain: least expected gain in hypervolume.
        front_repeats: how often the front's members are measured again.
    """

    algorithm: str = MISSING
    fraction: float | None = 0.2
    trials: int | None = None
    testbed_time_s: float | None = None
    min_gain: float | None = None
    front_repeats: int = 4
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class PolicyConf:
    """Options of the policy `dynasplit`.

    Attributes:
        quantile: share of the repeats that must be within the threshold (0.5: their median).
        energy_tolerance: what needs at most this share more than the least energy is as good;
            of it, the fastest is taken.
        margin: share by which the threshold must exceed that latency.
        min_accuracy: least accuracy (or fidelity) of what is chosen.
    """

    quantile: float = 0.5
    energy_tolerance: float = 0.01
    margin: float = 0.0
    min_accuracy: float | None = None


@dataclass
class WorkloadConf:
    """The requests: drawn from a Weibull distribution, or read from a file.

    Attributes:
        requests: how many; with a file, at most so many of it (None: all).
        min_ms: least threshold; None: the fastest latency known. max_ms: greatest; likewise.
        shape: of the distribution.
        file: CSV or parquet with Index, Network, Latency. network: whose requests of the file.
    """

    requests: int | None = 50
    min_ms: float | None = None
    max_ms: float | None = None
    shape: float = 1.0
    file: str | None = None
    network: str | None = None


@dataclass
class MeasureConf:
    """How one configuration is measured.

    Attributes:
        mode: latency (one batch at a time) or throughput (edge, link and cloud at the same time).
        codec: how intermediate tensors are sent: none, lz4, zstd, float16, int8, or one of the
            last two with a compressor, as int8+zstd.
        batch_size: how many images head and tail take at once.
        min_inferences: least number in a window. max_inferences: most, for relative_ci.
        min_samples: least meter samples in a window. min_window_s: its least length.
        max_window_s: how long it goes on for relative_ci; None: however long (hosts=local: 1 s).
        warmup: inferences before the window.
        max_gap_periods: greatest gap between meter samples, in their periods.
        baseline_s: how long idle power is measured, in board time.
        relative_ci: go on until the latency's confidence interval is so narrow; None: don't.
        retries: how often a failed measurement is tried again. retry_wait_s: pause before.
    """

    mode: str = "latency"
    codec: str = "none"
    batch_size: int = 1
    min_inferences: int = 10
    max_inferences: int = 1000
    min_samples: int = 20
    min_window_s: float = 0.5
    max_window_s: float | None = None
    warmup: int = 5
    max_gap_periods: float = 3.0
    baseline_s: float = 60.0
    relative_ci: float | None = None
    retries: int = 2
    retry_wait_s: float = 1.0


@dataclass
class EnergyConf:
    """What counts as energy. cloud: tail (only while tails run) or gross (all that it draws)."""

    cloud: str = "tail"


@dataclass
class TrackingConf:
    """Where runs are recorded. kind: mlflow or none. uri: of its store; None: in results_dir."""

    kind: str = "mlflow"
    uri: str | None = None


@dataclass
class ReplayConf:
    """Requests on recorded runs.

    Attributes:
        keep_requests: how many of the first requests go to requests.parquet.
        chunk: requests at a time; bounds the memory, changes no result.
        divisions: how often the runs are divided at random, to choose by one half and judge by
            the other; 0: not at all.
    """

    keep_requests: int = 1000
    chunk: int = 32768
    divisions: int = 5


@dataclass
class AuditConf:
    """What an audit writes. clean: also the table without the rows that others contradict."""

    clean: bool = False


@dataclass
class BenchmarkConf:
    """Search algorithms compared.

    Attributes:
        seeds: how many. algorithms: which.
        fill: configurations absent from the table: `profile` predicts them, `none` leaves them out.
    """

    seeds: int = 20
    algorithms: list[str] = field(
        default_factory=lambda: ["structured", "tpe", "nsga3", "nsga2", "nsga3_reference", "random"]
    )
    fill: str = "profile"


@dataclass
class FitConf:
    """What a profile is fitted from, besides runs.

    Attributes:
        macs: a file of the network's split points (split_point, head_mmac, tail_mmac,
            tensor_kb). With it the fitted profile also gets the law that predicts networks
            without runs.
        profile: name or file; its boards and its law predict the network of `macs`, which
            `runs`, a handful or none, correct.
        network: what the predicted network is called; None: as in the runs, else model.name.
    """

    macs: str | None = None
    profile: str | None = None
    network: str | None = None


POLICIES = ["dynasplit", "cloud_only", "edge_only", "fastest", "least_energy"]


@dataclass
class Config:
    """A whole run.

    Attributes:
        name: the experiment's; results appear under it. plan: module in experiments/.
        seed: of search, workload and emulated noise.
        policies: who serves the requests.
        front: a front.json to serve from instead of searching. runs: a table of recorded runs.
        results_dir: where results appear. resume: continue an unfinished run of the same kind.
        dry_run: only say what would be done. debug: show tracebacks.
    """

    name: str = MISSING
    plan: str = "two_phase"
    seed: int = 0
    policies: list[str] = field(default_factory=lambda: list(POLICIES))
    front: str | None = None
    runs: str | None = None
    results_dir: str = "results"
    resume: bool = True
    dry_run: bool = False
    debug: bool = False
    hosts: HostsConf = field(default_factory=HostsConf)
    model: ModelConf = field(default_factory=ModelConf)
    data: DataConf = field(default_factory=DataConf)
    space: SpaceConf = field(default_factory=SpaceConf)
    search: SearchConf = field(default_factory=SearchConf)
    policy: PolicyConf = field(default_factory=PolicyConf)
    workload: WorkloadConf = field(default_factory=WorkloadConf)
    measure: MeasureConf = field(default_factory=MeasureConf)
    energy: EnergyConf = field(default_factory=EnergyConf)
    tracking: TrackingConf = field(default_factory=TrackingConf)
    replay: ReplayConf = field(default_factory=ReplayConf)
    audit: AuditConf = field(default_factory=AuditConf)
    fit: FitConf = field(default_factory=FitConf)
    benchmark: BenchmarkConf = field(default_factory=BenchmarkConf)
