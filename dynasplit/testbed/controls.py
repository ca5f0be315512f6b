"""The control configuration: one that is measured every so often, so that drift is seen."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dynasplit.core.errors import MeasurementError, WindowInvalid
from dynasplit.core.measurement import Measurement
from dynasplit.run.lines import append_line
from dynasplit.testbed.gates._window import ControlRuns
from dynasplit.testbed.judging import Findings, GateRules, judge_control
from dynasplit.testbed.retry import RetryPolicy
from dynasplit.testbed.upkeep import UpkeepRules

FILE = "controls.jsonl"
STREAM = "control"
"""Who asks for its runs: it keys emulated noise."""
FIRST = 3
"""Runs that later ones are compared with."""
_MORE = 2  # runs where one is out, before it is told: the median of all counts

Measure = Callable[[int], Measurement]
"""Measures the control configuration, by the number of its run."""


class ControlRun(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One run of the control, as a line of the file has it.

    Attributes:
        time: when, by the controller's time of day.
        configuration: in words. repeat: its runs before it.
        figures: `latency_ms`, and the energy of each channel (`edge_wall_j`), or `energy_j`.
        gates: what the gates found, of the last of the runs that are judged together.
        doubtful: in words, what was out.
    """

    time: str
    configuration: str
    repeat: int
    figures: dict[str, float]
    gates: dict[str, float] = {}
    doubtful: tuple[str, ...] = ()


@dataclass
class Controls:
    """Measures the control when it is due, and judges it against its own first runs.

    Attributes:
        rules: which one, and how often. gates: what it must pass.
        folder: each run is kept as a line of a file in it; None: nowhere.
        findings: of the last time.
    """

    rules: UpkeepRules
    gates: GateRules
    folder: Path | None = None
    findings: Findings = field(default_factory=Findings)
    _runs: list[ControlRun] = field(default_factory=list)
    _since: int | None = None

    def __post_init__(self) -> None:
        self._runs = read_controls(self.folder) if self.folder is not None else []

    def is_due(self) -> bool:
        """Asked before each measurement: True before the first, and after each `control_every`."""
        every = self.rules.control_every
        if every is None or self.rules.control is None:
            return False
        if self._since is None or self._since >= every:
            return True
        self._since += 1
        return False

    def measure(self, measure: Measure) -> None:
        """Measure it, again where it is out, and judge the median of these runs.

        Raises:
            GateFailed: it has drifted, and the gate's action says so.
            DynaSplitError: a host failed.
        """
        self._since = 1  # the measurement that comes next
        try:
            while len(self._runs) < FIRST:
                self._runs.append(self._run(measure))
                self._keep(self._runs[-1])
                if len(self._runs) == FIRST:
                    return
            self._judge(measure)
        except MeasurementError as error:  # of no other configuration is it the fault
            said = f"the control could not be measured: {error}"
            self.findings = Findings(flags=("control_drift",), words=(said,))

    def _judge(self, measure: Measure) -> None:
        seen: list[ControlRun] = []
        for left in reversed(range(1 + _MORE)):
            seen.append(self._run(measure))
            self._runs.append(seen[-1])
            both = ControlRuns(seen[-1].configuration, medians(self._runs[:FIRST]), medians(seen))
            try:
                found = judge_control(self.gates, both)
            except WindowInvalid as error:
                found = Findings(flags=("control_drift",), words=(str(error),))
            seen[-1].gates, seen[-1].doubtful = dict(found.figures), found.words
            self._keep(seen[-1])
            self.findings = found
            if not found.flags or not left:
                return

    def _run(self, measure: Measure) -> ControlRun:
        repeat = len(self._runs)
        found = RetryPolicy().measure(lambda: measure(repeat))
        figures = {name: j for name, j in found.channels.items() if name.endswith("_j")}
        if not figures and found.energy_j is not None:
            figures = {"energy_j": found.energy_j}
        return ControlRun(
            time=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            configuration=found.configuration.words(),
            repeat=repeat,
            figures={"latency_ms": found.latency_ms, **figures},
        )

    def _keep(self, run: ControlRun) -> None:
        if self.folder is not None:
            append_line(self.folder / FILE, msgspec.json.encode(run))


def medians(runs: Sequence[ControlRun]) -> dict[str, float]:
    """Of each figure that all runs have."""
    names = [n for n in runs[0].figures if all(n in run.figures for run in runs)] if runs else []
    return {name: statistics.median(run.figures[name] for run in runs) for name in names}


def read_controls(folder: Path) -> list[ControlRun]:
    """The runs that a folder holds, oldest first; none where there is no file.

    A line that cannot be read, which a kill may leave at the end, is left out.
    """
    found: list[ControlRun] = []
    try:
        lines = (folder / FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=ControlRun))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return found
