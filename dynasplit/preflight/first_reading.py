"""One reading of each meter of a host."""

from __future__ import annotations

from dynasplit.core.errors import TestbedError
from dynasplit.preflight.findings import Finding, error, failed, ok
from dynasplit.testbed.address import MeterSpec
from dynasplit.testbed.channels import CAN_COUNT
from dynasplit.testbed.meter import MeterStream
from dynasplit.testbed.program_host import ProgramHost

_PATIENCE_S = 4.0


def check(role: str, host: ProgramHost, spec: MeterSpec, programs: str) -> Finding:
    """Start a meter's program, and wait for a value of each of its channels."""
    name = f"meter {spec.name}"
    try:
        stream = MeterStream(host, spec, programs)
    except TestbedError as why:
        return failed(role, name, why)
    try:
        identity = stream.header.identity
        if stream.header.emulated:
            return ok(role, name, f"{identity}; it reads once board time passes")
        counting = [c.name for c in stream.header.channels if c.domain in CAN_COUNT]
        needed = counting or stream.channels  # one that is only recorded may be silent
        values_w = stream.first_values_w(_PATIENCE_S + 2 * stream.header.period_s, needed)
        silent = [name for name in needed if name not in values_w]
        if silent:
            cause = stream.failure or f"nothing in {_PATIENCE_S:g} s"
            found = f"{identity}: no value of {', '.join(silent)}: {cause}"
            return error(role, name, found, "check its cable, and who else reads it")
        told = ", ".join(f"{c} {w:.3g} W" for c, w in values_w.items())
        if any(w < 0 for w in values_w.values()):
            advice = "its current runs the other way round: turn its clamp or its wiring"
            return error(role, name, f"{identity}: {told}", advice)
        if all(w == 0 for w in values_w.values()):
            advice = "the host runs and draws something: it does not stand in the host's supply"
            return error(role, name, f"{identity}: {told}", advice)
        return ok(role, name, f"{identity}: {told}")
    finally:
        stream.close()
