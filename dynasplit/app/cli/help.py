"""The help texts: experiments, config groups, and options with examples."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from dynasplit.testbed.gates.base import gates
from hosts.conditions.base import Condition, conditions
from hosts.knobs.base import Knob, knobs

CONF = Path(__file__).resolve().parents[3] / "conf"

_HELP = """\
Searches where to split a network between an edge and a cloud host and how to set their
hardware, then serves requests from what it found.

  python run_experiment.py                      list the experiments
  python run_experiment.py +experiment=NAME     run one
    group=option                                with another option of a group
    key=value                                   with another value
    'key="a (b)"'                               with one that holds = # ( ) [ ] {{ }} or a comma
    dry_run=true                                only say what it would do
    -m seed=0,1 search=nsga3,random             all combinations, one after another

Experiments:
{experiments}

Groups and their options, the default in brackets:
{groups}

Knobs that a search may choose values of, with space.KNOB=[VALUE,VALUE]:
{knobs}

Conditions, observed with each measurement:
{conditions}

Gates, which each measured window must pass (docs/trust.md), with what is done where one does not;
measure.gates.GATE.action=off|warn|again|stop, measure.gates.every=off for all of them:
{gates}

Values often changed:
  seed=0                        of search, workload and emulated noise
  policies=[dynasplit,fastest]  who serves the requests; default: all
  search.fraction=0.2           share of the space that is measured; or search.trials=N
  space.cpu_mhz=[600,1800]      narrows the space; likewise model.split_points=[0,6,22]
  measure.mode=throughput       edge, link and cloud at the same time; default: latency
  measure.codec=lz4             how tensors are sent; measure.batch_size=4: images at once;
                                space.codec=[none,lz4], space.batch_size=[1,4]: to be searched
  workload.requests=50          how many requests are served, one inference each;
                                workload.serve=window: a measured window each, as published
  policy.quantile=0.5           how safe dynasplit plays; likewise policy.margin,
                                policy.energy_tolerance
  policy.max_accuracy_loss=1    points below cloud_only that dynasplit may lose; policy.min_fidelity
  hosts.profile=NAME|FILE       physical model of emulated and modelled hosts
  hosts.cloud_rest_w=300        W assumed for what of a profile's cloud was not measured
                                (pi4_coral_h200: all but the GPU's board)
  hosts.meter=estimate          real hosts without a meter: energy by CPU time times watts
  hosts.faults=[frozen_meter]   emulated hosts misbehave: docs/faults-on-demand.md lists how; with
                                parameters: 'hosts.faults=[{{fault: lagging_meter, lag_s: 2}}]'
  model.weights=auto            or imagenet, random, trained
  data=imagenet_folder          your images: data.path=FOLDER, in class folders, or flat with
                                data.labels=FILE (lines `file class`); data.images=N of them
  results_dir=results           where results appear
  resume=true                   false: measure anew, instead of going on with an unfinished run or
                                with what a finished one measured; FOLDER: take its measurements
  search.storage=sqlite:///FILE.db   shows the search in optuna-dashboard while it runs
  measure.outage_s=60           how long a host or the link may be gone before the run ends
  debug=false                   true: show the traceback of an error

  --cfg job                     print every value of this command, and stop
  --shell-completion install=bash   makes TAB complete (also zsh, fish), used so:
                                eval "$(python run_experiment.py -sc install=bash)"
  --hydra-help                  Hydra's own options"""


def experiments() -> dict[str, str]:
    """Each experiment's name and what its file says of it."""
    files = sorted((CONF / "experiment").glob("*.yaml"))
    return {path.stem: _headline(path) for path in files}


def groups() -> dict[str, list[str]]:
    """The config groups and their options."""
    folders = sorted(p for p in CONF.iterdir() if p.is_dir())
    return {p.name: sorted(f.stem for f in p.glob("*.yaml")) for p in folders}


def default_options() -> dict[str, str]:
    """The option of each group that a run has if it says nothing else."""
    primary = (CONF / "config.yaml").read_text(encoding="utf-8")
    return dict(re.findall(r"^  - (\w+): (\w+)$", primary, re.M))


def experiments_text() -> str:
    """The list of experiments, shown when the command has no arguments."""
    how = "Run one with: python run_experiment.py +experiment=NAME (--help says more)"
    return f"{how}\n\n{_lines()}"


def help_text() -> str:
    """The text of `--help`."""
    return _HELP.format(
        experiments=_lines(),
        groups=_group_lines(),
        knobs=_described(knobs().values()),
        conditions=_described(conditions().values()),
        gates="\n".join(f"  {g.name:17} {g.action:6} {g.meaning}" for g in gates().values()),
    )


def _lines() -> str:
    found = experiments()
    width = max(map(len, found), default=0)
    return "\n".join(f"  {name:{width}}  {line}" for name, line in found.items())


def _group_lines() -> str:
    defaults, lines = default_options(), []
    for group, options in groups().items():
        if group in defaults:
            marked = [f"[{o}]" if o == defaults[group] else o for o in options]
            lines.append(f"  {group:9} {', '.join(marked)}")
    return "\n".join(lines)


def _described(things: Iterable[type[Knob] | type[Condition]]) -> str:
    """A line for each knob or condition: name, unit, where, meaning."""
    rows = [(t.name, t.unit or "-", t.where, t.meaning) for t in things]
    return "\n".join(f"  {name:17} {unit:6} {where:9} {why}" for name, unit, where, why in rows)


def _headline(path: Path) -> str:
    """The first comment that is not a directive of Hydra's."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and not line.startswith("# @"):
            return line[2:].strip()
    return ""
