"""Two lab hosts on one Linux machine: real OpenSSH, emulated cpufreq, RAPL and wall meters.

Each host is a set of namespaces with a root of its own (an overlay over this machine's, which
stays as it is), its own addresses, login, processes and clock, and its own CPU share. What a
kernel and an instrument would do is done by `program.py`, which ends, with all it has started,
when its standard input closes.
"""
