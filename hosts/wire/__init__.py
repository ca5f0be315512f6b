"""What controller and hosts agree on: messages, traces, certificates."""
