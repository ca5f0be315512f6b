"""The hosts' programs: agents, knobs, meters, networks, and emulated boards below them."""
