"""The lab's hosts are hosts of their own, and leave no trace on the machine that they run on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dynasplit.core.errors import HostKeyRefused, LoginRefused
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from tests.conftest import ROOT
from tests.lab.cgroup import PREFIX
from tests.lab.host import make_key
from tests.lab.lab import LAWS, Lab, open_lab
from tests.lab.needs import missing

pytestmark = [pytest.mark.lab, pytest.mark.medium]

FULL_KHZ, SLOW_KHZ = 1_800_000, 600_000
LOOP = """
import time
def took_ms():
    began_s = time.perf_counter()
    sum(i * i for i in range(300_000))
    return 1000 * (time.perf_counter() - began_s)
print(min(took_ms() for _ in range(5)))
"""


def address_of(lab: Lab, role: str) -> HostAddress:
    """A host as the configuration's words say it."""
    said = dict(word.removeprefix(f"hosts.{role}.").split("=", 1) for word in lab.words(role))
    names = ("address", "user", "key_file", "known_hosts", "python", "link_address")
    return HostAddress(**{name: said[name] for name in names})


@pytest.fixture
def hosts(lab):
    """Both hosts, logged in to."""
    both = {role: HostConnection(address_of(lab, role)) for role in ("edge", "cloud")}
    yield both
    for host in both.values():
        host.close()


def ask(host: HostConnection, program: str) -> str:
    """What a Python program says on a host."""
    return host.feed(f"{host.address.python} -I -", program.encode()).strip()


def set_khz(host: HostConnection, khz: int) -> None:
    """Set a host's frequency as anybody would, and let its kernel answer."""
    folder = "/sys/devices/system/cpu/cpufreq/policy*"
    host.ask(f"echo userspace | tee {folder}/scaling_governor; sleep 0.05")
    host.ask(f"echo {khz} | tee {folder}/scaling_setspeed; sleep 0.05")
    assert int(host.ask(f"cat {folder}/scaling_cur_freq")) == khz


def governor_back(host: HostConnection) -> None:
    host.ask("echo ondemand | tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor")


def test_each_host_has_its_own_name_login_root_clock_and_files(hosts):
    told = {}
    for role, host in hosts.items():
        assert host.ask("hostname").strip() == f"lab-{role}"
        assert host.ask("id -un; id -u").split() == ["lab", "61001"]
        host.ask("echo mine > ~/note && echo mine > /tmp/lab-note && test ! -w /etc/passwd")
        assert host.ask("ls /home /tmp").split() == ["/home:", "lab", "/tmp:", "lab-note"]
        assert "systemd" not in host.ask("ps -eo comm") + host.ask("cat /etc/passwd")
        told[role] = float(ask(host, "import time; print(time.monotonic())"))
    assert told["edge"] - time.monotonic() == pytest.approx(5000, abs=5)
    assert told["cloud"] - time.monotonic() == pytest.approx(0, abs=5)
    assert not Path("/tmp/lab-note").exists()
    assert "lab:" not in Path("/etc/passwd").read_text()


def test_only_the_labs_key_logs_in_and_only_the_hosts_key_is_trusted(lab, tmp_path):
    edge = address_of(lab, "edge")
    make_key(tmp_path / "other")
    with pytest.raises(LoginRefused):
        HostConnection(replace(edge, key_file=str(tmp_path / "other")))
    other = f"{edge.address} {lab.hosts['cloud'].host_key}"
    (tmp_path / "known_hosts").write_text(other)
    with pytest.raises(HostKeyRefused, match="another key"):
        HostConnection(replace(edge, known_hosts=str(tmp_path / "known_hosts")))


@pytest.mark.parametrize("role", ["edge", "cloud"])
def test_the_cpu_follows_the_frequency_and_lies_where_it_is_told_to(lab, hosts, role):
    host, ratios = hosts[role], []
    for _ in range(3):  # in turn, since this machine's own speed changes
        set_khz(host, FULL_KHZ)
        fast_ms = float(ask(host, LOOP))
        set_khz(host, SLOW_KHZ)
        ratios.append(float(ask(host, LOOP)) / fast_ms)
    assert sorted(ratios)[1] == pytest.approx(FULL_KHZ / SLOW_KHZ, rel=0.25)
    lab.misbehave(role, behaviour="lying")
    time.sleep(0.05)
    slow_ms = float(ask(host, LOOP))
    set_khz(host, FULL_KHZ)
    assert slow_ms == pytest.approx(float(ask(host, LOOP)), rel=0.4)
    governor_back(host)


def test_meters_and_counters_show_load_on_their_host_alone(lab, hosts):
    before = {role: lab.energies_j(role) for role in hosts}
    began_s = time.monotonic()
    counter = "cat /sys/class/powercap/intel-rapl:0/energy_uj"
    counted_uj = int(hosts["cloud"].ask(counter))
    ask(
        hosts["cloud"],
        "import time\nend = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass",
    )
    counted_j = (int(hosts["cloud"].ask(counter)) - counted_uj) / 1e6
    took_s = time.monotonic() - began_s
    drawn = {r: [b - a for a, b in zip(before[r], lab.energies_j(r), strict=True)] for r in hosts}
    edge, cloud = LAWS["edge"], LAWS["cloud"]
    assert drawn["edge"][0] / took_s == pytest.approx(edge.base_w, rel=0.1)
    busy_j = cloud.dynamic_w(1.8, 1.0) * 1.5
    assert drawn["cloud"][0] - cloud.base_w * took_s == pytest.approx(busy_j, rel=0.15)
    assert counted_j == pytest.approx(drawn["cloud"][1], rel=0.1)


SERVE = """
import socket, sys, time
server = socket.create_server(("", 7070))
client, _ = server.accept()
got, began_s = 0, time.monotonic()
while got < 2_000_000:
    got += len(client.recv(1 << 16))
print(time.monotonic() - began_s)
"""
SEND = """
import socket, sys, time
for _ in range(100):
    try:
        out = socket.create_connection(("{address}", 7070), timeout=5)
        break
    except ConnectionRefusedError:
        time.sleep(0.02)
out.settimeout(None)
out.sendall(bytes(1_000_000))
{pause}
out.sendall(bytes(1_000_000))
out.shutdown(socket.SHUT_WR)
out.recv(1)
"""


def transfer_s(hosts, lab: Lab, pause: str = "") -> float:
    """How long two megabytes take from the edge to the cloud."""
    server = hosts["cloud"].start(f"{hosts['cloud'].address.python} -I -c '{SERVE}'")
    ask(hosts["edge"], SEND.format(address=lab.hosts["cloud"].link_address, pause=pause))
    return float(server.makefile("r").read())


def test_the_link_has_the_rate_that_it_is_given(lab, hosts):
    lab.set_rate(20)
    bounded_s = transfer_s(hosts, lab)
    lab.set_rate(None)
    assert bounded_s == pytest.approx(2 * 8 / 20, rel=0.2)
    assert transfer_s(hosts, lab) < bounded_s / 4


def test_a_cut_link_loses_no_connection_and_carries_on_when_it_is_mended(lab, hosts):
    lab.set_rate(8)  # a second a megabyte: it is cut in the midst
    server = hosts["cloud"].start(f"{hosts['cloud'].address.python} -I -c '{SERVE}'")
    sent = SEND.format(address=lab.hosts["cloud"].link_address, pause="")
    client = hosts["edge"].start(f"{hosts['edge'].address.python} -I -c '{sent}'")
    time.sleep(1.0)
    lab.cut("link")
    time.sleep(1.5)
    assert not server.recv_ready()
    assert not client.exit_status_ready()
    assert hosts["edge"].ask("echo here").strip() == "here"  # the controller's cables are others
    lab.mend("link")
    lab.set_rate(None)
    assert float(server.makefile("r").read()) > 2.0
    assert client.recv_exit_status() == 0


def traces() -> set[str]:
    """What labs have left on this machine, or have now."""
    links = {name for name in psutil.net_if_addrs() if name.startswith("lab")}
    groups = {str(p) for p in Path("/sys/fs/cgroup").glob(f"**/{PREFIX}-*")}
    folders = {str(p) for p in Path("/dev/shm").glob("dynasplit-lab-*")}
    mounts = {
        line for line in Path("/proc/mounts").read_text().splitlines() if "dynasplit-lab" in line
    }
    programs = {
        str(p.pid)
        for p in psutil.process_iter()
        if any(word in " ".join(_words(p)) for word in ("tests.lab", "dynasplit-lab"))
    }
    return links | groups | folders | mounts | programs


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def wait_for(others: set[str]) -> set[str]:
    """What is there beside what was, given a moment to go."""
    until_s = time.monotonic() + 8
    while traces() - others and time.monotonic() < until_s:
        time.sleep(0.1)
    return traces() - others


@pytest.fixture
def others():
    """What is there of other labs."""
    if why := missing():
        pytest.skip(why)
    return traces()


def test_a_lab_is_up_in_five_seconds_and_leaves_nothing(others):
    began_s = time.monotonic()
    with open_lab():
        up_s = time.monotonic() - began_s
        assert len(traces() - others) >= 5
    assert up_s < 5
    assert wait_for(others) == set()


def test_a_lab_whose_program_is_killed_leaves_nothing(others):
    with open_lab() as lab:
        os.kill(lab.program_pid, signal.SIGKILL)
    assert wait_for(others) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_persons_lab_says_the_words_and_leaves_nothing_however_it_ends(others, number):
    lab = subprocess.Popen(
        [sys.executable, "-m", "tests.lab"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = iter(lab.stdout.readline, "")
    words = []
    for line in said:
        words.append(line.strip(" \\\n"))
        if "Ctrl-C" in line:
            break
    assert words[0] == "python run_experiment.py +experiment=quick_testbed"
    assert any(word.startswith("hosts.edge.address=198.18.") for word in words)
    for order, answer in (
        ("meter edge frozen", "done"),
        ("cut link", "done"),
        ("tell cloud", "ondemand, 1800 MHz"),
    ):
        lab.stdin.write(f"{order}\n")
        lab.stdin.flush()
        assert next(said).startswith(answer)
    lab.send_signal(number)
    lab.communicate(timeout=10)
    assert wait_for(others) == set()
