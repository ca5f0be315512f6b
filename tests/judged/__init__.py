"""Whole campaigns of windows on emulated boards with faults: what becomes of them, as a page.

Hosts are the boards with the real agents, and all of the controller above the line that would carry
its orders: knobs, windows, meters' readings, energies, gates, retries, audit. SSH and gRPC, which
enter no figure, are left out, so that thousands of windows take minutes.
"""
