"""The record in MLflow of a plan that has no phases: a replay, an audit, a fit, a preflight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.run_inputs import RecordInputs
from dynasplit.app.setup.run_name import hosts_words
from dynasplit.app.setup.where_recorded import tell_where
from dynasplit.recorder import OUTBOX, Recorder, RunFacts, import_early, open_recorder
from dynasplit.run.journal import Journal
from dynasplit.run.run_folder import RunFolder
from dynasplit.run.run_record import RECORD, RUNS

_OWN = (RECORD, OUTBOX, "mlflow_run_id")


@contextmanager
def recorded(
    record: RecordInputs, folder: RunFolder, terminal: Terminal, source: str = ""
) -> Iterator[Recorder]:
    """The recorder of a plan's run; what lies in the folder at the end is recorded too.

    Args:
        record: where the run is kept.
        folder: the run's.
        terminal: says where to look.
        source: of the figures: measured, recorded, emulated, ...; empty: there are none.
    """
    import_early(record.tracking)
    asked = record.configuration
    runs = asked.get("runs")
    of = _label(Path(str(runs))) if runs else hosts_words(asked)
    folder.describe(record.command, {}, {}, {"run": int(asked.get("seed", 0))})
    facts = RunFacts(
        experiment=record.experiment,
        name=" · ".join((record.experiment, of, f"seed {asked.get('seed', 0)}")),
        identity=folder.record.identity,
        config=asked,
        folder=folder.path,
        token=folder.record.token,
        git_revision=folder.record.git_revision,
        tags={
            "plan": str(asked.get("plan", "")),
            "folder": folder.path.name,
            "command": " ".join(record.command),
            **({"source": source} if source else {}),
            **({"sweep": record.sweep} if record.sweep else {}),
        },
        files=record.files,
    )
    with open_recorder(
        record.tracking, uri=record.tracking_uri, facts=facts, journal=Journal()
    ) as recorder:
        yield recorder
        there = sorted(folder.path.iterdir())
        recorder.artifacts(*(p for p in there if p.name not in _OWN and p.name[0] != "."))
        tell_where(record, recorder, terminal)


def _label(path: Path) -> str:
    """What tells a table from others: its name, or the run's whose folder it lies in."""
    is_of_a_run = path.name == RUNS or path.suffix == ".jsonl"
    return f"{path.parent.parent.name} {path.parent.name}".strip() if is_of_a_run else path.name
