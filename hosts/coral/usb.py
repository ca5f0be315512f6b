"""Finds a Coral USB accelerator and the power switch of its port, by sysfs."""

from __future__ import annotations

import time
from pathlib import Path

from hosts.core.errors import KnobError

# before its firmware is loaded (Global Unichip), and after (Google)
USB_IDS = (("1a6e", "089a"), ("18d1", "9302"))
_DEVICES = "sys/bus/usb/devices"
PORTS = f"{_DEVICES}/*/*-port*/disable"
_APPEARS_S = 5.0


def find_stick(root: Path) -> Path | None:
    """The accelerator's folder in sysfs; None: none is plugged in, or its port has no power."""
    for vendor in sorted((root / _DEVICES).glob("*/idVendor")):
        product = vendor.with_name("idProduct")
        if not product.is_file():
            continue
        found = (vendor.read_text().strip(), product.read_text().strip())
        if found in USB_IDS:
            return vendor.parent
    return None


def find_switch(root: Path) -> Path | None:
    """The file that cuts the power of the accelerator's port (Linux 6.0 or newer).

    While the power is cut the stick cannot be seen: then it is the port that has none.
    """
    stick = find_stick(root)
    if stick is not None:
        switch = (stick / "port").resolve() / "disable"
        return switch if switch.is_file() else None
    cut = (p for p in sorted(root.glob(PORTS)) if p.read_text().strip() == "1")
    return next(cut, None)


def wait_for_stick(root: Path, patience_s: float = _APPEARS_S) -> None:
    """Return when the accelerator is there; it takes a moment after its port got power.

    Raises:
        KnobError: it does not appear.
    """
    end_s = time.monotonic() + patience_s
    while find_stick(root) is None:
        if time.monotonic() > end_s:
            known = " or ".join(":".join(pair) for pair in USB_IDS)
            raise KnobError(
                f"no Coral USB accelerator is found below {root / _DEVICES} (USB {known}); "
                "is it plugged in? Else leave it out: space.edge_accelerator=[off]"
            )
        time.sleep(0.05)
