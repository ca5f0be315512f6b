"""What an earlier run has measured, taken over by a new one."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dynasplit.core.errors import ConfigurationError, ResultsError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import SearchSpace
from dynasplit.run.identity import Identities
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import JOURNAL, Begun, Records
from dynasplit.run.run_record import RunRecord, read_record, records_in


@dataclass(frozen=True)
class Earlier:
    """An earlier run, as far as a new one takes it over.

    Attributes:
        folder: the run's.
        record: its run.json.
        records: its journal.
    """

    folder: Path
    record: RunRecord
    records: Records

    def measurements(
        self, begun: Begun, hosts_kind: str, space: SearchSpace
    ) -> Sequence[Measurement]:
        """What it measured of a new run's space, oldest first.

        Args:
            begun: what the new run measures.
            hosts_kind: the kind of its hosts.
            space: its configurations.

        Raises:
            ConfigurationError: nothing; another network; another kind of hosts.
        """
        before = self.records.begun
        if before is not None:
            found = (before.network, before.last_split_point)
            asked = (begun.network, begun.last_split_point)
            if found != asked:
                raise ConfigurationError(
                    f"resume={self.folder}: it measured {found[0]} with {found[1]} split points "
                    f"after the input; asked for {asked[0]} with {asked[1]}"
                )
        kind = self.record.configuration.get("hosts", {}).get("kind", hosts_kind)
        if kind != hosts_kind:
            raise ConfigurationError(
                f"resume={self.folder}: it measured on {kind} hosts; asked for {hosts_kind}"
            )
        found_here = [m for m in self.records.measurements if m.configuration in space]
        if not found_here:
            raise ConfigurationError(
                f"resume={self.folder}: of the {len(self.records.measurements)} runs that it "
                "measured none is in this run's space; resume=false measures anew"
            )
        return found_here


def read_earlier(folder: Path) -> Earlier:
    """The run of a folder that a person names.

    Raises:
        ResultsError: its journal cannot be used.
    """
    records = read_journal(folder / JOURNAL)
    return Earlier(folder, read_record(folder) or RunRecord(identity=""), records)


def finished_campaign(place: Path, known_by: Collection[Identities]) -> Earlier | None:
    """The newest finished run of a campaign that measured, and served something else.

    None if there is none, or if one served the very same: who starts that again wants it anew.
    A run from a given front has measured nothing, and a damaged one stops no other.

    Args:
        place: the folder of the experiment's runs.
        known_by: what the run that is asked for is known by, and what older ones knew it by.
    """
    campaigns, phases = ({one[at] for one in known_by} for at in (0, 1))
    found = [
        (path, record)
        for path, record in records_in(place)
        if record.identity in campaigns and record.state == "finished"
    ]
    if not found or any(record.online in phases for _, record in found):
        return None
    for path, record in found:
        with contextlib.suppress(ResultsError):
            records = read_journal(path / JOURNAL)
            if records.measurements:
                return Earlier(path, record, records)
    return None


def missing(measured: Sequence[Measurement], earlier: Sequence[Measurement]) -> list[Measurement]:
    """What an earlier run has measured and a run that goes on has not, in its order."""
    known = {(m.configuration, m.repeat) for m in measured}
    return [m for m in earlier if (m.configuration, m.repeat) not in known]
