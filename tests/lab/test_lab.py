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

from dynasplit.core.errors import HostKeyRefused, HostProgramFailed, LoginRefused
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from tests.conftest import ROOT
from tests.lab.cgroup import PREFIX
from tests.lab.host import make_key
from tests.lab.lab import LAWS, Lab, open_lab
from tests.lab.needs import which

pytestmark = [pytest.mark.lab, pytest.mark.medium]

FULL_KHZ, SLOW_KHZ = 1_800_000, 600_000
LOOP = """
import time
began_s, busy_s = time.perf_counter(), time.process_time()
sum(i * i for i in range(3_000_000))
print((time.perf_counter() - began_s) / (time.process_time() - busy_s))
"""
"""How much longer a loop takes than it computes, whatever the speed of this machine."""

BUSY = """
import time
until_s = time.monotonic() + 1.5
while time.monotonic() < until_s:
    pass
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


def _of_the_checkout_in(folder: str) -> set[str]:
    """What a host sees in a folder of its own because the programs that it runs lie below it."""
    places = (ROOT, Path(sys.prefix).resolve())
    return {p.relative_to(folder).parts[0] for p in places if p.is_relative_to(folder)}


def test_each_host_has_its_own_name_login_root_clock_and_files(hosts):
    told = {}
    for role, host in hosts.items():
        assert host.ask("hostname").strip() == f"lab-{role}"
        assert host.ask("id -un; id -u").split() == ["lab", "61001"]
        host.ask("echo mine > ~/note && echo mine > /tmp/lab-note && test ! -w /etc/passwd")
        assert host.ask("ls /home").split() == ["lab"]
        assert set(host.ask("ls /tmp").split()) == {"lab-note", *_of_the_checkout_in("/tmp")}
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


@pytest.mark.judge  # on a machine that has nothing else to do
@pytest.mark.parametrize("role", ["edge", "cloud"])
def test_the_cpu_follows_the_frequency_and_lies_where_it_is_told_to(lab, hosts, role):
    host = hosts[role]
    for khz in (FULL_KHZ, SLOW_KHZ):
        set_khz(host, khz)
        assert float(ask(host, LOOP)) == pytest.approx(FULL_KHZ / khz, rel=0.25)
    lab.misbehave(role, behaviour="lying")
    time.sleep(0.05)
    assert float(ask(host, LOOP)) == pytest.approx(1, rel=0.25)
    assert int(host.ask("cat /sys/devices/system/cpu/cpufreq/policy*/scaling_cur_freq")) == SLOW_KHZ
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


class Traces:
    """What a lab has on this machine, known by its program, its folder and an address."""

    def __init__(self, program: int, folder: Path, address: str) -> None:
        self._program, self._folder = program, str(folder)
        self._link = f"lab{address.split('.')[2]}edge"

    def there(self) -> set[str]:
        found = {str(p) for p in Path("/sys/fs/cgroup").glob(f"**/{PREFIX}-{self._program}-*")}
        found |= {name for name in psutil.net_if_addrs() if name == self._link}
        found |= {self._folder} if Path(self._folder).exists() else set()
        found |= {p for p in Path("/proc/mounts").read_text().split() if self._folder in p}
        return found | {str(p.pid) for p in psutil.process_iter() if self._is_its(p)}

    def _is_its(self, process: psutil.Process) -> bool:
        try:
            return process.pid == self._program or self._folder in " ".join(process.cmdline())
        except psutil.Error:
            return False

    def are_gone(self) -> bool:
        """Given a moment."""
        until_s = time.monotonic() + 8
        while self.there() and time.monotonic() < until_s:
            time.sleep(0.1)
        return not self.there()


def traces_of(lab: Lab) -> Traces:
    found = Traces(lab.program_pid, lab.folder, lab.hosts["edge"].address)
    assert len(found.there()) >= 6
    return found


@pytest.mark.usefixtures("lab")
def test_a_lab_is_up_in_five_seconds_and_leaves_nothing():
    began_s = time.monotonic()
    with open_lab() as lab:
        up_s, left = time.monotonic() - began_s, traces_of(lab)
    assert up_s < 5
    assert left.are_gone()


@pytest.mark.usefixtures("lab")
def test_a_lab_whose_program_is_killed_leaves_nothing():
    with open_lab() as lab:
        left = traces_of(lab)
        os.kill(lab.program_pid, signal.SIGKILL)
    assert left.are_gone()


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_persons_lab_says_the_words_and_leaves_nothing_however_it_ends(number):
    lab = subprocess.Popen(
        [sys.executable, "-m", "tests.lab"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # where tests run in the background, Ctrl-C is ignored, and so inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    said = iter(lab.stdout.readline, "")
    words = {}
    for line in said:
        name, _, value = line.strip(" \\\n").partition("=")
        words[name] = value
        if "Ctrl-C" in line:
            break
    assert next(iter(words)) == "python run_experiment.py +experiment"
    address, folder = words["hosts.edge.address"], Path(words["hosts.edge.key_file"]).parent
    (program,) = psutil.Process(lab.pid).children()
    left = Traces(program.pid, folder, address)
    assert len(left.there()) >= 6
    for order, answer in (
        ("meter edge frozen", "done"),
        ("kernel edge tired", "tired asked; allowed: honest, ignoring, clamping, reverting, lying"),
        ("cut link", "done"),
        ("tell cloud", "ondemand, 1800 MHz"),
    ):
        lab.stdin.write(f"{order}\n")
        lab.stdin.flush()
        assert next(said).startswith(answer)
    lab.send_signal(number)
    lab.communicate(timeout=10)
    assert left.are_gone()


@pytest.mark.skipif(which("sudo") is None, reason="sudo is missing")
def test_a_login_may_become_root_on_its_host_where_that_is_asked_for(lab, hosts):
    with pytest.raises(HostProgramFailed):
        hosts["edge"].ask("sudo -n id -u")
    with open_lab(sudo=True) as other:
        host = HostConnection(address_of(other, "edge"))
        assert host.ask("sudo -n id -u").strip() == "0"
        host.ask("echo gone | sudo -n tee /etc/lab-note")
        host.close()
    assert not Path("/etc/lab-note").exists()
