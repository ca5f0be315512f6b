"""The configuration: options with their rules, and loading from Hydra."""
