"""Run orders of tests, from one flat list of what differs."""

from typing import Any

from hosts.wire.messages import RunOrder
from hosts.wire.window_rules import WindowRules


def run_order(**fields: Any) -> RunOrder:
    """An order, those of its fields that are rules of its window put there."""
    rules = {name: fields.pop(name) for name in WindowRules.__struct_fields__ if name in fields}
    return RunOrder(**fields, window=WindowRules(**rules))
