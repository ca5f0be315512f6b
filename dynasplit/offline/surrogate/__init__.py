"""The surrogate model of `structured`: posteriors of unmeasured configurations."""
