"""The Pareto front of non-dominated configurations, with the two baselines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from dynasplit.core.errors import DataError, ResultsError
from dynasplit.core.grouped import by_configuration
from dynasplit.core.measurement import Measurement, Summary, summarise
from dynasplit.core.provenance import Source, beside_faults
from dynasplit.core.space import Configuration
from dynasplit.front.checked import check_summaries
from dynasplit.front.confirmed import unconfirmed_in
from dynasplit.front.dominance import (
    HypervolumeScale,
    Points,
    QualityName,
    non_dominated,
    objectives,
    quality_of,
)

if TYPE_CHECKING:
    from dynasplit.tables import RunsTable

KIND, VERSION = "dynasplit front", 1


@dataclass(frozen=True, kw_only=True)
class ParetoFront:
    """The non-dominated configurations of one network on one testbed, by ascending latency.

    Attributes:
        summaries: over latency, energy and quality, as far as they were measured.
        model: the network, or None where the runs do not say it.
        last_split_point: the split point at which the whole network runs on the edge.
        source: where the figures come from.
        quality: which quality was measured, if one was.
        cloud_only: the cloud-only baseline, on the front or not; None: not measured.
        edge_only: the edge-only baseline, likewise.
        faults: that emulated hosts were given where it was measured, by name.
        accounting: the label of the accounting by which its energies are counted.
        told: what else is to be said of its figures, a line each.
    """

    summaries: tuple[Summary, ...]
    model: str | None
    last_split_point: int
    source: Source
    quality: QualityName | None = None
    cloud_only: Summary | None = None
    edge_only: Summary | None = None
    faults: tuple[str, ...] = ()
    accounting: str = "occupied"
    told: tuple[str, ...] = ()

    @classmethod
    def build(
        cls,
        figures: Iterable[Summary] | Iterable[Measurement],
        *,
        model: str | None,
        last_split_point: int,
        source: Source,
        cloud_only: Configuration | None = None,
        edge_only: Configuration | None = None,
        accounting: str = "occupied",
    ) -> ParetoFront:
        """The front of summaries, or of measurements (whose repeats are summarised).

        Args:
            figures: at least one.
            model: the network.
            last_split_point: its last.
            source: where the figures come from.
            cloud_only: which of the configurations is that baseline; ignored if not measured.
            edge_only: likewise.
            accounting: the label of that of the figures.

        Raises:
            DataError: there are no figures, or some lack the energy that others have.
        """
        found = _by_configuration(figures)
        if not found:
            raise DataError("a front needs at least one measured configuration; found none")
        _check_energy(list(found.values()))
        baselines = [found.get(c) if c else None for c in (cloud_only, edge_only)]
        kept = _front(list(found.values()))
        return cls(
            summaries=tuple(_summary(f) for f in kept),
            model=model,
            last_split_point=last_split_point,
            source=source,
            quality=quality_of(list(found.values())),
            cloud_only=_summary(baselines[0]) if baselines[0] else None,
            edge_only=_summary(baselines[1]) if baselines[1] else None,
            accounting=accounting,
        )

    @classmethod
    def of_runs(cls, runs: RunsTable) -> ParetoFront:
        """The front of a table of runs, with the baselines that its configurations have."""
        points = runs.objectives()
        may = np.ones(len(points), dtype=bool)
        may[unconfirmed_in(runs)] = False
        allowed = np.flatnonzero(may)
        kept = allowed[non_dominated(points[allowed])]
        kept = kept[np.lexsort(points[kept].T[::-1])]
        cloud_only, edge_only = runs.baselines
        return cls(
            summaries=tuple(runs.summary(i) for i in kept.tolist()),
            model=runs.model,
            last_split_point=runs.last_split_point,
            source=runs.source,
            quality=runs.quality,
            cloud_only=None if cloud_only is None else runs.summary(cloud_only),
            edge_only=None if edge_only is None else runs.summary(edge_only),
            faults=runs.faults,
            accounting=runs.accounting,
            told=beside_faults(runs.flags, runs.sources),
        )

    @property
    def has_energy(self) -> bool:
        """True if energy was measured."""
        return all(s.energy_j is not None for s in self.summaries)

    @property
    def fastest_ms(self) -> float:
        """The least latency on the front: nothing measured meets a threshold below it."""
        return self.summaries[0].latency_ms

    def hypervolume(self, reference: ParetoFront) -> float:
        """The hypervolume of the front, as measured, in the scale of a reference that counts as 1.

        Args:
            reference: sets the scale, usually the exhaustive grid's front.
        """
        return HypervolumeScale.of(objectives(reference.summaries)).share(
            objectives(self.summaries)
        )

    def points(self) -> Points:
        """The front's points (n, d) to be minimised: latency, energy, quality negated."""
        return objectives(self.summaries)

    def save(self, path: Path) -> None:
        """Write the front as JSON; the file is complete or not there.

        Raises:
            ResultsError: it cannot be written.
        """
        draft = path.with_name(f".{path.name}.draft")
        try:
            plain = msgspec.to_builtins(_File(kind=KIND, version=VERSION, front=self))
            for name in ("faults", "told"):
                if not plain["front"][name]:
                    del plain["front"][name]
            if self.accounting == "occupied":
                del plain["front"]["accounting"]
            _leave_out_unknown(plain["front"])
            draft.write_bytes(msgspec.json.format(msgspec.json.encode(plain), indent=1))
            draft.replace(path)
        except OSError as error:
            raise ResultsError(f"{path} cannot be written: {error}") from error

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        model: str | None = None,
        last_split_point: int | None = None,
        accounting: str | None = None,
    ) -> ParetoFront:
        """Read a front that `save` wrote.

        Args:
            path: the file.
            model: the network that it has to be of; None: any.
            last_split_point: that network's; None: any.
            accounting: the label of the one that it has to be by; None: any.

        Raises:
            DataError: no such file, not a front, of another version or of another network, or
                with figures that no front can have.
        """
        try:
            content = Path(path).read_bytes()
            head = msgspec.json.decode(content, type=_Head)
            if head.kind != KIND or head.version != VERSION:
                raise DataError(
                    f"{path}: found {head.kind or 'a foreign file'!r} version {head.version}; "
                    f"allowed: {KIND!r} version {VERSION}"
                )
            front = msgspec.json.decode(content, type=_File).front
        except OSError as error:
            raise DataError(f"{path}: the front cannot be read: {error.strerror}") from error
        except RecursionError as error:
            raise DataError(f"{path}: not a front file: it is nested too deeply") from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: not a front file: {error}") from error
        if accounting not in (None, front.accounting) and front.has_energy:
            raise DataError(
                f"{path}: the front's energies are by energy={front.accounting}; asked for: "
                f"energy={accounting}. Say energy={front.accounting}, or make a front of the runs "
                "behind it: +experiment=account runs=..."
            )
        return _checked(front, path, model, last_split_point)


def _leave_out_unknown(front: dict[str, Any]) -> None:
    """Summaries whose energy has no interval do not speak of one."""
    every = [*front["summaries"], *filter(None, (front["cloud_only"], front["edge_only"]))]
    for summary in every:
        for name in ("energy_low_j", "energy_high_j"):
            if summary[name] is None:
                del summary[name]


class _Head(msgspec.Struct):
    kind: str = ""
    version: int = 0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    version: int
    front: ParetoFront


def _checked(
    front: ParetoFront, path: str | Path, model: str | None, last_split_point: int | None
) -> ParetoFront:
    if model is not None and front.model is not None and front.model != model:
        raise DataError(f"{path}: the front is of {front.model!r}; asked for: {model!r}")
    if last_split_point not in (None, front.last_split_point):
        raise DataError(
            f"{path}: the front is of {front.model or 'a network'} with split points "
            f"0..{front.last_split_point}; asked for: one with 0..{last_split_point}"
        )
    baselines = {"cloud_only": front.cloud_only, "edge_only": front.edge_only}
    ordered = check_summaries(
        path, front.summaries, baselines, front.last_split_point, front.quality
    )
    return replace(front, summaries=ordered)


def _by_configuration(
    figures: Iterable[Summary] | Iterable[Measurement],
) -> dict[Configuration, Summary | Measurement]:
    """One for each configuration; a single run stands for itself, as it is its own median."""
    every: Iterable[Summary | Measurement] = figures
    groups = by_configuration(every).items()
    return {c: group[0] if len(group) == 1 else _merged(group) for c, group in groups}


def _merged(group: Sequence[Summary | Measurement]) -> Summary:
    runs = [f for f in group if isinstance(f, Measurement)]
    if len(runs) < len(group):
        raise DataError(f"{group[0].configuration.words()} is summarised more than once")
    return summarise(runs)[0]


def _summary(figure: Summary | Measurement) -> Summary:
    return figure if isinstance(figure, Summary) else summarise([figure])[0]


def _front(figures: Sequence[Summary | Measurement]) -> list[Summary | Measurement]:
    """The non-dominated ones, by ascending latency."""
    points = objectives(figures)
    kept = np.flatnonzero(non_dominated(points))
    return [figures[i] for i in kept[np.lexsort(points[kept].T[::-1])].tolist()]


def _check_energy(figures: Sequence[Summary | Measurement]) -> None:
    lacking = [f for f in figures if f.energy_j is None]
    if lacking and len(lacking) < len(figures):
        raise DataError(
            f"{len(lacking)} of {len(figures)} configurations have no energy, the first "
            f"{lacking[0].configuration.words()}; allowed: all or none"
        )
