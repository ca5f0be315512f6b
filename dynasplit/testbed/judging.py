"""Windows and idle baselines held against the gates: kept, flagged, tried again, or the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from dynasplit.core.errors import GateFailed, WindowInvalid
from dynasplit.testbed.gates._window import ControlRuns, IdleWindow, Window
from dynasplit.testbed.gates.base import Action, Gate, Verdict, gates
from hosts.core.errors import one_line

T = TypeVar("T")

LONGEST_S = 60.0
"""Of a window that is measured again longer, where measure.max_window_s says nothing."""


class WindowTooShort(WindowInvalid):
    """A window in which too little was seen; one of twice the length may do."""


@dataclass(frozen=True)
class GateRules:
    """Which gates there are, as the configuration sets them.

    Attributes:
        actions: by the gate's name; one that is absent does what it does by default.
        limits: thresholds by the gate's name; likewise.
    """

    actions: Mapping[str, Action] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)

    @cached_property
    def built(self) -> list[tuple[Gate, Action]]:
        """Each gate that is looked at, and what is done where it fails."""
        set_ = [(kind, self.actions.get(name, kind.action)) for name, kind in gates().items()]
        return [(k(**self.limits.get(k.name, {})), action) for k, action in set_ if action != "off"]


@dataclass(frozen=True)
class Findings:
    """What the gates found.

    Attributes:
        figures: each gate's number, by name with its unit.
        flags: names of the gates that were not passed.
        words: what each of them found, and what it allows.
    """

    figures: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def judge(rules: GateRules, window: Window) -> Findings:
    """Hold a window against every gate.

    Raises:
        WindowTooShort: a longer window may pass. WindowInvalid: another one may pass.
        GateFailed: a gate that ends the run was not passed.
    """
    length_s = max(host.traces.length_s for host in window.hosts.values())
    longest_s = window.rules.max_window_s or LONGEST_S
    verdicts = []
    for gate, action in rules.built:
        verdict = _verdict(gate.check, window)
        if verdict is not None and verdict.longer and action == "again":
            if 2 * length_s > longest_s:
                action = "warn"  # it has been as long as it may be
            elif not verdict.passed:
                raise WindowTooShort(f"gate {gate.name}: {verdict.words}")
        verdicts.append((gate, action, verdict))
    return _settled(verdicts)


def judge_idle(rules: GateRules, idle: IdleWindow) -> Findings:
    """Hold an idle window against every gate that looks at idle windows.

    Raises:
        WindowInvalid: another one may pass. GateFailed: likewise as `judge`.
    """
    return _settled((gate, action, _verdict(gate.check_idle, idle)) for gate, action in rules.built)


def judge_control(rules: GateRules, control: ControlRuns) -> Findings:
    """Hold the control configuration's last runs against every gate that looks at them.

    Raises:
        WindowInvalid: more runs of it may pass. GateFailed: likewise as `judge`.
    """
    return _settled(
        (gate, action, _verdict(gate.check_control, control)) for gate, action in rules.built
    )


def _settled(verdicts: Iterable[tuple[Gate, Action, Verdict | None]]) -> Findings:
    figures: dict[str, float] = {}
    flags, words, again, stop = [], [], [], []
    for gate, action, verdict in verdicts:
        if verdict is None:
            continue
        if gate.is_kept and verdict.found == verdict.found:  # else it could not be judged
            figures |= {gate.figure: verdict.found, **verdict.further}
        if not verdict.passed:
            said = f"gate {gate.name}: {verdict.words}"
            flags.append(gate.name)
            words.append(said)
            if action == "stop":
                stop.append(said)
            elif action == "again":
                again.append(said)
    if stop:
        raise GateFailed(
            "; ".join(stop)
            + ". What is measured is kept; mend it and start again, or set its action"
        )
    if again:
        raise WindowInvalid("; ".join(again))
    return Findings(figures, tuple(flags), tuple(words))


def _verdict(check: Callable[[T], Verdict | None], window: T) -> Verdict | None:
    """A gate's verdict; one that fails itself is not passed."""
    try:
        return check(window)
    except Exception as error:  # a gate may be anybody's
        return Verdict(float("nan"), 0.0, f"it cannot judge this: {one_line(error)}")
