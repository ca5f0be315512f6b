"""The configuration: its schema, and its loading from what Hydra composed."""
