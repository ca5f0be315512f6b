"""Brings one host to where it is ready, or back."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from shutil import which

from dynasplit.core.errors import HostProgramFailed, TestbedError
from dynasplit.provision import environment, rights
from dynasplit.provision.host_state import HostState, state_of
from dynasplit.provision.steps import Outcome, Progress, Step
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.in_use import check_free
from hosts.core.rights import Right, UsbRight
from hosts.knobs.base import describe
from hosts.meters.base import rights_of

_STEP_S = 1800.0
_OFFLINE = ("could not find a version", "no matching distribution", "connection", "resolve")
_OLDEST_GLIBC = 17
_GLIBC = "getconf GNU_LIBC_VERSION"
Tell = Callable[[str], None]


def provision(
    role: str,
    address: HostAddress,
    tell: Tell,
    *,
    dry_run: bool = False,
    undo: bool = False,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Progress:
    """Make a host ready.

    Args:
        role: edge or cloud; meters, of a machine that only meters run on.
        address: the host, with the knobs and meters that it is to have.
        tell: is told what takes long.
        dry_run: only say what would be done.
        undo: take back what was made.
        is_stopped: asked before each step; the others are left to do then.

    Raises:
        ConfigurationError: its interpreter is one of the system.
        TestbedError: it cannot be logged in to, its shell is not understood, or it is in use.
    """
    folder = environment.environment_of(address.python, role)
    asked = rights_for(address)
    progress = Progress(role, str(address))
    with contextlib.closing(HostConnection(address)) as host:
        if not dry_run:
            check_free(host, role)
        state = state_of(host, folder, rights.patterns_of(asked))
        if not undo:
            asked, lacking = without_unplugged(address, state)
            progress.remarks += lacking
        gpu = role == "cloud" and "cloud_gpu" in address.knobs and "nvidia-driver" in state.tools
        waits = False
        install = partial(environment.steps, role, folder, state, gpu=gpu, runtime=address.runtime)
        progress.errors += () if undo else environment.check(role, state, gpu=gpu)
        for step in _steps(folder, asked, state, progress, None if undo else install):
            outcome = _outcome(step, state)
            if outcome == "to do" and waits and not step.as_root:
                outcome = "after the administrator"
            elif outcome == "to do" and not dry_run and not is_stopped():
                outcome = "failed" if progress.errors else _done(host, step, state, progress, tell)
            waits = waits or outcome == "by the administrator"
            progress.steps.append((step, outcome))
    return progress


def rights_for(address: HostAddress, without: Collection[str] = ()) -> list[Right]:
    """The rights that a host's knobs and meters need, some knobs left out."""
    knobs = [name for name in address.knobs if name not in without]
    needed = [right for name in knobs for right in describe(name).rights]
    here = [meter for meter in address.meters if meter.runs_on is None]
    return needed + [r for meter in here for r in rights_of(meter.name, meter.options)]


def without_unplugged(address: HostAddress, state: HostState) -> tuple[list[Right], list[str]]:
    """The rights that are needed now, and what is to be known of those that are not.

    No administrator is bothered for a USB device that is not there.
    """
    left_out = []
    for name in address.knobs:
        ids = [f"{r.vendor}:{r.product}" for r in describe(name).rights if isinstance(r, UsbRight)]
        if ids and not set(ids) & set(state.usb):
            left_out.append(name)
    told = [
        f"no USB device of {name} is plugged in, so no rights to it are given; provision again "
        "when it is"
        for name in left_out
    ]
    return rights_for(address, left_out), told


def _steps(
    folder: str,
    asked: Sequence[Right],
    state: HostState,
    progress: Progress,
    install: Callable[[], list[Step]] | None,
) -> Iterator[Step]:
    """The steps of installing and of rights; with None to install, those that undo them."""
    if install is None:
        yield from (*environment.undo(folder, state), *rights.undo(state))
        return
    progress.remarks += rights.remarks(asked, state)
    try:
        yield from install()
    except TestbedError as error:
        progress.errors.append(str(error))
    yield from rights.steps(asked, state)


def _outcome(step: Step, state: HostState) -> Outcome:
    if not step.script:
        return "there"
    if step.as_root and "sudo" not in state.tools and state.user != "root":
        return "by the administrator"
    return "to do"


def _done(
    host: HostConnection, step: Step, state: HostState, progress: Progress, tell: Tell
) -> Outcome:
    """Do a step; what fails is kept as an error."""
    tell(f"{progress.role} host: {step.name}: {step.about}")
    try:
        try:
            _run(host, step.script, root=step.as_root and state.user != "root")
        except HostProgramFailed as error:
            if not (step.wheels and any(word in str(error).lower() for word in _OFFLINE)):
                raise
            tell(f"{progress.role} host: it reaches no package index; through the controller")
            _run(host, _with_wheels(host, step.script, state), root=False)
    except TestbedError as error:
        progress.errors.append(f"{step.name}: {error}")
        return "failed"
    return "done"


def _run(host: HostConnection, script: str, *, root: bool) -> None:
    shell = "sudo -n sh -eu -s" if root else "sh -eu -s"
    host.feed(shell, script.encode(), _STEP_S)


def _with_wheels(host: HostConnection, script: str, state: HostState) -> str:
    """Fetch the packages here for the host's system, copy them there, and install from them.

    Raises:
        HostProgramFailed: they cannot be had here, or not be copied.
    """
    folder = host.feed(f"sh -c {shlex.quote('mktemp -d')}").strip()
    requirements = script.partition("<<'END'\n")[2].partition("\nEND\n")[0]
    version = host.feed("sh -s", f"{_python_in(script)} -c {shlex.quote(_MINOR)}".encode()).strip()
    glibc = host.feed("sh -s", _GLIBC.encode()).strip()
    with tempfile.TemporaryDirectory() as here:
        wanted = Path(here) / "requirements.txt"
        wanted.write_text(requirements, "utf-8")
        platforms = [f"--platform={name}" for name in platforms_of(state.machine, glibc)]
        command = [*_pip(), "download", "--quiet", "--only-binary=:all:", *platforms]
        command += [f"--python-version={version}", f"--dest={here}", f"-r{wanted}"]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode:
            last = (fetched.stderr.strip().splitlines() or ["no word"])[-1]
            raise HostProgramFailed(f"packages cannot be fetched on the controller: {last}")
        for wheel in sorted(Path(here).glob("*.whl")):
            host.put(wheel, f"{folder}/{wheel.name}")
    options = f"OPTIONS='--no-index --find-links={folder}'\n"
    return f"{options}{script}rm -rf {shlex.quote(folder)}\n"


def platforms_of(machine: str, glibc: str) -> list[str]:
    """The tags of the wheels that run on a Linux host, newest first (PEP 600).

    pip is to be told each: of a newer one it does not conclude the older ones.

    Args:
        machine: as `uname -m` says it.
        glibc: the C library's version, as in `glibc 2.36`.

    Raises:
        HostProgramFailed: another C library, or one that is too old.
    """
    name, _, version = glibc.partition(" ")
    major, _, minor = version.partition(".")
    if (name, major) != ("glibc", "2") or not minor.isdigit() or int(minor) < _OLDEST_GLIBC:
        raise HostProgramFailed(
            f"its C library is {glibc or 'not known'}; allowed: glibc 2.{_OLDEST_GLIBC} or newer"
        )
    numbers = range(int(minor), _OLDEST_GLIBC - 1, -1)
    return [*(f"manylinux_2_{n}_{machine}" for n in numbers), f"manylinux2014_{machine}"]


_MINOR = "import sys; print('%d.%d' % sys.version_info[:2])"


def _python_in(script: str) -> str:
    """The environment's interpreter, as the script that installs names it."""
    return script.partition("\nEND\n")[2].partition(" -m pip")[0]


def _pip() -> list[str]:
    """The words that start pip on the controller, whose environment may have none."""
    have = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    )
    if have.returncode == 0:
        return [sys.executable, "-m", "pip"]
    uvx = which("uvx")
    if uvx is None:
        raise HostProgramFailed(
            "packages cannot be fetched on the controller: neither pip nor uv is there"
        )
    return [uvx, "pip"]
