"""The first program of a host, in its namespaces: makes its root, then becomes its SSH server.

It is run by path, with nothing but the standard library. Its first argument, in JSON, is:
`disk` (an empty folder), `hostname`, `files` (path to text, mode, owner), `kept` (folders of this
machine that the host sees too), `hidden` (those that it does not), `binds` (path on the host to
a folder here), `accounts` (the same, below /sys/fs/cgroup).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

_PRIVATE = {"tmp": 0o1777, "var/tmp": 0o1777, "run": 0o755, "home": 0o755}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def overlay(below: str, disk: Path, name: str, at: Path) -> None:
    """Let what is written to `below` go to the disk instead; seen at `at`."""
    for folder in ("upper", "work"):
        (disk / name / folder).mkdir(parents=True)
    layers = f"lowerdir={below},upperdir={disk}/{name}/upper,workdir={disk}/{name}/work"
    mount("-t", "overlay", "lab", "-o", layers, str(at))


def bind(what: str, at: Path, *, read_only: bool = False) -> None:
    at.mkdir(parents=True, exist_ok=True)
    mount("--bind", what, str(at))
    if read_only:
        mount("-o", "remount,bind,ro", str(at))


def below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def main() -> None:
    order = json.loads(sys.argv[1])
    disk = Path(order["disk"])
    mount("-t", "tmpfs", "-o", "mode=755", "lab", str(disk))
    root = disk / "root"
    root.mkdir()
    overlay("/", disk, "all", root)
    make_system(root, disk)
    for folder, mode in _PRIVATE.items():
        (root / folder).mkdir(exist_ok=True, parents=True)
        mount("-t", "tmpfs", "-o", f"mode={mode:o}", "lab", str(root / folder))
    for folder in order["hidden"]:
        if below(root, folder).is_dir():
            mount("-t", "tmpfs", "lab", str(below(root, folder)))
    for folder in order["kept"]:
        make_searchable(root, folder)
        bind(folder, below(root, folder), read_only=True)
    for path, folder in order["binds"].items():
        bind(folder, below(root, path))
    if order["accounts"]:
        mount("-t", "tmpfs", "lab", str(root / "sys/fs/cgroup"))
    for name, folder in order["accounts"].items():
        bind(folder, root / "sys/fs/cgroup" / name, read_only=True)
    for path, (text, mode, owner) in order["files"].items():
        write(below(root, path), text, mode, owner)
    (root / "run/sshd").mkdir(mode=0o755)
    subprocess.run(["hostname", order["hostname"]], check=True)
    enter(root)
    print("up", flush=True)
    # what this host says from here on is the server's log
    os.dup2(2, 1)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    os.execve("/usr/sbin/sshd", ["/usr/sbin/sshd", "-D", "-e"], environment)


def make_system(root: Path, disk: Path) -> None:
    """Processes, devices and sysfs of the host's own."""
    mount("-t", "proc", "lab", str(root / "proc"))
    mount("-t", "sysfs", "lab", str(root / "sys"))
    for number, folder in enumerate(("class", "devices/system/cpu")):
        overlay(str(root / "sys" / folder), disk, f"sys{number}", root / "sys" / folder)
    mount("-t", "tmpfs", "-o", "mode=755", "lab", str(root / "dev"))
    for name in filter(lambda name: Path("/dev", name).exists(), _DEVICES):
        (root / "dev" / name).touch()
        mount("--bind", f"/dev/{name}", str(root / "dev" / name))
    for name, kind, options in (
        ("pts", "devpts", "newinstance,ptmxmode=666,mode=620,gid=5"),
        ("shm", "tmpfs", "mode=1777"),
    ):
        (root / "dev" / name).mkdir()
        mount("-t", kind, "-o", options, "lab", str(root / "dev" / name))
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (root / "dev" / name).symlink_to(f"/proc/self/fd/{number}")
    (root / "dev/fd").symlink_to("/proc/self/fd")


def make_searchable(root: Path, path: str) -> None:
    """Let everybody reach a folder, whatever is closed above it."""
    for above in reversed(below(root, path).parents):
        if root in above.parents:
            above.mkdir(exist_ok=True)
            above.chmod(above.stat().st_mode | 0o111)


def write(path: Path, text: str, mode: int, owner: int) -> None:
    """Write a file; the folders made for it are its owner's."""
    for folder in reversed(path.parents):
        if not folder.is_dir():
            folder.mkdir(mode=0o700 if owner else 0o755)
            os.chown(folder, owner, owner)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, owner, owner)


def enter(root: Path) -> None:
    """Make it the root of all programs here, and let the former one go."""
    (root / "mnt/former").mkdir()
    subprocess.run(["pivot_root", str(root), str(root / "mnt/former")], check=True)
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/mnt/former"], check=True)
    Path("/mnt/former").rmdir()


if __name__ == "__main__":
    main()
