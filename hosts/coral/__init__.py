"""The Coral USB accelerator: where it is plugged in, and the program that runs heads on it."""
