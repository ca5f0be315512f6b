"""The offline phase: a search over measured configurations, and repeats of its front."""
