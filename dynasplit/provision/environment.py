"""The steps to an environment of Python with a host's requirements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from dynasplit.core.errors import ConfigurationError, TestbedError
from dynasplit.preflight.interpreter import NEWEST, OLDEST, fits, words
from dynasplit.preflight.packages import file_of
from dynasplit.provision.host_state import HostState, in_shell
from dynasplit.provision.steps import Step
from dynasplit.testbed.programs import CACHE
from hosts.models.runtimes import AUTO

_ROOT = Path(__file__).resolve().parents[2]
MACHINES = ("x86_64", "aarch64")
METERS = "meters"
"""The role of a machine that only meters run on; of a second one, with a number."""
_ROOM_MB = {METERS: 100.0, "edge": 700.0, "cloud": 3000.0, "cloud with a GPU": 9000.0}
_STATE = '"${DYNASPLIT_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/dynasplit}"'
_INTERPRETERS = ("python", "python3")


def environment_of(python: str, role: str) -> str:
    """The folder of the environment whose interpreter a host's configuration names.

    Raises:
        ConfigurationError: it names an interpreter of the system.
    """
    folder, _, name = python.rpartition("/bin/")
    if not folder or name not in _INTERPRETERS or folder in ("/usr", "/usr/local", ""):
        option = "runs_on, python" if role.startswith(METERS) else f"hosts.{role}.python"
        raise ConfigurationError(
            f"{option}={python} is no environment of its own, and nothing is installed "
            "into the system's; allowed: where it shall be, such as ~/dynasplit/bin/python"
        )
    return folder


def requirements_of(file: str) -> str:
    """The requirements in a file of the project."""
    return (_ROOT / file).read_text("utf-8")


def check(role: str, state: HostState, *, gpu: bool = False) -> Iterator[str]:
    """What is wrong with a host that no step mends."""
    if state.bits != 64 or state.machine not in MACHINES:
        yield (
            f"a {state.bits}-bit {state.machine} system ({state.system}); allowed: a 64-bit one, "
            f"{' or '.join(MACHINES)} (for a Raspberry Pi: the 64-bit Raspberry Pi OS)"
        )
    room_mb = _ROOM_MB[f"{role} with a GPU" if gpu else _kind(role)]
    if not state.packages and state.free_mb < room_mb:
        yield f"{state.free_mb:.0f} MB are free; the packages need {room_mb:.0f} MB"


def steps(
    role: str, environment: str, state: HostState, *, gpu: bool = False, runtime: str = AUTO
) -> list[Step]:
    """The interpreter, the environment, and the packages in it.

    Args:
        role: edge, cloud or meters.
        environment: its folder.
        state: of the host.
        gpu: tails are to run on the host's GPU.
        runtime: the library that computes its part.

    Raises:
        TestbedError: there is no interpreter that would do, and no way to one.
    """
    folder, file = in_shell(environment), file_of(_kind(role), gpu=gpu, runtime=runtime)
    requirements = requirements_of(file)
    wanted = hashlib.sha256(requirements.encode()).hexdigest()
    if fits(state.environment):
        found = [Step("environment", f"{environment}, Python {words(state.environment)}", "")]
    else:
        python, needed = _interpreter(state)
        make = f"{python} -m venv --clear {folder}\n"
        found = [*needed, Step("environment", f"{environment}, made with {python}", make)]
    if state.packages == wanted and not found[-1].script:
        return [*found, Step("packages", file, "")]
    install = (
        f"cat > {folder}/requirements.txt <<'END'\n{requirements.rstrip()}\nEND\n"
        f"{folder}/bin/python -m pip install --disable-pip-version-check --no-input --quiet "
        f"-r {folder}/requirements.txt ${{OPTIONS:-}}\necho {wanted} > {folder}/.dynasplit\n"
    )
    about = f"{file}, installed into {environment}"
    return [*found, Step("packages", about, install, wheels=True)]


def undo(environment: str, state: HostState) -> list[Step]:
    """The environment taken away, if it was made here, and the programs and files pushed here."""
    script = (
        f"rm -rf {CACHE}/programs {CACHE}/pushed\nrm -f {_STATE}/*.lease\n"
        f"rmdir {CACHE} {_STATE} 2>/dev/null || true\n"
    )
    pushed = Step("programs", "programs and networks that were pushed are removed", script)
    if not state.packages:
        return [Step("environment", f"none was made in {environment}", ""), pushed]
    removed = f"rm -rf {in_shell(environment)}\n"
    return [Step("environment", f"{environment} is removed", removed), pushed]


def _kind(role: str) -> str:
    return METERS if role.startswith(METERS) else role


def _interpreter(state: HostState) -> tuple[str, list[Step]]:
    fitting = [path for path, version in state.pythons.items() if fits(version)]
    if fitting:
        return fitting[0], []
    if "apt-get" in state.tools:
        script = (
            "export DEBIAN_FRONTEND=noninteractive\napt-get update -q\n"
            "apt-get install -q -y --no-install-recommends python3-venv python3-pip\n"
            f"python3 -c 'import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})' "
            f"|| {{ echo 'allowed: {words(OLDEST)} to {words(NEWEST)}' >&2; exit 1; }}\n"
        )
        return "python3", [
            Step("interpreter", "python3 with venv, from the system's packages", script, True)
        ]
    found = ", ".join(words(version) for version in state.pythons.values()) or "none"
    needed = f"Python {words(OLDEST)} to {words(NEWEST)}"
    raise TestbedError(f"{needed} with venv and ensurepip is needed; found {found}")
