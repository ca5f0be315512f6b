"""Faults of emulated boards, one file each; `base.py` says what a fault is, and finds them."""
