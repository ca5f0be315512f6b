"""Plans: one module for each kind of experiment, each with one run(...)."""
