"""From a configuration to the inputs of a run's phases, and to the testbed that measures."""
