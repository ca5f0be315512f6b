"""Opens what measures, by the kind of hosts; the plans cannot tell which one they got."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dynasplit.app.setup.run_inputs import Ground
from dynasplit.config.schema import Config, HostConf
from dynasplit.core.errors import ConfigurationError, TestbedError
from dynasplit.core.measurement import Measurement, Testbed
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.recorded import RecordedTestbed
from dynasplit.testbed.window import WindowRules
from hosts.core.errors import ArtifactError
from hosts.emulation.profile import save_profile
from hosts.models.prepare.edgetpu import compiled_head, find_compiler
from hosts.models.runtime.manifest import Manifest

if TYPE_CHECKING:
    from dynasplit.testbed.lab import CompileHead


def open_testbed(
    config: Config, ground: Ground, folder: Path, earlier: Sequence[Measurement] = ()
) -> AbstractContextManager[Testbed]:
    """The testbed of a run, for as long as the context lasts.

    Args:
        config: what is asked for.
        ground: what the run stands on.
        folder: where logs and traces are kept.
        earlier: what an earlier start of the run has measured.
    """
    return _KINDS[config.hosts.kind](config, ground, folder, earlier)


def rehearsal(config: Config, ground: Ground) -> Testbed:
    """The profile in place of the hosts."""
    assert ground.profile is not None
    rules = config.measure
    return ModelledTestbed(
        ground.profile,
        ground.network,
        seed=config.seed,
        inferences=rules.min_inferences,
        warmup=rules.warmup,
        relative_ci=rules.relative_ci,
        max_inferences=rules.max_inferences,
        min_window_s=(rules.min_samples + 1) * ground.profile.edge.meter.period_s,
        mode=rules.mode,
    )


Opener = Callable[[Config, Ground, Path, Sequence[Measurement]], AbstractContextManager[Testbed]]


def _modelled(
    config: Config, ground: Ground, _folder: Path, _earlier: Sequence[Measurement]
) -> AbstractContextManager[Testbed]:
    return nullcontext(rehearsal(config, ground))


def _recorded(
    config: Config, ground: Ground, _folder: Path, _earlier: Sequence[Measurement]
) -> AbstractContextManager[Testbed]:
    assert ground.runs is not None
    return nullcontext(RecordedTestbed(ground.runs, config.seed))


@contextmanager
def _emulated(
    config: Config, ground: Ground, folder: Path, earlier: Sequence[Measurement]
) -> Iterator[Testbed]:
    """Two emulated boards; their hosts are started here, and then like any others."""
    from dynasplit.testbed.loopback import loopback_hosts

    edge, cloud = (
        HostAddress(
            knobs=tuple(k.name for k in ground.space.knobs if k.host == role), meter="board"
        )
        for role in ("edge", "cloud")
    )
    profile = str(config.hosts.profile)
    if ground.is_predicted:
        assert ground.profile is not None
        written = folder.resolve() / "profile.yaml"
        save_profile(ground.profile, written)
        profile = str(written)
    with (
        loopback_hosts(
            edge,
            cloud,
            profile=profile,
            seed=config.seed,
            speedup=config.hosts.speedup,
        ) as hosts,
        _ssh_between(*hosts, config, ground, folder, earlier) as testbed,
    ):
        yield testbed


@contextmanager
def _local(
    config: Config, ground: Ground, folder: Path, earlier: Sequence[Measurement]
) -> Iterator[Testbed]:
    """Two hosts that are both this machine, without boards: its own clocks, knobs and meter."""
    from dynasplit.testbed.loopback import loopback_hosts

    edge, cloud = _address(config.hosts.edge), _address(config.hosts.cloud)
    with (
        loopback_hosts(edge, cloud) as hosts,
        _ssh_between(*hosts, config, ground, folder, earlier) as testbed,
    ):
        yield testbed


def _ssh(
    config: Config, ground: Ground, folder: Path, earlier: Sequence[Measurement]
) -> AbstractContextManager[Testbed]:
    edge, cloud = _address(config.hosts.edge), _address(config.hosts.cloud)
    return _ssh_between(edge, cloud, config, ground, folder, earlier)


@contextmanager
def _ssh_between(
    edge: HostAddress,
    cloud: HostAddress,
    config: Config,
    ground: Ground,
    folder: Path,
    earlier: Sequence[Measurement],
) -> Iterator[Testbed]:
    from dynasplit.testbed.opening import ssh_testbed

    assert ground.manifest is not None
    manifest = ground.manifest
    encoded = msgspec.json.encode(manifest)
    compile_head = _compiling(manifest) if _accelerates(ground) else None
    with ssh_testbed(
        edge, cloud, manifest, encoded, _rules(config), folder, compile_head=compile_head
    ) as testbed:
        if compile_head is not None and not testbed.edge.is_emulated:
            check_compiler()
        testbed.qualities.know(earlier)
        hardware = [k for k in ground.space.knobs if k.host in ("edge", "cloud")]
        testbed.check_offered({knob.name: knob.values for knob in hardware})
        yield testbed


def _compiling(manifest: Manifest) -> CompileHead:
    """Compiles heads for the edge's accelerator on this machine."""

    def compile_head(split_point: int) -> tuple[Path, str]:
        try:
            made = compiled_head(manifest, split_point)
        except ArtifactError as error:
            raise TestbedError(str(error)) from error
        return Path(made.path), made.sha256

    return compile_head


def check_compiler() -> None:
    """Refuse to search with an accelerator, before any run, where no head could be compiled.

    Raises:
        ConfigurationError: the compiler is not installed here.
    """
    try:
        find_compiler()
    except ArtifactError as error:
        raise ConfigurationError(str(error)) from error


def _accelerates(ground: Ground) -> bool:
    """Whether any configuration of the space opens the edge's accelerator."""
    return any(c.edge_accelerator != "off" for c in ground.space.configurations)


def _address(host: HostConf) -> HostAddress:
    return HostAddress(
        address=str(host.address),
        port=host.port,
        user=host.user,
        key_file=host.key_file,
        known_hosts=host.known_hosts,
        python=host.python,
        link_address=host.link_address or str(host.address),
        meter=host.meter,
        meter_options=host.meter_options,
        knobs=tuple(host.knobs),
        cpus=tuple(host.cpus or ()),
    )


def _rules(config: Config) -> WindowRules:
    asked = config.measure
    return WindowRules(
        mode=asked.mode,
        min_inferences=asked.min_inferences,
        min_samples=asked.min_samples,
        warmup=asked.warmup,
        max_gap_periods=asked.max_gap_periods,
        baseline_s=asked.baseline_s,
        cloud=config.energy.cloud,
        relative_ci=asked.relative_ci,
        max_inferences=asked.max_inferences,
        min_window_s=asked.min_window_s,
        max_window_s=asked.max_window_s,
        one_machine=config.hosts.kind == "local" and config.hosts.cloud.meter == "none",
    )


_KINDS: dict[str, Opener] = {
    "emulated": _emulated,
    "local": _local,
    "ssh": _ssh,
    "modelled": _modelled,
    "recorded": _recorded,
}
