"""What a host lacks, from what its shell says, and the scripts that mend it."""

import os
import shutil
import subprocess
import textwrap
from dataclasses import replace

import pytest

from dynasplit.core.errors import ConfigurationError, HostProgramFailed, TestbedError
from dynasplit.provision import environment, rights
from dynasplit.provision.host_state import FoundFile, HostState, in_shell, state_of
from dynasplit.provision.provisioning import platforms_of, rights_for, without_unplugged
from dynasplit.provision.steps import Progress, Step
from dynasplit.testbed.address import HostAddress
from hosts.core.rights import FileRight, UsbRight

BARE = HostState(
    user="pi",
    groups=("pi",),
    machine="aarch64",
    bits=64,
    system="Debian GNU/Linux 13",
    home="/home/pi",
    free_mb=9000.0,
    pythons={"/usr/bin/python3": (3, 13, 5)},
    tools=frozenset({"sudo", "apt-get", "systemd-tmpfiles"}),
)
SPEED = FileRight("sys/cpufreq/policy*/scaling_setspeed", write=True)
COUNTER = FileRight("sys/powercap/*/energy_uj", write=False)
CORAL = UsbRight("18d1", "9302")
SHUT = FoundFile("/sys/cpufreq/policy0/scaling_setspeed", 0o644, "root", "root", True, False)


def names(steps):
    return [(step.name, bool(step.script), step.as_root) for step in steps]


def test_a_bare_host_gets_an_environment_and_packages():
    found = environment.steps("edge", "~/dynasplit", BARE)
    assert names(found) == [("environment", True, False), ("packages", True, False)]
    assert found[0].script == '/usr/bin/python3 -m venv --clear "$HOME"/dynasplit\n'
    assert "ai-edge-litert==" in found[1].script
    assert "tensorflow" not in found[1].script


def test_what_is_there_is_left_alone():
    script = environment.steps("edge", "~/dynasplit", BARE)[1].script
    stamp = script.splitlines()[-1].split()[1]
    made = replace(BARE, environment=(3, 13, 5), packages=stamp)
    assert names(environment.steps("edge", "~/dynasplit", made)) == [
        ("environment", False, False),
        ("packages", False, False),
    ]
    old = replace(made, packages="of older requirements")
    assert [bool(s.script) for s in environment.steps("edge", "~/dynasplit", old)] == [False, True]
    gone = replace(made, environment=(3, 9, 1))
    assert [bool(s.script) for s in environment.steps("edge", "~/dynasplit", gone)] == [True, True]


def test_an_interpreter_comes_from_the_system_s_packages():
    without = replace(BARE, pythons={})
    found = environment.steps("edge", "~/dynasplit", without)
    assert names(found)[0] == ("interpreter", True, True)
    old = replace(without, tools=frozenset(), pythons={"/usr/bin/python3": (3, 9, 2)})
    with pytest.raises(TestbedError, match=r"3\.11 to 3\.13 with venv .* found 3\.9\.2"):
        environment.steps("edge", "~/dynasplit", old)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(BARE, bits=32, machine="armv7l"), "a 32-bit armv7l system"),
        (replace(BARE, machine="riscv64"), "allowed: a 64-bit one, x86_64 or aarch64"),
        (replace(BARE, free_mb=10.0), "10 MB are free; the packages need 700 MB"),
    ],
)
def test_what_no_step_mends_is_named(state, words):
    (found,) = environment.check("edge", state)
    assert words in found
    assert not list(environment.check("edge", BARE))


@pytest.mark.parametrize("python", ["python3", "/usr/bin/python3", "/usr/local/bin/python3", "x"])
def test_the_system_s_interpreter_is_left_alone(python):
    with pytest.raises(ConfigurationError, match=f"hosts.edge.python={python} is no environment"):
        environment.environment_of(python, "edge")


def test_only_what_the_login_lacks_is_asked_of_the_administrator():
    assert rights.steps([], BARE) == []
    state = replace(BARE, files=(SHUT,))
    (step,) = rights.steps([SPEED], state)
    assert step.as_root
    assert "chmod 0664 /sys/cpufreq/policy0/scaling_setspeed" in step.script
    given = replace(SHUT, mode=0o664, group="dynasplit", writable=True)
    rule = ("file /sys/cpufreq/policy0/scaling_setspeed 0664",)
    assert not rights.steps([SPEED], replace(BARE, files=(given,), rules=rule))[0].script
    own = replace(SHUT, owner="pi", writable=True)
    assert not rights.steps([SPEED], replace(BARE, files=(own,)))[0].script


def test_nothing_becomes_writable_for_everyone():
    loose = replace(SHUT, mode=0o646)
    (step,) = rights.steps([SPEED, CORAL], replace(BARE, files=(loose,)))
    assert "chmod 0664" in step.script
    assert 'GROUP="dynasplit", MODE="0660"' in step.script
    counter = FoundFile("/sys/powercap/a/energy_uj", 0o400, "root", "root", False, False)
    (step,) = rights.steps([COUNTER], replace(BARE, files=(counter,)))
    assert "chmod 0440 /sys/powercap/a/energy_uj" in step.script


def test_a_serial_port_s_own_group_is_joined():
    port = FoundFile("/dev/ttyUSB0", 0o660, "root", "dialout", False, False)
    right = FileRight("dev/ttyUSB0", write=True)
    (step,) = rights.steps([right], replace(BARE, files=(port,)))
    assert "usermod -a -G dialout pi" in step.script
    assert "chmod" not in step.script


def test_what_is_left_to_the_administrator_is_one_script():
    progress = Progress("edge", "pi@host:22")
    progress.steps = [
        (Step("environment", "made", "python3 -m venv x\n"), "done"),
        (Step("rights", "given", "chmod 0664 f\n", as_root=True), "by the administrator"),
    ]
    assert progress.root_script == "#!/bin/sh\nset -eu\n# rights: given\nchmod 0664 f\n"


class Shell:
    """A host whose shell is this machine's."""

    address = "pi@host:22"

    def __init__(self, printed: str | None = None) -> None:
        self.printed = printed

    def feed(self, command: str, body: bytes = b"", timeout_s: float = 60) -> str:
        if self.printed is not None:
            return self.printed
        done = subprocess.run(command, input=body, shell=True, capture_output=True, check=True)
        return done.stdout.decode()


def test_this_machine_s_state_is_asked_in_any_shell_s_words(tmp_path):
    folder = tmp_path / "sys/cpufreq/policy0"
    folder.mkdir(parents=True)
    (folder / "scaling_setspeed").write_text("1")
    (folder / "scaling_setspeed").chmod(0o600)
    (tmp_path / "link").symlink_to(folder)
    pattern = f"{str(tmp_path)[1:]}/link/scaling_setspeed"
    state = state_of(Shell(), str(tmp_path / "none"), [pattern, "sys/no/such/file"])
    assert (state.bits, state.environment, state.packages) == (64, (), "")
    assert state.free_mb > 0
    (file,) = state.files
    assert file.path == str(folder / "scaling_setspeed")
    assert (file.mode, file.readable, file.writable) == (0o600, True, True)


def test_a_shell_that_is_not_understood_is_told():
    with pytest.raises(HostProgramFailed, match=r"pi@host:22: what its shell says .* 'welcome"):
        state_of(Shell("welcome!\n"), "~/x", [])


@pytest.mark.parametrize(
    ("path", "words"), [("~/a b", "\"$HOME\"/'a b'"), ("/a/b", "/a/b"), ("/a b", "'/a b'")]
)
def test_a_path_in_a_shell(path, words):
    assert in_shell(path) == words


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare"
)
def test_rights_are_given_again_and_taken_back_in_a_host_of_its_own(tmp_path):
    """The scripts as root, in a mount namespace with an /etc of its own."""
    for number, mode in enumerate((0o644, 0o400)):
        file = tmp_path / f"policy{number}/scaling_setspeed"
        file.parent.mkdir()
        file.write_text("1")
        file.chmod(mode)
    pattern = f"{str(tmp_path)[1:]}/policy*/scaling_setspeed"
    files = tuple(
        FoundFile(str(p), p.stat().st_mode & 0o777, "root", "root", True, False)
        for p in sorted(tmp_path.glob("policy*/scaling_setspeed"))
    )
    state = replace(BARE, user="nobody", files=files)
    right = FileRight(pattern, write=True)
    (given,) = rights.steps([right, CORAL], state)
    (taken,) = rights.undo(replace(state, rules=("x",)))
    (tmp_path / "give.sh").write_text(given.script)
    (tmp_path / "undo.sh").write_text(taken.script)
    show = f"stat -c '%a %G' {tmp_path}/policy*/scaling_setspeed; id -nG nobody"
    script = textwrap.dedent(f"""
        cp -a /etc {tmp_path}/etc && mount --bind {tmp_path}/etc /etc
        {show}; sh -eu {tmp_path}/give.sh; sh -eu {tmp_path}/give.sh; {show}
        cat /etc/tmpfiles.d/dynasplit.conf /etc/udev/rules.d/60-dynasplit.rules
        sh -eu {tmp_path}/undo.sh; {show}; ls /etc/tmpfiles.d /etc/udev/rules.d
    """)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, _, after = done.stdout.partition("664 dynasplit")
    assert before.split("\n")[:2] == ["644 root", "400 root"]
    assert "460 dynasplit" in after
    assert f"z {files[0].path} 0664 - dynasplit -" in after
    assert 'ATTR{idVendor}=="18d1"' in after
    assert "nogroup dynasplit" in after
    assert after.rstrip().count("644 root") == 1
    assert "dynasplit.conf" not in after.split("644 root")[1]


def test_wheels_are_asked_for_by_every_tag_that_a_host_s_c_library_takes():
    asked = platforms_of("aarch64", "glibc 2.31")
    assert asked[0] == "manylinux_2_31_aarch64"
    assert "manylinux_2_27_aarch64" in asked
    assert asked[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]


@pytest.mark.parametrize("glibc", ["", "glibc 2.9", "musl 1.2", "glibc 3.0"])
def test_a_c_library_for_which_there_are_no_wheels_is_named(glibc):
    with pytest.raises(HostProgramFailed, match=r"allowed: glibc 2\.17 or newer"):
        platforms_of("x86_64", glibc)


def test_a_cloud_host_with_a_gpu_gets_the_build_that_computes_on_it():
    (*_, packages) = environment.steps("cloud", "~/dynasplit", BARE, gpu=True)
    assert "requirements-cloud-gpu.txt" in packages.about
    assert "tensorflow[and-cuda]==" in packages.script
    assert list(environment.check("cloud", replace(BARE, free_mb=5000.0))) == []
    (room,) = environment.check("cloud", replace(BARE, free_mb=5000.0), gpu=True)
    assert "need 9000 MB" in room


def test_nobody_is_asked_for_a_usb_device_that_is_not_plugged_in():
    address = HostAddress(knobs=("cpu_mhz", "edge_accelerator"))
    every = rights_for(address)
    assert any(isinstance(right, UsbRight) for right in every)
    now, told = without_unplugged(address, BARE)
    assert not any(isinstance(right, UsbRight) for right in now)
    assert now == rights_for(replace(address, knobs=("cpu_mhz",)))
    assert [line for line in told if "edge_accelerator" in line and "provision again" in line]
    plugged = replace(BARE, usb=("1d6b:0002", "1a6e:089a"))
    assert without_unplugged(address, plugged) == (every, [])
