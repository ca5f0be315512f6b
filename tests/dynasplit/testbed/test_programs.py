"""Programs and files on a host: whole or pushed anew, and nothing left of what was interrupted."""

import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dynasplit.core.errors import HostProgramFailed, HostUnreachable
from dynasplit.testbed import connection, programs
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.programs import push_programs

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def edge(cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DYNASPLIT_CACHE", str(cache))
        with loopback_hosts(HostAddress(), HostAddress()) as both:
            yield both[0]


@pytest.fixture
def host(edge):
    connection = HostConnection(edge)
    yield connection
    connection.close()


def content(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def lies_there(cache: Path) -> list[str]:
    return sorted(p.name for p in (cache / "programs").iterdir() if p.name != ".lock")


DAMAGES = {
    "altered": lambda agent: agent.write_text(agent.read_text() + "\n"),
    "truncated": lambda agent: agent.write_bytes(agent.read_bytes()[:100]),
    "missing": lambda agent: agent.unlink(),
    "another beside it": lambda agent: agent.with_name("grpc.py").write_text("x = 1"),
    "a link in its place": lambda agent: (agent.unlink(), agent.symlink_to("edge.py")),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.fault(
    group="agents",
    fault="programs on a host that were altered or cut off",
    seen="nothing: they are pushed anew",
)
def test_programs_that_are_not_whole_are_pushed_anew(host, cache, damage):
    folder = Path(push_programs(host))
    whole = content(folder)
    assert "hosts/agents/agent.py" in whole
    DAMAGES[damage](folder / "hosts/agents/agent.py")
    assert content(folder) != whole or damage == "a link in its place"
    assert push_programs(host) == str(folder)
    assert content(folder) == whole
    assert not (folder / "hosts/agents/agent.py").is_symlink()
    assert lies_there(cache) == [folder.name]


def test_what_python_keeps_beside_the_programs_does_not_count(host):
    folder = Path(push_programs(host))
    kept = folder / "hosts/agents/__pycache__/agent.cpython-311.pyc"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"compiled")
    push_programs(host)
    assert kept.is_file()


@pytest.mark.fault(
    group="agents",
    fault="a push of the programs that is cut off",
    seen="`programs cannot be put into ...`, and whether there is room",
    kept="nothing of it is left",
)
def test_a_push_that_is_cut_off_leaves_nothing(host, edge, cache, monkeypatch):
    folder = Path(push_programs(host))
    packed, wanted = programs._packed()
    subprocess.run(["rm", "-r", folder], check=True)
    monkeypatch.setattr(programs, "_packed", lambda: (packed[: len(packed) // 2], wanted))
    with pytest.raises(HostProgramFailed, match=r"programs cannot be put into .*: .*is there room"):
        push_programs(host)
    assert lies_there(cache) == []


def test_a_controller_that_dies_in_the_midst_of_a_push_leaves_nothing(edge, cache, monkeypatch):
    dying, real = HostConnection(edge), HostConnection.feed
    folder = Path(push_programs(dying))
    subprocess.run(["rm", "-r", folder], check=True)

    def cut(self: HostConnection, command: str, body: bytes = b"", timeout_s: float = 60.0) -> str:
        if not body:
            return real(self, command)
        self.start(command).sendall(body[: len(body) // 2])
        until_s = time.monotonic() + 10
        while not lies_there(cache):
            assert time.monotonic() < until_s
        self.transport.close()
        raise HostUnreachable("cut off")

    monkeypatch.setattr(HostConnection, "feed", cut)
    with pytest.raises(HostUnreachable, match="cut off"):
        push_programs(dying)
    until_s = time.monotonic() + 10
    while lies_there(cache):
        assert time.monotonic() < until_s, lies_there(cache)
        time.sleep(0.05)


@pytest.mark.fault(
    group="agents",
    fault="parts that an earlier controller has left",
    seen="nothing: they go with the next push",
)
def test_leftovers_of_earlier_pushes_go_with_the_next_one(host, cache):
    folder = Path(push_programs(host))
    left = [folder.with_name(f"{folder.name}.0123abcd"), folder.with_name("0" * 16 + ".89abcdef")]
    for path in left:
        (path / "hosts").mkdir(parents=True)
    for end in (".tar.gz", ".tar.gz.01234567.part"):
        folder.with_name(f"{folder.name}.76543210{end}").write_bytes(b"half")
    (folder / "hosts/discover.py").unlink()
    push_programs(host)
    assert lies_there(cache) == [folder.name]


def test_two_controllers_push_at_once(edge, host, cache):
    folder = Path(push_programs(host))
    whole = content(folder)
    subprocess.run(["rm", "-r", folder], check=True)
    start = threading.Barrier(4)

    def push() -> str:
        connection = HostConnection(edge)
        start.wait()
        try:
            return push_programs(connection)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [one.result() for one in [pool.submit(push) for _ in range(4)]]
    assert done == [str(folder)] * 4
    assert content(folder) == whole
    assert lies_there(cache) == [folder.name]


@pytest.mark.fault(
    group="agents",
    fault="a copy of a network's file that fails midway",
    seen="`here cannot be copied to ...`",
    kept="no part is left",
)
def test_a_copy_that_fails_midway_leaves_no_part(host, tmp_path, monkeypatch):
    source, target = tmp_path / "here", tmp_path / "there"
    source.write_bytes(bytes(range(256)) * 1000)
    target.mkdir()

    def half(file: Path) -> Iterator[bytes]:
        yield file.read_bytes()[:100_000]

    def broken(file: Path) -> Iterator[bytes]:
        yield file.read_bytes()[:100_000]
        raise HostProgramFailed("cannot be read")

    for fails, said in (
        (half, r"here cannot be copied to .*cut off.*is there room"),
        (broken, "cannot be read"),
    ):
        monkeypatch.setattr(connection, "_blocks", fails)
        with pytest.raises(HostProgramFailed, match=said):
            host.put(source, f"{target}/file")
        until_s = time.monotonic() + 10
        while list(target.iterdir()):
            assert time.monotonic() < until_s, list(target.iterdir())
            time.sleep(0.02)
    monkeypatch.undo()
    host.put(source, f"{target}/fi'le")
    assert [p.name for p in target.iterdir()] == ["fi'le"]
    assert (target / "fi'le").read_bytes() == source.read_bytes()


def test_a_file_that_cannot_be_put_there_is_named(host, tmp_path):
    (tmp_path / "here").write_bytes(b"x")
    with pytest.raises(HostProgramFailed, match=r"here cannot be copied to .*is there room"):
        host.put(tmp_path / "here", f"{tmp_path}/nowhere/file")
