"""The terminal's output of a run: progress bars, notes, the policies' table, next steps.

Where the output is no terminal (a file, a CI log), each step writes a few plain lines instead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from dynasplit.app.cli.console import StandardOutput
from dynasplit.app.cli.policies_table import intervals_words, policies_table, shown_ms
from dynasplit.app.cli.search_words import SearchWords
from dynasplit.core import events
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import shown_j
from hosts.core.errors import printable

TITLES: Mapping[str, str] = {
    "search": "Searching",
    "baselines": "Measuring the baselines",
    "repeats": "Repeating the front",
    "online": "Serving requests",
}
_PLAIN_STEPS = 4
_PLAIN_EVERY_S = 60.0
_SEARCHES = ("search", "baselines", "repeats")
_PLAIN_WIDTH = 100


class Terminal:
    """Shows one run's progress; subscribes to the phases' events."""

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Write to a console; None: standard output. `clock` tells seconds."""
        width = None if sys.stdout.isatty() else _PLAIN_WIDTH
        self.console = console or StandardOutput(width=width, highlight=False)
        self._progress = _Followed(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Count(),
            TimeElapsedColumn(),
            _Left(),
            TextColumn(
                "{task.fields[doing]}",
                style="dim",
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            expand=True,
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._steps: dict[str, _Step] = {}
        self._clock = clock
        self._search: SearchWords | None = None
        self._said_below = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def follow(self, search: SearchWords) -> None:
        """Show with each measurement how the search goes."""
        self._search = search

    def say(self, text: str) -> None:
        """A line of its own."""
        self.console.print(escape(printable(text)), soft_wrap=True)

    def step(self, name: str, total: int | None, done: int = 0) -> None:
        """A long step begins.

        Args:
            name: what is done, as it is shown.
            total: of how many parts; None: not known.
            done: how many of them an earlier start has done.
        """
        if name in self._steps:
            return
        counted = total is not None
        task = self._progress.add_task(name, total=total, completed=done, doing="", counted=counted)
        self._steps[name] = _Step(task, done, self._clock)
        if not self.console.is_terminal:
            known = f": {total}" if total else ""
            self.say(f"{name}{known}{f', {done} done before' if done else ''} ...")

    def advance(
        self, name: str, done: int, total: int | None, doing: str = "", below: str = ""
    ) -> None:
        """A step has come so far.

        Args:
            name: of the step.
            done: how many of its parts.
            total: of how many; None: not known.
            doing: what it is at.
            below: how it goes, which stands on a line of its own.
        """
        self.step(name, total, max(0, done - 1))
        step = self._steps[name]
        self._progress.update(
            step.task, completed=done, total=total, doing=escape(doing), counted=total is not None
        )
        self._progress.below = escape(below)
        if self.console.is_terminal:
            return
        if total is None or done == 0:
            self.say(f"  {doing}")
        elif step.is_due(done, total):
            self.say(f"  {done} of {total}{step.left(done, total)}  {doing}")
            if below and below != self._said_below:
                self._said_below = below
                self.say(f"    {below}")

    def end(self, name: str, doing: str = "") -> None:
        """A step has ended."""
        step = self._steps[name]
        task = next(t for t in self._progress.tasks if t.id == step.task)
        total = task.total if task.total is not None else 1.0
        self._progress.update(step.task, completed=total, total=total, doing=doing)
        self._progress.stop_task(step.task)

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """A step of unknown length, for as long as the context lasts."""
        self.step(name, None)
        yield
        self.end(name)

    def __call__(self, event: events.Event) -> None:
        """Follow the phases."""
        match event:
            case events.Started():
                self.step(TITLES[event.phase], event.total, event.done)
            case events.Measured():
                doing, below = _shown(event.measurement), ""
                if self._search is not None and event.phase in _SEARCHES:
                    self._search.add(event.measurement, event.expected_gain)
                    below = self._search.words()
                self.advance(TITLES[event.phase], event.done, event.total, doing, below)
            case events.Answered():
                doing = f"{event.served.policy}: {_shown(event.served.measurement)}"
                self.advance(TITLES["online"], event.done, event.total, doing)
            case events.Failed():
                self.say(f"{event.configuration.words()} failed: {event.reason}")
            case events.Remarked():
                self.say(event.text)
            case events.Finished():
                self.end(TITLES[event.phase], escape(event.reason))

    def left_out(self, reasons: Mapping[str, str]) -> None:
        """Name the policies that did not serve, with the reason."""
        for name, why in reasons.items():
            self.say(f"Policy {name} was left out: {why.removeprefix(f'policy {name} ')}")

    def policies(
        self,
        blocks: Mapping[str, Mapping[str, Any]],
        title: str = "Policies",
        with_rates: bool = False,
        source: str = "",
        below: Sequence[str] = (),
    ) -> None:
        """The table of the policies.

        Args:
            blocks: as in summary.json.
            title: of the table.
            with_rates: inferences a second too.
            source: where the figures come from.
            below: what else is to be said of them.
        """
        counts = [f"{block['requests']:,.0f}" for block in blocks.values()]
        each = f"N = {counts[0]} requests each" if counts else ""
        told = "\n".join(filter(None, (", ".join(filter(None, (title, each))), source)))
        self.console.print(policies_table(blocks, told, with_rates))
        self.console.print(intervals_words(blocks), style="dim")
        for words in below:
            self.say(f"  {words}")


class _Followed(Progress):
    """Bars of progress, and a line below them."""

    below = ""

    def get_renderables(self) -> Iterator[RenderableType]:
        """The bars, then the line."""
        yield self.make_tasks_table(self.tasks)
        if self.below:
            yield Text.from_markup(f"  {self.below}", style="dim", overflow="ellipsis")


class _Count(ProgressColumn):
    """The number of parts done, of the total where it is known."""

    def render(self, task: Task) -> Text:
        counted = task.fields["counted"]
        return Text(f"{task.completed:.0f}/{task.total:.0f}" if counted else "", justify="right")


class _Left(ProgressColumn):
    """The time left, while it can be told."""

    def render(self, task: Task) -> Text:
        left_s = None if task.finished else task.time_remaining
        told = "" if left_s is None else f"{left_s // 60:.0f}:{left_s % 60:02.0f} left"
        return Text(f"{told:12}", style="cyan")


class _Step:
    """One step's task, and when it is next worth a plain line."""

    def __init__(self, task: TaskID, done: int, clock: Callable[[], float]) -> None:
        self.task = task
        self._clock = clock
        self._before, self._start_s, self._shown = done, clock(), 0
        self._said_s = self._start_s

    def is_due(self, done: int, total: int | None) -> bool:
        """True when another share of the step is done, or nothing was said for a minute."""
        share = done * _PLAIN_STEPS // total if total else 0
        due = share > self._shown or self._clock() - self._said_s >= _PLAIN_EVERY_S
        self._shown = max(share, self._shown)
        if due:
            self._said_s = self._clock()
        return due

    def left(self, done: int, total: int | None) -> str:
        """An estimate of the time left, in words."""
        if total is None or done <= self._before or done >= total:
            return ""
        spent_s = self._clock() - self._start_s
        left_s = spent_s / (done - self._before) * (total - done)
        return f", about {_span(left_s)} left" if left_s >= 1 else ""


def _span(time_s: float) -> str:
    """A length of time in words."""
    if time_s < 120:
        return f"{time_s:.0f} s"
    minutes = round(time_s / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _shown(m: Measurement) -> str:
    """A configuration and what it came to, briefly."""
    energy = "" if m.energy_j is None else f", {shown_j(m.energy_j)}"
    return f"{m.configuration.words()}: {shown_ms(m.latency_ms)} ms{energy}"
