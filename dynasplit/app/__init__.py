"""The parts that plans share: command line, set-up of a run, report of its results."""
