"""Two hosts that are this machine, made ready over SSH: CPUs, and heads for an accelerator."""

import msgspec
import pytest

from dynasplit.core.errors import ConfigurationError, HostUnreachable, TestbedError
from dynasplit.testbed import lab
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.lab import open_hosts
from dynasplit.testbed.loopback import loopback_hosts
from hosts.machine.cpus import own_cpus
from hosts.machine.state_folder import STATE_VARIABLE
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.models.prepared.artifacts import sha256_of

pytestmark = pytest.mark.medium
CPUS = own_cpus()


@pytest.fixture(scope="module")
def manifest():
    return prepare(PrepareOrder("digits_cnn", images=12), print)


@pytest.fixture(scope="module")
def edge(manifest, tmp_path_factory):
    logs = tmp_path_factory.mktemp("logs")
    given = HostAddress(cpus=CPUS[:1]), HostAddress(cpus=CPUS[-1:])
    encoded = msgspec.json.encode(manifest)
    with loopback_hosts(*given) as both, open_hosts(*both, manifest, encoded, logs) as hosts:
        yield hosts[0]


def test_an_agent_keeps_to_its_cpus_and_says_so(edge):
    facts = edge.agent.started.facts
    assert facts["cpus_used"] == " ".join(map(str, CPUS[:1]))
    assert facts["emulated"] is False


def test_a_compiled_head_is_made_once_and_held_by_the_edge(edge, tmp_path):
    made = []

    def compile_head(split_point: int):
        path = tmp_path / f"{split_point}_edgetpu.tflite"
        path.write_bytes(b"compiled %d" % split_point)
        made.append(split_point)
        return path, sha256_of(path)

    with pytest.raises(ConfigurationError, match="compiles no heads"):
        edge.hold_compiled(1, "std")
    edge.compile_head = compile_head
    edge.hold_compiled(1, "off")
    assert made == []
    for split_point, mode in ((1, "std"), (1, "max"), (2, "max")):
        edge.hold_compiled(split_point, mode)
    assert made == [1, 2]


def test_a_cpu_that_is_not_there_ends_the_start_with_what_is_allowed(
    manifest, tmp_path, monkeypatch
):
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))  # another run uses this machine meanwhile
    given = HostAddress(cpus=(9999,)), HostAddress()
    encoded = msgspec.json.encode(manifest)
    with (
        loopback_hosts(*given) as both,
        pytest.raises(TestbedError, match=r"cpus=\[9999\] asked; programs of this host may use"),
        open_hosts(*both, manifest, encoded, tmp_path),
    ):
        pass


@pytest.mark.fault(
    group="link",
    fault="an edge that cannot reach the cloud",
    seen="before anything is measured: where it tried, and `hosts.cloud.link_address`",
)
def test_an_edge_that_does_not_reach_the_cloud_is_told_before_anything_is_measured(
    manifest, tmp_path, monkeypatch
):
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(lab, "_LINK_S", 0.5)
    encoded = msgspec.json.encode(manifest)
    with (
        loopback_hosts(HostAddress(), HostAddress()) as both,
        open_hosts(*both, manifest, encoded, tmp_path) as (edge, _),
    ):
        there = "192.0.2.1"  # of no network, RFC 5737
        with pytest.raises(
            HostUnreachable, match=r"at 192\.0\.2\.1, port 9, .*hosts.cloud.link_address"
        ):
            lab._connect(edge, there, 9, tries=True)
        lab._connect(edge, there, 9, tries=False)
