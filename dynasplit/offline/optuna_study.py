"""The durable Optuna study of one search: its trials, asked and told.

Optuna is imported here, so this module is imported where a search begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from dynasplit.core.errors import ResultsError
from dynasplit.core.space import Configuration, KnobValue, SearchSpace
from dynasplit.offline.search_state import StudyDamagedError

optuna.logging.set_verbosity(optuna.logging.WARNING)

Direction = Literal["minimize", "maximize"]
State = Literal["complete", "pruned", "failed"]
_STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
_REASON, _GAIN = "failed_because", "expected_gain"


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A running trial.

    Attributes:
        configuration: the point of the full product that was drawn; perhaps not a valid one.
        expected_gain: as the algorithm stated it.
    """

    trial: Trial
    configuration: Configuration
    expected_gain: float | None


@dataclass(frozen=True, slots=True)
class FinishedTrial:
    """A finished trial."""

    configuration: Configuration
    state: State
    expected_gain: float | None


class OptunaTrials:
    """The trials of one search, in order; those that a kill interrupted do not count.

    Attributes:
        study: Optuna's, for its samplers.
        done: the finished trials.
    """

    def __init__(
        self,
        space: SearchSpace,
        directions: Sequence[Direction],
        *,
        identity: dict[str, Any],
        storage: Path | None,
    ) -> None:
        """Open the study, or begin one.

        Args:
            space: the full product of its split points and knob values is what is drawn from.
            directions: `minimize` or `maximize` for each objective.
            identity: what must be the same for a study to be continued, as JSON values.
            storage: the study's file; None keeps it in memory.

        Raises:
            ResultsError: the file cannot be written, or holds another search.
            StudyDamagedError: what it holds cannot be read.
        """
        self._names = [knob.name for knob in space.knobs]
        self._distributions = distributions(space)
        try:
            self.study = optuna.create_study(
                storage=_storage(storage),
                study_name="search",
                directions=list(directions),
                load_if_exists=True,
            )
            self._claim(identity | {"directions": list(directions)}, storage)
            self._close_interrupted()
            kept = [t for t in self.study.get_trials(deepcopy=False) if self._counts(t)]
            self.done = [self._done(t) for t in kept]
        except IsADirectoryError as error:
            raise StudyDamagedError("it is a folder") from error
        except OSError as error:
            raise ResultsError(f"the study {storage} cannot be used: {error}") from error
        except ResultsError:
            raise
        except Exception as error:  # whatever Optuna comes upon in a damaged file
            raise StudyDamagedError(f"{type(error).__name__}: {error}") from error

    def ask(self, sampler: BaseSampler, fixed: Configuration | None = None) -> RunningTrial:
        """Begin a trial: a fixed configuration, or what the sampler draws."""
        self.study.sampler = sampler
        if fixed is not None:
            self.study.enqueue_trial(fixed.as_dict())
        trial = self.study.ask(self._distributions)
        gain = getattr(sampler, "expected_gain", None)
        if gain is not None:
            trial.set_user_attr(_GAIN, float(gain))
        return RunningTrial(trial, self._configuration(trial.params), gain)

    def tell(
        self,
        asked: RunningTrial,
        state: State,
        values: Sequence[float] | None = None,
        reason: str | None = None,
    ) -> None:
        """Finish a trial: complete with its objective values, pruned, or failed for a reason."""
        if reason is not None:
            asked.trial.set_user_attr(_REASON, reason)
        self.study.tell(asked.trial, values, state=_STATES[state])
        self.done.append(FinishedTrial(asked.configuration, state, asked.expected_gain))

    def _claim(self, identity: dict[str, Any], storage: Path | None) -> None:
        found = self.study.user_attrs.get("identity")
        if found is None:
            self.study.set_user_attr("identity", identity)
        elif found != identity:
            differing = [k for k in identity if found.get(k) != identity[k]]
            raise ResultsError(
                f"{storage} holds another search: "
                + "; ".join(f"{k} is {found.get(k)}, asked for {identity[k]}" for k in differing)
                + ". Start anew in another folder"
            )

    def _close_interrupted(self) -> None:
        """Fail the trials that an earlier start left running, or waiting to run."""
        for trial in self.study.get_trials(deepcopy=False):
            if trial.state == TrialState.WAITING:
                self.study.ask()
        for trial in self.study.get_trials(deepcopy=False):
            if trial.state == TrialState.RUNNING:
                self.study.tell(trial.number, state=TrialState.FAIL)

    @staticmethod
    def _counts(trial: FrozenTrial) -> bool:
        return trial.state != TrialState.FAIL or _REASON in trial.user_attrs

    def _done(self, trial: FrozenTrial) -> FinishedTrial:
        state: State = next(name for name, value in _STATES.items() if value == trial.state)
        return FinishedTrial(self._configuration(trial.params), state, trial.user_attrs.get(_GAIN))

    def _configuration(self, params: dict[str, Any]) -> Configuration:
        return Configuration.of(
            int(params["split_point"]), **{name: params[name] for name in self._names}
        )


def distributions(space: SearchSpace) -> dict[str, BaseDistribution]:
    """The full product of a space, by parameter; evenly spaced numbers keep their order."""
    found = {"split_point": _distribution(space.split_points)}
    return found | {knob.name: _distribution(knob.values) for knob in space.knobs}


def _distribution(values: Sequence[KnobValue]) -> BaseDistribution:
    numbers = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    steps = {b - a for a, b in pairwise(numbers)}
    if len(numbers) == len(values) and len(steps) == 1 and min(steps) > 0:
        return IntDistribution(numbers[0], numbers[-1], step=steps.pop())
    return CategoricalDistribution(tuple(values))


class _JournalFile(JournalFileBackend):
    """Optuna's journal for one writer that may be killed.

    Without a lock, since one left by a killed writer would hold up the next for 30 s, and the
    run's folder has one writer. Without a sync for each line, since the measurements' own journal
    is synced, and trials lost by a power cut are drawn again and told from there.
    """

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        import msgspec

        with Path(self._file_path).open("ab") as file:
            file.write(b"".join(msgspec.json.encode(log) + b"\n" for log in logs))


def _storage(path: Path | None) -> BaseStorage:
    if path is None:
        return InMemoryStorage()
    path.parent.mkdir(parents=True, exist_ok=True)
    _cut_torn_line(path)
    return JournalStorage(_JournalFile(str(path)))


def _cut_torn_line(path: Path) -> None:
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
