"""The configuration of an experiment, put together from the groups of `config/options`.

What a person may say on the command line is here and nowhere else; the files in `conf/` give
values to these keys. The library's own modules take plain values and know nothing of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from dynasplit.config.options.audit import AuditConf
from dynasplit.config.options.benchmark import BenchmarkConf
from dynasplit.config.options.data import DataConf
from dynasplit.config.options.energy import EnergyConf
from dynasplit.config.options.figures import FiguresConf
from dynasplit.config.options.fit import FitConf
from dynasplit.config.options.hosts import HostsConf
from dynasplit.config.options.measure import MeasureConf
from dynasplit.config.options.model import ModelConf
from dynasplit.config.options.policy import PolicyConf
from dynasplit.config.options.provision import ProvisionConf
from dynasplit.config.options.replay import ReplayConf
from dynasplit.config.options.search import SearchConf
from dynasplit.config.options.space import SpaceConf
from dynasplit.config.options.tracking import TrackingConf
from dynasplit.config.options.workload import WorkloadConf
from dynasplit.config.paths import existing_file, experiment_name, path
from dynasplit.config.paths import resume as resume_rule
from dynasplit.config.paths import runs as runs_rule
from dynasplit.config.rules import (
    name_in_folder,
    option,
    several,
)
from dynasplit.config.rules import seed as seed_rule

POLICIES = ["dynasplit", "cloud_only", "edge_only", "fastest", "least_energy"]


@dataclass
class Config:
    """A whole run.

    Attributes:
        name: the experiment's; results appear under it. plan: module in experiments/.
        seed: of search and workload, and of emulated noise where hosts.seed is null.
        default_profile: that of emulated and modelled hosts, unless hosts.profile says another;
            hosts of one's own have none from it.
        policies: who serves the requests.
        front: a front.json to serve from instead of searching. runs: a table of recorded
            runs, or the folder of a run, finished or not.
        results_dir: where results appear.
        resume: true: continue an unfinished run of the same, or serve other requests from what a
            finished one measured; false: measure anew; the folder of a run: take over what it
            measured, whatever else has changed since.
        dry_run: only say what would be done. debug: show tracebacks.
    """

    name: str = option(MISSING, experiment_name())
    plan: str = option("two_phase", name_in_folder("experiments"))
    seed: int = option(0, seed_rule())
    default_profile: str = option("pi4_coral_v100", path())
    policies: list[str] = option(POLICIES, several(name_in_folder("dynasplit.online.policies")))
    front: str | None = option(None, existing_file())
    runs: str | None = option(None, runs_rule())
    results_dir: str = option("results", path())
    resume: Any = option(True, resume_rule())
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
    figures: FiguresConf = field(default_factory=FiguresConf)
    fit: FitConf = field(default_factory=FitConf)
    benchmark: BenchmarkConf = field(default_factory=BenchmarkConf)
    provision: ProvisionConf = field(default_factory=ProvisionConf)

    @property
    def hosts_seed(self) -> int:
        """The seed of what emulated and recorded hosts answer."""
        return self.seed if self.hosts.seed is None else self.hosts.seed
