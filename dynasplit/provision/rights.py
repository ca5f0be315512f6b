"""The steps to rights on sysfs files and devices: for one group, and after a reboot too."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from dynasplit.provision.host_state import FoundFile, HostState
from dynasplit.provision.steps import Step
from hosts.core.rights import FileRight, Right, UsbRight

GROUP = "dynasplit"
_RULES = "/etc/tmpfiles.d/dynasplit.conf"
_UDEV = "/etc/udev/rules.d/60-dynasplit.rules"
_KEPT = "/etc/dynasplit/rights"
_OTHERS_WRITE = 0o002


def patterns_of(rights: Sequence[Right]) -> list[str]:
    """The patterns of the files."""
    return list(dict.fromkeys(r.pattern for r in rights if isinstance(r, FileRight)))


def steps(rights: Sequence[Right], state: HostState) -> list[Step]:
    """What a login lacks of these rights.

    Files of sysfs are given to a group of their own, which the login joins; how they were is kept
    in a file of root's. Device nodes have a group already, which it joins.
    """
    if not rights:
        return []
    if state.user == "root":
        return [Step("rights", "root needs none given", "")]
    about = _about(rights)
    devices = [f for f in state.files if f.path.startswith("/dev/")]
    files = [f for f in state.files if f not in devices]
    usb = [r for r in rights if isinstance(r, UsbRight)]
    join = {f.group for f in devices if not f.writable and f.mode & 0o020 and f.group != "root"}
    shut = [f for f in files if not _is_open(f, rights)]
    rules = _rules(files, usb, rights)
    if not shut and not join and (set(rules) <= set(state.rules) or not (usb or state.rules)):
        return [Step("rights", about, "")]  # given here, or by an administrator's own means
    script = _given(files, rules, state.user, sorted({*join, GROUP}))
    return [Step("rights", f"{about}, for the group {GROUP}", script, as_root=True)]


def undo(state: HostState) -> list[Step]:
    """The rights as they were before."""
    if not state.rules:
        return [Step("rights", "none were given", "")]
    script = f"""
while read -r kind path mode owner group rest; do
    if [ "$kind" = was ] && [ -e "$path" ]; then
        chown "$owner:$group" "$path" && chmod "$mode" "$path"
    fi
done < {_KEPT}
rm -f {_RULES} {_UDEV} {_KEPT}
rmdir /etc/dynasplit 2>/dev/null || :
! command -v udevadm >/dev/null || udevadm control --reload 2>/dev/null || :
gpasswd -d {shlex.quote(state.user)} {GROUP} >/dev/null 2>&1 || :
groupdel {GROUP} 2>/dev/null || :
"""
    return [Step("rights", "files, rules and group as they were before", script, as_root=True)]


def remarks(rights: Sequence[Right], state: HostState) -> list[str]:
    """What is to be known of rights on this host."""
    found = []
    if patterns_of(rights) and "systemd-tmpfiles" not in state.tools:
        found.append(
            "there is no systemd-tmpfiles here: rights on files end with a reboot; provision again"
        )
    there = {file.path.rpartition("/")[2] for file in state.files}
    needed = [r for r in rights if isinstance(r, FileRight) and not r.optional]
    found += [
        f"no file /{pattern} is on this host: what needs it cannot be used here"
        for pattern in patterns_of(needed)
        if pattern.rpartition("/")[2] not in there
    ]
    return found


def _about(rights: Sequence[Right]) -> str:
    """`write /sys/.../cpufreq, read /sys/.../powercap`."""
    said = [
        f"{'write' if r.write else 'read'} /{r.pattern}"
        if isinstance(r, FileRight)
        else f"open USB {r.vendor}:{r.product}"
        for r in rights
    ]
    return said[0] if len(said) == 1 else f"{said[0]} and {len(said) - 1} more"


def _is_open(file: FoundFile, rights: Sequence[Right]) -> bool:
    return file.writable if _is_written(file, rights) else file.readable


def _is_written(file: FoundFile, rights: Sequence[Right]) -> bool:
    """True if a pattern of files to be written has this name; links differ in their folders."""
    name = file.path.rpartition("/")[2]
    return any(
        isinstance(r, FileRight) and r.write and r.pattern.rpartition("/")[2] == name
        for r in rights
    )


def _rules(
    files: Sequence[FoundFile], usb: Sequence[UsbRight], rights: Sequence[Right]
) -> list[str]:
    """A line for each right: `file PATH MODE`, `usb VENDOR PRODUCT`."""
    lines = []
    for file in files:
        access = 0o060 if _is_written(file, rights) else 0o040
        lines.append(f"file {file.path} {(file.mode | access) & ~_OTHERS_WRITE:04o}")
    return [*lines, *(f"usb {r.vendor} {r.product}" for r in usb)]


def _given(
    files: Sequence[FoundFile], rules: Sequence[str], user: str, groups: Sequence[str]
) -> str:
    """The script that gives them, keeps how it was, and lets a reboot give them again."""
    was = [f"was {f.path} {f.mode:o} {f.owner} {f.group}" for f in files if f.group != GROUP]
    kept = "\n".join([*was, *rules])
    tmpfiles, udev, now = [], [], []
    for rule in rules:
        kind, first, second = rule.split(" ")
        if kind == "file":
            tmpfiles.append(f"z {first} {second} - {GROUP} -")
            now.append(f"chgrp {GROUP} {shlex.quote(first)}\nchmod {second} {shlex.quote(first)}")
        else:
            udev.append(
                f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{first}", ATTR{{idProduct}}=="{second}", '
                f'GROUP="{GROUP}", MODE="0660"'
            )
    parts = [
        "umask 022",
        f"getent group {GROUP} >/dev/null || groupadd --system {GROUP}",
        *(f"usermod -a -G {group} {shlex.quote(user)}" for group in groups),
        "mkdir -p /etc/dynasplit",
        f"[ -e {_KEPT} ] && grep '^was ' {_KEPT} > {_KEPT}.new || : > {_KEPT}.new",
        f"cat >> {_KEPT}.new <<'END'\n{kept}\nEND",
        f"awk '!seen[$1 \" \" $2]++' {_KEPT}.new > {_KEPT} && rm {_KEPT}.new",
    ]
    if tmpfiles:
        parts.append(f"mkdir -p /etc/tmpfiles.d && cat > {_RULES} <<'END'\n{_lines(tmpfiles)}\nEND")
    if udev:
        parts.append(f"mkdir -p /etc/udev/rules.d && cat > {_UDEV} <<'END'\n{_lines(udev)}\nEND")
        parts.append(
            "! command -v udevadm >/dev/null || { udevadm control --reload && "
            "udevadm trigger --subsystem-match=usb; } || :"
        )
    return "\n".join([*parts, *now]) + "\n"


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(lines)
