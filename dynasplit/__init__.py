"""DynaSplit: find and serve the split configurations of neural networks that save energy."""

__version__ = "0.1.0"
