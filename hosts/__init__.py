"""What runs on the hosts: agents, knobs, meters, networks, and the emulated boards below them."""
