"""Opens a run's resources: folder, journal, testbed, and record in MLflow."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from dynasplit.app.cli.search_words import SearchWords
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.phases import Session
from dynasplit.app.setup.progress import SearchProgress
from dynasplit.app.setup.run_inputs import RunInputs
from dynasplit.app.setup.run_name import run_name
from dynasplit.app.setup.told_first import assumed, of_change
from dynasplit.app.setup.trial import try_formats
from dynasplit.core.errors import DynaSplitError, KnobsNotRestored
from dynasplit.core.events import Event, Subscriber
from dynasplit.core.given_up import told_apart
from dynasplit.core.measurement import Measurement
from dynasplit.offline.study_storage import StudyStorage
from dynasplit.recorder import Recorder, RunFacts, import_early, open_recorder
from dynasplit.run.identity import Determining, Identities, identity_of
from dynasplit.run.journal import Journal
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import JOURNAL, Begun
from dynasplit.run.run_folder import RunFolder, open_run_folder
from dynasplit.run.sealed import order_of
from dynasplit.run.taken_over import Earlier, finished_campaign, missing, read_earlier
from hosts.wire.messages import PROTOCOL

_ANEW = "resume=false"


@dataclass(frozen=True)
class OpenRun:
    """A run that is going on.

    Attributes:
        folder: the run's. session: what its phases work with. recorder: its record.
    """

    folder: RunFolder
    session: Session
    recorder: Recorder
    _hosts: ExitStack
    _terminal: Terminal
    _troubles: list[KnobsNotRestored] = field(default_factory=list)

    def put_hosts_back(self) -> None:
        """Restore and leave the hosts; so it is done before results are written.

        One that cannot be put back is told at once, and raised when the results are written.
        """
        with self._terminal.during("Putting the hosts back"):
            try:
                self._hosts.close()
            except KnobsNotRestored as error:
                self._troubles.append(error)
        for trouble in self._troubles:
            self._terminal.say(f"NOT PUT BACK: {trouble}")

    def check_put_back(self) -> None:
        """Raise what kept a host from being put back."""
        for trouble in self._troubles:
            raise trouble


@contextmanager
def open_run(inputs: RunInputs, terminal: Terminal) -> Iterator[OpenRun]:
    """A run's resources, for as long as the context lasts.

    The folder is marked as finished where the context ends without an error, and the record is
    complete.

    Raises:
        KnobsNotRestored: a host could not be put back; the results are complete.
        DynaSplitError: the folder or the hosts cannot be opened, or results not be written.
    """
    record = inputs.record
    known_by = _identities(inputs, record.campaign, record.online)
    by_path = _identities(inputs, *record.by_path)
    with open_run_folder(
        record.results_dir,
        record.experiment,
        known_by.campaign,
        resume=record.resume,
        online=known_by.online,
        configuration=record.configuration,
        older=by_path,
    ) as folder:
        folder.know_by(record.content)
        try_formats(folder.path)
        went_on = ", continued" if folder.resumed else ""
        terminal.say(f"{record.experiment} on {inputs.hosts.name} hosts, in {folder.path}{went_on}")
        if folder.changed:
            terminal.say(of_change(folder.changed))
        earlier = _earlier(inputs, folder, (known_by, by_path))
        for line in assumed(inputs.testbed):
            terminal.say(line)
        with _told_what_is_kept(inputs, folder, terminal), ExitStack() as stack:
            run = _opened(inputs, folder, terminal, stack, earlier)
            yield run
        if run.recorder.lost is None:
            journal = run.session.journal
            folder.finish(order_of(journal.measurements(), journal.served(run.session.online)))
    run.check_put_back()


@contextmanager
def _told_what_is_kept(inputs: RunInputs, folder: RunFolder, terminal: Terminal) -> Iterator[None]:
    """Where a signal ends the run, say what is kept, once the hosts are put back."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        with suppress(OSError, DynaSplitError):  # the terminal may be closed
            kept = read_journal(folder.path / JOURNAL, identity=folder.record.identity)
            served = sum(phase == folder.record.online for phase, _ in kept.served)
            told = f"{len(kept.measurements)} measurements of the search, {served} requests served"
            terminal.say(f"Kept in {folder.path}: {told}")
            again = [word for word in inputs.record.command if word.lower() != _ANEW]
            terminal.say(f"To go on: {shlex.join(['python', 'run_experiment.py', *again])}")
        raise


def _words_of_difference(inputs: RunInputs, earlier: Earlier) -> str:
    """What to know of a run that a person named, whose measurements may be of something else."""
    if inputs.record.resume is True:
        return ""
    before = earlier.record.configuration
    if not before:
        return "How it measured is not known: its run.json is lost"
    differing = inputs.record.measured_otherwise(before)
    return f"It measured otherwise: {'; '.join(differing)}" if differing else ""


def _identities(inputs: RunInputs, campaign: Determining, online: Determining) -> Identities:
    measured = identity_of(
        {**campaign.configuration, "protocol": PROTOCOL},
        files=campaign.files,
        artifacts=inputs.testbed.artifacts.values(),
    )
    return Identities(measured, identity_of(online.configuration, files=online.files))


def _earlier(
    inputs: RunInputs, folder: RunFolder, known_by: Collection[Identities]
) -> Earlier | None:
    """The run whose measurements this one takes over: the one named, or of the same campaign."""
    record = inputs.record
    if isinstance(record.resume, Path):
        named_itself = record.resume.resolve() == folder.path.resolve()
        return None if named_itself else read_earlier(record.resume)
    if not record.resume or inputs.given_front is not None:
        return None
    place = record.results_dir / record.experiment
    return finished_campaign(place, known_by)


def _opened(
    inputs: RunInputs,
    folder: RunFolder,
    terminal: Terminal,
    stack: ExitStack,
    earlier: Earlier | None,
) -> OpenRun:
    begun = Begun(
        identity=folder.record.identity,
        experiment=inputs.record.experiment,
        network=inputs.testbed.network,
        last_split_point=inputs.testbed.space.last_split_point,
    )
    space = inputs.testbed.space
    taken: Sequence[Measurement] = ()
    if earlier is not None:
        taken = earlier.measurements(begun, inputs.hosts.name, space)
    journal = stack.enter_context(Journal(folder.path / JOURNAL, folder.record.identity))
    for remark in journal.remarks:
        terminal.say(remark)
    journal.begin(begun)
    taken = missing(journal.measurements(), taken)  # a run may have ended before it took all
    if earlier is not None and taken:
        folder.take_over(earlier.folder, earlier.record.hosts)
        # a person who names a run may have mended what failed there
        stay, _ = told_apart(earlier.records.given_up, earlier.records.measurements)
        given_up = stay if inputs.record.resume is True else ()
        journal.take_over(str(earlier.folder), taken, given_up)
        terminal.say(
            f"Takes over what {earlier.folder} measured: {len(taken)} runs; "
            "resume=false measures anew"
        )
        if remark := _words_of_difference(inputs, earlier):
            terminal.say(remark)
    shown: list[Subscriber] = []
    if inputs.record.study_uri is not None:  # refused before hosts are touched
        uri = inputs.record.study_uri
        shown.append(StudyStorage(uri, folder.name, space, journal, terminal.say))
    hosts = stack.enter_context(ExitStack())
    import_early(inputs.record.tracking)
    with terminal.during("Making the hosts ready"):
        opening = inputs.hosts.open(inputs.testbed, folder.path, journal.measurements())
        testbed = hosts.enter_context(opening)
    for remark in getattr(testbed, "remarks", ()):
        terminal.say(remark)
    facts = getattr(testbed, "facts", {})
    folder.claim_hosts({r: str(t["node"]) for r, t in facts.items() if not t.get("emulated")})
    folder.describe(inputs.record.command, facts, inputs.testbed.artifacts, {"run": inputs.seed})
    progress = SearchProgress(inputs.testbed)
    terminal.follow(SearchWords(progress, journal.measurements()))
    with terminal.during("Opening the records"):
        recorder = stack.enter_context(open_tracking(inputs, folder, journal, facts, progress))
    session = Session(
        testbed,
        journal,
        subscriber=partial(_tell, [*shown, terminal, recorder]),
        storage=folder.path / "study.log",
        online=folder.record.online,
    )
    return OpenRun(folder, session, recorder, hosts, terminal)


def open_tracking(
    inputs: RunInputs,
    folder: RunFolder,
    journal: Journal,
    hosts: Mapping[str, Mapping[str, Any]],
    progress: SearchProgress,
) -> Recorder:
    """The recorder of a run; enter it to begin.

    Args:
        inputs: the run's.
        folder: likewise.
        journal: whose measurements are recorded.
        hosts: what each host says of itself.
        progress: how far its search has come.
    """
    emulated = any(facts.get("emulated") for facts in hosts.values())
    told = {f"host.{role}.{k}": str(v) for role, facts in hosts.items() for k, v in facts.items()}
    faults, runs = inputs.testbed.faults, inputs.testbed.runs
    estimated = any(f.get("estimated") for f in hosts.values())
    estimated |= runs is not None and runs.source == "estimated"
    facts = RunFacts(
        experiment=inputs.record.experiment,
        name=run_name(inputs.record.configuration, inputs.testbed.network),
        identity=folder.record.identity,
        config=inputs.record.configuration,
        folder=folder.path,
        token=folder.record.token,
        git_revision=folder.record.git_revision,
        tags={
            "emulated": str(emulated or inputs.testbed.is_imagined),
            "predicted": str(inputs.testbed.is_predicted),
            **({"faults": str(list(faults))} if faults else {}),  # as summary.json
            **({"boundary": inputs.testbed.boundary} if inputs.testbed.boundary else {}),
            **({"estimated": "True"} if estimated else {}),
            "hosts": inputs.hosts.name,
            "model": inputs.testbed.network,
            "folder": str(folder.path.name),
            "command": " ".join(inputs.record.command),
            **({"sweep": inputs.record.sweep} if inputs.record.sweep else {}),
            **told,
        },
        dataset=str(inputs.record.configuration.get("data", {}).get("name", "")),
        dataset_sha256=inputs.testbed.artifacts.get("images", ""),
        files=inputs.record.files,
        system_metrics=inputs.record.system_metrics,
        progress=progress,
    )
    record = inputs.record
    return open_recorder(record.tracking, uri=record.tracking_uri, facts=facts, journal=journal)


def _tell(subscribers: Sequence[Subscriber], event: Event) -> None:
    for subscriber in subscribers:
        subscriber(event)
