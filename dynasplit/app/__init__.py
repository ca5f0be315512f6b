"""What plans share: the command line, a run's setting up, and its results."""
